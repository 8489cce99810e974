"""RSS and Atom feeds: which stories they name."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from index.errors import UnreadableStoryError

_MOST = 200  # items; a feed holds a few dozen
_LINK_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A story that a feed names; `key` is the same as long as the feed means the same story."""

    key: str
    link: str
    title: str


def read_feed(content: bytes, *, url: str | None = None, charset: str | None = None) -> list[FeedItem]:
    """Return the items of a feed that link to a page, newest first where all have a date, else as they stand.

    Raises:
        UnreadableStoryError: it is no feed.
    """
    import feedparser

    headers = {"content-type": f"application/xml; charset={charset}"} if charset else {}
    # A stream, since feedparser would fetch a text that looks like an address.
    parsed = feedparser.parse(io.BytesIO(content), response_headers=headers, sanitize_html=False)
    if not parsed.get("version"):
        message = "The feed cannot be read; it is neither RSS nor Atom."
        raise UnreadableStoryError(message, reason="no-feed")
    entries: list[Any] = parsed.entries[:_MOST]
    dates = [entry.get("published_parsed") or entry.get("updated_parsed") for entry in entries]
    if all(dates):
        order = sorted(range(len(entries)), key=lambda at: tuple(dates[at]), reverse=True)
        entries = [entries[at] for at in order]
    items: dict[str, FeedItem] = {}
    for entry in entries:
        named = str(entry.get("link", "")).strip()
        link = urljoin(url or "", named)
        if named and link.startswith(("http://", "https://")) and len(link) <= _LINK_CHARACTERS:
            key = hashlib.sha256(str(entry.get("id") or link).encode()).hexdigest()
            items.setdefault(key, FeedItem(key, link, " ".join(str(entry.get("title", "")).split())))
    return list(items.values())
