from __future__ import annotations

import math

import numpy as np
import pytest

from index.lexical import LexicalIndex, Stemmer

TEXTS = ["The troops leave Niger.", "The troops stay in Mali.", "Nobody asked why."]


@pytest.fixture
def lexical() -> LexicalIndex:
    return LexicalIndex(TEXTS, Stemmer())


def test_content_words_leave_stop_words_out() -> None:
    assert Stemmer().content_words("Why are the troops leaving?") == ["troop", "leav"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Niger's", ["niger"]),
        ("Niger’s", ["niger"]),
        ("The U.S. troops", ["usa", "troop"]),
        ("1,000 troops", ["1,000", "troop"]),
        ("O'Brien O’Brien", ["o'brien", "o'brien"]),
        ("AT&T and drone-base", ["at&t", "drone-bas"]),
        ("“Quoted” (words)", ["quot", "word"]),
        ("Café ÉCOLE", ["café", "école"]),
        ("?! …", []),
    ],
)
def test_words_stand_without_marks_and_possessives(text: str, words: list[str]) -> None:
    assert Stemmer().content_words(text) == words


def test_a_question_with_the_stop_words_alone_has_no_content_words() -> None:
    assert Stemmer().content_words("who is it and what did they do there?") == []


def test_german_is_stemmed_as_german_and_an_unknown_language_as_english() -> None:
    assert Stemmer("de").content_words("Häuser") == ["haus"]
    assert Stemmer("xx").content_words("troops") == Stemmer("en-US").content_words("troops") == ["troop"]


def test_bm25_is_lucenes(lexical: LexicalIndex) -> None:
    """ln(1 + (n - df + .5) / (df + .5)) · tf / (tf + k1 · (1 - b + b · length / mean length))."""
    inverse = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    mean = (3 + 3 + 2) / 3
    expected = inverse / (1 + 1.5 * (1 - 0.75 + 0.75 * 3 / mean))
    assert lexical.bm25("Niger?") == pytest.approx([expected, 0.0, 0.0], abs=1e-6)


def test_bm25_adds_up_over_the_words_of_the_question(lexical: LexicalIndex) -> None:
    both = lexical.bm25("troops") + lexical.bm25("Mali")
    assert lexical.bm25("troops of Mali") == pytest.approx(both.tolist(), abs=1e-6)
    assert both[1] > both[0] > both[2] == 0


@pytest.mark.parametrize("query", ["", "   ", "?!", "who is it", "zebra", "zebra giraffe"])
def test_a_query_without_any_word_of_the_texts_scores_zero_everywhere(lexical: LexicalIndex, query: str) -> None:
    scores = lexical.bm25(query)
    assert scores.tolist() == [0.0, 0.0, 0.0]
    assert scores.dtype == np.float32


def test_unknown_words_do_not_change_bm25(lexical: LexicalIndex) -> None:
    assert lexical.bm25("zebra troops").tolist() == lexical.bm25("troops").tolist()


def test_coverage_is_the_share_of_the_questions_words_weighted_by_rarity(lexical: LexicalIndex) -> None:
    troops, niger = math.log(1 + 3 / 2), math.log(1 + 3 / 1)
    total = troops + niger
    assert lexical.coverage("troops in Niger?") == pytest.approx([1.0, troops / total, 0.0], abs=1e-6)


def test_an_unknown_word_weighs_as_much_as_one_that_stands_once(lexical: LexicalIndex) -> None:
    assert lexical.coverage("Niger zebra") == pytest.approx([0.5, 0.0, 0.0], abs=1e-6)


def test_a_word_asked_for_twice_counts_once(lexical: LexicalIndex) -> None:
    assert lexical.coverage("Niger Niger zebra") == pytest.approx([0.5, 0.0, 0.0], abs=1e-6)


@pytest.mark.parametrize("query", ["", "who is it", "zebra"])
def test_coverage_of_nothing_is_zero(lexical: LexicalIndex, query: str) -> None:
    assert lexical.coverage(query).tolist() == [0.0, 0.0, 0.0]
    assert lexical.coverage(query).dtype == np.float32


def test_a_text_without_content_words_never_matches() -> None:
    lexical = LexicalIndex(["Why?", "Niger."], Stemmer())
    assert lexical.coverage("Why Niger?").tolist() == [0.0, 1.0]
    assert lexical.bm25("Why Niger?")[0] == 0


def test_texts_without_any_content_word_at_all_are_fine() -> None:
    lexical = LexicalIndex(["Why?", "How?"], Stemmer())
    assert lexical.bm25("Niger").tolist() == [0.0, 0.0]
    assert lexical.coverage("Niger").tolist() == [0.0, 0.0]


@pytest.mark.parametrize("written", ["US", "U.S.", "USA", "U.S.A."])
def test_the_united_states_are_one_word_however_they_are_written(written: str) -> None:
    assert Stemmer().content_words(f"The {written} left us.") == ["usa", "left"]


def test_building_the_index_says_nothing_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    LexicalIndex(["Troops leave Niger."], Stemmer()).bm25("troops")
    assert caplog.records == []
