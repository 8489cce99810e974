"""How evidence of several kinds becomes one ranking: a weighted sum on fixed scales.

Reciprocal rank fusion throws the distances between scores away, and standardised scores make the
best of many bad sentences look good. The weights are in cosines, so that they can be read: a
sentence with all of the question's words gains as much as one that is .1 closer in meaning. More
weight on words wins where questions use the story's words and loses where members use their own
(`bench/RESULTS.md`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from index.kinds import KindIndex
    from index.lexical import LexicalIndex

COVERAGE_WEIGHT = 0.1
CONTEXT_WEIGHT = 0.1
LEXICAL_WEIGHT = 0.03
KIND_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each passage, all (n,) float32 but `kind`, which is (n,) bool.

    `dense`: cosine with the question. `coverage` and `context`: idf-weighted share of the
    question's words in the passage, and in it with its neighbours. `bm25`: share of the best
    BM25 score. `kind`: whether it has something of the kind that is asked for.
    """

    dense: NDArray[np.float32]
    bm25: NDArray[np.float32]
    coverage: NDArray[np.float32]
    context: NDArray[np.float32]
    kind: NDArray[np.bool_]

    @classmethod
    def gather(
        cls,
        query: str,
        cosines: Callable[[NDArray[np.float32]], NDArray[np.float32]],
        sentences: LexicalIndex,
        contexts: LexicalIndex,
        kinds: KindIndex,
    ) -> Self:
        """Collect the evidence for `query` over all passages.

        `cosines` is given what the words alone are worth, (n,) float32, and returns the cosines: an index
        that does not compute all of them computes those of the passages that words speak for.
        """
        bm25 = sentences.bm25(query)
        best = float(bm25.max(initial=0.0))
        words = cls(
            dense=np.zeros_like(bm25),
            bm25=bm25 / best if best > 0 else bm25,
            coverage=sentences.coverage(query),
            context=contexts.coverage(query),
            kind=kinds.matches(query),
        )
        return replace(words, dense=cosines(words.scores()))

    def scores(self) -> NDArray[np.float32]:
        """Return the passages' scores, (n,) float32; higher is better, about 0 to 1.3."""
        total = (
            self.dense
            + COVERAGE_WEIGHT * self.coverage
            + CONTEXT_WEIGHT * self.context
            + LEXICAL_WEIGHT * self.bm25
            + KIND_WEIGHT * self.kind
        )
        return np.asarray(total, dtype=np.float32)
