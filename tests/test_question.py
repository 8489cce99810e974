from __future__ import annotations

import pytest

from bot.question import asks_several, focus


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("How many troops are there?", "How many troops are there?"),
        ("how many troops", "how many troops"),
        ("We have a quiz tomorrow. How many troops are there?", "How many troops are there?"),
        ("How many troops are there? My uncle wants to know.", "How many troops are there?"),
        ("omg what a game. we were robbed. what did the coach say", "what did the coach say"),
        ("Why is she out? What happened to her?", "Why is she out? What happened to her?"),
        ("Please tell me. Will they leave?", "Will they leave?"),
        ("I read it.\nso where is the base", "so where is the base"),
        ("Nice story. Thanks.", "Nice story. Thanks."),
        ("", ""),
    ],
)
def test_only_what_asks_is_asked(message: str, asked: str) -> None:
    assert focus(message) == asked


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("Where will it be tried, and on how many?", True),
        ("Which two players scored?", True),
        ("What are the reasons?", True),
        ("Who signed and where?", True),
        ("Who signed it?", False),
        ("How many American and French troops are there?", False),
    ],
)
def test_a_question_for_several_things_is_noticed(question: str, several: bool) -> None:  # noqa: FBT001 - a table
    assert asks_several(question) is several
