"""A `Story` from a web page, without its navigation, advertisements, banners and comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.about import about
from index.errors import EmptyStoryError
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_BREAK_SPACE = re.compile(r"&nbsp;|&#160;|&#x0*a0;|\u00a0", re.IGNORECASE)
_STAND_IN = "\u2800"  # the blank of Braille: HTML extraction drops what is not printable and folds white space
# Characters; what is shorter trafilatura takes from every text node, menus and torn-up lines included.
_LEAST_EXTRACTED = 250
_WALL = re.compile(
    r"subscri(?:be|ption)|log ?in to (?:read|continue)|sign in to|paywall|already a (?:subscriber|member)"
    r"|accept (?:all )?cookies|enable (?:javascript|cookies)|isAccessibleForFree\"?\s*:\s*\"?false",
    re.IGNORECASE,
)
_BLOCKS = "self::" + " or self::".join("p li h1 h2 h3 h4 h5 h6 blockquote pre td th dt dd figcaption".split())
_FURNITURE = "//head|//script|//style|//nav|//header|//footer|//aside|//form|//noscript"


def plain(html: str) -> str:
    """Return the text of a piece of HTML on one line."""
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
    title = page.get("title") or fallback_title
    lines = body.split("\n")
    if lines[0].strip() == title and len(lines) > 1:
        lines = lines[1:]
    known = about(
        url=page.get("url"),
        published=page.get("date"),
        source=page.get("sitename"),
        author=page.get("author"),
        language=page.get("language"),
    )
    title = about(title=title.replace(_STAND_IN, " ")).get("title", fallback_title)
    return Story(body="\n\n".join(lines).replace(_STAND_IN, "\u00a0"), title=title, **known)


def from_page(text: str, url: str) -> Story:
    """Return the story of a page that was fetched at `url`; a page without one says what stands there instead.

    Raises:
        EmptyStoryError: there is no story, only a wall for readers who pay or a page that a script fills.
    """
    try:
        story = from_html(text, fallback_title=host(url))
    except EmptyStoryError:
        message = "There is no text of a story on that page; scripts may fill it. Save the article's text and add that."
        raise EmptyStoryError(message) from None
    if len(story.body) < _LEAST_EXTRACTED and _WALL.search(text):
        message = (
            "That page shows its story only to readers who subscribe, log in or accept cookies. "
            "Save the article's text and add that."
        )
        raise EmptyStoryError(message)
    return story


def host(url: str) -> str:
    """Return the name of the site that an address is on."""
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
