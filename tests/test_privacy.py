"""`/privacy` on a simulated Discord, and what is kept without being asked."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import simcord
from discord_desk import said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention

from bot.language import ENGLISH
from bot.store.database import FILE

if TYPE_CHECKING:
    from pathlib import Path

    from bot.app import StorydeskBot

TROOPS = "how many US troops have to go?"
TENNIS = "Who won the tennis in Paris?"


async def test_it_says_what_is_kept_to_whoever_asks_alone(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    shown = (await alice.slash(channel, "privacy about")).response
    assert shown is not None
    assert shown.ephemeral
    assert said(shown) == ENGLISH("privacy", days=90)


async def test_a_member_sees_what_is_kept_and_has_it_forgotten(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await bot.store.change_guild_settings(env.guild.id, 1, {"keeps_unanswered": True})
    answer = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert answer is not None
    await alice.click(answer, label="Helpful")
    await alice.send(channel, f"{mention(env)} {TENNIS}")
    mine = said((await alice.slash(channel, "privacy mine")).response)
    assert ENGLISH("privacy-mine", answers=2, votes=1, changes=0, stories=0, unanswered=1) in mine
    assert f"- {TENNIS}" in mine
    assert said((await alice.slash(channel, "privacy forget")).response) == ENGLISH("privacy-forgotten")
    after = said((await alice.slash(channel, "privacy mine")).response)
    assert after == ENGLISH("privacy-mine", answers=0, votes=0, changes=0, stories=0, unanswered=0)
    assert (await bot.given_answers.insights(env.guild.id, 0)).questions == 2


async def test_a_forgotten_conversation_is_not_gone_on_with(env: simcord.Env, alice: simcord.MemberActor) -> None:
    await alice.send_dm("who met Kurt Campbell?")
    assert alice.user.dm_channel is not None
    await alice.user.slash("privacy forget")
    await alice.send_dm("who is he?")
    assert "Understood as" not in said(alice.user.dm_channel.last_message)


async def test_no_question_is_stored_unless_the_guild_turned_it_on(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, tmp_path: Path
) -> None:
    await alice.slash(channel, "ask", question=TENNIS)
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    with sqlite3.connect(tmp_path / FILE) as database:
        dump = "\n".join(database.iterdump())
    database.close()
    assert dump.count('INSERT INTO "answers"') == 2
    assert "tennis" not in dump
    assert "troops" not in dump
