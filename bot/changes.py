"""What changed between two versions of a story, sentence by sentence; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING

from index.sentences import sentence_spans
from index.story import Span

if TYPE_CHECKING:
    from index.story import Story

_WORD = re.compile(r"\w+(?:[.,:'’-]\w+)*")


@dataclass(frozen=True, slots=True)
class Change:
    """A sentence of the old version beside the one of the new; None where one of them has no such sentence.

    `marked_old` and `marked_new` are the words that only one of both has, as places in its text;
    `place` is where the new sentence stands in the new version.
    """

    old: str | None
    new: str | None
    marked_old: tuple[Span, ...] = ()
    marked_new: tuple[Span, ...] = ()
    place: Span | None = None


def changes(old: Story, new: Story) -> list[Change]:
    """Return the sentences that differ, in the order of the new version."""
    before = [" ".join(old.text(span).split()) for span in sentence_spans(old)]
    places = sentence_spans(new)
    after = [" ".join(new.text(span).split()) for span in places]
    found = []
    for kind, first, last, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            rows = zip_longest(before[first:last], after[start:end], places[start:end])
            found += [_change(gone, come, place) for gone, come, place in rows]
    return found


def _change(old: str | None, new: str | None, place: Span | None) -> Change:
    if old is None or new is None:
        return Change(old, new, place=place)
    before, after = list(_WORD.finditer(old)), list(_WORD.finditer(new))
    matcher = SequenceMatcher(None, [word.group() for word in before], [word.group() for word in after], autojunk=False)
    gone: list[Span] = []
    come: list[Span] = []
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            gone += [Span(*word.span()) for word in before[first:last]]
            come += [Span(*word.span()) for word in after[start:end]]
    return Change(old, new, tuple(gone), tuple(come), place)
