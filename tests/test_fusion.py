from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.fusion import CONTEXT_WEIGHT, COVERAGE_WEIGHT, KIND_WEIGHT, LEXICAL_WEIGHT, Evidence
from index.kinds import KindIndex
from index.lexical import LexicalIndex, Stemmer

if TYPE_CHECKING:
    from numpy.typing import NDArray

SENTENCES = ["Troops leave Niger.", "He knows nothing.", "Kurt Campbell spoke."]
CONTEXTS = ["Troops leave Niger. He knows nothing.", "Troops leave Niger. He knows nothing.", "Kurt Campbell spoke."]


def evidence(**parts: list[float]) -> Evidence:
    nothing = np.zeros(3, dtype=np.float32)
    arrays = {name: np.asarray(values, dtype=np.float32) for name, values in parts.items()}
    return Evidence(
        dense=arrays.get("dense", nothing),
        bm25=arrays.get("bm25", nothing),
        coverage=arrays.get("coverage", nothing),
        context=arrays.get("context", nothing),
        kind=arrays.get("kind", nothing).astype(np.bool_),
    )


def gathered(query: str) -> Evidence:
    stemmer = Stemmer()
    return Evidence.gather(
        query,
        lambda _: np.asarray([0.1, 0.2, 0.3], dtype=np.float32),
        LexicalIndex(SENTENCES, stemmer),
        LexicalIndex(CONTEXTS, stemmer),
        KindIndex(SENTENCES),
    )


def test_the_weights_are_those_that_were_fitted() -> None:
    assert (COVERAGE_WEIGHT, CONTEXT_WEIGHT, LEXICAL_WEIGHT, KIND_WEIGHT) == (0.1, 0.1, 0.03, 0.1)


@pytest.mark.parametrize(
    ("part", "scores"),
    [
        ("dense", [1.0, 0.5, -0.5]),
        ("coverage", [0.1, 0.05, -0.05]),
        ("context", [0.1, 0.05, -0.05]),
        ("bm25", [0.03, 0.015, -0.015]),
    ],
)
def test_each_kind_of_evidence_counts_with_its_weight(part: str, scores: list[float]) -> None:
    assert evidence(**{part: [1.0, 0.5, -0.5]}).scores() == pytest.approx(scores, abs=1e-6)


def test_a_match_of_the_kind_that_is_asked_for_gains_a_tenth() -> None:
    assert evidence(kind=[1, 0, 1]).scores() == pytest.approx([0.1, 0.0, 0.1], abs=1e-6)


def test_the_score_is_the_sum_of_all_evidence() -> None:
    found = evidence(dense=[0.5, 0.9, 0], bm25=[1, 0, 0.5], coverage=[0.5, 0, 1], context=[1, 0, 1], kind=[1, 0, 0])
    assert found.scores() == pytest.approx([0.78, 0.9, 0.215], abs=1e-6)
    assert found.scores().dtype == np.float32


def test_evidence_is_gathered_from_words_and_kinds() -> None:
    found = gathered("Who leaves Niger?")
    assert found.dense == pytest.approx([0.1, 0.2, 0.3])
    assert found.bm25.tolist() == [1.0, 0.0, 0.0]
    assert found.coverage.tolist() == [1.0, 0.0, 0.0]
    assert found.context.tolist() == [1.0, 1.0, 0.0]
    assert found.kind.tolist() == [True, False, True]


def test_bm25_is_a_share_of_the_best_score() -> None:
    found = gathered("Niger troops or Campbell?")
    assert found.bm25[0] == 1.0
    assert 0 < found.bm25[2] < 1


@pytest.mark.parametrize("query", ["", "zebra", "?"])
def test_without_a_common_word_or_a_kind_the_cosine_alone_decides(query: str) -> None:
    assert gathered(query).scores() == pytest.approx([0.1, 0.2, 0.3])


def test_cosines_are_asked_for_with_what_the_words_alone_are_worth() -> None:
    told: list[list[float]] = []

    def cosines(words: NDArray[np.float32]) -> NDArray[np.float32]:
        told.append(words.tolist())
        return np.zeros(3, dtype=np.float32)

    stemmer = Stemmer()
    lexical = LexicalIndex(SENTENCES, stemmer), LexicalIndex(CONTEXTS, stemmer), KindIndex(SENTENCES)
    found = Evidence.gather("Who leaves Niger?", cosines, *lexical)
    assert told == [pytest.approx([0.33, 0.1, 0.1], abs=1e-6)]
    assert found.scores() == pytest.approx(told[0], abs=1e-6)
