"""Small real things that stand in for big ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

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
