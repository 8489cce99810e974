from __future__ import annotations

import pytest

from index.dates import dated, day_of
from index.load import read_story


@pytest.mark.parametrize(
    ("text", "language", "date"),
    [
        ("2026-05-04", "en", "2026-05-04"),
        ("March 3, 2024", "en", "2024-03-03"),
        ("12 June 2026", "en", "2026-06-12"),
        ("12. Juni 2026", "de", "2026-06-12"),
        ("12 de junio de 2026", "es-MX", "2026-06-12"),
        ("12 June 2026", "xx", "2026-06-12"),
        ("May 2026", "en", "2026-05"),
        ("2026", "en", "2026"),
        ("20240420", "en", "2024-04-20"),
        ("Mon, 04 May 2026 12:30:00 GMT", "en", "2026-05-04 12:30"),
        ("2026-05-04T23:30:00-02:00", "en", "2026-05-05 01:30"),
        ("13/04/2026", "en", "2026-04-13"),
    ],
)
def test_dates_are_read_as_they_are_written(text: str, language: str, date: str) -> None:
    assert dated(text, language) == date
    assert day_of(date) == date


@pytest.mark.parametrize(
    "text", ["yesterday", "Monday", "Spring 2024", "03/04/2026", "2026-13-45", "12 June", "x" * 99]
)
def test_what_is_no_day_stays_as_it_is_and_counts_as_undated(text: str) -> None:
    assert dated(text) == text
    assert day_of(text) == ""


def test_without_a_date_there_is_none() -> None:
    assert dated(None) is None
    assert day_of(None) == ""


def test_dates_sort_by_time() -> None:
    written = ["March 3, 2024", "2026-05-04", "12 June 2026", "soon", "2026-05-04T08:00:00Z"]
    assert sorted(written, key=lambda text: day_of(dated(text))) == [
        "soon",
        "March 3, 2024",
        "2026-05-04",
        "2026-05-04T08:00:00Z",
        "12 June 2026",
    ]


def test_a_storys_date_is_read_when_it_is_loaded() -> None:
    text = "---\npublished: 12 juin 2026\nlanguage: fr\n---\nBody."
    assert read_story(text.encode(), "a.md").published == "2026-06-12"
