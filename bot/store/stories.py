"""The library in the database: which stories a guild sees, and which one a channel is on.

Every method takes the guild: it sees its own stories and the operator's, and changes its own only.
The operator's guild is None.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, or_, select, update

from bot.errors import BlankNameError, NoSuchStoryError
from bot.store.records import StoryRecord
from bot.store.tables import ChosenStory, LibraryStory, StoryVersion
from index.story import is_blank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.store.store import Store
    from index.story import Story

UNDO_SECONDS = 600
_VERSIONS = 20  # earlier texts of a story that are kept, however old
_VERSION_SECONDS = 7 * 86_400  # for which every earlier text is kept: answers from it may yet be marked
WHOLE_GUILD = 0
"""Stands for a channel where the whole guild is meant."""
ALL_GUILDS = 0
"""Stands for a guild where the operator means direct messages and every guild that has no stories of its own."""


class StoryStore:
    """The tables of the library; everything raises `StorageError` where the database cannot be used."""

    def __init__(self, store: Store) -> None:
        """Use an open store."""
        self._store = store

    async def add(self, guild_id: int | None, story: Story, member_id: int | None = None) -> tuple[StoryRecord, bool]:
        """Add a story to a guild's library; return its record, and False where it was there already."""
        async with self._store.changing() as session:
            same = (LibraryStory.story_id == story.id) & _owned(guild_id)
            row = await session.scalar(select(LibraryStory).where(same))
            is_new = row is None or row.removed_at is not None
            if row is None:
                row = LibraryStory(guild_id=guild_id, story_id=story.id, added_at=0)
                session.add(row)
            if is_new:
                row.name, row.url, row.source, row.published = story.title, story.url, story.source, story.published
                row.paragraphs, row.characters = len(story.paragraphs), len(story.body)
                row.member_id, row.added_at, row.removed_at = member_id, _now(), None
            await session.flush()
            return _record(row), is_new

    async def visible(self, guild_id: int | None) -> list[StoryRecord]:
        """Return the stories that a guild sees, its own first, the newest first."""
        async with self._store.reading() as session:
            rows = await session.scalars(
                select(LibraryStory)
                .where(_seen(guild_id))
                .order_by(LibraryStory.guild_id.is_(None), LibraryStory.added_at.desc(), LibraryStory.id.desc())
            )
            return [_record(row) for row in rows]

    async def update(self, guild_id: int | None, number: int, story: Story) -> tuple[StoryRecord, bool]:
        """Put a new text in the place of a story's; return its record, and False where nothing changed.

        Raises:
            NoSuchStoryError: the guild has no such story of its own.
        """
        async with self._store.changing() as session:
            row = await _own(session, guild_id, number)
            if row.story_id == story.id:
                return _record(row), False
            old = StoryVersion(library_id=row.id, story_id=row.story_id, replaced_at=_now(), marked_at=None)
            await session.merge(old)
            await _forget_oldest(session, row.id)
            row.story_id, row.url = story.id, story.url or row.url
            row.source, row.published = story.source or row.source, story.published or row.published
            row.paragraphs, row.characters = len(story.paragraphs), len(story.body)
            return _record(row), True

    async def replaced(self, guild_id: int | None, number: int) -> list[tuple[str, int]]:
        """Return the ids of a visible story's earlier texts, the latest first, and when each was replaced."""
        async with self._store.reading() as session:
            rows = await session.execute(
                select(StoryVersion.story_id, StoryVersion.replaced_at)
                .join(LibraryStory, LibraryStory.id == StoryVersion.library_id)
                .where(StoryVersion.library_id == number, _seen(guild_id))
                .order_by(StoryVersion.replaced_at.desc())
            )
            return [(row[0], row[1]) for row in rows]

    async def unmarked(self, since: int) -> list[StoryRecord]:
        """Return the stories of all guilds of which a text was replaced since a time, and no answer from it marked.

        Whoever replaced it, this process or another one, wrote it down here.
        """
        replaced = select(StoryVersion.library_id).where(
            StoryVersion.replaced_at >= since, StoryVersion.marked_at.is_(None)
        )
        async with self._store.reading() as session:
            rows = await session.scalars(
                select(LibraryStory)
                .where(LibraryStory.id.in_(replaced), LibraryStory.removed_at.is_(None))
                .order_by(LibraryStory.id)
            )
            return [_record(row) for row in rows]

    async def marked(self, record: StoryRecord) -> None:
        """Remember that the answers from a story's earlier texts are marked, unless it was updated meanwhile."""
        async with self._store.changing() as session:
            row = await session.get(LibraryStory, record.id)
            if row is not None and row.story_id == record.story_id:
                of_story = (StoryVersion.library_id == record.id) & StoryVersion.marked_at.is_(None)
                await session.execute(update(StoryVersion).where(of_story).values(marked_at=_now()))

    async def with_text(self, guild_id: int | None, story_id: str) -> StoryRecord | None:
        """Return the visible story that has this text, or once had it."""
        earlier = select(StoryVersion.library_id).where(StoryVersion.story_id == story_id)
        async with self._store.reading() as session:
            row = await session.scalar(
                select(LibraryStory)
                .where(_seen(guild_id), or_(LibraryStory.story_id == story_id, LibraryStory.id.in_(earlier)))
                .order_by(LibraryStory.story_id != story_id, LibraryStory.guild_id.is_(None))
                .limit(1)
            )
            return _record(row) if row else None

    async def rename(self, guild_id: int | None, number: int, name: str) -> StoryRecord:
        """Give a story of a guild another name.

        Raises:
            NoSuchStoryError: the guild has no such story of its own.
            BlankNameError: the name has nothing that can be seen.
        """
        folded = " ".join(name.split())
        if is_blank(folded):
            message = "A story needs a name that can be seen."
            raise BlankNameError(message)
        async with self._store.changing() as session:
            row = await _own(session, guild_id, number)
            row.name = folded
            return _record(row)

    async def remove(self, guild_id: int | None, number: int) -> StoryRecord:
        """Take a story out of a guild's library; `restore` brings it back for a while.

        Raises:
            NoSuchStoryError: the guild has no such story of its own.
        """
        async with self._store.changing() as session:
            row = await _own(session, guild_id, number)
            row.removed_at = _now()
            return _record(row)

    async def restore(self, guild_id: int | None, number: int) -> StoryRecord:
        """Bring back a story that was removed within the last ten minutes.

        Raises:
            NoSuchStoryError: there is no such story, or it is too late.
        """
        async with self._store.changing() as session:
            row = await session.get(LibraryStory, number)
            if row is None or row.guild_id != guild_id or (row.removed_at or 0) < _now() - UNDO_SECONDS:
                raise _unknown()
            row.removed_at = None
            return _record(row)

    async def use(self, guild_id: int, channel_id: int, number: int | None) -> None:
        """Put a channel, or with `WHOLE_GUILD` the guild, on a story; None takes it off.

        `ALL_GUILDS` sees the operator's stories.

        Raises:
            NoSuchStoryError: the guild sees no such story.
        """
        async with self._store.changing() as session:
            if number is None:
                here = (ChosenStory.guild_id == guild_id) & (ChosenStory.channel_id == channel_id)
                await session.execute(delete(ChosenStory).where(here))
                return
            seen = _seen(guild_id or None)
            if await session.scalar(select(LibraryStory.id).where(seen, LibraryStory.id == number)) is None:
                raise _unknown()
            await session.merge(ChosenStory(guild_id=guild_id, channel_id=channel_id, library_id=number))

    async def scope(self, guild_id: int | None, places: Sequence[int]) -> list[str]:
        """Return the ids of the texts that a question goes to.

        They are the one of the first of `places` that is on a story, else the guild's, else, where it has no
        stories of its own, the one that the operator put all guilds on, else all that it sees.
        """
        order = [(guild_id, place) for place in (*places, WHOLE_GUILD)]
        async with self._store.reading() as session:
            rows = await session.execute(
                select(ChosenStory.guild_id, ChosenStory.channel_id, LibraryStory.story_id)
                .join(LibraryStory, LibraryStory.id == ChosenStory.library_id)
                .where(
                    or_(ChosenStory.guild_id == guild_id, ChosenStory.guild_id == ALL_GUILDS),
                    ChosenStory.channel_id.in_([place for _, place in order]),
                    _seen(guild_id),
                )
            )
            chosen = {(row[0], row[1]): row[2] for row in rows}
            if found := [chosen[place] for place in order if place in chosen]:
                return found[:1]
            seen = (
                await session.execute(select(LibraryStory.story_id, LibraryStory.guild_id).where(_seen(guild_id)))
            ).all()
            default = chosen.get((ALL_GUILDS, WHOLE_GUILD))
            if default is not None and all(row[1] is None for row in seen):
                return [default]
            return list(dict.fromkeys(row[0] for row in seen))

    async def default(self) -> int | None:
        """Return the number of the story that the operator put all guilds on, if there is one."""
        async with self._store.reading() as session:
            chosen = await session.get(ChosenStory, (ALL_GUILDS, WHOLE_GUILD))
            return chosen.library_id if chosen else None

    async def purge(self, before: int) -> set[str]:
        """Delete for good what was removed before a time (seconds since 1970); return the ids of all kept stories."""
        async with self._store.changing() as session:
            await session.execute(delete(LibraryStory).where(LibraryStory.removed_at < before))
            now = set(await session.scalars(select(LibraryStory.story_id)))
            return now | set(await session.scalars(select(StoryVersion.story_id)))


def _owned(guild_id: int | None) -> ColumnElement[bool]:
    return LibraryStory.guild_id.is_(None) if guild_id is None else LibraryStory.guild_id == guild_id


def _seen(guild_id: int | None) -> ColumnElement[bool]:
    return or_(_owned(guild_id), _owned(None)) & LibraryStory.removed_at.is_(None)


async def _own(session: AsyncSession, guild_id: int | None, number: int) -> LibraryStory:
    row = await session.get(LibraryStory, number)
    if row is None or row.guild_id != guild_id or row.removed_at is not None:
        raise _unknown()
    return row


async def _forget_oldest(session: AsyncSession, number: int) -> None:
    """Forget the oldest texts of a story, but none of the last week; `purge` deletes their files."""
    of_story = StoryVersion.library_id == number
    latest = select(StoryVersion.story_id).where(of_story).order_by(StoryVersion.replaced_at.desc()).limit(_VERSIONS)
    kept = list(await session.scalars(latest))
    is_old = StoryVersion.replaced_at < _now() - _VERSION_SECONDS
    await session.execute(delete(StoryVersion).where(of_story, is_old, StoryVersion.story_id.not_in(kept)))


def _unknown() -> NoSuchStoryError:
    return NoSuchStoryError("There is no such story in this library.")


def _record(row: LibraryStory) -> StoryRecord:
    return StoryRecord(
        id=row.id,
        guild_id=row.guild_id,
        story_id=row.story_id,
        name=row.name,
        url=row.url,
        source=row.source,
        published=row.published,
        paragraphs=row.paragraphs,
        characters=row.characters,
        member_id=row.member_id,
        added_at=row.added_at,
    )


def _now() -> int:
    return int(time.time())
