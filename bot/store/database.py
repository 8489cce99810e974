"""Opens a database file and brings it to the present form, or says in one line why it cannot be used."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, NullPool, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import StorageError
from bot.remedies import with_remedy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).parent / "migrations"
# Readers and one writer at a time do not wait for each other; who must wait does so for five seconds.
_PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "busy_timeout = 5000")


def engine_for(file: Path) -> AsyncEngine:
    """Return an engine for a database file; each session opens it and closes it again, in a millisecond or two."""
    # What members wrote is among the parameters, which would otherwise stand in the traceback of an error.
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(file)), poolclass=NullPool, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's connection has no type of its own
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def migrate(file: Path) -> None:
    """Bring a database to the present form, made anew where there is none; takes part of a second.

    Raises:
        StorageError: it cannot be read or written, is no database, or a newer Storydesk wrote it.
    """
    with told(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        asyncio.run(_migrate(file))


async def _migrate(file: Path) -> None:
    engine = engine_for(file)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")


@contextlib.contextmanager
def told(file: Path) -> Iterator[None]:
    """Raise what goes wrong inside as one line on `file`.

    Raises:
        StorageError: it did.
    """
    try:
        yield
    except CommandError:
        message = f"A newer Storydesk wrote {file}; update Storydesk, or name another folder under storage.folder."
        raise StorageError(message) from None
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise StorageError(with_remedy(f"The database {file} cannot be used: {cause}", cause)) from error
