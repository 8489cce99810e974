from __future__ import annotations

from bot.changes import Change, changes
from index.story import Span, Story

OLD = Story("The bridge closes on Monday. It costs $12 million. Buses run.", "T")


def test_changed_words_are_marked_on_both_sides() -> None:
    new = Story("The bridge closes on Friday. It costs $12 million. Buses run.", "T")
    (change,) = changes(OLD, new)
    assert change == Change(
        "The bridge closes on Monday.", "The bridge closes on Friday.", (Span(21, 27),), (Span(21, 27),), Span(0, 28)
    )


def test_what_came_and_what_went_stands_alone() -> None:
    new = Story("The bridge closes on Monday. It costs $12 million. Buses run. Ferries run.", "T")
    assert changes(OLD, new) == [Change(None, "Ferries run.", place=Span(62, 74))]
    assert changes(new, OLD) == [Change("Ferries run.", None)]


def test_white_space_alone_is_no_change() -> None:
    assert changes(OLD, Story("The bridge closes  on Monday.\n\nIt costs $12 million. Buses run.", "T")) == []
