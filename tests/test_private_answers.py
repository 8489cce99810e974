"""What only its member was shown: nobody else learns of it, neither by a follow-up nor by what the bot does later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import simcord
from discord_desk import as_if_updated, said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention

from bot.language import ENGLISH
from index.load import shipped_story
from index.story import Story

if TYPE_CHECKING:
    from bot.app import StorydeskBot

SETTINGS = {"discord": {"read_all_messages": True}}
TROOPS = "how many US troops have to go?"
TENNIS, NEAR = "Who won the tennis in Paris?", "Who is the president of Niger?"
MET = "who met Kurt Campbell?"
UNDERSTOOD = "Understood as: Where did Ali Mahaman Lamine Zeine meet Kurt Campbell?"


@pytest.fixture
def thread(env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle) -> simcord.ChannelHandle:
    env.backend.create_thread(channel.id, "Talk", alice.id)
    (thread,) = channel.threads
    return thread


@pytest.fixture
def bob(env: simcord.Env, channel: simcord.ChannelHandle) -> simcord.MemberActor:
    return env.guild.add_member(env.create_user("bob"))


async def ask(actor: simcord.MemberActor, channel: simcord.ChannelHandle, question: str, *, private: bool) -> str:
    return said((await actor.slash(channel, "ask", question=question, private=private)).response)


async def test_a_private_question_is_no_turn_of_the_thread_that_others_follow_up_on(
    env: simcord.Env, alice: simcord.MemberActor, bob: simcord.MemberActor, thread: simcord.ChannelHandle
) -> None:
    assert "Zeine" in await ask(alice, thread, MET, private=True)
    assert "Understood as" not in await ask(bob, thread, "and where?", private=True)
    await bob.send(thread, f"{mention(env)} and where?")
    assert "Understood as" not in said(thread.last_message)
    assert "Zeine" not in await ask(alice, thread, "and where?", private=False)


async def test_a_private_follow_up_is_understood_from_the_members_own_private_turns(
    alice: simcord.MemberActor, bob: simcord.MemberActor, thread: simcord.ChannelHandle
) -> None:
    await ask(bob, thread, TROOPS, private=False)
    await ask(alice, thread, MET, private=True)
    assert UNDERSTOOD in await ask(alice, thread, "and where?", private=True)
    await ask(alice, thread, TROOPS, private=False)
    assert "Zeine" not in await ask(alice, thread, "and where?", private=True)


async def test_where_the_guild_answers_privately_no_turn_is_shared_either(
    env: simcord.Env,
    alice: simcord.MemberActor,
    bob: simcord.MemberActor,
    thread: simcord.ChannelHandle,
    bot: StorydeskBot,
) -> None:
    await bot.store.change_guild_settings(env.guild.id, 1, {"private": True})
    await alice.slash(thread, "ask", question=MET)
    assert "Understood as" not in said((await bob.slash(thread, "ask", question="and where?")).response)
    assert UNDERSTOOD in said((await alice.slash(thread, "ask", question="and where?")).response)


async def test_a_private_answer_does_not_open_a_thread_to_the_bot(
    alice: simcord.MemberActor, bob: simcord.MemberActor, thread: simcord.ChannelHandle
) -> None:
    await ask(alice, thread, TROOPS, private=True)
    await bob.send(thread, "and where?")
    assert said(thread.last_message) == "and where?"
    await ask(alice, thread, TROOPS, private=False)
    await bob.send(thread, TROOPS)
    assert "More than 1,000" in said(thread.last_message)


async def test_a_private_answer_is_not_looked_for_when_the_story_changes(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.cogs.outdated._PAUSE", 0)
    await ask(alice, channel, TROOPS, private=True)
    before = len(env.http_requests)
    newer = Story(body="Nothing is as it was.", title="News")
    as_if_updated(bot, env.guild.id, shipped_story(), newer)
    assert await bot.outdated.mark() == 0
    assert len(env.http_requests) == before


@pytest.mark.parametrize("by_setting", [False, True])
async def test_a_private_question_is_never_among_the_unanswered_ones(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot, *, by_setting: bool
) -> None:
    """Neither where its member wanted it so, nor where the guild has all commands answered privately."""
    settings = {"keeps_unanswered": True, "private": by_setting}
    await bot.store.change_guild_settings(env.guild.id, 1, settings)
    options = {} if by_setting else {"private": True}
    asked = (await alice.slash(channel, "ask", question=TENNIS, **options)).response
    assert asked is not None
    assert asked.ephemeral
    await alice.slash(channel, "ask", question=NEAR, **options)
    insights = await bot.given_answers.insights(env.guild.id, 0)
    assert (insights.questions, insights.unanswered) == (2, ())
    assert (await bot.store.kept_about(alice.id)).unanswered == ()
    await alice.slash(channel, "ask", question=TENNIS, private=False)
    (kept,) = (await bot.given_answers.insights(env.guild.id, 0)).unanswered
    assert kept.question == TENNIS


async def test_a_vote_against_a_private_answer_is_counted_and_told_nowhere(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    feedback = env.guild.create_text_channel("feedback")
    await bot.store.change_guild_settings(env.guild.id, 1, {"feedback_channel": feedback.id})
    answer = (await alice.slash(channel, "ask", question=TROOPS, private=True)).response
    assert answer is not None
    assert said((await alice.click(answer, label="Not helpful")).response) == ENGLISH("vote-counted")
    assert feedback.last_message is None
    assert (await bot.given_answers.insights(env.guild.id, 0)).unhelpful == 1
