"""The operator's stories as commands work on them, beside a bot that may be running: read, kept, found by name.

What is heavy is imported where it is needed, so that `--help` waits for none of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from bot.config import Config
    from bot.store.records import StoryRecord
    from bot.store.stories import StoryStore
    from index.story import Story

_T = TypeVar("_T")


def read_source(source: str) -> Story:
    """Return the story of a file, or of a page, which is fetched as one that a member names.

    Raises:
        LoadError, RefusedStoryError: it cannot be taken.
    """
    if not re.match(r"https?://", source, re.IGNORECASE):
        from index.load import load_story

        return load_story(Path(source))
    from bot.intake import Intake

    return asyncio.run(Intake().page(source))


def keep_text(settings: Config, story: Story) -> None:
    """Write a story's text and its index to disk, before any record names them."""
    from bot.opening import index_folder, load_embedder
    from bot.progress import Progress
    from bot.story_files import StoryFiles
    from index.story_index import StoryIndex

    StoryFiles(settings.data_folder).save(story)
    with Progress("Embedding the story") as progress:
        StoryIndex.open(story, index_folder(settings, story.id), load_embedder(settings), progress=progress)


def find_record(settings: Config, name: str, guild_id: int | None = None) -> StoryRecord:
    """Return the story of this number, id or name that the operator has, or a guild sees.

    Raises:
        UnknownStoryError: there is none.
    """
    from bot.errors import UnknownStoryError

    for record in with_records(settings, lambda records: records.visible(guild_id)):
        if name in (str(record.id), record.story_id, record.name):
            return record
    message = f"There is no story {name!r}; `storydesk stories list` shows which there are."
    raise UnknownStoryError(message)


def with_records(settings: Config, work: Callable[[StoryStore], Coroutine[Any, Any, _T]]) -> _T:
    """Return what `work` makes of the library's records, in an event loop of its own."""

    async def done() -> _T:
        async with open_records(settings) as records:
            return await work(records)

    return asyncio.run(done())


@contextlib.asynccontextmanager
async def open_records(settings: Config) -> AsyncIterator[StoryStore]:
    """Give the library's records, with the database open until the block is left."""
    from bot.opening import store_for
    from bot.store.stories import StoryStore

    store = store_for(settings)
    await store.open()
    try:
        yield StoryStore(store)
    finally:
        await store.close()
