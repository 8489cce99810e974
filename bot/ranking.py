"""The final order of passages: what the index found, re-ranked by what the reader reads in it.

Each of the best few is read together with the sentence before it, which says who "he" is; what
the reader finds counts only where it lies in the sentence itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bot.question import focus
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bot.reader import Reading
    from index.embed import Embedder
    from index.spelling import Speller
    from index.story_index import Hit, StoryIndex

READ = 4
"""Passages that are read. Six were no better on the development sets."""
READER_WEIGHT = 0.03
"""What one logit of the reader is worth, in cosines."""
UNREAD = -12.0
"""The least that a reader's score counts, and what an unread passage gets; the most is its opposite."""
_ELSEWHERE = -6.0  # the answering words stand in the sentence before
_WHOLE_MESSAGE = 0.5


class Reads(Protocol):
    """What ranking needs of a reader: the model, or a small stand-in for it."""

    def read_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Reading]:
        """Return the best answer of each (question, passage), in their order."""

    def knows(self, word: str) -> bool:
        """Say whether a lower-case word is a common one, spelt right."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage in the final ranking.

    `score`: higher is better. `read`: how much the reader thinks the sentence answers, within
    ±12, and `words`, where in the story it sees the answer, both None for what was not read.
    """

    hit: Hit
    score: float
    read: float | None = None
    words: Span | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The passages in their final order, and the question as it was understood: mended, and what asks only."""

    question: str
    candidates: tuple[Candidate, ...]


def rank(
    question: str, index: StoryIndex, count: int, *, embedder: Embedder, reader: Reads, speller: Speller
) -> Ranking:
    """Return the `count` best passages of `index` for `question`, best first.

    Only those that were read change places: an unread passage never overtakes one that was read.
    """
    whole = speller.mended(question)
    asked = focus(whole)
    hits = index.search_vector(asked, _vector(asked, whole, embedder), max(count, READ))
    read = _read(asked, index, hits[:READ], reader)
    unread = [Candidate(hit, hit.score + READER_WEIGHT * UNREAD) for hit in hits[READ:]]
    ordered = sorted(read, key=lambda candidate: -candidate.score)
    return Ranking(asked, tuple([*ordered, *unread][:count]))


def _vector(asked: str, whole: str, embedder: Embedder) -> NDArray[np.float32]:
    """Return the query's embedding, (d,) float32: that of what asks, with half as much of the whole message."""
    if asked == whole:
        return np.asarray(embedder.encode([asked])[0])
    vectors = embedder.encode([asked, whole])
    mixed = vectors[0] + _WHOLE_MESSAGE * vectors[1]
    return np.asarray(mixed / np.linalg.norm(mixed), dtype=np.float32)


def _read(question: str, index: StoryIndex, hits: Sequence[Hit], reader: Reads) -> list[Candidate]:
    before = [_predecessor(index, hit) for hit in hits]
    starts = [
        previous.start if previous else hit.passage.span.start for hit, previous in zip(hits, before, strict=True)
    ]
    windows = [index.story.body[start : hit.passage.span.end] for hit, start in zip(hits, starts, strict=True)]
    readings = reader.read_pairs([(question, window) for window in windows])
    found = []
    for hit, start, reading in zip(hits, starts, readings, strict=True):
        words = Span(start + reading.start, start + reading.end)
        inside = len(words) > 0 and hit.passage.span.contains(words)
        read = min(max(reading.score if inside else _ELSEWHERE, UNREAD), -UNREAD)
        read = read if math.isfinite(read) else UNREAD
        found.append(Candidate(hit, hit.score + READER_WEIGHT * read, read, words if inside else None))
    return found


def _predecessor(index: StoryIndex, hit: Hit) -> Span | None:
    """Return the sentence before a hit, if it stands in the same paragraph."""
    if hit.number == 0:
        return None
    previous = index.passages[hit.number - 1]
    return previous.span if previous.paragraph == hit.passage.paragraph else None
