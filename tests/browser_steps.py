"""What a browser does with a text fragment, after the draft (https://wicg.github.io/scroll-to-text-fragment/)."""

from __future__ import annotations

import re
from urllib.parse import unquote

from index.story import Span


def directive_of(fragment: str) -> tuple[str | None, str, str | None, str | None]:
    """Return prefix, start, end and suffix of a fragment, as a browser reads them."""
    parts = fragment.removeprefix(":~:text=").split(",")
    prefix = unquote(parts.pop(0)[:-1]) if parts[0].endswith("-") else None
    suffix = unquote(parts.pop()[1:]) if parts[-1].startswith("-") else None
    assert 1 <= len(parts) <= 2
    return prefix, unquote(parts[0]), unquote(parts[1]) if len(parts) > 1 else None, suffix


class Page:
    """A page of blocks, and the steps of “find a range from a text directive”."""

    def __init__(self, *blocks: str) -> None:
        self.text = "\n".join(" ".join(block.split()) for block in blocks)

    def found(self, fragment: str) -> Span | None:
        """Return the first place that fits."""
        prefix, start, end, suffix = directive_of(fragment)
        is_bounded = end is not None or suffix is None
        at = 0
        while (match := self._start(prefix, start, at, ends=is_bounded)) is not None:
            at, place = match
            if place is not None and (ends_at := self._end(place.end, end, suffix)) is not None:
                return Span(place.start, ends_at)
        return None

    def _start(self, prefix: str | None, start: str, at: int, *, ends: bool) -> tuple[int, Span | None] | None:
        """Return where to search on, and a place of `start`, or none where the prefix stands before something else."""
        if prefix is None:
            match = self._find(start, at, begins=True, ends=ends)
            return (match.start + 1, match) if match is not None else None
        before = self._find(prefix, at, begins=True, ends=False)
        if before is None:
            return None
        begins_at = self._after_space(before.end)
        match = self._find(start, begins_at, begins=False, ends=ends)
        if match is None:
            return None
        return before.start + 1, match if match.start == begins_at else None

    def _end(self, at: int, end: str | None, suffix: str | None) -> int | None:
        """Return where the range ends that is `at` long so far; none where what must follow does not."""
        while True:
            if end is not None:
                last = self._find(end, at, begins=True, ends=suffix is None)
                if last is None:
                    return None
                at = last.end
            if suffix is None:
                return at
            after = self._find(suffix, self._after_space(at), begins=False, ends=True)
            if after is not None and after.start == self._after_space(at):
                return at
            if after is None or end is None:
                return None

    def _find(self, words: str, at: int, *, begins: bool, ends: bool) -> Span | None:
        """Return the next place of words, which never reach over two blocks."""
        for found in re.compile(f"(?=({re.escape(words)}))", re.IGNORECASE).finditer(self.text, at):
            if (not begins or self._is_boundary(found.start(1))) and (not ends or self._is_boundary(found.end(1))):
                return Span(*found.span(1))
        return None

    def _is_boundary(self, at: int) -> bool:
        return not (0 < at < len(self.text) and self.text[at - 1].isalnum() and self.text[at].isalnum())

    def _after_space(self, at: int) -> int:
        while at < len(self.text) and self.text[at].isspace():
            at += 1
        return at
