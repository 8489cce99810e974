"""The final order of passages: what the index found, re-ranked by what the reader reads in it.

Each of the best few is read together with the sentence before it, which says who "he" is; what
the reader finds counts only where it lies in the sentence itself. The winner is read alone too, and
with the sentence after it: what holds in three windows is surer than what holds in one. The index's
first wins mostly, so its further windows are read at once, in the same batch. Only where none of the
best few reads like an answer, one question in seven, are as many more read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import starmap
from statistics import fmean
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bot.question import focus
from bot.together import Pairs, Texts
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bot.reader import Reading
    from bot.together import Work
    from index.spelling import Speller
    from index.story_index import Hit, StoryIndex

    _Read = tuple[float, Span | None]

READ = 4
"""Passages that are read at once, and as many more where none of these reads like an answer."""
UNCONVINCING = -2.0
"""The score of the reader up to which a passage does not read like an answer."""
READER_WEIGHT = 0.04
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
    `support`, of the first only, is the mean of `read` over three windows.
    """

    hit: Hit
    score: float
    read: float | None = None
    words: Span | None = None
    support: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The passages in their final order, and the question as it was understood: mended, and what asks only."""

    question: str
    candidates: tuple[Candidate, ...]


def rank(question: str, index: StoryIndex, count: int, speller: Speller) -> Work[Ranking]:
    """Return the `count` best passages of `index` for `question`, best first.

    Only those that were read change places: an unread passage never overtakes one that was read.
    """
    whole = speller.mended(question)
    asked = focus(whole)
    hits = index.search_vector(asked, (yield from _vector(asked, whole)), max(count, 2 * READ))
    read, again = yield from _read(asked, index, hits[:READ])
    if len(hits) > READ and max(candidate.read or 0.0 for candidate in read) <= UNCONVINCING:
        read += yield from _candidates(asked, index, hits[READ : 2 * READ])
    unread = [Candidate(hit, hit.score + READER_WEIGHT * UNREAD) for hit in hits[len(read) :]]
    ordered = sorted(read, key=lambda candidate: -candidate.score)
    if ordered:
        best = ordered[0]
        if best.hit.number != hits[0].number:
            again = yield from _readings(asked, index, [best.hit, best.hit], _further(index, best.hit))
        ordered[0] = replace(best, support=fmean([best.read or 0.0, *(read for read, _ in again)]))
    return Ranking(asked, tuple([*ordered, *unread][:count]))


def _vector(asked: str, whole: str) -> Work[NDArray[np.float32]]:
    """Return the query's embedding, (d,) float32: that of what asks, with half as much of the whole message."""
    if asked == whole:
        return np.asarray((yield Texts((asked,)))[0])
    vectors = yield Texts((asked, whole))
    mixed = vectors[0] + _WHOLE_MESSAGE * vectors[1]
    return np.asarray(mixed / np.linalg.norm(mixed), dtype=np.float32)


def _read(question: str, index: StoryIndex, hits: Sequence[Hit]) -> Work[tuple[list[Candidate], list[_Read]]]:
    """Return the hits as read with the sentence before each, and what further windows of the first hold."""
    if not hits:
        return [], []
    windows = [*(_window(index, hit, -1) for hit in hits), *_further(index, hits[0])]
    readings = yield from _readings(question, index, [*hits, hits[0], hits[0]], windows)
    return _as_read(hits, readings[: len(hits)]), readings[len(hits) :]


def _candidates(question: str, index: StoryIndex, hits: Sequence[Hit]) -> Work[list[Candidate]]:
    """Return the hits as read with the sentence before each."""
    return _as_read(hits, (yield from _readings(question, index, hits, [_window(index, hit, -1) for hit in hits])))


def _as_read(hits: Sequence[Hit], readings: Sequence[_Read]) -> list[Candidate]:
    return [
        Candidate(hit, hit.score + READER_WEIGHT * read, read, words)
        for hit, (read, words) in zip(hits, readings, strict=True)
    ]


def _further(index: StoryIndex, hit: Hit) -> list[Span]:
    return [hit.passage.span, _window(index, hit, +1)]


def _readings(question: str, index: StoryIndex, hits: Sequence[Hit], windows: Sequence[Span]) -> Work[list[_Read]]:
    """Return, for each hit in its window, the reader's score and where in the hit it sees the answer."""
    readings = yield Pairs(tuple((question, index.story.text(window)) for window in windows))
    return list(starmap(_inside, zip(hits, windows, readings, strict=True)))


def _inside(hit: Hit, window: Span, reading: Reading) -> _Read:
    words = Span(window.start + reading.start, window.start + reading.end)
    inside = len(words) > 0 and hit.passage.span.contains(words)
    read = min(max(reading.score if inside else _ELSEWHERE, UNREAD), -UNREAD)
    return read if math.isfinite(read) else UNREAD, words if inside else None


def _window(index: StoryIndex, hit: Hit, step: int) -> Span:
    """Return the hit with the sentence before (-1) or after it (+1), if that stands in the same paragraph."""
    own, at = hit.passage, hit.number + step
    if not 0 <= at < len(index.passages) or index.passages[at].paragraph != own.paragraph:
        return own.span
    other = index.passages[at].span
    return Span(min(own.span.start, other.start), max(own.span.end, other.end))
