"""Links that point at the words: a browser scrolls to a quote and marks it.

The syntax is that of https://wicg.github.io/scroll-to-text-fragment/: `#:~:text=prefix-,start,end,-suffix`.
Browsers take the first place that fits, without regard to case and with any white space for one space; `prefix`,
`start`, `end` and `suffix` lie in one block of the page each. So the words around a quote are added until no
earlier place of the story fits. A page has more text than its story: about the rest one can only hope.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_WHOLE_CHARACTERS = 120  # encoded; a longer quote is given by its first and last words
_MOST_CHARACTERS = 400
_FEWEST_CONTEXT, _MOST_CONTEXT = 3, 12  # words
_MOST_RIVALS = 200  # a story with more places that fit gets no link to one of them
_AROUND = 600  # characters that are compared on either side
# Words, and where white space does not part them, what a mark of punctuation does.
_WORD = re.compile(r"[^\s、。，；：！？]+(?:[、。，；：！？]+[」』”’）]*)?|[、。，；：！？]+")
_COUNTS, _COUNTS_OF_CLAUSES = (4, 6, 9, 13, 20), (1, 2, 3, 5, 8)
_CLAUSE_CHARACTERS = 10
# What stands in two blocks of a page: lines, and the cells of a table in a row.
_SEGMENT = re.compile(r"[^\n\r\u2028\u2029|]+(?:(?<=\S)\|(?=\S)[^\n\r\u2028\u2029|]+)*")
_MARKER = re.compile(r"[^\S\n]*(?:[-*•‣▪◦–—]|\d{1,3}[.)])\s+(?=\S)")
_LINE = re.compile(r"[^\n\r\u2028\u2029]+")


class _Words(NamedTuple):
    """A piece of a story as the words in it."""

    body: str
    spans: Sequence[Span]

    def text(self) -> str:
        """Return the words as a browser compares them, but for their case."""
        if not self.spans:
            return ""
        return " ".join(self.body[self.spans[0].start : self.spans[-1].end].split())

    def first(self, count: int) -> _Words:
        return _Words(self.body, self.spans[:count])

    def last(self, count: int) -> _Words:
        return _Words(self.body, self.spans[max(0, len(self.spans) - count) :])

    def folded(self) -> list[str]:
        return [self.body[span.start : span.end].casefold() for span in self.spans]


def text_fragment(body: str, span: Span, *, title: str = "") -> str | None:
    """Return the fragment, from `:~:` on, for a quote of a story; None where none is short and unambiguous.

    `title` stands above the story on its page, so that the quote is not looked for there.
    """
    segments = _segments(body, span)
    if not segments:
        return None
    before, after = _around(body, segments[0], segments[-1])
    for start, end in _ranges(segments):
        context = _context(title, start, end, before=before, after=after)
        if context is None:
            continue
        fragment = _written(start, end, before.last(context[0]), after.first(context[1]))
        if len(fragment) <= _MOST_CHARACTERS:
            return fragment
    return None


def link_to(url: str, body: str, span: Span, *, title: str = "") -> str:
    """Return the address of a story, fit for Markdown, that leads to a quote in it, or where that cannot be to all."""
    fragment = text_fragment(body, span, title=title)
    place = in_markdown(url)
    if fragment is None or ":~:" in place:
        return place
    return f"{place}{fragment}" if "#" in place else f"{place}#{fragment}"


def in_markdown(url: str) -> str:
    """Return an address that no parenthesis ends where it is the target of a link."""
    return url.replace("(", "%28").replace(")", "%29")


def _segments(body: str, span: Span) -> list[_Words]:
    """Return the words of a quote, block by block."""
    parts = (_words(body, *found.span()) for found in _SEGMENT.finditer(body, span.start, span.end))
    return [words for words in parts if any(map(str.isalnum, words.text()))]


def _words(body: str, start: int, end: int) -> _Words:
    """Return the words of a part of a story without the marks of list items, which pages draw and do not have."""
    spans = []
    for line in _LINE.finditer(body, start, end):
        begins = line.start() == 0 or body[line.start() - 1] in "\n\r\u2028\u2029"
        marker = _MARKER.match(body, line.start(), line.end()) if begins else None
        words = _WORD.finditer(body, marker.end() if marker else line.start(), line.end())
        spans += [Span(*word.span()) for word in words]
    return _Words(body, spans)


def _around(body: str, first: _Words, last: _Words) -> tuple[_Words, _Words]:
    """Return the words before and after a quote: of its own block, or where that ends, of the next one."""
    start, end = first.spans[0].start, last.spans[-1].end
    left, right = max(0, start - _AROUND), min(len(body), end + _AROUND)
    ahead = [_words(body, *line.span()) for line in _LINE.finditer(body, left, start)]
    behind = [_words(body, *line.span()) for line in _LINE.finditer(body, end, right)]
    before = next((words for words in reversed(ahead) if words.spans), _Words(body, ()))
    after = next((words for words in behind if words.spans), _Words(body, ()))
    # A word at the edge of what was looked at may be half of one.
    if before.spans and before.spans[0].start == left > 0:
        before = _Words(body, before.spans[1:])
    if after.spans and after.spans[-1].end == right < len(body):
        after = _Words(body, after.spans[:-1])
    return before, after


def _ranges(segments: Sequence[_Words]) -> Iterator[tuple[_Words, _Words | None]]:
    """Yield what may stand for the words, the best first: all of them, or the first and the last few."""
    first, last = segments[0], segments[-1]
    is_one = len(segments) == 1
    is_short = is_one and len(_encoded(first.text())) <= _WHOLE_CHARACTERS
    if is_short:
        yield first, None
    is_parted = len(first.text()) < _CLAUSE_CHARACTERS * len(first.spans)
    for count in _COUNTS if is_parted else _COUNTS_OF_CLAUSES:
        if not is_one or 2 * count <= len(first.spans):
            yield first.first(count), last.last(count)
    if is_one and not is_short:
        yield first, None


def _context(title: str, start: _Words, end: _Words | None, *, before: _Words, after: _Words) -> tuple[int, int] | None:
    """Return how many words before and after make a place the first that fits; None where no number does."""
    body, begin, begins = start.body, start.spans[0].start, _pattern(start)
    if end is not None:
        found = _pattern(end).search(body, start.spans[-1].end, end.spans[-1].end)
        if found is None or found.start() != end.spans[0].start:
            return None  # the range would end too early
    rivals: list[tuple[int, int]] = [(0, 0)] if begins.search(title) else []
    for found in begins.finditer(body):
        if found.start() >= begin:
            break
        if len(rivals) >= _MOST_RIVALS:
            return None
        rivals.append(_shared(body, found.start(), found.end(1), before, after))
    if not rivals:
        return 0, 0
    choices = [(count, _suffix(rivals, count)) for count in range(_MOST_CONTEXT + 1)]
    fitting = [
        (count, more)
        for count, more in choices
        if count <= len(before.spans) and more <= (0 if end else min(_MOST_CONTEXT, len(after.spans)))
    ]
    if not fitting:
        return None
    count, more = min(fitting, key=sum)
    return _telling(before.spans, count), _telling(after.spans, more)


def _suffix(rivals: Sequence[tuple[int, int]], prefix: int) -> int:
    """Return how many words after a quote tell it from the rivals that have its `prefix` words before them too."""
    left = [after for before, after in rivals if before >= prefix]
    return max(left) + 1 if left else 0


def _telling(words: Sequence[Span], count: int) -> int:
    """Return how many words to give where `count` are needed: one alone is easily found elsewhere on the page."""
    return min(len(words), max(count, _FEWEST_CONTEXT)) if count else 0


def _shared(body: str, start: int, end: int, before: _Words, after: _Words) -> tuple[int, int]:
    """Return how many words before and after another place are the same as those around the quote."""
    ahead = _words(body, max(0, start - _AROUND), start).folded()
    behind = _words(body, end, min(len(body), end + _AROUND)).folded()
    # The last word that is given may be a part of one there: “so” fits before the stop of “so.”.
    same_before = _common(ahead[::-1], before.folded()[::-1], str.endswith)
    return same_before, _common(behind, after.folded(), str.startswith)


def _common(there: Sequence[str], here: Sequence[str], fits: Callable[[str, str], bool]) -> int:
    count = 0
    for one, other in zip(there, here, strict=False):
        if not fits(one, other):
            break
        count += 1
    return count


def _pattern(words: _Words) -> re.Pattern[str]:
    """Return what finds the words as a browser does; its group is all of them, and places may overlap."""
    words_in_any_case = r"\s+".join(map(re.escape, words.text().split()))
    return re.compile(f"(?=({words_in_any_case}))", re.IGNORECASE)


def _written(start: _Words, end: _Words | None, before: _Words, after: _Words) -> str:
    parts = [f"{_encoded(before.text())}-"] if before.spans else []
    parts += [_encoded(part.text()) for part in (start, end) if part is not None]
    parts += [f"-{_encoded(after.text())}"] if after.spans else []
    return f":~:text={','.join(parts)}"


def _encoded(text: str) -> str:
    """Return text as it may stand in a fragment; `-`, `,` and `&` have a meaning there, and `()` would end a link."""
    return quote(text, safe="").replace("-", "%2D")
