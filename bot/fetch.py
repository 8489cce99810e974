"""Fetches a page that a member names, and nothing that stands inside our own network.

ssrfguard resolves a name once, checks every address and connects to the one it checked, again at
each redirect. What it leaves to us: the size (after unpacking too), the time, and the content type.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from bot.errors import FetchError

if TYPE_CHECKING:
    import httpx
    from ssrfguard import Policy

MOST_BYTES = 8_000_000
SECONDS = 20.0
FEED = "feed.xml"
"""The file name that stands for a feed of RSS or Atom."""

_REDIRECTS = 5
_HEADER_CHARACTERS = 300
_OK, _NOT_MODIFIED, _GONE = 200, 304, 410
_NAMES = {
    "text/html": "page.html",
    "application/xhtml+xml": "page.html",
    "text/plain": "page.txt",
    "text/markdown": "page.md",
    "application/rss+xml": FEED,
    "application/atom+xml": FEED,
    "application/xml": FEED,
    "text/xml": FEED,
    "application/pdf": "page.pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "page.docx",
}
_SNIFFED = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|rdf:RDF)\b", re.DOTALL)
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """What was fetched: where it was found in the end, its bytes, and a file name that tells its kind.

    `etag` and `modified` are what `fetch_if_changed` wants to know next time.
    """

    url: str
    content: bytes
    name: str
    charset: str | None
    etag: str | None = None
    modified: str | None = None


async def fetch(url: str, *, policy: Policy | None = None, seconds: float = SECONDS) -> Page:
    """Return the page at an address that a stranger gave.

    Raises:
        FetchError: as `fetch_if_changed`.
    """
    page = await fetch_if_changed(url, policy=policy, seconds=seconds)
    if page is None:
        message = f"The page answers HTTP {_NOT_MODIFIED}."
        raise FetchError(message, key="cause-status", status=_NOT_MODIFIED)
    return page


async def fetch_if_changed(
    url: str,
    *,
    etag: str | None = None,
    modified: str | None = None,
    policy: Policy | None = None,
    seconds: float = SECONDS,
) -> Page | None:
    """Return the page at an address, or None where its server says that it is as it was (RFC 9110, section 13).

    Raises:
        FetchError: the address is none of the public web, or the page cannot be had; one line for whoever asked.
    """
    import httpx
    from ssrfguard import Policy, SSRFGuardError
    from ssrfguard.httpx import AsyncClient

    headers = {
        "User-Agent": f"Storydesk/{version('storydesk')} (a Discord bot; fetches what a member names)",
        "Accept": ", ".join(_NAMES),
        "Accept-Encoding": "gzip",
    }
    conditions = {"If-None-Match": etag, "If-Modified-Since": modified}
    headers |= {name: value for name, value in conditions.items() if value}
    rules = policy or Policy(max_redirects=_REDIRECTS)
    try:
        async with (
            asyncio.timeout(seconds),
            AsyncClient(policy=rules, headers=headers, follow_redirects=True, trust_env=False, timeout=seconds) as web,
            web.stream("GET", url.strip()) as response,
        ):
            return await _page(response)
    except FetchError:
        raise
    except SSRFGuardError:
        message = "I fetch public web pages only: an http or https address, with no port, password or private address."
        raise FetchError(message, key="cause-address") from None
    except TimeoutError:
        message = f"The page did not come within {seconds:.0f} second{'s' if seconds > 1 else ''}."
        raise FetchError(message, key="cause-slow", seconds=f"{seconds:.0f}") from None
    except httpx.TooManyRedirects:
        message = "The page leads from one address to the next without an end."
        raise FetchError(message, key="cause-endless") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, ValueError) as error:
        message = f"The page cannot be fetched ({type(error).__name__})."
        raise FetchError(message, key="cause-unreachable", kind=type(error).__name__) from None


async def _page(response: httpx.Response) -> Page | None:
    if response.status_code == _NOT_MODIFIED:
        return None
    if response.status_code in (401, 402, 403, 451):
        message = f"The page is not open to everyone (HTTP {response.status_code}). Save its text and add that."
        raise FetchError(message, key="cause-closed", status=response.status_code)
    if response.status_code != _OK:
        message = f"The page answers HTTP {response.status_code}."
        wait = response.headers.get("retry-after", "")
        retry_after = int(wait) if re.fullmatch(r"\d{1,6}", wait) else None
        status = response.status_code
        raise FetchError(message, key="cause-status", status=status, retry_after=retry_after, is_gone=status == _GONE)
    declared = response.headers.get("content-type", "text/html")
    kind = declared.partition(";")[0].strip().lower()
    if kind not in _NAMES:
        message = f"That is no page or document but “{kind[:60]}”."
        raise FetchError(message, key="cause-kind", kind=kind[:60])
    charset = _CHARSET.search(declared)
    content = await _content(response)
    name = FEED if _SNIFFED.match(content) else _NAMES[kind]
    known = (_header(response, "etag"), _header(response, "last-modified"))
    return Page(str(response.url), content, name, charset.group(1) if charset else None, *known)


def _header(response: httpx.Response, name: str) -> str | None:
    """Return a header that is worth remembering: of a length that a server may be sent again."""
    value = response.headers.get(name)
    return value if value and len(value) <= _HEADER_CHARACTERS and value.isascii() and value.isprintable() else None


async def _content(response: httpx.Response) -> bytes:
    """Return the body, unpacked by ourselves, so that a small body cannot become a large one unseen."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        message = f"The page is packed in a way that I do not unpack (“{encoding[:20]}”)."
        raise FetchError(message, key="cause-packed", encoding=encoding[:20])
    unpack = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
    parts = bytearray()
    async for raw in response.aiter_raw():
        try:
            parts += unpack.decompress(raw, MOST_BYTES + 1 - len(parts)) if unpack else raw
        except zlib.error:
            message = "The page's packing is damaged."
            raise FetchError(message, key="cause-packing") from None
        if len(parts) > MOST_BYTES:
            message = f"The page has more than {MOST_BYTES // 1_000_000} MB."
            raise FetchError(message, key="cause-large", size=MOST_BYTES // 1_000_000)
    if unpack and not unpack.eof:
        message = "The page's packing is damaged."  # it broke off: what came is no whole page
        raise FetchError(message, key="cause-packing")
    return bytes(parts)
