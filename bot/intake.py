"""Where stories come in: pages, files and pasted text that members bring, read without trusting any of it."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import FeedStoryError, FetchError, LargeStoryError, RefusedStoryError
from bot.fetch import FEED, fetch_if_changed
from bot.sandbox import read_feed_safely, read_safely
from bot.stages import Stages
from index.errors import LoadError
from index.load import MOST_BYTES
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from index.feeds import FeedItem

_MEGABYTE = 1_000_000
_AT_ONCE = 2  # child processes, each of which may take a core and two gigabytes


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at an address: a story, or the items of a feed, and what its server calls this state of it."""

    story: Story | None
    items: tuple[FeedItem, ...]
    etag: str | None
    modified: str | None


class Intake:
    """Reads what members bring; files and pages are read in child processes, few at a time.

    It needs no Discord.
    """

    def __init__(self) -> None:
        """Read nothing yet."""
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def file(
        self, name: str, size: int, read: Callable[[], Awaitable[bytes]], stages: Stages | None = None
    ) -> Story:
        """Return the story of a file of `size` bytes; `read` is called unless that is too many.

        Raises:
            LargeStoryError: it is over the limit.
            RefusedStoryError: it is no story.
        """
        if size > MOST_BYTES:
            megabytes, limit = -(-size // _MEGABYTE), MOST_BYTES // _MEGABYTE
            message = f"The file has {megabytes} MB; the limit is {limit} MB."
            raise LargeStoryError(message, size=megabytes, limit=limit)
        stages = stages or Stages()
        stages.begin("fetching")
        content = await read()
        stages.begin("reading")
        with _told():
            async with self._places:
                return await read_safely(content, name)

    async def page(self, link: str, stages: Stages | None = None) -> Story:
        """Return the story of a public page.

        Raises:
            RefusedStoryError: it cannot be fetched, or is no story.
        """
        found = await self.look(link, stages=stages)
        if found is None or found.story is None:
            message = "That is a feed of many stories; `/story follow` takes it."
            raise FeedStoryError(message)
        return found.story

    async def look(
        self, link: str, etag: str | None = None, modified: str | None = None, *, stages: Stages | None = None
    ) -> Found | None:
        """Return what stands at an address, or None where it is as it was when it had this `etag` or date.

        Raises:
            RefusedStoryError: it cannot be fetched, or is neither a story nor a feed.
        """
        stages = stages or Stages()
        stages.begin("fetching")
        with _told():
            page = await fetch_if_changed(link, etag=etag, modified=modified)
            if page is None:
                return None
            stages.begin("reading")
            async with self._places:
                if page.name == FEED:
                    items = await read_feed_safely(page.content, url=page.url, charset=page.charset)
                    return Found(None, tuple(items), page.etag, page.modified)
                story = await read_safely(page.content, page.name, url=page.url, charset=page.charset)
            return Found(story, (), page.etag, page.modified)

    def pasted(self, title: str, text: str) -> Story:
        """Return the story of a title and a text.

        Raises:
            RefusedStoryError: it is no story.
        """
        with _told():
            return Story(body=text, title=title)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Raise what is wrong with a story as an answer for whoever brought it."""
    try:
        yield
    except (LoadError, FetchError) as error:
        raise RefusedStoryError(str(error)) from error
