"""The answers to our own questions are as good as they were: no floor of `eval_baseline.json` is broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.baseline import BASELINE, HIGHER_IS_BETTER, SLACK, broken, digest, moved, outcomes
from bot.config import Config
from bot.evaluate import Outcome
from bot.figures import report
from bot.opening import load_reader
from bot.shelf import Shelf
from index.bundled import BundledEmbedder
from index.story import Story
from index.story_index import StoryIndex

NO_FLOORS: dict[str, Any] = {"data": digest(), "floors": {}, "lowered": []}
SAME = dict.fromkeys(HIGHER_IS_BETTER, 0.5)


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    return []


@pytest.fixture
async def asked(embedder: BundledEmbedder, stories: list[Story]) -> list[Outcome]:
    reader, calibration = load_reader(Config(), embedder)

    def load(found: list[Story]) -> Shelf:
        stories.extend(found)
        return Shelf([StoryIndex.build(story, embedder) for story in found], embedder, reader, calibration)

    return await outcomes(load)


async def test_no_floor_is_broken_and_every_quote_is_exact(asked: list[Outcome], stories: list[Story]) -> None:
    figures = {name: getattr(report(asked), name) for name in HIGHER_IS_BETTER}
    assert broken(figures, json.loads(BASELINE.read_text("utf-8"))) == []
    bodies = {story.id: story.body for story in stories}
    for outcome in asked:
        for quote in [*outcome.reply.quotes, *outcome.ranked]:
            assert quote.text == bodies[quote.story_id][quote.span.start : quote.span.end]
            assert all(quote.span.contains(span) for span in quote.bold)
        if outcome.reply.short is not None:
            first = outcome.reply.quotes[0]
            assert outcome.reply.short in [bodies[first.story_id][s.start : s.end] for s in first.bold]


def test_a_figure_under_its_floor_and_other_data_are_told() -> None:
    baseline = moved(SAME, NO_FLOORS, "")
    assert broken(SAME, baseline) == []
    assert broken(SAME | {"f1": 0.4}, baseline) == ["f1 is 0.4, its floor 0.48"]
    assert broken(SAME | {"f1": None}, baseline) == ["f1 is None, its floor 0.48"]
    assert len(broken(SAME, baseline | {"data": "other"})) == 1


def test_floors_rise_by_themselves_and_fall_only_for_a_reason() -> None:
    baseline = moved(SAME, NO_FLOORS, "")
    raised = moved(SAME | {"mrr": 0.9}, baseline, "")
    assert raised["floors"]["mrr"] == pytest.approx(0.9 - SLACK)
    with pytest.raises(ValueError, match="needs --lower REASON: mrr"):
        moved(SAME, raised, "")
    lowered = moved(SAME, raised, "the stories became harder")
    assert lowered["floors"]["mrr"] == pytest.approx(0.48)
    assert lowered["lowered"][0]["reason"] == "the stories became harder"
    with pytest.raises(ValueError, match="the questions changed"):
        moved(SAME, baseline | {"data": "other"}, "")
