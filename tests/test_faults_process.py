"""Faults on the way between Discord and `storydesk run`, each seen from outside: everything asked is answered once."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from discord_server import DiscordServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import discord
    import simcord

TROOPS = "how many US troops have to go?"
HEADCOUNT = "**More than 1,000** American troops"
CALLBACK = "/interactions/*/*/callback"
ORIGINAL = "/webhooks/*/*/messages/@original"
MESSAGES = "/channels/*/messages"


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[DiscordServer]:
    """A Discord with a guild, and the bot running there."""
    async with DiscordServer(patience=120) as server:
        server.world.create_guild("Newsroom")
        command = (sys.executable, "-W", "ignore", "-m", "bot.cli", "run")
        async with server.process(*command, env={"STORYDESK_STORAGE__FOLDER": str(tmp_path)}):
            yield server


@pytest.fixture
def channel(server: DiscordServer) -> simcord.ChannelHandle:
    return server.world.guild.create_text_channel("general")


@pytest.fixture
def alice(server: DiscordServer) -> simcord.MemberActor:
    return server.world.guild.add_member(server.world.create_user("alice"))


def replies_to(channel: simcord.ChannelHandle, question: discord.Message) -> list[discord.Message]:
    found = channel.history()
    return [one for one in found if one.reference is not None and one.reference.message_id == question.id]


def says(server: DiscordServer, answer: discord.Message) -> bool:
    return HEADCOUNT in server.text(answer)


async def answered_once(
    server: DiscordServer, channel: simcord.ChannelHandle, questions: list[discord.Message]
) -> None:
    """Wait until each question is answered, ask one more to be behind them all, and look for second answers."""
    for question in questions:
        answer = await server.reply(question)
        await server.until(partial(says, server, answer))
    assert [len(replies_to(channel, question)) for question in questions] == [1] * len(questions)


async def test_what_is_asked_while_the_gateway_is_down_is_answered_when_the_session_is_resumed(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor
) -> None:
    first = await alice.send(channel, f"{server.mention} {TROOPS}")
    await answered_once(server, channel, [first])
    questions = [first]
    for _ in range(2):
        await server.disconnect()
        questions.append(await alice.send(channel, f"{server.mention} {TROOPS}"))
        await server.until(lambda: server.online)
    await answered_once(server, channel, questions)


async def test_a_question_under_way_when_the_session_is_lost_is_answered(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor
) -> None:
    question = await alice.send(channel, f"{server.mention} {TROOPS}")
    await server.until(lambda: server.calls("POST", "/channels/*/typing") or replies_to(channel, question))
    await server.disconnect(forget=True)
    await answered_once(server, channel, [question])
    await server.until(lambda: server.online)
    await answered_once(server, channel, [await alice.send(channel, f"{server.mention} {TROOPS}")])


async def test_a_long_rate_limit_is_waited_out(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor
) -> None:
    server.fail("POST", MESSAGES, status=429, body={"retry_after": 4.0, "global": False, "message": "slow"})
    await answered_once(server, channel, [await alice.send(channel, f"{server.mention} {TROOPS}")])


async def test_a_command_whose_acknowledgement_is_rate_limited_beyond_its_time_is_answered_all_the_same(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor
) -> None:
    server.fail("POST", CALLBACK, status=429, body={"retry_after": 4.0, "global": False, "message": "slow"})
    await alice.slash(channel, "ask", question=TROOPS)
    await server.until(lambda: any(HEADCOUNT in server.text(message) for message in channel.history()))


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_storm_of_errors_on_every_route_is_outlived(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor, status: int
) -> None:
    """The question in the storm may be lost, for there is no way to answer; the bot and what comes after it are not."""
    storm = [("POST", MESSAGES), ("POST", CALLBACK), ("PATCH", ORIGINAL), ("POST", "/users/@me/channels")]
    for method, path in storm:
        server.fail(method, path, status=status, times=2)
    await alice.slash(channel, "ask", question=TROOPS)
    await alice.send(channel, f"{server.mention} {TROOPS}")
    await server.until(lambda: all(not fault.times for fault in server._faults[:2]))
    await answered_once(server, channel, [await alice.send(channel, f"{server.mention} {TROOPS}")])


async def test_a_connection_that_is_half_open_holds_up_nobody(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor
) -> None:
    """Discord takes the request and says nothing more, as a dead peer does."""
    # While the model loads, the bot says so instead of typing.
    await answered_once(server, channel, [await alice.send(channel, f"{server.mention} {TROOPS}")])
    stuck = server.stall("POST", "/channels/*/typing")
    question = await alice.send(channel, f"{server.mention} {TROOPS}")
    await server.until(stuck.is_set)
    elsewhere = server.world.guild.create_text_channel("elsewhere")
    other = await server.answer(await alice.slash(elsewhere, "ask", question=TROOPS))
    await server.until(lambda: HEADCOUNT in server.text(other))
    await answered_once(server, channel, [question])
    server.let_go()


async def test_an_answer_that_comes_slowly_is_not_sent_twice(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor
) -> None:
    stuck = server.stall("POST", MESSAGES)
    question = await alice.send(channel, f"{server.mention} {TROOPS}")
    await server.until(stuck.is_set)
    await asyncio.sleep(1)
    server.let_go()
    await answered_once(server, channel, [question])
