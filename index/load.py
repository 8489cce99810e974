"""A `Story` from Markdown with front matter, plain text or HTML.

Decoding is decided by rules that can be told in one line (byte order mark, valid UTF-8, UTF-16 by
its zero bytes, what the page declares, else Windows-1252), since statistical detectors guess wrong
on short stories. Plain text becomes the body unchanged; Markdown and HTML lose their markup.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from importlib import resources
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.dates import dated
from index.documents import from_docx, from_pdf
from index.errors import BinaryStoryError, EmptyStoryError, LoadError, StoryTooLongError, UnreadableStoryError
from index.settings import MAX_STORY_CHARACTERS
from index.story import Story, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from markdown_it.token import Token

SHIPPED_STORY = "us-leaves-niger"

# UTF-16 takes two bytes a character and markup comes on top: more than that is no story of ours.
MOST_BYTES = 4 * MAX_STORY_CHARACTERS
"""Bytes of a file, above which none is read as a story."""
_MARKDOWN = frozenset((".md", ".markdown"))
_HTML = frozenset((".html", ".htm", ".xhtml"))
_UNSUPPORTED = {
    b"%PDF": "a PDF", b"PK\x03\x04": "a Word or ZIP file", b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture", b"GIF8": "a picture", b"\xd0\xcf\x11\xe0": "an old Word file",
    b"\x1f\x8b": "a compressed file",
}  # fmt: skip
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"<meta[^>]+charset=[\"']?([\w.:-]+)", re.IGNORECASE)
# Browsers read these as Windows-1252, and pages that declare them have its curly quotes.
_MEANS_CP1252 = frozenset(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "ascii", "us-ascii"))
_NO_BREAK_SPACE = re.compile(r"&nbsp;|&#160;|&#x0*a0;|\u00a0", re.IGNORECASE)
_STAND_IN = "\u2800"  # the blank of Braille: HTML extraction drops what is not printable and folds white space
_TITLE_CHARACTERS = 120
# Characters; what is shorter trafilatura takes from every text node, menus and torn-up lines included.
_LEAST_EXTRACTED = 250
_WALL = re.compile(
    r"subscri(?:be|ption)|log ?in to (?:read|continue)|sign in to|paywall|already a (?:subscriber|member)"
    r"|accept (?:all )?cookies|enable (?:javascript|cookies)|isAccessibleForFree\"?\s*:\s*\"?false",
    re.IGNORECASE,
)
_BLOCKS = "self::" + " or self::".join("p li h1 h2 h3 h4 h5 h6 blockquote pre td th dt dd figcaption".split())
_FURNITURE = "//head|//script|//style|//nav|//header|//footer|//aside|//form|//noscript"


def load_story(path: Path) -> Story:
    """Return the story in a `.md`, `.txt` or `.html` file; other text files count as plain text.

    Raises:
        UnreadableStoryError: there is no such file, or it may not be read.
        LoadError: what `read_story` raises, with the file's name in front.
    """
    try:
        if path.is_dir():
            message = f"{path} is a folder; name one .md, .txt or .html file."
            raise UnreadableStoryError(message)
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        message = f"There is no story at {path}; give the path of a .md, .txt or .html file."
        raise UnreadableStoryError(message) from None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise UnreadableStoryError(message) from None
    try:
        return read_story(content, path.name)
    except LoadError as error:
        message = f"{path}: {error}"
        raise type(error)(message) from None


def shipped_story(name: str = SHIPPED_STORY) -> Story:
    """Return a story that comes with this package."""
    return read_story(resources.files("index").joinpath("stories", f"{name}.md").read_bytes(), f"{name}.md")


def read_story(content: bytes, name: str, *, url: str | None = None, charset: str | None = None) -> Story:
    """Return the story in the bytes of a file called `name`, whose ending tells what it is.

    `url` is where it was fetched, and `charset` what the server said of its text.

    Raises:
        LoadError: the story is empty, binary, too long or cannot be parsed.
    """
    story = _read(content, name, url, charset)
    published = dated(story.published, story.language)
    return story if published == story.published else replace(story, published=published)


def _read(content: bytes, name: str, url: str | None, charset: str | None) -> Story:
    if len(content) > MOST_BYTES:
        message = f"The file is over {MOST_BYTES:,} bytes; split the story into several."
        raise StoryTooLongError(message)
    suffix = PurePath(name).suffix.lower()
    if suffix == ".pdf":
        return replace(from_pdf(content, fallback_title=_title_from_name(name)), url=url)
    if suffix == ".docx":
        return replace(from_docx(content, fallback_title=_title_from_name(name)), url=url)
    text = _declared_text(content, charset) or decode(content)
    if url is not None and suffix in _HTML:
        return from_page(text, url)
    if suffix in _MARKDOWN:
        return from_markdown(text, fallback_title=_title_from_name(name))
    if suffix in _HTML:
        return from_html(text, fallback_title=_title_from_name(name))
    return from_text(text, fallback_title=_title_from_name(name))


def _declared_text(content: bytes, charset: str | None) -> str | None:
    """Return the text in the encoding that a server declared, or None where that cannot be."""
    if charset is None or content.startswith(tuple(mark for mark, _ in _MARKS)):
        return None
    try:
        return content.decode(charset)
    except (LookupError, UnicodeDecodeError, ValueError):
        return None


def decode(content: bytes) -> str:
    """Return the text of a file, without its byte order mark.

    Raises:
        BinaryStoryError: the bytes are no text in any encoding that is looked for.
    """
    for magic, kind in _UNSUPPORTED.items():
        if content.startswith(magic):
            message = f"The file is {kind}, not text. Give a .md, .txt or .html file."
            raise BinaryStoryError(message)
    for encoding, skip in _encodings(content):
        try:
            return content[skip:].decode(encoding)
        except (UnicodeError, LookupError):
            continue
    message = "The file is not text in UTF-8, UTF-16 or Windows-1252. Save it as UTF-8 and try again."
    raise BinaryStoryError(message)


def _encodings(content: bytes) -> Iterator[tuple[str, int]]:
    """Yield encodings to try, each with how many bytes of a byte order mark to leave out."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            yield encoding, len(mark)
            return
    zeros = content[:4096].count(0)
    if zeros:
        yield from _utf16_by_zeros(content[:4096], zeros)
        return
    yield "utf-8", 0
    if declared := _DECLARED.search(content[:2048]):
        name = declared.group(1).decode("ascii", "replace")
        if name.lower() in _MEANS_CP1252:
            yield "cp1252", 0
        yield name, 0
    yield "cp1252", 0


def _utf16_by_zeros(sample: bytes, zeros: int) -> Iterator[tuple[str, int]]:
    """Yield a UTF-16 encoding where the zero bytes stand nearly all on one side of the pairs."""
    if zeros < len(sample) // 4:
        return
    odd = sample[1::2].count(0) / zeros
    if odd > 0.95:  # noqa: PLR2004 - nearly all; a few characters over U+00FF change nothing
        yield "utf-16-le", 0
    elif odd < 0.05:  # noqa: PLR2004 - as above, for the other byte order
        yield "utf-16-be", 0


def from_text(text: str, *, fallback_title: str) -> Story:
    """Return the story whose body is `text`; a headline in its first line becomes the title."""
    story = Story(body=text, title=fallback_title)
    headline = story.text(story.paragraphs[0].span)
    is_headline = (
        len(story.paragraphs) > 1
        and len(headline) <= _TITLE_CHARACTERS
        and len(headline.splitlines()) == 1
        and headline[-1] not in ".!?…:;,”\"'"
    )
    return replace(story, title=headline) if is_headline else story


def from_markdown(text: str, *, fallback_title: str) -> Story:
    """Return the story of a Markdown text; its front matter may name title, url, published, source, language.

    Raises:
        UnreadableStoryError: the front matter is not valid YAML.
    """
    import frontmatter
    import yaml
    from markdown_it import MarkdownIt

    try:
        metadata, source = frontmatter.parse(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that no calendar has
        message = f"The front matter is not valid YAML: {' '.join(str(error).split())}"
        raise UnreadableStoryError(message) from None
    if not metadata:
        source = text  # a rule at the top of the text looks like front matter, but names nothing
    tokens = MarkdownIt("commonmark").enable("table").parse(source)
    headline = _leading_headline(tokens)
    if headline is not None:
        tokens = tokens[3:]
    known = _metadata(metadata)
    title = _first_seen(known.pop("title", None), headline, fallback_title)
    return Story(body="\n\n".join(_markdown_blocks(tokens)), title=title, **known)


def _metadata(found: Mapping[str, object]) -> dict[str, Any]:
    """Return what front matter says of a story, as text; what is not given is left out."""
    names = ("title", "url", "published", "source", "language")
    return {name: str(found[name]).strip() for name in names if found.get(name) not in (None, "")}


def _leading_headline(tokens: list[Token]) -> str | None:
    if len(tokens) > 1 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        return _inline_text(tokens[1])
    return None


def _markdown_blocks(tokens: list[Token]) -> Iterator[str]:
    """Yield the text of each paragraph, heading, run of list items, table row or code block."""
    items: list[str] = []
    depth = 0
    cells: list[str] = []
    before = ""
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
            if not depth and items:
                yield "\n".join(items)
                items = []
        elif token.type == "tr_close":
            yield " | ".join(cells)
            cells = []
        elif text := _block_text(token):
            if before in ("td_open", "th_open"):
                cells.append(text)
            elif depth:
                items.append(f"- {text}")
            else:
                yield text
        before = token.type


def _block_text(token: Token) -> str:
    if token.type == "inline":
        return _inline_text(token)
    if token.type in ("fence", "code_block"):
        return token.content.strip()
    if token.type == "html_block":
        return _plain(token.content)
    return ""


def _inline_text(token: Token) -> str:
    """Return what a reader sees of an inline token: no marks, no addresses, no tags."""
    parts = []
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type in ("text", "code_inline", "image"):
            parts.append(child.content)
    return "".join(parts).strip()


def _plain(html: str) -> str:
    kept = _NO_BREAK_SPACE.sub(_STAND_IN, html)
    return " ".join(_html_blocks(kept)).replace(_STAND_IN, "\u00a0")


def from_html(text: str, *, fallback_title: str) -> Story:
    """Return the story of a web page without its navigation, advertisements and comments."""
    import trafilatura

    kept = _NO_BREAK_SPACE.sub(_STAND_IN, text)
    found = trafilatura.bare_extraction(kept, with_metadata=True, include_comments=False)
    page: dict[str, Any] = found.as_dict() if found is not None else {}
    body = page.get("text") or ""
    if len(body) < _LEAST_EXTRACTED:
        body = "\n".join(_html_blocks(kept)) or body
    if not body:
        message = (
            "The page is empty: no text of a story was found in it. Save the article's text as .txt and give that."
        )
        raise EmptyStoryError(message)
    title = _first_seen(page.get("title"), fallback_title)
    lines = body.split("\n")
    if lines[0].strip() == title and len(lines) > 1:
        lines = lines[1:]
    return Story(
        body="\n\n".join(lines).replace(_STAND_IN, "\u00a0"),
        title=title.replace(_STAND_IN, " "),
        url=page.get("url") or None,
        published=page.get("date") or None,
        source=page.get("sitename") or None,
        language=page.get("language") or "en",
    )


def from_page(text: str, url: str) -> Story:
    """Return the story of a page that was fetched at `url`; a page without one says what stands there instead.

    Raises:
        EmptyStoryError: there is no story, only a wall for readers who pay or a page that a script fills.
    """
    try:
        story = from_html(text, fallback_title=_host(url))
    except EmptyStoryError:
        message = "There is no text of a story on that page; scripts may fill it. Save the article's text and add that."
        raise EmptyStoryError(message) from None
    if len(story.body) < _LEAST_EXTRACTED and _WALL.search(text):
        message = (
            "That page shows its story only to readers who subscribe, log in or accept cookies. "
            "Save the article's text and add that."
        )
        raise EmptyStoryError(message)
    return replace(story, url=url, source=story.source or _host(url))


def _host(url: str) -> str:
    return (urlsplit(url).hostname or url).removeprefix("www.")


def _html_blocks(text: str) -> Iterator[str]:
    """Yield the text of a page's blocks, for pages too short for content extraction."""
    from lxml import html as lxml_html

    try:
        root = lxml_html.document_fromstring(text)
    except (ValueError, lxml_html.etree.ParserError):
        return
    for unwanted in root.xpath(_FURNITURE):
        unwanted.drop_tree()
    for block in root.xpath(f"//*[{_BLOCKS}][not(.//*[{_BLOCKS}])]") or [root]:
        if line := " ".join(str(block.text_content()).split()):
            yield line


def _title_from_name(name: str) -> str:
    words = re.sub(r"[-_\s]+", " ", PurePath(name).stem).strip()
    return _first_seen(words[:1].upper() + words[1:], "Untitled story")


def _first_seen(*titles: str | None) -> str:
    """Return the first title that can be seen; the last one whatever it is."""
    return next((title for title in titles if title and not is_blank(title)), titles[-1] or "")
