"""Answers from a text that the terminal replaced: the bot, another process, marks them when it notices or starts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from unittest.mock import AsyncMock

import discord
import pytest
import pytest_asyncio
import simcord
from discord_desk import bot_with, said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention
from sqlalchemy import update
from test_stories import BRIDGE, HARBOUR, add, own_bot, own_shelf  # noqa: F401 - a fixture
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import StorageError
from bot.language import ENGLISH, phrases
from bot.store.tables import LibraryStory

if TYPE_CHECKING:
    from pathlib import Path

    from bot.app import StorydeskBot
    from index.bundled import BundledEmbedder

NEWER = HARBOUR.replace("14 steel", "22 steel")
NAME = "Harbour bridge closes for repairs"


class Terminal:
    """`storydesk stories` beside the bot: with a database connection and an event loop of its own."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "bridge.md"

    async def __call__(self, *arguments: str, text: str | None = None) -> None:
        command = ["stories", *arguments]
        if text is not None:
            self._file.write_text(text, "utf-8")
            command.append(str(self._file))
        result = await asyncio.to_thread(CliRunner().invoke, app, command)
        assert result.exit_code == 0, result.output


@pytest.fixture
def terminal(tmp_path: Path, embedder: BundledEmbedder, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("STORYDESK_STORAGE__FOLDER", str(tmp_path))
    monkeypatch.setattr("bot.opening.load_embedder", lambda _: embedder)
    monkeypatch.setattr("bot.cogs.outdated._PAUSE", 0)
    return Terminal(tmp_path)


@pytest_asyncio.fixture
async def answer(
    env: simcord.Env, terminal: Terminal, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> discord.Message:
    """What alice was told of a story of the operator's."""
    await terminal("add", text=HARBOUR)
    return await asked(env, alice, channel)


async def asked(env: simcord.Env, member: simcord.MemberActor, channel: simcord.ChannelHandle) -> discord.Message:
    await member.send(channel, f"{mention(env)} {BRIDGE}")
    assert channel.last_message is not None
    assert "**14** steel cables" in said(channel.last_message)
    return channel.last_message


def now(channel: simcord.ChannelHandle, message: discord.Message) -> str:
    return {other.id: said(other) for other in channel.history()}[message.id]


async def test_an_update_in_the_terminal_is_noticed_and_answers_in_every_guild_are_marked(
    env: simcord.Env, terminal: Terminal, answer: discord.Message, channel: simcord.ChannelHandle
) -> None:
    guild = env.create_guild("Redaktion", preferred_locale="de")
    other = guild.create_text_channel("allgemein")
    theirs = await asked(env, guild.add_member(env.create_user("bob")), other)
    await terminal("update", NAME, text=NEWER)
    assert ENGLISH("outdated") not in now(channel, answer)
    await env.advance_time(60)
    assert ENGLISH("outdated") in now(channel, answer)
    assert "> Engineers found cracks in 22 steel cables." in now(channel, answer)
    assert phrases("de")("outdated") in now(other, theirs)
    requests = len(env.http_requests)
    await env.advance_time(60)
    assert len(env.http_requests) == requests


async def test_an_answer_in_direct_messages_is_marked_too(
    env: simcord.Env, terminal: Terminal, answer: discord.Message, alice: simcord.MemberActor
) -> None:
    del answer
    await alice.send_dm(BRIDGE)
    await terminal("update", NAME, text=NEWER)
    await env.advance_time(60)
    edited = [request.json for request in env.http_requests if request.method == "PATCH"]
    assert sum(ENGLISH("outdated") in str(json) for json in edited) == 2


async def test_what_was_updated_while_the_bot_was_away_is_marked_after_its_start(
    env: simcord.Env,
    terminal: Terminal,
    answer: discord.Message,
    channel: simcord.ChannelHandle,
    embedder: BundledEmbedder,
    tmp_path: Path,
) -> None:
    await terminal("update", NAME, text=NEWER)
    await env.restart_bot(bot_with(lambda: own_shelf(embedder, tmp_path), tmp_path))
    assert ENGLISH("outdated") not in now(channel, answer)
    await env.advance_time(120)
    assert ENGLISH("outdated") in now(channel, answer)


async def test_a_story_that_is_removed_before_its_turn_is_marked_once_it_is_brought_back(
    bot: StorydeskBot,
    terminal: Terminal,
    answer: discord.Message,
    channel: simcord.ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await terminal("update", NAME, text=NEWER)
    found = await bot.library.unmarked(0)
    await terminal("remove", NAME, "--yes")
    with monkeypatch.context() as patched:
        patched.setattr(bot.library, "unmarked", AsyncMock(return_value=found))
        assert await bot.outdated.mark() == 0
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    async with bot.store.changing() as session:
        await session.execute(update(LibraryStory).values(removed_at=None))
    assert await bot.outdated.mark() == 1
    assert ENGLISH("outdated") in now(channel, answer)


async def test_a_guild_that_wants_no_marks_gets_none_later_either(
    env: simcord.Env,
    bot: StorydeskBot,
    terminal: Terminal,
    answer: discord.Message,
    channel: simcord.ChannelHandle,
) -> None:
    for wants in (False, True):
        await bot.store.change_guild_settings(env.guild.id, 1, {"marks_outdated": wants})
        if not wants:
            await terminal("update", NAME, text=NEWER)
        assert await bot.outdated.mark() == 0
    assert ENGLISH("outdated") not in now(channel, answer)


async def test_of_one_update_a_bounded_number_of_answers_is_marked_the_guilds_that_asked_last_first(
    env: simcord.Env,
    bot: StorydeskBot,
    terminal: Terminal,
    answer: discord.Message,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.cogs.outdated._MOST", 2)
    monkeypatch.setattr("bot.cogs.outdated._MOST_TOGETHER", 3)
    clock = iter(range(2_000_000_000, 2_000_001_000))
    monkeypatch.setattr("bot.app.time.time", lambda: next(clock))
    mine = [answer] + [await asked(env, alice, channel) for _ in range(3)]
    guild = env.create_guild("Redaction")
    other = guild.create_text_channel("general")
    bob = guild.add_member(env.create_user("bob"))
    theirs = [await asked(env, bob, other) for _ in range(3)]
    await terminal("update", NAME, text=NEWER)
    assert await bot.outdated.mark() == 3
    marked = [
        [ENGLISH("outdated") in now(place, one) for one in ones] for place, ones in ((channel, mine), (other, theirs))
    ]
    assert marked == [[False, False, False, True], [False, True, True]]
    assert await bot.outdated.mark() == 0


async def test_what_a_lost_database_kept_from_being_marked_is_marked_later(
    env: simcord.Env,
    bot: StorydeskBot,
    terminal: Terminal,
    answer: discord.Message,
    channel: simcord.ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lost(*_: object) -> None:
        raise StorageError("The database cannot be used.")

    await terminal("update", NAME, text=NEWER)
    with monkeypatch.context() as patched:
        patched.setattr(bot.given_answers, "latest_quoting", lost)
        await env.advance_time(60)
        assert ENGLISH("outdated") not in now(channel, answer)
    await env.advance_time(60)
    assert ENGLISH("outdated") in now(channel, answer)


async def test_an_answer_from_a_guilds_own_story_stands_though_the_operators_had_the_same_text(
    env: simcord.Env,
    bot: StorydeskBot,
    terminal: Terminal,
    answer: discord.Message,
    chief: simcord.MemberActor,
    channel: simcord.ChannelHandle,
) -> None:
    await add(chief, channel)
    own = await asked(env, chief, channel)
    await terminal("update", NAME, text=NEWER)
    assert await bot.outdated.mark() == 0
    assert ENGLISH("outdated") not in now(channel, answer) + now(channel, own)


async def test_however_many_stories_are_updated_one_task_marks_their_answers(bot: StorydeskBot) -> None:
    async with bot.outdated._marking:
        for _ in range(20):
            bot.outdated.mark_soon()
            await asyncio.sleep(0)
        waiting = [task for task in asyncio.all_tasks() if task.get_name() == "mark-outdated"]
        assert len(waiting) == 1
    await asyncio.wait_for(waiting[0], 10)
