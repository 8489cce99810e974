"""When two stories contradict each other in a figure."""

from __future__ import annotations

import pytest

from bot.differing import figures, figures_differ
from index.kinds import Kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("about 1,200 troops", {1200}),
        ("$1.5 million", {1_500_000}),
        ("twenty-five", {25}),
        ("two hundred", {200}),
        ("nine weeks", {9, "week"}),
        ("3 March 2026", {3, "mar", 2026}),
        ("Tuesday", {"tuesday"}),
        ("7 dead and 19 hurt", {7, 19}),
        ("$12m", {12_000_000}),
        ("dozens", {12}),
        ("many", set()),
    ],
)
def test_figures_are_read_with_their_scale(text: str, expected: set[float | str]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("kind", "first", "second", "differ"),
    [
        (Kind.COUNT, "14", "16 cables", True),
        (Kind.COUNT, "about 900", "nine hundred", False),
        (Kind.MONEY, "$12 million", "$12m", False),
        (Kind.MONEY, "$12 million", "12 dollars", True),
        (Kind.TIME, "on Tuesday", "Tuesday, 3 March", False),
        (Kind.TIME, "on Tuesday", "Wednesday", True),
        (Kind.DURATION, "nine weeks", "nine months", True),
        (Kind.COUNT, "many", "14", False),
        (Kind.PERSON, "14", "16", False),
    ],
)
def test_figures_differ_where_each_has_one_that_the_other_has_not(
    kind: Kind, first: str, second: str, *, differ: bool
) -> None:
    assert figures_differ(kind, first, second) is differ
    assert figures_differ(kind, second, first) is differ
