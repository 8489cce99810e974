"""Links that point at the words: a browser scrolls to a quote and marks it.

The syntax is that of https://wicg.github.io/scroll-to-text-fragment/: `#:~:text=prefix-,start,end,-suffix`.
Browsers compare without regard to case and take any white space for one space; a page has more text
than its story, so what is ambiguous in the story itself is resolved, and the rest is best effort.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from index.story import Span

_WHOLE_CHARACTERS = 120  # encoded; a longer quote is given by its first and last words
_MOST_CHARACTERS = 400
_FEWEST_WORDS = 4
_CONTEXT_WORDS = 3
_WORD = re.compile(r"\S+")


def text_fragment(body: str, span: Span) -> str | None:
    """Return the fragment, from `:~:` on, for a quote of a story; None where none is short and unambiguous."""
    words = _WORD.findall(body[span.start : span.end])
    text = _folded(body[: span.start])
    # A prefix never reaches over two paragraphs: it is of the quote's own, or where that begins, of the one before.
    lines = [line for line in body[: span.start].splitlines() if line.strip()]
    before, whole = _WORD.findall(lines[-1] if lines else ""), _folded(body)
    start_at = len(text) + 1 if text else 0
    for start, end in _ranges(words):
        first = whole.find(_folded(start))
        ends_at = whole.find(_folded(end), start_at + len(_folded(start))) + len(_folded(end)) if end else None
        if end and ends_at != start_at + len(_folded(" ".join(words))):
            continue
        prefix = ""
        if first != start_at:
            prefix = " ".join(before[-_CONTEXT_WORDS:])
            if not prefix or whole.find(_folded(f"{prefix} {start}")) + len(_folded(prefix)) + 1 != start_at:
                continue
        parts = [f"{_encoded(prefix)}-"] * bool(prefix) + [_encoded(part) for part in (start, end) if part]
        fragment = f":~:text={','.join(parts)}"
        return fragment if len(fragment) <= _MOST_CHARACTERS else None
    return None


def link_to(url: str, body: str, span: Span) -> str:
    """Return the address of a story that leads to a quote in it; the plain one where that cannot be told."""
    fragment = text_fragment(body, span)
    if fragment is None or ":~:" in url:
        return url
    return f"{url}{fragment}" if "#" in url else f"{url}#{fragment}"


def _ranges(words: list[str]) -> list[tuple[str, str]]:
    """Return what may stand for the words, the shortest first: all of them, or the first and the last few."""
    whole = (" ".join(words), "")
    counts = range(_FEWEST_WORDS, len(words) // 2)
    parts = [(" ".join(words[:count]), " ".join(words[-count:])) for count in counts]
    return [whole, *parts] if len(_encoded(whole[0])) <= _WHOLE_CHARACTERS or not parts else [*parts, whole]


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _encoded(text: str) -> str:
    """Return text as it may stand in a fragment; `-`, `,` and `&` have a meaning there, and `()` would end a link."""
    return quote(text, safe="").replace("-", "%2D")
