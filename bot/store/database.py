"""Which database keeps the state, how it is opened, and how it is brought to the present form.

SQLite in the data folder unless `storage.url` names another. A database is shown by its name alone:
its address may hold a password, which no log and no error may repeat.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, NullPool, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import MissingExtraError, StorageError
from bot.remedies import with_remedy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr
    from sqlalchemy import Connection, Select

FILE = "storydesk.db"
HEAD = "head"
"""The version that databases are brought to: Alembic's name for the newest."""
_MIGRATIONS = Path(__file__).parent / "migrations"
# Readers and one writer at a time do not wait for each other; who must wait does so for five seconds.
_PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "busy_timeout = 5000")
_SECONDS = 5  # that a server's database has for a connection, for a lock, and until a pooled connection is free
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
# Any numbers do, if nothing else that uses the same database takes the same ones.
_MIGRATING, _WRITING = 0x53_44_01, 0x53_44_02


@dataclass(frozen=True, slots=True, repr=False)
class Database:
    """A database by its address; `name` is what may be shown of it, `file` where it is one of SQLite."""

    url: URL
    name: str
    file: Path | None = None

    @classmethod
    def of_file(cls, file: Path) -> Self:
        """Return the SQLite database in a file."""
        return cls(URL.create(_DRIVERS["sqlite"], database=str(file)), str(file), file)

    @classmethod
    def of_url(cls, address: SecretStr, folder: Path) -> Self:
        """Return the database at an address; the file of an SQLite database may be named relative to `folder`.

        Raises:
            StorageError: it is no address, or of a database that is not supported.
        """
        try:
            url = make_url(address.get_secret_value())
        except (ArgumentError, ValueError):
            message = "storage.url cannot be read as an address; write postgresql://user:password@host/database."
            raise StorageError(message) from None
        driver = _DRIVERS.get(url.get_backend_name())
        if driver is None:
            message = f"storage.url names {url.get_backend_name()}; SQLite and PostgreSQL are what is supported."
            raise StorageError(message)
        if driver != _DRIVERS["sqlite"]:
            place = f"{url.host or 'localhost'}{f':{url.port}' if url.port else ''}"
            return cls(url.set(drivername=driver), f"{url.database or ''} on {place}".strip())
        if url.database in {None, "", ":memory:"}:
            message = "storage.url names no file; write sqlite:////srv/storydesk.db, or leave it out."
            raise StorageError(message)
        return cls.of_file(folder / str(url.database))

    def __repr__(self) -> str:
        """Show no password."""
        return f"Database({self.name!r})"


def engine_for(database: Database) -> AsyncEngine:
    """Return an engine: each session opens a file anew, in a millisecond or two; a server's connections are pooled.

    Raises:
        MissingExtraError: the package that speaks to such a database is not installed.
    """
    if database.file is None:
        try:
            return create_async_engine(
                database.url,
                pool_pre_ping=True,  # the server may have been restarted since
                pool_timeout=_SECONDS,
                connect_args={"timeout": _SECONDS, "server_settings": {"lock_timeout": f"{_SECONDS}s"}},
                hide_parameters=True,
            )
        except ImportError as error:
            message = (
                f"storage.url needs {error.name}; install it in Storydesk's folder with "
                "`pip install -c constraints.txt '.[postgres]'`."
            )
            raise MissingExtraError(message) from None
    engine = create_async_engine(database.url, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's connection has no type of its own
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def migrate(database: Database) -> None:
    """Bring a database to the present form, made anew where there is none; takes part of a second.

    Raises:
        StorageError: it cannot be read or written, is no database, or a newer Storydesk wrote it.
        MissingExtraError: as `engine_for`.
    """
    with told(database):
        if database.file is not None:
            database.file.parent.mkdir(parents=True, exist_ok=True)
        asyncio.run(_migrate(database))


async def _migrate(database: Database) -> None:
    engine = engine_for(database)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_lock(_MIGRATING))
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, HEAD)


def writing_lock() -> Select[Any]:
    """Return what makes a transaction on PostgreSQL the only one that writes, as each is on SQLite.

    What is looked at before it is written would otherwise be another process's by then.
    """
    return _lock(_WRITING)


def _lock(number: int) -> Select[Any]:
    """Return what waits for a lock that ends with the transaction."""
    return select(func.pg_advisory_xact_lock(number))


@contextlib.contextmanager
def told(database: Database) -> Iterator[None]:
    """Raise what goes wrong inside as one line on `database`.

    Raises:
        StorageError: it did.
    """
    try:
        yield
    except CommandError:
        instead = "another folder under storage.folder" if database.file else "another database under storage.url"
        message = f"A newer Storydesk wrote {database.name}; update Storydesk, or name {instead}."
        raise StorageError(message) from None
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        shown = str(cause) or type(cause).__name__
        raise StorageError(with_remedy(f"The database {database.name} cannot be used: {shown}", cause)) from error
    except Exception as error:
        # While it connects, asyncpg raises errors of its own, which SQLAlchemy leaves as they are.
        if database.file is None and type(error).__module__.startswith("asyncpg"):
            message = f"The database {database.name} cannot be used: {error}."
            raise StorageError(message) from None
        raise
