"""The final order of passages: what the index found, re-ranked by what the reader reads in it.

Each of the best few is read twice, alone and together with the sentence before it, which says who
"he" is; what the reader finds counts only where it lies in the sentence itself. The winner is read
with the sentence after it too: what holds in three windows is surer than what holds in two. The
index's first wins mostly, so its third window is read at once, in the same batch. Of the next few, those
are read then, together, that would win if they read like an answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bot.introductions import introduces
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

READ = 2
"""Passages that are read at once."""
MOST_READ = 8
"""Passages that are read at all."""
CONVINCING = 6.0
"""The reader's score, in logits, with which an unread passage is expected to read at best."""
READER_WEIGHT = 0.045
"""What one logit of the reader is worth, in cosines."""
UNREAD = -12.0
"""The least that a reader's score counts, and what an unread passage gets; the most is its opposite."""
_ELSEWHERE = -6.0  # the answering words stand in the sentence before
_WHOLE_MESSAGE = 0.5
_NEAR = 64  # passages among which the winner's neighbours are looked for


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
    ±12, the mean of two windows, and `words`, where in the story it sees the answer, both None for
    what was not read. `support`, of the first only, is the mean over three windows, which are one and
    the same where the sentence is a paragraph of its own.
    """

    hit: Hit
    score: float
    read: float | None = None
    words: Span | None = None
    support: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The passages in their final order, and the question as it was understood: mended, and what asks only.

    `before` and `after` are the first one's neighbours in the story, where they are near the question.
    """

    question: str
    candidates: tuple[Candidate, ...]
    before: Candidate | None = None
    after: Candidate | None = None


def rank(question: str, index: StoryIndex, count: int, speller: Speller) -> Work[Ranking]:
    """Return the `count` best passages of `index` for `question`, best first.

    Only those that were read change places: an unread passage never overtakes one that was read. Where a
    question asks who somebody is, a sentence that introduces them comes before all that do not.
    """
    whole = speller.mended(question)
    asked = focus(whole)
    hits = index.search_vector(asked, (yield from _vector(asked, whole)), max(count, _NEAR))
    hits.sort(key=lambda hit: not introduces(asked, hit.text))
    read, after = yield from _read(asked, index, hits[:READ], hits[:1])
    if rivals := _rivals(hits, read):
        read += (yield from _read(asked, index, rivals))[0]
    numbers = {candidate.hit.number for candidate in read}
    unread = [Candidate(hit, hit.score + READER_WEIGHT * UNREAD) for hit in hits if hit.number not in numbers]
    ordered = sorted(read, key=lambda candidate: (not introduces(asked, candidate.hit.text), -candidate.score))
    if not ordered:
        return Ranking(asked, ())
    best = ordered[0]
    if best.hit.number != hits[0].number:
        _, after = yield from _read(asked, index, [], [best.hit])
    ordered[0] = replace(best, support=(2 * (best.read or 0.0) + after[0]) / 3)
    found = {candidate.hit.number: candidate for candidate in (*ordered, *unread)}
    at = best.hit.number
    return Ranking(asked, tuple([*ordered, *unread][:count]), found.get(at - 1), found.get(at + 1))


def _rivals(hits: Sequence[Hit], read: Sequence[Candidate]) -> list[Hit]:
    """Return which further ones of `hits` would come before all that was read, if they read like an answer."""
    best = max((candidate.score for candidate in read), default=math.inf)
    return [hit for hit in hits[READ:MOST_READ] if hit.score + READER_WEIGHT * CONVINCING > best]


def _vector(asked: str, whole: str) -> Work[NDArray[np.float32]]:
    """Return the query's embedding, (d,) float32: that of what asks, with half as much of the whole message."""
    if asked == whole:
        return np.asarray((yield Texts((asked,)))[0])
    vectors = yield Texts((asked, whole))
    mixed = vectors[0] + _WHOLE_MESSAGE * vectors[1]
    return np.asarray(mixed / np.linalg.norm(mixed), dtype=np.float32)


def _read(
    question: str, index: StoryIndex, hits: Sequence[Hit], after: Sequence[Hit] = ()
) -> Work[tuple[list[Candidate], list[float]]]:
    """Return `hits` as read alone and with the sentence before, and what is read in those of `after` with the next."""
    windows = [(hit, window) for hit in hits for window in (_window(index, hit, -1), hit.passage.span)]
    windows += [(hit, _window(index, hit, +1)) for hit in after]
    readings = yield from _readings(question, index, windows)
    count = 2 * len(hits)
    pairs = zip(hits, readings[:count:2], readings[1:count:2], strict=True)
    return [_candidate(*each) for each in pairs], [read for read, _ in readings[count:]]


def _candidate(hit: Hit, before: _Read, alone: _Read) -> Candidate:
    """Return a hit as read with the sentence before and alone."""
    read = (before[0] + alone[0]) / 2
    words = max((one for one in (before, alone) if one[1]), key=lambda one: one[0], default=before)[1]
    return Candidate(hit, hit.score + READER_WEIGHT * read, read, words)


def _readings(question: str, index: StoryIndex, windows: Sequence[tuple[Hit, Span]]) -> Work[list[_Read]]:
    """Return, for each hit in its window, the reader's score and where in the hit it sees the answer."""
    readings = yield Pairs(tuple((question, index.story.text(window)) for _, window in windows))
    return [_inside(*each, reading) for each, reading in zip(windows, readings, strict=True)]


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
