"""Every failure ends in a reply: faults of Discord on every route that the bot uses, a lost database, our own bugs."""

from __future__ import annotations

import errno
import logging
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest
import simcord
from discord.http import HTTPClient, MultipartParameters
from discord_desk import bot_with, said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention
from sqlalchemy import text

from bot.errors import ConfigError
from bot.language import ENGLISH

if TYPE_CHECKING:
    from pathlib import Path

    from bot.app import StorydeskBot
    from bot.shelf import Shelf

TROOPS = "how many US troops have to go?"
HEADCOUNT = "More than 1,000"
CALLBACK = "/interactions/*/*/callback"
ORIGINAL = "/webhooks/*/*/messages/@original"


async def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060), (403, 50013)])
async def test_an_interaction_that_discord_does_not_know_any_more_is_answered_in_the_channel(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, status: int, code: int
) -> None:
    env.inject_error("POST", CALLBACK, status=status, code=code)
    await alice.slash(channel, "ask", question=TROOPS)
    assert HEADCOUNT in said(channel.last_message)


async def test_a_private_answer_that_discord_does_not_take_is_sent_privately(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    env.inject_error("PATCH", ORIGINAL, status=404, code=10015)
    await alice.slash(channel, "ask", question=TROOPS, private=True)
    assert HEADCOUNT in said(alice.user.dm_channel.last_message)
    assert channel.last_message is None or HEADCOUNT not in said(channel.last_message)


@pytest.mark.parametrize("status", [403, 404])
async def test_an_answer_that_cannot_be_edited_in_is_sent_below(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, status: int
) -> None:
    env.inject_error("PATCH", ORIGINAL, status=status, code=50013)
    await alice.slash(channel, "ask", question=TROOPS)
    assert HEADCOUNT in said(channel.last_message)


@pytest.mark.parametrize("status", [500, 502, 429])
@pytest.mark.parametrize(("method", "route"), [("PATCH", ORIGINAL), ("POST", "/channels/*/messages")])
async def test_an_outage_that_passes_is_outlived(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    method: str,
    route: str,
    status: int,
) -> None:
    env.inject_error(method, route, status=status)
    if method == "PATCH":
        await alice.slash(channel, "ask", question=TROOPS)
    else:
        await alice.send(channel, f"{mention(env)} {TROOPS}")
    assert HEADCOUNT in said(channel.last_message)


async def test_a_reply_whose_connection_is_lost_is_sent_once_more_as_the_same_message(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord shows one of two messages with the same nonce, so that none is lost and none comes twice."""
    nonces, send = [], HTTPClient.send_message

    async def losing(client: HTTPClient, channel_id: int, *, params: MultipartParameters) -> object:
        assert params.payload is not None
        nonces.append((params.payload["nonce"], params.payload["enforce_nonce"]))
        if len(nonces) == 1:
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        return await send(client, channel_id, params=params)

    monkeypatch.setattr(HTTPClient, "send_message", losing)
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    assert HEADCOUNT in said(channel.last_message)
    first, second = nonces
    assert first == second
    assert first[1]


async def test_a_reply_that_is_never_taken_is_told_in_the_log(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def lost(*_: object, **__: object) -> None:
        raise aiohttp.ServerDisconnectedError

    monkeypatch.setattr(HTTPClient, "send_message", lost)
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    assert "an apology could not be sent" in caplog.text


async def test_an_answer_whose_edit_is_lost_is_edited_in_once_more_and_stands_nowhere_else(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits, edit = [], discord.Interaction.edit_original_response

    async def losing(interaction: discord.Interaction, **options: Any) -> discord.InteractionMessage:
        edited = await edit(interaction, **options)
        edits.append(edited.id)
        if len(edits) == 1:
            raise aiohttp.ServerDisconnectedError
        return edited

    monkeypatch.setattr(discord.Interaction, "edit_original_response", losing)
    result = await alice.slash(channel, "ask", question=TROOPS)
    assert HEADCOUNT in said(result.response)
    assert len(edits) == 2
    assert sum(HEADCOUNT in said(message) for message in channel.history()) == 1


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_refusal_is_taken_away_once_more_where_the_connection_is_lost(
    lost: int,
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries, delete = [], discord.Message.delete

    async def losing(message: discord.Message) -> None:
        tries.append(message.id)
        if len(tries) <= lost:
            raise aiohttp.ServerDisconnectedError
        await delete(message)

    monkeypatch.setattr(discord.Message, "delete", losing)
    await bot.store.change_guild_settings(env.guild.id, 1, {"cooldown_seconds": 600})
    for _ in range(2):
        await alice.send(channel, f"{mention(env)} {TROOPS}")
    await env.advance_time(60)
    assert len(tries) == 2
    assert ("ask me again" in said(channel.last_message)) == (lost == 2)


async def test_a_refusal_that_somebody_else_deleted_is_nothing_to_tell_of(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await bot.store.change_guild_settings(env.guild.id, 1, {"cooldown_seconds": 600})
    for _ in range(2):
        await alice.send(channel, f"{mention(env)} {TROOPS}")
    assert channel.last_message is not None
    assert "ask me again" in said(channel.last_message)
    env.backend.delete_message(channel.id, channel.last_message.id)
    await env.advance_time(60)
    assert "taken away" not in caplog.text


async def test_a_thread_that_was_made_when_the_connection_was_lost_takes_the_answer(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = bot_with(lambda: shelf, tmp_path, discord={"read_all_messages": True})
    create = discord.Message.create_thread

    async def losing(message: discord.Message, *, name: str) -> discord.Thread:
        monkeypatch.setattr(discord.Message, "create_thread", create)
        await create(message, name=name)
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    monkeypatch.setattr(discord.Message, "create_thread", losing)
    monkeypatch.setattr(discord.Message, "thread", None)  # not announced yet
    async with simcord.run(bot, shard_count=1) as env:
        channel = env.create_guild("Newsroom").create_text_channel("general")
        alice = env.guild.add_member(env.create_user("alice"))
        await bot.store.change_guild_settings(env.guild.id, 1, {"listens": (channel.id,), "threads": True})
        await alice.send(channel, TROOPS)
        (thread,) = channel.threads
        assert HEADCOUNT in said(thread.last_message)
        assert HEADCOUNT not in said(channel.last_message)


async def test_an_interaction_whose_connection_is_lost_is_answered_in_the_channel(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object, **__: object) -> None:
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    monkeypatch.setattr(discord.InteractionResponse, "defer", lost)
    await alice.slash(channel, "ask", question=TROOPS)
    assert HEADCOUNT in said(channel.last_message)


async def test_typing_that_is_refused_changes_nothing(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    env.inject_error("POST", "/channels/*/typing", status=403, code=50013)
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    assert HEADCOUNT in said(channel.last_message)


async def test_a_thread_that_cannot_be_made_is_a_reply_instead(shelf: Shelf, tmp_path: Path) -> None:
    bot = bot_with(lambda: shelf, tmp_path, discord={"read_all_messages": True})
    async with simcord.run(bot, shard_count=1) as env:
        channel = env.create_guild("Newsroom").create_text_channel("general")
        alice = env.guild.add_member(env.create_user("alice"))
        await bot.store.change_guild_settings(env.guild.id, 1, {"listens": (channel.id,), "threads": True})
        env.inject_error("POST", "/channels/*/messages/*/threads", status=403, code=50013)
        await alice.send(channel, TROOPS)
        assert HEADCOUNT in said(channel.last_message)


async def test_a_button_that_discord_does_not_take_is_told_privately(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    answer = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert answer is not None
    env.inject_error("PATCH", ORIGINAL, status=404, code=10015)
    await alice.click(answer, label="In context")
    assert ENGLISH("in-context") in said(alice.user.dm_channel.last_message)


async def test_where_nothing_can_be_sent_the_log_says_so(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for method, route in (("PATCH", ORIGINAL), ("POST", "/channels/*/messages"), ("POST", "/users/@me/channels")):
        env.inject_error(method, route, status=403, code=50013, times=None)
    await alice.slash(channel, "ask", question=TROOPS)
    assert "a reply could not be sent" in caplog.text


async def test_with_a_lost_database_questions_are_answered_and_settings_apologise(
    env: simcord.Env,
    chief: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert bot.store._engine is not None
    async with bot.store._engine.begin() as connection:
        for table in ("guild_settings", "votes", "answers", "settings_changes"):
            await connection.execute(text(f"DROP TABLE {table}"))
    with caplog.at_level(logging.ERROR):
        answer = (await chief.slash(channel, "ask", question=TROOPS)).response
        await chief.send(channel, f"{mention(env)} {TROOPS}")
        listening = (await chief.slash(channel, "desk listen", channel=channel)).response
    assert HEADCOUNT in said(answer)
    assert HEADCOUNT in said(channel.last_message)
    assert answer is not None
    assert said((await chief.click(answer, label="Helpful")).response) == ENGLISH("vote-unknown")
    assert said(listening).startswith("I cannot reach my database at the moment")
    assert str(bot.store.folder) not in said(listening)
    assert str(bot.store.folder) in caplog.text
    assert "cannot be read" in caplog.text
    assert "cannot be remembered" in caplog.text


async def test_the_log_says_where_it_lacks_permissions_when_it_connects(
    shelf: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot = bot_with(lambda: shelf, tmp_path)
    env = simcord.Env(bot, shard_count=1)
    guild = env.create_guild("Newsroom")
    closed = discord.PermissionOverwrite(send_messages=False)
    mute = guild.create_text_channel("ask", category=None, overwrites={guild.default_role: closed})
    news = guild.create_category("News")
    guild.create_text_channel("inside", category=news, overwrites={guild.default_role: closed})
    guild.create_text_channel("elsewhere", overwrites={guild.default_role: closed})
    await bot.store.open()
    places = {"channels": (mute.id, news.id, 7)}
    await bot.store.change_guild_settings(guild.id, 1, places)
    env.inject_error("GET", "/applications/*/guilds/*/commands", status=403, code=50001)
    await env.start()
    await env.settle()
    await env.shutdown()
    assert (
        "missing permissions in Newsroom (the channel 7 is gone, in #ask send messages, in #inside send messages); "
        "see `storydesk doctor --discord`"
    ) in caplog.text
    assert "Newsroom shows no commands: invite the bot anew, with applications.commands" in caplog.text


@pytest.mark.parametrize("command", ["ask", "lookup", "help", "privacy mine"])
async def test_a_bug_of_ours_is_one_line_with_a_code_in_every_command(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    command: str,
) -> None:
    for owner, name in ((bot.desk, "ask"), (bot.desk, "lookup"), (bot.desk, "suggestions"), (bot.store, "kept_about")):
        monkeypatch.setattr(owner, name, broken)
    options = {"ask": {"question": TROOPS}, "lookup": {"query": "base"}}.get(command, {})
    told = said((await alice.slash(channel, command, **options)).response)
    assert told.startswith("Something went wrong on my side")
    code = told.rpartition("under `")[2][:8]
    assert f"error {code}" in caplog.text


async def two_pages(alice: simcord.MemberActor, channel: simcord.ChannelHandle) -> simcord.ResponseMessage:
    """Return the first of two pages that all can read."""
    page = (await alice.slash(channel, "lookup", query="drone base", count=8)).response
    assert page is not None
    assert not page.ephemeral
    return page


@pytest.mark.parametrize("label", ["Next page", "In context"])
async def test_a_button_that_fails_leaves_the_message_as_it_was_and_tells_whoever_pressed(
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
    label: str,
) -> None:
    page = await two_pages(alice, channel)
    answer = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert answer is not None
    before = [said(message) for message in channel.history()]
    for name in ("passages", "context"):
        monkeypatch.setattr(bot.desk, name, broken)
    pressed = await alice.click(page if label == "Next page" else answer, label=label)
    (told,) = pressed.followups if label == "Next page" else [pressed.response]
    assert told is not None
    assert told.ephemeral
    assert said(told).startswith("Something went wrong on my side")
    assert [said(message) for message in channel.history()] == before


async def test_a_failed_page_turn_that_cannot_be_told_beside_is_told_privately(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = await two_pages(alice, channel)
    before = said(page)
    monkeypatch.setattr(bot.desk, "passages", broken)
    env.inject_error("POST", "/webhooks/*/*", status=404, code=10015)
    await alice.click(page, label="Next page")
    assert said(alice.user.dm_channel.last_message).startswith("Something went wrong on my side")
    assert [said(message) for message in channel.history()] == [before]


async def test_a_page_that_discord_refuses_everywhere_leaves_the_one_before(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    page = await two_pages(alice, channel)
    before = said(page)
    env.inject_error("PATCH", ORIGINAL, status=400, code=50035)
    env.inject_error("POST", "/channels/*/messages", status=400, code=50035, times=2)
    (told,) = (await alice.click(page, label="Next page")).followups
    assert told.ephemeral
    assert said(told).startswith("Something went wrong on my side")
    assert [said(message) for message in channel.history()] == [before]


async def test_what_fails_after_an_answer_is_shown_leaves_it_and_is_told_beside_it(
    shelf: Shelf, tmp_path: Path
) -> None:
    bot = bot_with(lambda: shelf, tmp_path)
    bot.memory.remember = broken  # type: ignore[method-assign]
    async with simcord.run(bot, shard_count=1) as env:
        channel = env.create_guild("Newsroom").create_text_channel("general")
        alice = env.guild.add_member(env.create_user("alice"))
        asked = await alice.slash(channel, "ask", question=TROOPS)
        assert HEADCOUNT in said(asked.response)
        (told,) = asked.followups
        assert told.ephemeral
        assert said(told).startswith("Something went wrong on my side")
        assert len(env.errors) == 1


async def test_a_story_that_cannot_be_loaded_is_told_in_every_command(tmp_path: Path) -> None:
    def fail() -> Shelf:
        message = "The model is not there."
        raise ConfigError(message)

    async with simcord.run(bot_with(fail, tmp_path), shard_count=1) as env:
        channel = env.create_guild("Newsroom").create_text_channel("general")
        alice = env.guild.add_member(env.create_user("alice"))
        for command, options in (("ask", {"question": TROOPS}), ("lookup", {"query": "base"}), ("help", {})):
            told = said((await alice.slash(channel, command, **options)).response)
            assert told.startswith("I cannot answer at the moment: something in my set-up")
        assert await alice.autocomplete(channel, "ask", "story", "") == []


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (500, 0)])
async def test_an_answer_that_cannot_be_edited_along_is_written_anew(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, status: int, code: int
) -> None:
    question = await alice.send(channel, f"{mention(env)} Who won the tennis in Paris?")
    before = channel.last_message
    env.inject_error("PATCH", "/channels/*/messages/*", status=status, code=code)
    await alice.edit(question, f"{mention(env)} {TROOPS}")
    assert HEADCOUNT in said(channel.last_message)
    assert channel.last_message is not None
    assert before is not None
    assert channel.last_message.id != before.id


async def test_commands_that_cannot_be_synced_do_not_keep_the_bot_from_starting(
    shelf: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    env = simcord.Env(bot_with(lambda: shelf, tmp_path), shard_count=1)
    env.inject_error("PUT", "/applications/*/commands", status=500)
    await env.start()
    channel = env.create_guild("Newsroom").create_text_channel("general")
    alice = env.guild.add_member(env.create_user("alice"))
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    assert HEADCOUNT in said(channel.last_message)
    assert "the commands cannot be synced" in caplog.text
    await env.restart_bot(bot_with(lambda: shelf, tmp_path))
    assert HEADCOUNT in said((await alice.slash(channel, "ask", question=TROOPS)).response)
    await env.shutdown()
