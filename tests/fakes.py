"""Small real things that stand in for big ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bot.reader import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class CountingEmbedder:
    """Embeds a text as how often each of `words` stands in it, brought to unit length.

    The last number is 1 for a text with none of the words and 0 for any other, so that every row
    has unit length and two texts that share no word have a cosine of 0.
    `seen` collects every text that was asked for, in order.
    """

    words: tuple[str, ...] = ("troops", "base", "cost", "pact")
    name: str = "counting"
    fingerprint: str = "counting-1"
    seen: list[str] = field(default_factory=list)

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return len(self.words) + 1

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of `texts`, (n, d) float32, rows of unit length."""
        self.seen.extend(texts)
        counts = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            found = re.findall(r"\w+", text.lower())
            counts[row, :-1] = [found.count(word) for word in self.words]
            counts[row, -1] = not counts[row].any()
        unit: NDArray[np.float32] = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return unit


@dataclass(frozen=True)
class WordReader:
    """Reads an answer where one of `scores`' words stands, the first of them in its order; nothing anywhere else.

    It knows every word but `unknown`. `seen` collects every pair that was read, in order, `batches`
    the pairs of each call.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    fingerprint: str = "words-1"
    seen: list[tuple[str, str]] = field(default_factory=list)
    batches: list[list[tuple[str, str]]] = field(default_factory=list)

    def read_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Reading]:
        """Return the best answer of each (question, passage), in their order."""
        self.seen.extend(pairs)
        self.batches.append(list(pairs))
        return [self._reading(passage) for _, passage in pairs]

    def _reading(self, passage: str) -> Reading:
        for words, score in self.scores.items():
            if words in passage:
                at = passage.index(words)
                return Reading(at, at + len(words), score)
        return Reading(0, 0, float("-inf"))

    def knows(self, word: str) -> bool:
        """Say whether `word` is a common one."""
        return word not in self.unknown
