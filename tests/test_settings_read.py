"""What a guild has set is known from the start: a slow, lost or wrong database opens nothing and delays nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest
import simcord
from discord_desk import bot_with, said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from sqlalchemy import text

from bot.guild_settings import GuildSettings
from bot.language import ENGLISH, phrases
from bot.store.database import FILE
from bot.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.app import StorydeskBot
    from bot.shelf import Shelf

TROOPS = "how many US troops have to go?"
HEADCOUNT = "More than 1,000"


def is_callback(request: simcord.types.HttpLogEntry) -> bool:
    return request.path.endswith("/callback")


async def test_settings_are_read_once_before_discord_hears_from_the_bot(
    env: simcord.Env,
    alice: simcord.MemberActor,
    chief: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = bot.store.guild_settings
    before_callback: list[int] = []

    async def noted(guild_id: int) -> GuildSettings:
        if not any(map(is_callback, env.http_requests[since:])):
            before_callback.append(guild_id)
        return await read(guild_id)

    answer = (await alice.slash(channel, "ask", question=TROOPS)).response
    card = (await chief.slash(channel, "desk show")).response
    assert answer is not None
    assert card is not None
    monkeypatch.setattr(bot.store, "guild_settings", noted)
    acts: tuple[Callable[[], Awaitable[simcord.InteractionResult]], ...] = (
        lambda: alice.slash(channel, "ask", question=TROOPS),
        lambda: alice.slash(channel, "lookup", query="base"),
        lambda: alice.slash(channel, "help"),
        lambda: alice.click(answer, label="In context"),
        lambda: alice.click(answer, label="More passages"),
        lambda: alice.click(answer, label="Helpful"),
        lambda: chief.click(card, label="Private on/off"),
        lambda: chief.select(card, ["strict"], custom_id="desk:strictness"),
        lambda: chief.click(card, label="Cooldowns …"),
        lambda: chief.slash(channel, "story add"),
    )
    for act in acts:
        since = len(env.http_requests)
        before_callback.clear()
        await act()
        assert any(map(is_callback, env.http_requests[since:]))
        assert len(before_callback) == 1


async def test_a_database_that_does_not_answer_holds_nobody_up_and_opens_nothing(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = env.guild.create_text_channel("ask-here")
    await bot.store.change_guild_settings(env.guild.id, 1, {"channels": (here.id,)})

    async def never(_: int) -> GuildSettings:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(bot.store, "guild_settings", never)
    monkeypatch.setattr("bot.app._SETTINGS_SECONDS", 0)
    assert HEADCOUNT in said((await alice.slash(here, "ask", question=TROOPS)).response)
    refused = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert said(refused) == ENGLISH("not-here", channels=f"<#{here.id}>")


async def test_settings_are_read_while_somebody_writes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    async with store.changing() as session:
        await session.execute(text("DELETE FROM votes"))
        assert await asyncio.wait_for(store.guild_settings(7), 60) == GuildSettings()
    await store.close()


async def test_a_change_is_not_overtaken_by_a_reading_that_began_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    await store.open()
    document = GuildSettings.from_document

    def later(stored: dict[str, object]) -> GuildSettings:
        store._settings[7] = GuildSettings(private=True)
        return document(stored)

    monkeypatch.setattr(GuildSettings, "from_document", later)
    assert await store.guild_settings(7) == GuildSettings(private=True)
    await store.close()


async def test_a_database_that_is_lost_after_the_start_opens_no_channel(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    shelf: Shelf,
    tmp_path: Path,
) -> None:
    here = env.guild.create_text_channel("ask-here")
    await bot.store.change_guild_settings(env.guild.id, 1, {"channels": (here.id,)})
    fresh = bot_with(lambda: shelf, tmp_path)
    await env.restart_bot(fresh)
    assert fresh.store._engine is not None
    async with fresh.store._engine.begin() as connection:
        await connection.execute(text("DROP TABLE guild_settings"))
    refused = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert said(refused) == ENGLISH("not-here", channels=f"<#{here.id}>")


async def test_a_stored_setting_that_cannot_be_is_left_out_and_the_others_stay(
    env: simcord.Env,
    alice: simcord.MemberActor,
    chief: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    shelf: Shelf,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = env.guild.create_text_channel("ask-here")
    await bot.store.change_guild_settings(env.guild.id, 1, {"channels": (here.id,)})
    with sqlite3.connect(tmp_path / FILE) as database:
        wrong = f'{{"channels": [{here.id}], "language": "it", "cooldown_seconds": -5}}'
        database.execute("UPDATE guild_settings SET settings = ?", (wrong,))
    database.close()
    fresh = bot_with(lambda: shelf, tmp_path)
    await env.restart_bot(fresh)
    assert "left out: cooldown_seconds, language" in caplog.text
    refused = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert said(refused) == ENGLISH("not-here", channels=f"<#{here.id}>")
    assert HEADCOUNT in said((await alice.slash(here, "ask", question=TROOPS)).response)
    card = (await chief.slash(channel, "desk show")).response
    assert card is not None
    changed = (await chief.select(card, ["de"], custom_id="desk:language")).response
    assert phrases("de")("desk") in said(changed)
    assert await fresh.store.guild_settings(env.guild.id) == GuildSettings(channels=(here.id,), language="de")
    assert changed is not None
    await chief.click(changed, label=phrases("de")("button-undo"))
    assert await fresh.store.guild_settings(env.guild.id) == GuildSettings(channels=(here.id,))


async def test_an_apology_is_made_even_where_the_settings_cannot_be_had(
    bot: StorydeskBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: int | None) -> GuildSettings:
        raise ZeroDivisionError

    monkeypatch.setattr(bot, "settings_of", broken)
    async with simcord.run(bot, shard_count=1) as env:
        channel = env.create_guild("Newsroom").create_text_channel("general")
        alice = env.guild.add_member(env.create_user("alice"))
        told = (await alice.slash(channel, "ask", question=TROOPS)).response
        assert said(told).startswith("Something went wrong on my side")
        assert len(env.errors) == 1
