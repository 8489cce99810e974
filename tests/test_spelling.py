from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.spelling import Speller

TEXT = "Renata Kowalczyk was banned. The withdrawal from Niger was agreed in Washington; Rønne and Ronna stayed."


def speller(*unknown: str) -> Speller:
    return Speller(TEXT, lambda word: word not in unknown)


@pytest.mark.parametrize(
    ("typed", "mended"),
    [
        ("kowalzcyk", "Kowalczyk"),  # two letters changed places
        ("kowalczk", "Kowalczyk"),  # one left out
        ("widthdrawall", "withdrawal"),  # two slips in a long word
        ("Niger", "Niger"),  # it stands in the story
        ("Washingtons", "Washingtons"),  # so it does, but for its ending
        ("wsh", "wsh"),  # too short to be sure
        ("nigxrx", "nigxrx"),  # two slips in a short word
    ],
)
def test_an_unknown_word_becomes_the_nearest_of_the_story(typed: str, mended: str) -> None:
    assert speller(typed.lower()).mended(f"what about {typed}?") == f"what about {mended}?"


def test_a_common_word_is_never_changed() -> None:
    assert speller().mended("Who left Nigeria or Nigel?") == "Who left Nigeria or Nigel?"


def test_between_two_equally_near_words_nothing_is_changed() -> None:
    assert speller("ronne").mended("ronne") == "ronne"


@pytest.mark.parametrize("question", ["how many u.s. troops are in niger", "what does the u.n. say"])
def test_letters_of_abbreviations_are_left_alone(question: str) -> None:
    assert speller().mended(question) == question


def test_a_name_that_looks_like_a_chat_spelling_stays() -> None:
    assert Speller("Wen Jiabao spoke.", lambda _: True).mended("what did wen say") == "what did wen say"


def test_chat_spellings_are_written_out() -> None:
    assert speller().mended("wich ppl left and whats next") == "which people left and what is next"


@given(st.text(max_size=80))
def test_a_text_whose_words_are_all_known_keeps_everything_but_chat_spellings(text: str) -> None:
    once = speller().mended(text)
    assert speller().mended(once) == once
