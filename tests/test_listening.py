"""Where the bot may read all messages: channels, forums and threads that are open to it, and follow-ups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import simcord
from discord_desk import said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention

from bot.language import ENGLISH

if TYPE_CHECKING:
    import pytest

    from bot.app import StorydeskBot

SETTINGS = {"discord": {"read_all_messages": True}}
TROOPS = "how many US troops have to go?"
HEADCOUNT = "More than 1,000"


async def opened(bot: StorydeskBot, env: simcord.Env, channel: simcord.ChannelHandle, **more: object) -> None:
    await bot.store.change_guild_settings(env.guild.id, 1, {"listens": (channel.id,), **more})


async def test_in_an_open_channel_every_message_is_a_question(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await alice.send(channel, TROOPS)
    assert said(channel.last_message) == TROOPS
    await opened(bot, env, channel)
    await alice.send(channel, TROOPS)
    assert HEADCOUNT in said(channel.last_message)


async def test_an_edit_in_a_channel_that_is_open_no_more_is_not_answered(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await opened(bot, env, channel)
    question = await alice.send(channel, "Who won the tennis in Paris?")
    await bot.store.change_guild_settings(env.guild.id, 1, {"listens": ()})
    await alice.edit(question, TROOPS)
    assert "says nothing about that" in said(channel.last_message)


async def test_what_members_say_to_each_other_in_an_open_channel_is_left_alone(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    bob = env.guild.add_member(env.create_user("bob"))
    said_first = await bob.send(channel, "hello")
    await opened(bot, env, channel)
    await alice.send(channel, "what do you think?", reply_to=said_first)
    await alice.send(channel, f"{bob.mention} what do you think?")
    assert channel.last_message is not None
    assert channel.last_message.author.id == alice.id


async def test_a_thread_of_its_own_is_opened_where_the_admins_want_that(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await opened(bot, env, channel, threads=True)
    await alice.send(channel, TROOPS)
    (thread,) = channel.threads
    assert thread.name == TROOPS
    assert HEADCOUNT in said(thread.last_message)
    await alice.send(thread, "and who met Kurt Campbell?")
    assert "Ali Mahaman Lamine Zeine" in said(thread.last_message)


async def test_a_new_post_in_an_open_forum_is_answered(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    forum = env.guild.create_forum_channel("questions")
    await opened(bot, env, forum)
    env.backend.create_thread(forum.id, "Troops", alice.id)
    (post,) = forum.threads
    await alice.send(post, TROOPS)
    assert HEADCOUNT in said(post.last_message)


async def test_in_a_thread_where_it_answered_it_goes_on_without_being_mentioned(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    env.backend.create_thread(channel.id, "Talk", alice.id)
    (thread,) = channel.threads
    await alice.send(thread, TROOPS)
    assert said(thread.last_message) == TROOPS
    await alice.send(thread, f"{mention(env)} {TROOPS}")
    await alice.send(thread, "who met Kurt Campbell?")
    assert "Ali Mahaman Lamine Zeine" in said(thread.last_message)


async def test_a_follow_up_in_direct_messages_is_understood_and_says_how(
    env: simcord.Env, alice: simcord.MemberActor
) -> None:
    await alice.send_dm("who met Kurt Campbell?")
    await alice.send_dm("and where?")
    answer = said(alice.user.dm_channel.last_message)
    assert "Understood as: Where Ali Mahaman Lamine Zeine met Kurt Campbell?" in answer


async def test_a_follow_up_in_a_chain_of_replies_is_understood(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await alice.send(channel, f"{mention(env)} who met Kurt Campbell?")
    await alice.send(channel, "who is he?", reply_to=channel.last_message)
    assert "Understood as: Who is Ali Mahaman Lamine Zeine?" in said(channel.last_message)
    await alice.send(channel, f"{mention(env)} who is he?")
    assert "Understood as" not in said(channel.last_message)


async def test_a_follow_up_in_a_slash_command_is_understood_in_a_thread(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    env.backend.create_thread(channel.id, "Talk", alice.id)
    (thread,) = channel.threads
    await alice.slash(thread, "ask", question="who met Kurt Campbell?")
    result = await alice.slash(thread, "ask", question="and where?")
    assert "Understood as: Where" in said(result.response)


async def test_where_it_may_not_write_whoever_asked_is_told_privately_and_gets_the_answer(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    me = env.guild.me
    assert me is not None
    mute = env.guild.create_text_channel("read-only", overwrites={me: discord.PermissionOverwrite(send_messages=False)})
    await alice.send(mute, f"{mention(env)} {TROOPS}")
    note, answer = alice.user.dm_channel.history()
    assert said(note) == ENGLISH("cannot-write", channel=f"<#{mute.id}>", permissions="Send Messages")
    assert HEADCOUNT in said(answer)


async def test_a_refused_private_note_ends_in_the_log_and_not_in_a_crash(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, caplog: pytest.LogCaptureFixture
) -> None:
    env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=None)
    env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=None)
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    assert "could not be sent" in caplog.text
