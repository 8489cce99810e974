"""A `Story` from a web page, without its navigation, advertisements, banners and comments."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

from index.about import about, title_of
from index.errors import EmptyStoryError
from index.page_tree import author_of, blocks, clean, language_of, tree_of, visible_lines
from index.story import Story
from index.walls import check_for_walls

_NO_BREAK_SPACE = re.compile(r"&nbsp;|&#160;|&#x0*a0;|\u00a0", re.IGNORECASE)
_STAND_IN = "\u2800"  # the blank of Braille: HTML extraction drops what is not printable and folds white space
# Characters; what is shorter trafilatura takes from every text node, menus and torn-up lines included.
_LEAST_EXTRACTED = 250
_LABEL = re.compile(
    r"(?:skip |continue reading below )?(?:the )?advertisements?(?: continues below)?|anzeige|werbung|publicit[eé]|"
    r"publicidade?|most read|live|share|read more",
    re.IGNORECASE,
)
_BY = re.compile(r"(?:by|von|par|por|de)\s+", re.IGNORECASE)
_BYLINE_WORDS = 15
_AND = frozenset(("by", "and", "von", "und", "par", "et", "por", "y", "e"))


def plain(html: str) -> str:
    """Return the text of a piece of HTML on one line."""
    root = tree_of(_NO_BREAK_SPACE.sub(_STAND_IN, html))
    return "" if root is None else " ".join(blocks(root)).replace(_STAND_IN, "\u00a0")


def from_html(text: str, *, fallback_title: str) -> Story:
    """Return the story of a web page without its navigation, advertisements and comments.

    Raises:
        EmptyStoryError: there is no text in it.
    """
    story, _, _ = _read(text, fallback_title)
    if story is None:
        message = (
            "The page is empty: no text of a story was found in it. Save the article's text as .txt and give that."
        )
        raise EmptyStoryError(message, reason="empty-page")
    return story


def _read(text: str, fallback_title: str) -> tuple[Story | None, list[str], list[str]]:
    """Return the story of a page, all lines that it shows, and those outside of its menus, boxes and banners."""
    import trafilatura

    kept = _NO_BREAK_SPACE.sub(_STAND_IN, text)
    root = tree_of(kept)
    if root is None:
        return None, [], []
    language, seen = language_of(root), visible_lines(root)
    page: dict[str, Any] = trafilatura.extract_metadata(deepcopy(root)).as_dict()
    author = author_of(root, (page.get("author") or "").replace("; ", ", ")).replace(_STAND_IN, " ")
    clean(root)
    left = visible_lines(root, furniture=False)
    found = trafilatura.bare_extraction(deepcopy(root), include_comments=False)
    body = (found.text if found is not None else None) or ""
    if len(body) < _LEAST_EXTRACTED:
        body = "\n".join(blocks(root)) or body
    title = page.get("title") or fallback_title
    lines = _without_labels(body, title, author)
    if not any(character.isalnum() for line in lines for character in line):
        return None, seen, left
    known = about(
        url=page.get("url"),
        published=page.get("date"),
        source=page.get("sitename"),
        author=author,
        language=language or page.get("language"),
    )
    title = title_of(title.replace(_STAND_IN, " "), fallback_title)
    return Story("\n\n".join(lines).replace(_STAND_IN, "\u00a0"), title, **known), seen, left


def _without_labels(body: str, title: str, author: str) -> list[str]:
    """Return the lines of a story without its title, its byline and the labels of what was taken out."""
    lines = [line for line in body.split("\n") if line.strip() and not _LABEL.fullmatch(line.strip())]
    lines = [line for line in lines if not _is_byline(line.replace(_STAND_IN, " ").strip(), author)] or lines
    return lines[1:] if len(lines) > 1 and lines[0].strip() == title else lines


def _is_byline(line: str, author: str) -> bool:
    """Say whether a line names the authors, and at most when they wrote."""
    names = set(re.findall(r"\w+", author.casefold()))
    words = re.findall(r"\w+", line.casefold())
    if not names or not names.issubset(words) or len(words) > _BYLINE_WORDS:
        return False
    return set(words) <= names | _AND or (_BY.match(line) is not None and line[-1] not in ".!?”»")


def from_page(text: str, url: str) -> Story:
    """Return the story of a page that was fetched at `url`; a page without one says what stands there instead.

    Raises:
        EmptyStoryError: there is no story, only a wall for readers who pay or agree, or a page that a script fills.
    """
    story, seen, left = _read(text, host(url))
    check_for_walls(text, seen, left, story.title if story else "", story.body if story else "")
    if story is None:
        message = "There is no text of a story on that page; scripts may fill it. Save the article's text and add that."
        raise EmptyStoryError(message, reason="scripted-page")
    return story


def host(url: str) -> str:
    """Return the name of the site that an address is on."""
    return (urlsplit(url).hostname or url).removeprefix("www.")
