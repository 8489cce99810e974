"""What changed between two versions of a story, sentence by sentence; pure, and linear in their length.

Matching lines the usual way (`difflib`) takes time that grows with the square or the cube of the
sentences where many are alike, and every member may ask for it. So sentences at both ends that are
the same are left out first; of the rest, those that stand once in either version are anchors
(Cohen's patience diff); only what lies between two anchors is compared thoroughly, and where that
would be more than `_WORK` in all, sentence beside sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from index.sentences import sentence_spans
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.story import Story

_WORD = re.compile(r"\w+(?:[.,:'’-]\w+)*")
_WORK = 2_000_000  # comparisons of two sentences, or of two words of one pair


@dataclass(frozen=True, slots=True)
class Change:
    """A sentence of the old version beside the one of the new; None where one of them has no such sentence.

    `place` is where the new sentence stands in the new version.
    """

    old: str | None
    new: str | None
    place: Span | None = None

    def marks(self) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """Return the words that only one of both has, as places in the old text and in the new one."""
        if self.old is None or self.new is None:
            return (), ()
        before, after = list(_WORD.finditer(self.old)), list(_WORD.finditer(self.new))
        gaps = _differing([word.group() for word in before], [word.group() for word in after])
        gone = tuple(Span(*word.span()) for old, _ in gaps for word in before[old.start : old.end])
        come = tuple(Span(*word.span()) for _, new in gaps for word in after[new.start : new.end])
        return gone, come


def changes(old: Story, new: Story) -> list[Change]:
    """Return the sentences that differ, in the order of the new version."""
    before = [" ".join(old.text(span).split()) for span in sentence_spans(old)]
    places = sentence_spans(new)
    after = [" ".join(new.text(span).split()) for span in places]
    found = []
    for first, second in _differing(before, after):
        came = slice(second.start, second.end)
        rows = zip_longest(before[first.start : first.end], after[came], places[came])
        found += [Change(gone, come, place) for gone, come, place in rows]
    return found


def _differing(before: Sequence[str], after: Sequence[str]) -> list[tuple[Span, Span]]:
    """Return the ranges of two sequences that differ, in their order."""
    first, second = _trimmed(before, after, Span(0, len(before)), Span(0, len(after)))
    anchors = _anchors(before, after, first, second)
    edges = [(first.start - 1, second.start - 1), *anchors, (first.end, second.end)]
    found = []
    work = _WORK
    for (old_edge, new_edge), (old_end, new_end) in pairwise(edges):
        old, new = _trimmed(before, after, Span(old_edge + 1, old_end), Span(new_edge + 1, new_end))
        most = len(old) * len(new) * min(len(old), len(new))  # as many as `difflib` makes at the worst
        if most > work:
            found.append((old, new))
        elif len(old) or len(new):
            work -= most
            found += _thoroughly(before, after, old, new)
    return found


def _trimmed(before: Sequence[str], after: Sequence[str], old: Span, new: Span) -> tuple[Span, Span]:
    """Return two ranges without what is the same at both their ends."""
    shortest = min(len(old), len(new))
    head = 0
    while head < shortest and before[old.start + head] == after[new.start + head]:
        head += 1
    tail = 0
    while tail < shortest - head and before[old.end - 1 - tail] == after[new.end - 1 - tail]:
        tail += 1
    return Span(old.start + head, old.end - tail), Span(new.start + head, new.end - tail)


def _anchors(before: Sequence[str], after: Sequence[str], old: Span, new: Span) -> list[tuple[int, int]]:
    """Return the places of what stands once in either range: as many as keep their order, the first before the next."""
    counts = Counter(before[old.start : old.end]), Counter(after[new.start : new.end])
    places = {after[at]: at for at in range(new.start, new.end)}
    pairs = [
        (at, places[before[at]])
        for at in range(old.start, old.end)
        if counts[0][before[at]] == 1 and counts[1][before[at]] == 1
    ]
    # The longest increasing run of places (Schensted 1961): `ends[n]` is the pair with which one of length n+1 ends.
    ends: list[int] = []
    numbers: list[int] = []
    previous: list[int | None] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        ends[length : length + 1] = [place]
        numbers[length : length + 1] = [number]
        previous.append(numbers[length - 1] if length else None)
    run = []
    last = numbers[-1] if numbers else None
    while last is not None:
        run.append(pairs[last])
        last = previous[last]
    return run[::-1]


def _thoroughly(before: Sequence[str], after: Sequence[str], old: Span, new: Span) -> list[tuple[Span, Span]]:
    matcher = SequenceMatcher(None, before[old.start : old.end], after[new.start : new.end], autojunk=False)
    return [
        (Span(first, last).shifted(old.start), Span(start, end).shifted(new.start))
        for kind, first, last, start, end in matcher.get_opcodes()
        if kind != "equal"
    ]
