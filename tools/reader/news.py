"""Read and check the news stories of our own telling that the reader trains on.

A file in `news/` holds many stories. Blank lines may stand anywhere::

    === The title
    A paragraph of the story.
    Another paragraph.
    ? How long is the bridge closed?
    = the bridge closes [for nine weeks] on Monday
    ? How long is the ferry out of service?
    - the bridge closes for nine weeks

`=` gives words of the story, to the letter, with the answer in brackets; `-` says that the story does not
answer, and gives words, to the letter, of the sentence that looks most as if it did.

    python tools/reader/news.py FILE …     checks the files and counts
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER: Final = Path(__file__).parent / "news"
_DEV_SHARE: Final = 8
"""One story in so many is kept from training, chosen by the digest of its title."""


class NewsError(ValueError):
    """A file of stories is not in the form; the message names file and line."""


@dataclass(slots=True)
class NewsCase:
    """A question; `start` and `end` (exclusive) are the answer's characters, or the tempting words' of a near miss."""

    question: str
    is_answerable: bool
    start: int
    end: int


@dataclass(slots=True)
class NewsStory:
    """A story and what is asked of it."""

    id: str
    title: str
    paragraphs: list[str] = field(default_factory=list)
    cases: list[NewsCase] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The paragraphs, a blank line between them."""
        return "\n\n".join(self.paragraphs)

    @property
    def is_dev(self) -> bool:
        """Whether it is kept from training."""
        return hashlib.sha256(self.title.encode()).digest()[0] % _DEV_SHARE == 0


def read_news(path: Path) -> list[NewsStory]:
    """Return the stories of a file.

    Raises:
        NewsError: it is not in the form, or words do not stand in their story, or stand there twice.
    """
    stories: list[NewsStory] = []
    asked = ""
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        try:
            if line.startswith("==="):
                stories.append(NewsStory(f"{path.stem}-{len(stories) + 1:03}", _said(line[3:])))
            elif line.startswith("?"):
                asked = _said(line[1:])
            elif line.startswith(("=", "-")):
                stories[-1].cases.append(_case(stories[-1].text, asked, line))
                asked = ""
            elif line:
                _paragraph(stories[-1], line)
        except (NewsError, IndexError) as error:
            message = f"{path.name}:{number}: {error}"
            raise NewsError(message) from None
    return stories


def _said(words: str) -> str:
    if not words.strip():
        message = "nothing follows the mark"
        raise NewsError(message)
    return words.strip()


def _paragraph(story: NewsStory, line: str) -> None:
    if story.cases:
        message = "a paragraph stands below a question"
        raise NewsError(message)
    story.paragraphs.append(line)


def _case(text: str, question: str, line: str) -> NewsCase:
    if not question:
        message = "an answer without a question"
        raise NewsError(message)
    words = _said(line[1:])
    is_answerable = line.startswith("=")
    marked = re.fullmatch(r"([^\[\]]*)\[([^\[\]]+)\]([^\[\]]*)", words) if is_answerable else None
    if is_answerable and marked is None:
        message = "no [answer] in brackets, or more than one"
        raise NewsError(message)
    plain = words.replace("[", "").replace("]", "") if is_answerable else words
    at = text.find(plain)
    if at < 0 or text.find(plain, at + 1) >= 0:
        message = f"stands {'nowhere' if at < 0 else 'twice'} in the story: {plain}"
        raise NewsError(message)
    if marked is None:
        return NewsCase(question, is_answerable=False, start=at, end=at + len(plain))
    start = at + len(marked[1])
    return NewsCase(question, is_answerable=True, start=start, end=start + len(marked[2]))


def rows(*, dev: bool, folder: Path = FOLDER) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return stories and cases in the form of `storydesk eval`: those kept from training, or the others.

    Kept are one story in so many of each file of `folder`, and all of the files in its folder `held`.
    """
    stories = [story for path in sorted(folder.glob("*.txt")) for story in read_news(path) if story.is_dev == dev]
    if dev:
        stories += [story for path in sorted((folder / "held").glob("*.txt")) for story in read_news(path)]
    told = [{"id": story.id, "title": story.title, "text": story.text} for story in stories]
    return told, [row for story in stories for row in _case_rows(story)]


def _case_rows(story: NewsStory) -> Iterator[dict[str, Any]]:
    text = story.text
    for number, case in enumerate(story.cases, 1):
        row: dict[str, Any] = {
            "id": f"{story.id}-{number:02}",
            "story_id": story.id,
            "question": case.question,
            "answerable": case.is_answerable,
            "kind": "answerable" if case.is_answerable else "near",
            "paragraph": [0, len(text)],
        }
        span = [case.start, case.end]
        if case.is_answerable:
            yield row | {"answers": [text[case.start : case.end]], "spans": [span]}
        else:
            yield row | {"answers": [], "spans": [], "tempting": span}


def main(paths: Iterable[str]) -> int:
    """Check files and print how much they hold; return 1 where one is not in the form."""
    for name in paths:
        try:
            stories = read_news(Path(name))
        except NewsError as error:
            print(error)
            return 1
        cases = [case for story in stories for case in story.cases]
        near = sum(not case.is_answerable for case in cases)
        print(f"{name}: {len(stories)} stories, {len(cases) - near} answerable, {near} near misses")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
