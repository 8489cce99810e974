"""A `Story` from the bytes of a file: Markdown with front matter, plain text, HTML, PDF or Word.

Plain text becomes the body unchanged; the others lose their markup.
"""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import resources
from pathlib import Path, PurePath

from index.about import one_line, title_of
from index.dates import dated
from index.decoding import decode
from index.documents import from_docx, from_pdf
from index.errors import LoadError, StoryTooLongError, UnreadableStoryError
from index.markdown import from_markdown
from index.pages import from_html, from_page, host
from index.passages import check_sentences
from index.settings import FILE_KINDS, MAX_STORY_CHARACTERS
from index.story import Story, is_blank

SHIPPED_STORY = "us-leaves-niger"

# UTF-16 takes two bytes a character and markup comes on top: more than that is no story of ours.
MOST_BYTES = 4 * MAX_STORY_CHARACTERS
"""Bytes of a file, above which none is read as a story."""
_MARKDOWN = frozenset((".md", ".markdown"))
_HTML = frozenset((".html", ".htm", ".xhtml"))
_TITLE_CHARACTERS = 120


def load_story(path: Path) -> Story:
    """Return the story in a `.md`, `.txt`, `.html`, `.pdf` or `.docx` file; other text files count as plain text.

    Raises:
        UnreadableStoryError: there is no such file, or it may not be read.
        LoadError: what `read_story` raises, with the file's name in front.
    """
    try:
        if path.is_dir():
            message = f"{path} is a folder; name one {FILE_KINDS} file."
            raise UnreadableStoryError(message, reason="no-file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        message = f"There is no story at {path}; give the path of a {FILE_KINDS} file."
        raise UnreadableStoryError(message, reason="no-file") from None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise UnreadableStoryError(message, reason="no-file") from None
    try:
        return read_story(content, path.name)
    except LoadError as error:
        message = f"{path}: {error}"
        raise type(error)(message, reason=error.reason, **error.values) from None


def shipped_story(name: str = SHIPPED_STORY) -> Story:
    """Return a story that comes with this package."""
    return read_story(resources.files("index").joinpath("stories", f"{name}.md").read_bytes(), f"{name}.md")


def read_story(content: bytes, name: str, *, url: str | None = None, charset: str | None = None) -> Story:
    """Return the story in the bytes of a file called `name`, whose ending tells what it is.

    `url` is where it was fetched, and `charset` what the server said of its text.

    Raises:
        LoadError: the story is empty, binary, too long or cannot be parsed.
    """
    if len(content) > MOST_BYTES:
        message = f"The file is over {MOST_BYTES:,} bytes; split the story into several."
        raise StoryTooLongError(message, reason="too-big", limit=f"{MOST_BYTES:,}")
    try:
        story = _parsed(content, name, url, charset)
    except RecursionError:
        message = "The file is too deeply nested to be read."
        raise UnreadableStoryError(message, reason="nested") from None
    check_sentences(story)
    story = replace(story, published=dated(story.published, story.language))
    return story if url is None else replace(story, url=url, source=story.source or host(url))


def _parsed(content: bytes, name: str, url: str | None, charset: str | None) -> Story:
    suffix = PurePath(name).suffix.lower()
    title = _title_from_name(name)
    if suffix == ".pdf":
        return from_pdf(content, fallback_title=title)
    if suffix == ".docx":
        return from_docx(content, fallback_title=title)
    text = decode(content, charset)
    if suffix in _MARKDOWN:
        return from_markdown(text, fallback_title=title)
    if suffix in _HTML:
        return from_html(text, fallback_title=title) if url is None else from_page(text, url)
    return from_text(text, fallback_title=title)


def from_text(text: str, *, fallback_title: str) -> Story:
    """Return the story whose body is `text`; a headline in its first line becomes the title."""
    story = Story(body=text, title=fallback_title)
    headline = story.text(story.paragraphs[0].span)
    is_headline = (
        len(story.paragraphs) > 1
        and not is_blank(headline)
        and len(headline) <= _TITLE_CHARACTERS
        and len(headline.splitlines()) == 1
        and headline[-1] not in ".!?…:;,”\"'"
    )
    return replace(story, title=headline) if is_headline else story


def _title_from_name(name: str) -> str:
    words = one_line(re.sub(r"[-_\s]+", " ", PurePath(name).stem), _TITLE_CHARACTERS)
    return title_of(words[:1].upper() + words[1:], "Untitled story")
