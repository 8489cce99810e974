"""The state on PostgreSQL: who starts or writes at once, what is told where it fails, and that no password is."""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest
from bot_fakes import ANSWERS
from discord_desk import bot_with, said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention
from fakes import CountingEmbedder, WordReader
from postgres import *  # noqa: F403 - as above
from postgres import ENCODED, PASSWORD, PostgresServer
from pydantic import SecretStr
from sqlalchemy import column, func, select, table
from test_stories import BRIDGE, add, ask, own_shelf
from typer.testing import CliRunner

from bot.cli import app
from bot.config import load_config
from bot.errors import ConfigError, MissingExtraError, StorageError
from bot.language import ENGLISH
from bot.opening import database_for
from bot.store.answers import AnswerStore
from bot.store.database import FILE, Database, engine_for, migrate
from bot.store.records import AnswerRecord
from bot.store.store import Store
from bot.store.stories import WHOLE_GUILD, StoryStore
from bot.store.tables import LibraryStory, SettingsChange
from index.story import Story

if TYPE_CHECKING:
    from pathlib import Path

    import simcord

    from bot.app import StorydeskBot
    from index.bundled import BundledEmbedder

NEWSROOM, ALICE = 1, 11
CATS = Story("Cats sleep for fifteen hours a day.", "Cats")


@pytest.fixture
def database(postgres_address: SecretStr, tmp_path: Path) -> Database:
    return Database.of_url(postgres_address, tmp_path)


def test_those_that_start_at_once_migrate_one_after_the_other(database: Database) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate, [database] * 4))
    migrate(database)


async def test_two_processes_that_write_the_same_at_once_both_succeed(database: Database, tmp_path: Path) -> None:
    stores = [Store(tmp_path, database) for _ in range(3)]
    for store in stores:
        await store.open()
    answer = AnswerRecord(5, 6, NEWSROOM, ALICE, "s", "answered", 0.9, ((0, 10),), 0)
    for number in range(1, 6):
        await asyncio.gather(
            *(AnswerStore(store).remember(answer) for store in stores),
            *(store.remember_synced_commands(7 + number, "abc") for store in stores),
            *(store.change_guild_settings(number, ALICE, {"private": True}) for store in stores),
        )
        added = await asyncio.gather(*(StoryStore(store).add(number, CATS) for store in stores))
        assert sorted(is_new for _, is_new in added) == [False, False, True]
        record = added[0][0]
        await asyncio.gather(*(StoryStore(store).use(number, WHOLE_GUILD, record.id) for store in stores))
        votes = await asyncio.gather(*(AnswerStore(store).vote(5, number, is_helpful=True) for store in stores))
        assert sorted(votes) == ["counted", "counted", "withdrawn"]
    async with stores[0].reading() as session:
        assert await session.scalar(select(func.count()).select_from(LibraryStory)) == 5
        assert await session.scalar(select(func.count()).select_from(SettingsChange)) == 15
    for store in stores:
        await store.close()


async def test_a_server_that_was_restarted_is_connected_to_again(
    postgres_server: PostgresServer, database: Database, tmp_path: Path
) -> None:
    store = Store(tmp_path, database)
    await store.open()
    await store.change_guild_settings(NEWSROOM, ALICE, {"private": True})
    other = engine_for(Database.of_url(postgres_server.address("postgres"), tmp_path))
    async with other.connect() as connection:
        mine = database.url.database
        ended = select(func.pg_terminate_backend(column("pid"))).select_from(table("pg_stat_activity"))
        await connection.execute(ended.where(column("datname") == mine))
    await other.dispose()
    await store.remember_synced_commands(7, "abc")
    assert await store.synced_commands(7) == "abc"
    await store.close()


def told_by(database: Database) -> StorageError:
    with pytest.raises(StorageError) as caught:
        migrate(database)
    assert "\n" not in str(caught.value)
    return caught.value


def test_no_error_and_no_repr_repeats_the_password(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.chdir(tmp_path)
    right = postgres_server.address("gone")
    wrong = postgres_server.address("postgres", "wr0ng-pass")
    nowhere = SecretStr(f"postgresql://desk:{ENCODED}@/x?host={tmp_path}")
    refused = SecretStr(f"postgresql://desk:{ENCODED}@127.0.0.1:1/x?password={ENCODED}")
    shown = []
    for address in (right, wrong, nowhere, refused):
        monkeypatch.setenv("STORYDESK_STORAGE__URL", address.get_secret_value())
        config = load_config()
        database = database_for(config)
        error = told_by(database)
        shown += [repr(config), str(config), repr(database), str(error), *traceback.format_exception(error)]
        shown.append(CliRunner().invoke(app, ["stories", "list"]).output)
    for text in ("file", "postgresql", f"redis://u:{ENCODED}@h/0", f"postgresql://u:{ENCODED}@h:port/0"):
        monkeypatch.setenv("STORYDESK_STORAGE__URL", text)
        with pytest.raises(StorageError) as caught:
            database_for(load_config())
        shown += traceback.format_exception(caught.value)
    monkeypatch.delenv("STORYDESK_STORAGE__URL")
    for wrongly in (f'storage = "postgresql://u:{ENCODED}@h/x"', f'[storage]\nurl = ["postgresql://u:{ENCODED}@h/x"]'):
        (tmp_path / "config.toml").write_text(wrongly, "utf-8")
        with pytest.raises(ConfigError) as complained:
            load_config()
        shown += traceback.format_exception(complained.value)
    everything = "\n".join([*shown, caplog.text])
    assert 'password authentication failed for user "desk"' in everything
    assert 'database "gone" does not exist' in everything
    for secret in (PASSWORD, ENCODED, "wr0ng-pass"):
        assert secret not in everything


def test_addresses_of_an_sqlite_file_are_taken_and_others_told(tmp_path: Path) -> None:
    relative = Database.of_url(SecretStr("sqlite:///state/x.db"), tmp_path)
    assert relative.file == tmp_path / "state" / "x.db"
    absolute = Database.of_url(SecretStr(f"sqlite:///{tmp_path}/y.db"), tmp_path / "elsewhere")
    migrate(absolute)
    assert (tmp_path / "y.db").exists()
    for address in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(StorageError, match="names no file"):
            Database.of_url(SecretStr(address), tmp_path)
    with pytest.raises(StorageError, match="SQLite and PostgreSQL"):
        Database.of_url(SecretStr("mysql://u@h/x"), tmp_path)


def test_without_its_driver_it_says_what_to_install(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(MissingExtraError, match=r"pip install -c constraints.txt '\.\[postgres\]'"):
        engine_for(database)


def test_the_commands_use_it_and_leave_backups_to_its_own_tools(
    postgres_address: SecretStr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORYDESK_STORAGE__FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("STORYDESK_STORAGE__URL", postgres_address.get_secret_value())
    monkeypatch.setattr("bot.opening.load_embedder", lambda _: CountingEmbedder())
    (tmp_path / "cats.md").write_text(CATS.body, "utf-8")
    run = partial(CliRunner().invoke, app)
    assert "added, 1 paragraphs" in run(["stories", "add", "cats.md"]).output
    assert "Cats" in run(["stories", "list"]).output
    assert not (tmp_path / "data" / FILE).exists()
    for command in (["backup", "b.zip"], ["restore", "b.zip", "--replace"]):
        result = run(command)
        assert result.exit_code == 1
        assert "pg_dump" in result.output
        assert result.output.count("\n") == 1
    monkeypatch.setattr("bot.doctor.load_embedder", lambda _: CountingEmbedder())
    monkeypatch.setattr("bot.doctor.load_reader", lambda *_: (WordReader(), ANSWERS))
    name = database_for(load_config()).name
    assert name.startswith("storydesk")
    assert name.endswith(" on localhost")
    assert f"ok   database: {name} is up to date." in run(["doctor"]).output


@pytest.fixture(name="bot")
def bot_on_postgres(embedder: BundledEmbedder, postgres_address: SecretStr, tmp_path: Path) -> StorydeskBot:
    storage = {"folder": str(tmp_path), "url": postgres_address}
    return bot_with(lambda: own_shelf(embedder, tmp_path), tmp_path, storage=storage)


async def test_the_bot_works_on_postgresql_and_all_is_there_after_a_restart(
    env: simcord.Env,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    embedder: BundledEmbedder,
    tmp_path: Path,
) -> None:
    assert "✔ Added" in await add(chief, channel)
    await chief.slash(channel, "story use", story="Harbour bridge closes for repairs", everywhere=True)
    await alice.send(channel, f"{mention(env)} {BRIDGE}")
    answer = channel.last_message
    assert answer is not None
    assert "**14**" in said(answer)
    assert said((await alice.click(answer, label="Helpful")).response) == ENGLISH("vote-counted")
    await chief.slash(channel, "desk listen", channel=channel)
    assert "**14**" in await ask(alice, channel, BRIDGE)
    again = bot_with(lambda: own_shelf(embedder, tmp_path), tmp_path, storage=bot.config.storage)
    await env.restart_bot(again)
    await bot.store.close()  # simcord lets go of a bot as a lost process would, with its connections open
    assert "**14**" in await ask(alice, channel, BRIDGE)
    assert said((await alice.click(answer, label="Helpful")).response) == ENGLISH("vote-withdrawn")
    assert "Questions: 3" in said((await chief.slash(channel, "desk insights")).response)
    assert not (tmp_path / FILE).exists()
    await again.store.close()
