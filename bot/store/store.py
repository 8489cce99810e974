"""The store: the open database, the settings of guilds, synced commands, what is kept of a member and forgotten.

Whatever belongs to a guild is asked for by the guild's id, so that no guild can see another's.
Settings are kept in memory too, all of them from the start on: they are looked at for every message, and
a database that is lost later must not open what the admins of a guild closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import StorageError
from bot.guild_settings import GuildSettings
from bot.store.database import FILE, Database, engine_for, migrate, told, writing_lock
from bot.store.records import Kept, Unanswered
from bot.store.tables import (
    ChosenStory,
    Followed,
    GivenAnswer,
    LibraryStory,
    SettingsChange,
    SettingsOfGuild,
    SyncedCommands,
    UnansweredQuestion,
    Vote,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

_CHANGES_KEPT = 50  # of each guild


class Store:
    """The database in a data folder; `open` it first, `close` it last. Everything else raises `StorageError`."""

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        """Use `database`, without one that in `folder`, which `open` makes; stories lie in `folder` in any case."""
        self.folder = folder
        self._database = database or Database.of_file(folder / FILE)
        self._engine: AsyncEngine | None = None
        self._writing = asyncio.Lock()
        self._reading_settings = asyncio.Lock()
        self._settings: dict[int, GuildSettings] = {}

    async def open(self) -> None:
        """Open the database, and migrate it where it is from an older version.

        Raises:
            StorageError: it cannot be read or written, is no database, or a newer Storydesk wrote it.
        """
        if self._engine is None:
            await asyncio.to_thread(migrate, self._database)
            self._engine = engine_for(self._database)
            async with self.reading() as session:
                rows = (await session.scalars(select(SettingsOfGuild))).all()
            self._settings |= {row.guild_id: GuildSettings.from_document(row.settings) for row in rows}

    async def close(self) -> None:
        """Let go of the database."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    async def check(self) -> None:
        """Read from the database.

        Raises:
            StorageError: it cannot be read.
        """
        async with self.reading() as session:
            await session.execute(select(func.count()).select_from(SyncedCommands))

    async def synced_commands(self, application_id: int) -> str | None:
        """Return the digest of the commands that were last synced for an application."""
        async with self.reading() as session:
            found = await session.get(SyncedCommands, application_id)
            return found.digest if found else None

    async def remember_synced_commands(self, application_id: int, digest: str) -> None:
        """Remember the digest of the commands that Discord has now."""
        async with self.changing() as session:
            await session.merge(SyncedCommands(application_id=application_id, digest=digest))

    async def guild_settings(self, guild_id: int) -> GuildSettings:
        """Return what a guild has set; does not wait for whoever writes."""
        if guild_id not in self._settings:
            async with self._reading_settings:  # a crowd that comes at once reads them once
                if guild_id not in self._settings:
                    async with self.reading() as session:
                        found = await session.get(SettingsOfGuild, guild_id)
                    # What was changed or forgotten meanwhile is in memory already, and newer.
                    self._settings.setdefault(guild_id, GuildSettings.from_document(found.settings if found else {}))
        return self._settings[guild_id]

    def known_settings(self, guild_id: int) -> GuildSettings:
        """Return what a guild has set as it was last read or changed, without reading it."""
        return self._settings.get(guild_id, GuildSettings())

    async def change_guild_settings(
        self, guild_id: int, member_id: int, changes: Mapping[str, object]
    ) -> tuple[GuildSettings, int]:
        """Change some settings of a guild; return all of them, and the change's id for `undo_change`.

        A new value that depends on what is set now is a function of the settings: another change
        that is made meanwhile is then not lost.

        Raises:
            pydantic.ValidationError: a setting cannot have that value.
        """
        async with self.changing() as session:
            row = await session.get(SettingsOfGuild, guild_id) or SettingsOfGuild(guild_id=guild_id, settings={})
            now = GuildSettings.from_document(row.settings)
            new = {name: value(now) if callable(value) else value for name, value in changes.items()}
            settings = GuildSettings.model_validate({**now.model_dump(exclude_defaults=True), **new})
            change = SettingsChange(guild_id=guild_id, member_id=member_id, changed_at=_now(), before=row.settings)
            row.settings = settings.model_dump(mode="json", exclude_defaults=True)
            session.add_all([row, change])
            await session.flush()
            of_guild = select(SettingsChange.id).where(SettingsChange.guild_id == guild_id)
            kept = of_guild.order_by(SettingsChange.id.desc()).limit(_CHANGES_KEPT)
            older = (SettingsChange.guild_id == guild_id) & SettingsChange.id.not_in(kept)
            await session.execute(delete(SettingsChange).where(older))
            number = change.id
        self._settings[guild_id] = settings
        return settings, number

    async def undo_change(self, guild_id: int, number: int) -> GuildSettings | None:
        """Take back a guild's last change; return the settings, or None where it is not the last one any more."""
        async with self.changing() as session:
            last = await session.scalar(select(func.max(SettingsChange.id)).where(SettingsChange.guild_id == guild_id))
            change = await session.get(SettingsChange, number)
            if last != number or change is None:
                return None
            settings = GuildSettings.from_document(change.before)
            await session.merge(SettingsOfGuild(guild_id=guild_id, settings=change.before))
            await session.delete(change)
        self._settings[guild_id] = settings
        return settings

    async def kept_about(self, member_id: int) -> Kept:
        """Return what is kept about a member, in all guilds and direct messages."""

        async def count(table: type[GivenAnswer | Vote | SettingsChange | LibraryStory]) -> int:
            counted = select(func.count()).select_from(table).where(table.member_id == member_id)
            return await session.scalar(counted) or 0

        async with self.reading() as session:
            asked = await session.scalars(
                select(UnansweredQuestion)
                .where(UnansweredQuestion.member_id == member_id)
                .order_by(UnansweredQuestion.id)
            )
            questions = tuple(Unanswered(row.question, row.verdict, row.asked_at) for row in asked)
            return Kept(
                answers=await count(GivenAnswer),
                votes=await count(Vote),
                settings_changes=await count(SettingsChange),
                stories=await count(LibraryStory),
                unanswered=questions,
            )

    async def forget_member(self, member_id: int) -> None:
        """Delete votes and questions of a member, and take the id off what else is kept."""
        async with self.changing() as session:
            await session.execute(delete(Vote).where(Vote.member_id == member_id))
            await session.execute(delete(UnansweredQuestion).where(UnansweredQuestion.member_id == member_id))
            for table in (GivenAnswer, SettingsChange, LibraryStory):
                await session.execute(update(table).where(table.member_id == member_id).values(member_id=None))

    async def forget_guild(self, guild_id: int) -> None:
        """Delete everything about a guild."""
        async with self.changing() as session:
            of_guild = (SettingsOfGuild, SettingsChange, GivenAnswer, UnansweredQuestion, ChosenStory, Followed)
            for table in (*of_guild, LibraryStory):
                await session.execute(delete(table).where(table.guild_id == guild_id))
        self._settings[guild_id] = GuildSettings()

    async def prune(self, before: int) -> None:
        """Delete answers, with their votes, and unanswered questions from before a time (seconds since 1970)."""
        async with self.changing() as session:
            for table in (GivenAnswer, UnansweredQuestion):
                await session.execute(delete(table).where(table.asked_at < before))

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Give a session to read with."""
        if self._engine is None:
            message = f"The database {self._database.name} is not open."
            raise StorageError(message)
        with told(self._database):
            async with AsyncSession(self._engine, expire_on_commit=False) as session:
                yield session

    @contextlib.asynccontextmanager
    async def changing(self) -> AsyncIterator[AsyncSession]:
        """Give a session whose changes are kept together or not at all; one at a time, as SQLite wants it."""
        async with self._writing, self.reading() as session, session.begin():
            if self._database.file is None:
                await session.execute(writing_lock())
            yield session


def _now() -> int:
    return int(time.time())
