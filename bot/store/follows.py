"""What guilds follow, in the database. Every method raises `StorageError` where that cannot be used."""

from __future__ import annotations

import time
from dataclasses import fields
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from bot.errors import UnknownFollowError
from bot.store.records import FollowRecord
from bot.store.tables import Followed, LibraryStory, SeenItem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.store.store import Store

_FIELDS = tuple(field.name for field in fields(FollowRecord))
_SEEN_SECONDS = 180 * 86_400  # an item that a feed still names after so long comes again, and is known by its address


class FollowStore:
    """The tables of what is followed."""

    def __init__(self, store: Store) -> None:
        """Use an open store."""
        self._store = store

    async def follow(self, record: FollowRecord) -> FollowRecord:
        """Follow what `record` says, whose id is not looked at; what is followed already is followed so from now on."""
        async with self._store.changing() as session:
            same = (Followed.guild_id == record.guild_id) & (Followed.url == record.url)
            row = await session.scalar(select(Followed).where(same))
            if row is None:
                row = Followed()
                session.add(row)
            _write(row, record)
            await session.flush()
            return _record(row)

    async def unfollow(self, guild_id: int, number: int) -> FollowRecord:
        """Follow something no more.

        Raises:
            UnknownFollowError: the guild does not follow it.
        """
        async with self._store.changing() as session:
            row = await session.get(Followed, number)
            if row is None or row.guild_id != guild_id:
                message = "That is not followed here."
                raise UnknownFollowError(message)
            await session.delete(row)
            return _record(row)

    async def of_guild(self, guild_id: int) -> list[FollowRecord]:
        """Return what a guild follows, in the order in which it began to."""
        async with self._store.reading() as session:
            rows = await session.scalars(select(Followed).where(Followed.guild_id == guild_id).order_by(Followed.id))
            return [_record(row) for row in rows]

    async def due(self, now: int, most: int) -> list[FollowRecord]:
        """Return up to `most` that are to be looked at by now, the longest due first; not of removed stories."""
        async with self._store.reading() as session:
            rows = await session.scalars(
                select(Followed)
                .outerjoin(LibraryStory, LibraryStory.id == Followed.library_id)
                .where(Followed.next_at <= now, or_(Followed.library_id.is_(None), LibraryStory.removed_at.is_(None)))
                .order_by(Followed.next_at)
                .limit(most)
            )
            return [_record(row) for row in rows]

    async def looked(self, record: FollowRecord) -> None:
        """Write down what came of a look; nothing where it is followed no more."""
        async with self._store.changing() as session:
            row = await session.get(Followed, record.id)
            if row is not None:
                _write(row, record)

    async def unseen(self, number: int, keys: Iterable[str]) -> set[str]:
        """Return those keys of a feed's items that were not seen yet."""
        async with self._store.reading() as session:
            seen = await session.scalars(select(SeenItem.key).where(SeenItem.followed_id == number))
            return set(keys) - set(seen)

    async def see(self, number: int, keys: Iterable[str]) -> None:
        """Remember that items were seen, and forget those of half a year ago."""
        now = int(time.time())
        async with self._store.changing() as session:
            if await session.get(Followed, number) is None:
                return
            for key in keys:
                await session.merge(SeenItem(followed_id=number, key=key, seen_at=now))
            await session.execute(delete(SeenItem).where(SeenItem.seen_at < now - _SEEN_SECONDS))


def _write(row: Followed, record: FollowRecord) -> None:
    for name in _FIELDS:
        if name != "id":
            setattr(row, name, getattr(record, name))


def _record(row: Followed) -> FollowRecord:
    return FollowRecord(**{name: getattr(row, name) for name in _FIELDS})
