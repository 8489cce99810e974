from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot.changes
from bot.changes import Change, changes
from index.story import Span, Story

if TYPE_CHECKING:
    from collections.abc import Sequence

OLD = Story("The bridge closes on Monday. It costs $12 million. Buses run.", "T")


def test_changed_words_are_marked_on_both_sides() -> None:
    new = Story("The bridge closes on Friday. It costs $12 million. Buses run.", "T")
    (change,) = changes(OLD, new)
    assert change == Change("The bridge closes on Monday.", "The bridge closes on Friday.", Span(0, 28))
    assert change.marks() == ((Span(21, 27),), (Span(21, 27),))


def test_what_came_and_what_went_stands_alone() -> None:
    new = Story("The bridge closes on Monday. It costs $12 million. Buses run. Ferries run.", "T")
    assert changes(OLD, new) == [Change(None, "Ferries run.", place=Span(62, 74))]
    assert changes(new, OLD) == [Change("Ferries run.", None)]


def test_white_space_alone_is_no_change() -> None:
    assert changes(OLD, Story("The bridge closes  on Monday.\n\nIt costs $12 million. Buses run.", "T")) == []


def test_a_sentence_that_moved_is_gone_here_and_come_there() -> None:
    moved = Story("It costs $12 million. Buses run. The bridge closes on Monday.", "T")
    assert changes(OLD, moved) == [
        Change("The bridge closes on Monday.", None),
        Change(None, "The bridge closes on Monday.", Span(33, 61)),
    ]


_TEXTS = st.lists(st.sampled_from(["It is so.", "He said no.", "Buses run.", "Nine left."]), min_size=1, max_size=30)


@settings(max_examples=200, deadline=None)
@given(_TEXTS, _TEXTS)
def test_what_did_not_change_is_the_same_in_both_versions(old: list[str], new: list[str]) -> None:
    found = changes(Story(" ".join(old), "T"), Story(" ".join(new), "T"))
    gone, come = [change.old for change in found if change.old], [change.new for change in found if change.new]
    assert sorted([*gone, *_without(new, come)]) == sorted(old)
    assert (found == []) == (old == new)


def _without(sentences: Sequence[str], taken: Sequence[str]) -> list[str]:
    left = list(sentences)
    for sentence in taken:
        left.remove(sentence)
    return left


def _alike(count: int, seed: int) -> Story:
    """Return a story of a few sentences again and again, with anchors between them in the worst distance."""
    draw = random.Random(seed)  # noqa: S311 - a test draws the same each time
    sentences = [
        f"Number {at} is here." if at % 120 == 0 else draw.choice(["It is so.", "He said no."]) for at in range(count)
    ]
    return Story(" ".join(sentences), "T")


@pytest.mark.parametrize("count", [2_000, 8_000])
def test_the_work_is_bounded_however_many_sentences_are_alike(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    work: list[int] = []
    thoroughly = bot.changes._thoroughly

    def noted(before: Sequence[str], after: Sequence[str], old: Span, new: Span) -> list[tuple[Span, Span]]:
        work.append(len(old) * len(new) * min(len(old), len(new)))
        return thoroughly(before, after, old, new)

    monkeypatch.setattr(bot.changes, "_thoroughly", noted)
    assert changes(_alike(count, 1), _alike(count, 2))
    assert sum(work) <= 2_000_000
    work.clear()
    same = "It is so. " * count
    assert changes(Story(same, "T"), Story(f"{same} Buses run.", "T")) == [
        Change(None, "Buses run.", Span(len(same) + 1, len(same) + 11))
    ]
    assert sum(work) == 0
