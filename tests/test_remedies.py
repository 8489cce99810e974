"""What is told in one line, with what to do, when the bot cannot start or the disk does not play along."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import discord
import pytest
import pytest_asyncio
from discord_server import DiscordServer
from sqlalchemy.exc import OperationalError

from bot.errors import StorageError
from bot.remedies import remedy, with_remedy
from bot.store.database import Database, engine_for, told

DISK_FULL = "the disk is full: free some space there, or name another folder under storage.folder"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(patience=90) as server:
        yield server


async def failing(server: DiscordServer, folder: Path, **settings: str) -> list[str]:
    """Run a bot that cannot start; return what it says."""
    environment = {
        **os.environ,
        "DISCORD_TOKEN": server.token,
        "STORYDESK_DISCORD_API": server.api,
        "STORYDESK_STORAGE__FOLDER": str(folder),
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "bot.cli", "run", env=environment, stderr=asyncio.subprocess.PIPE
    )  # fmt: skip
    _, errors = await asyncio.wait_for(process.communicate(), server.patience)
    text = errors.decode()
    assert process.returncode == 1, text
    assert "Traceback" not in text, text
    return text.splitlines()


def full(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        connection.execute("CREATE TABLE t (x)")


def read_only(file: Path) -> None:
    sqlite3.connect(file).close()
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.execute("CREATE TABLE t (x)")


def locked(file: Path) -> None:
    with closing(sqlite3.connect(file)) as holder, closing(sqlite3.connect(file, timeout=0)) as other:
        holder.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE t (x)")


def no_database(file: Path) -> None:
    file.write_bytes(b"no database " * 100)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (x)")


def missing_folder(file: Path) -> None:
    sqlite3.connect(file.parent / "gone" / "db")


@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        (full, DISK_FULL),
        (read_only, "it may not be written: give the bot's user write access there"),
        (locked, "another program holds it: end that"),
        (no_database, "it is damaged: bring back a backup with `storydesk restore FILE --replace`"),
        (missing_folder, "the folder is missing or may not be written"),
    ],
)
def test_what_sqlite_complains_of_is_told_with_what_to_do(
    trouble: Callable[[Path], None], advice: str, tmp_path: Path
) -> None:
    with pytest.raises(sqlite3.Error) as complaint:
        trouble(tmp_path / "storydesk.db")
    with pytest.raises(StorageError) as caught, told(Database.of_file(tmp_path / "storydesk.db")):
        raise OperationalError("a statement", {}, complaint.value)
    text = str(caught.value)
    assert text.startswith(f"The database {tmp_path / 'storydesk.db'} cannot be used: ")
    assert advice in text
    assert "\n" not in text


def test_a_full_disk_is_told_with_what_to_do() -> None:
    with pytest.raises(OSError) as caught, Path("/dev/full").open("w") as file:  # noqa: PT011 - its number is looked at
        file.write("x")
    assert caught.value.errno == errno.ENOSPC
    assert with_remedy("It cannot be written", caught.value) == f"It cannot be written; {DISK_FULL}."


def test_where_nothing_is_known_to_help_nothing_is_added() -> None:
    assert remedy(ValueError("x")) == remedy(OSError()) == remedy(sqlite3.OperationalError("no such table: t")) == ""
    assert with_remedy("It broke", ValueError("x")) == "It broke."


async def test_what_members_wrote_does_not_stand_in_the_traceback_of_a_database_error(tmp_path: Path) -> None:
    from sqlalchemy import text

    engine = engine_for(Database.of_file(tmp_path / "storydesk.db"))
    async with engine.connect() as connection:
        with pytest.raises(OperationalError) as caught:
            await connection.execute(text("INSERT INTO nothing VALUES (:question)"), {"question": "my secret"})
    await engine.dispose()
    assert "my secret" not in str(caught.value)


async def test_a_port_in_use_is_told_before_the_bot_connects(server: DiscordServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        lines = await failing(server, tmp_path, STORYDESK_SERVER__PORT=port)
    (line,) = lines
    assert line.startswith(f"storydesk: 127.0.0.1:{port} cannot be listened on (Address already in use): set server.")
    assert not server.requests


async def test_a_locked_database_is_told_with_what_to_do(server: DiscordServer, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "storydesk.db")) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        lines = await failing(server, tmp_path)
    assert "database is locked; another program holds it: end that" in lines[-1]


async def test_a_data_folder_that_is_a_file_is_told_with_what_to_do(server: DiscordServer, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    lines = await failing(server, tmp_path / "data")
    assert "a file stands where a folder is wanted: name another one under storage.folder." in lines[-1]


async def test_a_missing_intent_is_told_with_where_to_switch_it_on(tmp_path: Path) -> None:
    without = discord.Intents.default()
    async with DiscordServer(patience=90, approved_intents=without) as server:
        lines = await failing(server, tmp_path, STORYDESK_DISCORD__READ_ALL_MESSAGES="true")
    assert "needs the Message Content Intent: switch it on at https://discord.com/developers/applications" in lines[-1]


async def test_a_token_that_the_gateway_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DiscordServer, "_refusal", lambda *_: 4004)
    async with DiscordServer(patience=90) as server:
        lines = await failing(server, tmp_path)
        assert "Discord refuses the token; copy it anew from the developer portal into DISCORD_TOKEN." in lines[-1]
        assert server.token not in "".join(lines)


async def test_a_mistake_in_the_settings_is_told_in_one_line(server: DiscordServer, tmp_path: Path) -> None:
    (line,) = await failing(server, tmp_path, STORYDESK_SERVER__PORT="99999")
    assert line.startswith("storydesk: the environment: server.port: input should be less than or equal to 65535")
