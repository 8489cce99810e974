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
_REDIRECTS = 5
_OK = 200
_NAMES = {
    "text/html": "page.html",
    "application/xhtml+xml": "page.html",
    "text/plain": "page.txt",
    "text/markdown": "page.md",
    "application/pdf": "page.pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "page.docx",
}
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """What was fetched: where it was found in the end, its bytes, and a file name that tells its kind."""

    url: str
    content: bytes
    name: str
    charset: str | None


async def fetch(url: str, *, policy: Policy | None = None, seconds: float = SECONDS) -> Page:
    """Return the page at an address that a stranger gave.

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
        raise FetchError(message) from None
    except TimeoutError:
        message = f"The page did not come within {seconds:.0f} second{'s' if seconds > 1 else ''}."
        raise FetchError(message) from None
    except httpx.TooManyRedirects:
        message = "The page leads from one address to the next without an end."
        raise FetchError(message) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, ValueError) as error:
        message = f"The page cannot be fetched ({type(error).__name__})."
        raise FetchError(message) from None


async def _page(response: httpx.Response) -> Page:
    if response.status_code in (401, 402, 403, 451):
        message = f"The page is not open to everyone (HTTP {response.status_code}). Save its text and add that."
        raise FetchError(message)
    if response.status_code != _OK:
        message = f"The page answers HTTP {response.status_code}."
        raise FetchError(message)
    declared = response.headers.get("content-type", "text/html")
    kind = declared.partition(";")[0].strip().lower()
    if kind not in _NAMES:
        message = f"That is no page or document but “{kind[:60]}”."
        raise FetchError(message)
    charset = _CHARSET.search(declared)
    content = await _content(response)
    return Page(str(response.url), content, _NAMES[kind], charset.group(1) if charset else None)


async def _content(response: httpx.Response) -> bytes:
    """Return the body, unpacked by ourselves, so that a small body cannot become a large one unseen."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        message = f"The page is packed in a way that I do not unpack (“{encoding[:20]}”)."
        raise FetchError(message)
    unpack = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
    parts = bytearray()
    async for raw in response.aiter_raw():
        try:
            parts += unpack.decompress(raw, MOST_BYTES + 1 - len(parts)) if unpack else raw
        except zlib.error:
            message = "The page's packing is damaged."
            raise FetchError(message) from None
        if len(parts) > MOST_BYTES:
            message = f"The page has more than {MOST_BYTES // 1_000_000} MB."
            raise FetchError(message)
    return bytes(parts)
