"""The library: stories that a guild or the operator added, and which of them a question goes to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot.changes import Change, changes
from bot.errors import (
    FetchQuotaError,
    FileQuotaError,
    NoSuchStoryError,
    QuotaError,
    SharedStoryError,
    StorageError,
    UnknownStoryError,
)
from bot.recent import Recent
from bot.similar import NEARLY_THE_SAME, resemblance
from bot.store.stories import UNDO_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.config import LibrarySettings
    from bot.desk import Desk
    from bot.stages import Stages
    from bot.store.records import StoryRecord
    from bot.store.stories import StoryStore
    from bot.story_files import StoryFiles
    from index.story import Story

_log = logging.getLogger("storydesk")

_HOUR = 3600  # seconds


class Library:
    """Brings together the stories' records, their texts, and the desk that answers from them."""

    def __init__(
        self, records: StoryStore, files: StoryFiles, desk: Desk, quotas: LibrarySettings | None = None
    ) -> None:
        """Use `records` of an open store, `files` and `desk`; each guild may bring as much as `quotas` says."""
        self._quotas = quotas
        self._fetched = Recent(_HOUR)
        self._brought = Recent(_HOUR)
        self._records = records
        self._files = files
        self._desk = desk

    async def add(
        self, guild_id: int | None, story: Story, member_id: int | None = None, *, stages: Stages | None = None
    ) -> tuple[StoryRecord, bool]:
        """Add a story and index it; return its record, and False where the guild had it already.

        It counts as added when its text is on disk, its index is built and its record is written, in
        this order; a crash before that leaves nothing that anyone sees.

        Raises:
            QuotaError: the guild has brought as much as it may.
            StorageError: it cannot be kept.
            StoryError, StorydeskError: the model cannot be loaded.
        """
        if guild_id is not None:
            await self._check_quotas(guild_id, story)
        await self._keep(story, stages)
        return await self._records.add(guild_id, story, member_id)

    async def _check_quotas(self, guild_id: int, story: Story, *, replaces: int | None = None) -> None:
        """Let a story pass that a guild may still bring, beside its others without the one that it replaces."""
        quotas = self._quotas
        if quotas is None:
            return
        own = [record for record in await self._records.visible(guild_id) if record.guild_id == guild_id]
        if story.id in {record.story_id for record in own}:
            return
        others = [record for record in own if record.id != replaces]
        characters = sum(record.characters for record in others) + len(story.body)
        if len(others) >= quotas.most_stories or characters > quotas.most_characters:
            message = "This server has brought as much as it may."
            raise QuotaError(message, stories=f"{quotas.most_stories:,}", characters=f"{quotas.most_characters:,}")

    def count_fetch(self, guild_id: int) -> None:
        """Count a page that a guild wants fetched.

        Raises:
            FetchQuotaError: it had as many within the hour as it may.
        """
        if self._quotas is not None and not _counted(self._fetched, guild_id, self._quotas.fetches_an_hour):
            message = "This server has had as many pages fetched as it may."
            raise FetchQuotaError(message, pages=self._quotas.fetches_an_hour)

    def count_file(self, guild_id: int) -> None:
        """Count a file or a pasted text that a guild brings.

        Raises:
            FileQuotaError: it brought as many within the hour as it may.
        """
        if self._quotas is not None and not _counted(self._brought, guild_id, self._quotas.files_an_hour):
            message = "This server has brought as many files as it may."
            raise FileQuotaError(message, files=self._quotas.files_an_hour)

    async def scope(self, guild_id: int | None, places: Sequence[int], name: str | None = None) -> list[str]:
        """Return the ids of the stories that a question goes to; none stands for the configured story.

        They are the one of that `name`, else the channel's, else the guild's, else all that the guild
        sees. Where the database cannot tell and none was named, the configured story is asked.

        Raises:
            UnknownStoryError: there is no story of this name.
            StorageError: the database cannot tell, and a story was named.
        """
        if name is not None:
            if name in ((default := await self._desk.story()).id, default.title):
                return []
            return [(await self.named(guild_id, name)).story_id]
        try:
            return await self._records.scope(guild_id, places)
        except StorageError as error:
            _log.error("which story is asked cannot be read: %s", error)
            return []

    async def visible(self, guild_id: int | None) -> list[StoryRecord]:
        """Return the stories that a guild sees, its own first."""
        return await self._records.visible(guild_id)

    async def update(
        self, guild_id: int, number: int, story: Story, *, stages: Stages | None = None
    ) -> tuple[StoryRecord, bool]:
        """Put a new text in the place of a story's, whose old one is kept; False says that nothing changed.

        Raises:
            UnknownStoryError: the guild has no such story of its own.
            QuotaError, StorageError, StoryError, StorydeskError: as `add`.
        """
        await self._check_quotas(guild_id, story, replaces=number)
        await self._keep(story, stages)
        return await self._records.update(guild_id, number, story)

    async def _keep(self, story: Story, stages: Stages | None) -> None:
        """Write a story's text and its index to disk, before any record names them."""
        if stages is not None:
            stages.begin("indexing")

        def saved() -> int:
            self._files.save(story)
            return len(story.paragraphs)  # which the record tells; the story knows them from now on

        await asyncio.to_thread(saved)
        await self._desk.place(story.id, stages)

    async def earlier(self, guild_id: int | None, record: StoryRecord) -> list[Story]:
        """Return the earlier texts of a story that no story of the guild has now, the latest first.

        Raises:
            UnknownStoryError: a text is not there any more.
        """
        now = {record.story_id for record in await self._records.visible(guild_id)}
        ids = [earlier for earlier, _ in await self._records.replaced(guild_id, record.id) if earlier not in now]
        return await asyncio.to_thread(lambda: [self._files.load(earlier) for earlier in ids])

    async def unmarked(self, since: int) -> list[StoryRecord]:
        """Return the stories that were updated since a time, and whose answers are yet to be marked."""
        return await self._records.unmarked(since)

    async def marked(self, record: StoryRecord) -> None:
        """Remember that the answers from a story's earlier texts are marked."""
        await self._records.marked(record)

    async def similar(self, guild_id: int, story: Story) -> StoryRecord | None:
        """Return the visible story that is nearly the same text as another one, if there is one."""
        records = [
            record
            for record in await self._records.visible(guild_id)
            if record.story_id != story.id
            and NEARLY_THE_SAME < len(story.body) / record.characters < 1 / NEARLY_THE_SAME
        ]

        def compared() -> StoryRecord | None:
            for record in records:
                with contextlib.suppress(UnknownStoryError):
                    if resemblance(self._files.load(record.story_id).body, story.body) >= NEARLY_THE_SAME:
                        return record
            return None

        return await asyncio.to_thread(compared)

    async def changes(self, guild_id: int, record: StoryRecord) -> list[Change] | None:
        """Return what the last update of a story changed, or None where it never was updated."""
        versions = await self._records.replaced(guild_id, record.id)
        if not versions:
            return None
        old, new = await self._desk.story(versions[0][0]), await self._desk.story(record.story_id)
        return await asyncio.to_thread(changes, old, new)

    async def rename(self, guild_id: int, number: int, name: str) -> StoryRecord:
        """Give a story of a guild another name.

        Raises:
            NoSuchStoryError: the guild has no such story of its own.
            BlankNameError: the name has nothing that can be seen.
        """
        return await self._records.rename(guild_id, number, name)

    async def use(self, guild_id: int, channel_id: int, number: int | None) -> None:
        """Put a channel, or the whole guild, on a story; None takes it off.

        Raises:
            UnknownStoryError: the guild sees no such story.
        """
        await self._records.use(guild_id, channel_id, number)

    async def remove(self, guild_id: int, number: int) -> StoryRecord:
        """Take a story out of a guild's library.

        Raises:
            UnknownStoryError: the guild has no such story of its own.
        """
        record = await self._records.remove(guild_id, number)
        self._desk.drop_story(record.story_id)  # a guild that has the same text reads it from disk again
        return record

    async def restore(self, guild_id: int, number: int) -> StoryRecord:
        """Bring back a story that was removed within the last ten minutes.

        Raises:
            UnknownStoryError: there is no such story, or it is too late.
        """
        return await self._records.restore(guild_id, number)

    async def named(self, guild_id: int | None, name: str) -> StoryRecord:
        """Return the visible story of this number (as autocomplete gives it), or of this name.

        Raises:
            UnknownStoryError: the guild sees none.
        """
        visible = await self._records.visible(guild_id)
        for record in visible:
            if name == str(record.id) or name == record.story_id:
                return record
        wanted = name.casefold().strip()
        for record in visible:
            if record.name.casefold() == wanted:
                return record
        message = "That story is not on my desk any more. Ask your question again."
        raise UnknownStoryError(message)

    async def managed(self, guild_id: int, name: str) -> StoryRecord:
        """Return the visible story of this number or name, for whoever keeps the library.

        Raises:
            NoSuchStoryError: the guild sees none.
        """
        try:
            return await self.named(guild_id, name)
        except UnknownStoryError:
            message = "There is no such story in this library."
            raise NoSuchStoryError(message) from None

    async def own(self, guild_id: int, name: str) -> StoryRecord:
        """Return the guild's own story of this number or name, which it may change.

        Raises:
            NoSuchStoryError: the guild sees none.
            SharedStoryError: it is the operator's.
        """
        record = await self.managed(guild_id, name)
        if record.guild_id != guild_id:
            message = "That story is the operator's, for all servers; it cannot be changed here."
            raise SharedStoryError(message)
        return record

    async def story(self, guild_id: int | None, story_id: str | None) -> Story:
        """Return a story as a guild knows it, with the name and the address there; the configured one for None.

        Raises:
            UnknownStoryError: it is not among what the guild sees.
        """
        if story_id is None or (await self._desk.story()).id == story_id:
            return await self._desk.story()
        if (record := await self._records.with_text(guild_id, story_id)) is not None:
            return replace(await self._desk.story(story_id), name=record.name, url=record.url)
        message = "That story is not on my desk any more. Ask your question again."
        raise UnknownStoryError(message)

    async def author(self, record: StoryRecord) -> str | None:
        """Return who wrote a story, where that is known."""
        with contextlib.suppress(UnknownStoryError):
            return (await asyncio.to_thread(self._files.load, record.story_id)).author
        return None

    async def prune(self, *, min_age: float = _HOUR) -> None:
        """Delete for good what can no longer be brought back, texts only once they are `min_age` seconds old."""
        kept = await self._records.purge(int(time.time()) - UNDO_SECONDS)
        await asyncio.to_thread(partial(self._files.keep_only, kept, min_age=min_age))


def _counted(recent: Recent, guild_id: int, most: int) -> bool:
    """Count what a guild does now, unless it did it `most` times lately; say whether it is counted."""
    now = time.time()
    times = recent.times(guild_id, now)
    if len(times) >= most:
        return False
    times.append(now)
    return True
