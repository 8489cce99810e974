"""The news that the reader trains on: in its form, ours, and not what the gate measures."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from news import FOLDER, NewsError, main, read_news, rows
from reader_examples import NEWS, Case, ExampleMaker, Source, asking_word

from index.story import Span

ROOT = Path(__file__).parent.parent

FORM = """=== The bridge closes
The harbour bridge closes for nine weeks on Monday.

The ferry runs on.
? How long is the bridge closed?
= bridge closes [for nine weeks] on
? how long is the ferry down
- closes for nine weeks
"""
RUN = 8  # words that two texts share only where one is taken from the other


def written(folder: Path, text: str) -> Path:
    file = folder / "some.txt"
    file.write_text(text, "utf-8")
    return file


def test_a_story_its_answer_and_what_tempts(tmp_path: Path) -> None:
    (story,) = read_news(written(tmp_path, FORM))
    assert (story.id, story.title) == ("some-001", "The bridge closes")
    assert story.text == "The harbour bridge closes for nine weeks on Monday.\n\nThe ferry runs on."
    answered, near = story.cases
    assert (answered.question, answered.is_answerable) == ("How long is the bridge closed?", True)
    assert story.text[answered.start : answered.end] == "for nine weeks"
    assert not near.is_answerable
    assert story.text[near.start : near.end] == "closes for nine weeks"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[for nine weeks]", "for nine weeks", "no [answer] in brackets"),
        ("[for nine weeks]", "[for] [nine]", "more than one"),
        ("= bridge closes [for nine weeks] on", "= closed [for nine weeks] on", "stands nowhere"),
        ("- closes for nine weeks", "- The", "stands twice"),
        ("? how long is the ferry down\n", "", "an answer without a question"),
        ("- closes for nine weeks", "- closes for nine weeks\nMore.", "a paragraph stands below a question"),
        ("=== The bridge closes", "===", "nothing follows the mark"),
    ],
)
def test_what_is_not_in_the_form_is_told_with_its_line(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(NewsError, match=r"^some\.txt:\d+: ") as told:
        read_news(written(tmp_path, FORM.replace(old, new)))
    assert complaint in str(told.value)


def test_the_checker_counts_and_fails_on_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(written(tmp_path, FORM))]) == 0
    assert "1 stories, 1 answerable, 1 near misses" in capsys.readouterr().out
    assert main([str(written(tmp_path, FORM.replace("[", "")))]) == 1


def test_what_is_kept_from_training_is_in_no_training_story() -> None:
    training, held = rows(dev=False)[0], rows(dev=True)[0]
    assert len(training) + len(held) == 1_249
    assert 0.08 < len(held) / 1_249 < 0.25
    assert sum(story["id"].startswith("politics-") for story in held) == 31
    assert not {story["title"] for story in training} & {story["title"] for story in held}


def test_both_kinds_of_question_are_there_and_every_span_is_the_answer() -> None:
    stories, cases = rows(dev=False)
    texts = {story["id"]: story["text"] for story in stories}
    answerable = [case for case in cases if case["answerable"]]
    assert 0.55 < len(answerable) / len(cases) < 0.65
    for case in answerable:
        ((start, end),) = case["spans"]
        assert [texts[case["story_id"]][start:end]] == case["answers"]


def test_nothing_of_the_gate_or_the_shipped_story_is_trained_on() -> None:
    gate = ROOT / "bench" / "gate"
    held = " ".join(json.loads(line)["text"] for line in (gate / "stories.jsonl").read_text("utf-8").splitlines())
    asked = {json.loads(line)["question"].casefold() for line in (gate / "cases.jsonl").read_text("utf-8").splitlines()}
    runs = runs_of(held)
    assert len(runs) > 1000
    for path in sorted(FOLDER.glob("**/*.txt")):
        for story in read_news(path):
            assert not runs_of(story.text) & runs, story.title
            same = {case.question.casefold() for case in story.cases} & asked
            assert all(len(question.split()) < RUN for question in same), same


def runs_of(text: str) -> set[tuple[str, ...]]:
    words = text.casefold().split()
    return set(zip(*(words[at:] for at in range(RUN)), strict=False))


def test_evened_out_a_word_asks_as_many_answerable_questions_as_near_misses() -> None:
    row = {"id": "a", "text": "The bridge closed on Monday."}
    source = Source(NEWS, row)
    answered = [case(f"How many {word}?", answerable=True) for word in ("boats", "cars")]
    near = [case(f"how many {word} then?", answerable=False) for word in "abcdefgh"]
    source.cases = [*answered, *near, case("Why?", answerable=False), case("Where is it?", answerable=True)]
    source.queries = np.zeros((len(source.cases), 384), np.float32)
    source.dense = np.zeros((1, 384), np.float32)
    counts = Counter(
        asking_word(found.question) if found.origin == "near" else "other"
        for number in range(200)
        for found in ExampleMaker([source], number, even=True).epoch(0)
    )
    assert 3 < counts["how many"] / 200 < 5, "two of eight, each read twice"
    assert counts["why"] == 0, "no answerable question asks why"


def case(question: str, *, answerable: bool) -> Case:
    spans = (Span(4, 10),) if answerable else ()
    answers = ("bridge",) if answerable else ()
    return Case(question, question, answers, spans, (0,) if answerable else (), Span(0, 28), "other")
