"""A story as text with places in it.

The body is kept exactly as it was decoded: every paragraph, sentence, passage and quote is a
`Span` of it, so that `story.body[span.start:span.end]` is the text, after saving and loading too.
Nothing in this project copies a piece of a story without knowing where it stands.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

from index.errors import BinaryStoryError, EmptyStoryError, StoryTooLongError, UntitledStoryError
from index.settings import FILE_KINDS, MAX_STORY_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_BREAK = re.compile(r"\r\n|[\r\n\u2028\u2029]")
_BULLET = re.compile(r"(?:[-*•‣▪◦–—·]|\(?\d{1,3}[.)])\s+")
_SENTENCE_END = re.compile(r"[.!?…:;][\"'”’)\]»]*$")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe0e\ufe0f\uffa0"  # letters, marks and signs without ink

# A block is taken as hard-wrapped when each of its lines but the last is about as long as the
# longest one. Text wrapped by hand or by a mail program is 50 to 100 columns wide.
_WRAP_WIDTHS = range(45, 121)
_WRAP_EVENNESS = 0.6
_TAIL = 20


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of characters, `start` included and `end` not."""

    start: int
    end: int

    def __len__(self) -> int:
        """Return the number of characters."""
        return self.end - self.start

    def contains(self, other: Span) -> bool:
        """Say whether `other` lies within this span."""
        return self.start <= other.start and other.end <= self.end

    def overlap(self, other: Span) -> int:
        """Return how many characters both spans share."""
        return max(0, min(self.end, other.end) - max(self.start, other.start))

    def shifted(self, offset: int) -> Span:
        """Return the span moved to the right by `offset` characters."""
        return Span(self.start + offset, self.end + offset)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a story; `number` counts from 1, as people do."""

    number: int
    span: Span


@dataclass(frozen=True)
class Story:
    """A news story: its text and what is known about it.

    Raises:
        EmptyStoryError: the body has no letter or digit.
        BinaryStoryError: the body has control characters that text never has.
        StoryTooLongError: the body has more than `MAX_STORY_CHARACTERS` characters.
        UntitledStoryError: the title has nothing that can be seen.
    """

    body: str
    title: str
    url: str | None = None
    published: str | None = None
    source: str | None = None
    language: str = "en"
    name: str | None = None
    """What people call it here, where that is not its title."""
    author: str | None = None

    def __post_init__(self) -> None:
        """Refuse a body that cannot be asked about."""
        if len(self.body) > MAX_STORY_CHARACTERS:
            message = (
                f"The story has {len(self.body):,} characters; at most {MAX_STORY_CHARACTERS:,} "
                "are read. Split it into several stories."
            )
            size, limit = f"{len(self.body):,}", f"{MAX_STORY_CHARACTERS:,}"
            raise StoryTooLongError(message, reason="too-long", characters=size, limit=limit)
        if _CONTROL.search(self.body):
            message = f"The story is not text: it has control characters. Give a {FILE_KINDS} file."
            raise BinaryStoryError(message, reason="not-text")
        if not any(character.isalnum() for character in self.body):
            message = (
                "The story is empty: there is no text in it to answer from. Give a file that has the story's text."
            )
            raise EmptyStoryError(message, reason="empty")
        if is_blank(self.title):
            message = (
                "The story has no title that can be seen. Give it one, since people choose stories by their titles."
            )
            raise UntitledStoryError(message, reason="untitled")

    @classmethod
    def from_text(cls, text: str, *, title: str) -> Self:
        """Return a story whose body is `text`, unchanged."""
        return cls(body=text, title=title)

    @cached_property
    def id(self) -> str:
        """Return 16 hexadecimal digits that depend on title and body alone."""
        return hashlib.sha256(f"{self.title}\0{self.body}".encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @cached_property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """Return the paragraphs in their order; together they hold all text but white space."""
        spans = (span for block in _blocks(self.body) for span in _block_paragraphs(self.body, block))
        return tuple(Paragraph(number, span) for number, span in enumerate(spans, start=1))

    def text(self, span: Span) -> str:
        """Return the characters of `span`."""
        return self.body[span.start : span.end]

    def paragraph_at(self, offset: int) -> Paragraph:
        """Return the paragraph that holds the character at `offset`, or the one before it."""
        starts = self._paragraph_starts
        return self.paragraphs[max(0, bisect_right(starts, offset) - 1)]

    @cached_property
    def _paragraph_starts(self) -> list[int]:
        return [paragraph.span.start for paragraph in self.paragraphs]


def is_blank(text: str) -> bool:
    """Say whether nothing of `text` is seen: white space, control and zero-width characters, Hangul fillers."""
    return all(unicodedata.category(character)[0] in "ZC" or character in _UNSEEN for character in text)


def stripped(body: str, span: Span) -> Span:
    """Return `span` without the white space at both its ends."""
    text = body[span.start : span.end]
    start = span.start + len(text) - len(text.lstrip())
    return Span(start, max(start, span.end - (len(text) - len(text.rstrip()))))


def _blocks(body: str) -> Iterator[list[Span]]:
    """Yield the runs of lines that no blank line interrupts."""
    block: list[Span] = []
    position = 0
    while position < len(body):
        line = _LINE.match(body, position)
        end = line.end() if line else position
        span = stripped(body, Span(position, end))
        if len(span):
            block.append(span)
        elif block:
            yield block
            block = []
        brk = _BREAK.match(body, end)
        position = brk.end() if brk else max(end, position + 1)
    if block:
        yield block


def _block_paragraphs(body: str, lines: list[Span]) -> Iterator[Span]:
    """Yield one span a line, or one for several lines where the text was only wrapped."""
    wrapped = _is_hard_wrapped(lines)
    current = lines[0]
    for line in lines[1:]:
        if _continues(body, current, line, wrapped=wrapped):
            current = Span(current.start, line.end)
        else:
            yield current
            current = line
    yield current


def _is_hard_wrapped(lines: list[Span]) -> bool:
    widths = [len(line) for line in lines[:-1]]
    longest = max(widths, default=0)
    return longest in _WRAP_WIDTHS and min(widths) >= _WRAP_EVENNESS * longest and len(lines[-1]) <= longest + 10


def _continues(body: str, above: Span, line: Span, *, wrapped: bool) -> bool:
    if _BULLET.match(body, line.start):
        return False
    if wrapped:
        return True
    # Only the tail is looked at, since `above` grows with every line that continues it.
    ends = _SENTENCE_END.search(body, max(above.start, above.end - _TAIL), above.end)
    return body[line.start].islower() and not ends
