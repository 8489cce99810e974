"""A `Story` from Markdown with front matter: what a reader sees of it, without its markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.about import about, title_of
from index.front_matter import front_matter
from index.pages import plain
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

_FIELDS = ("url", "published", "source", "author", "language")


def from_markdown(text: str, *, fallback_title: str) -> Story:
    """Return the story of a Markdown text; its front matter may name title, url, published, source, author, language.

    Raises:
        UnreadableStoryError: the front matter is not valid YAML.
    """
    from markdown_it import MarkdownIt

    said, source = front_matter(text)
    tokens = MarkdownIt("commonmark").enable("table").parse(source)
    headline = _leading_headline(tokens)
    if headline is not None:
        tokens = tokens[3:]
    known = about(**{name: said[name] for name in _FIELDS if name in said})
    title = title_of(said.get("title"), headline, fallback_title)
    return Story(body="\n\n".join(_markdown_blocks(tokens)), title=title, **known)


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
        return plain(token.content)
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
