"""Where the bot may read all messages: channels, forums and threads that are open to it, and follow-ups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
import pytest
import simcord
from discord_desk import said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention
from simcord.backend.models import MessageSticker

from bot.language import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def new_post(
    env: simcord.Env,
    forum: simcord.ChannelHandle,
    author: simcord.MemberActor,
    title: str,
    text: str = "",
    attachments: Sequence[tuple[str, bytes]] = (),
) -> simcord.ChannelHandle:
    """Open a forum post as Discord does: its first message has the thread's own id."""
    thread = env.backend.create_thread(forum.id, title, author.id)
    files = env.backend.store_attachments(thread.id, attachments)
    first = env.backend.prepare_message(thread.id, author.id, text, attachments=files)
    first.id = thread.id
    env.backend.commit_message(first)
    return next(post for post in forum.threads if post.id == thread.id)


@pytest.mark.parametrize(
    ("title", "text", "attachments", "answer"),
    [
        ("How many US troops have to go?", "I could not find it, please help. Thanks!", (), HEADCOUNT),
        ("How many US troops have to go?", "Anyone?", (), HEADCOUNT),
        ("How many US troops have to go?", "", (("map.png", b"x"),), HEADCOUNT),
        ("Troops", "How many US troops have to go?", (), HEADCOUNT),
        ("Number of US troops", "that have to go", (), HEADCOUNT),
        ("Is it about troops?", "Who met Kurt Campbell?", (), "Ali Mahaman Lamine Zeine"),
    ],
)
async def test_a_post_whose_title_asks_is_answered_from_its_title(
    env: simcord.Env,
    alice: simcord.MemberActor,
    bot: StorydeskBot,
    title: str,
    text: str,
    attachments: Sequence[tuple[str, bytes]],
    answer: str,
) -> None:
    forum = env.guild.create_forum_channel("questions")
    await opened(bot, env, forum)
    post = new_post(env, forum, alice, title, text, attachments)
    await env.settle()
    assert answer in said(post.last_message)


async def test_a_picture_in_an_open_channel_is_left_alone(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await opened(bot, env, channel, roles=(1,))
    sent = await alice.send(channel, attachments=[("map.png", b"x")])
    assert channel.last_message is not None
    assert channel.last_message.id == sent.id


async def sticker(
    env: simcord.Env, actor: simcord.MemberActor, channel_id: int, content: str = "", reply_to: int | None = None
) -> None:
    """Send a sticker, which simcord's members cannot do by themselves."""
    reference = {"message_id": str(reply_to), "channel_id": str(channel_id)} if reply_to else None
    image = MessageSticker(1, "wave", 1, 1, "https://cdn.example/1.png")
    env.backend.create_message(
        channel_id,
        actor.id,
        content,
        stickers=[image],
        reference=env.backend.normalize_message_reference(channel_id, reference),
    )
    await env.settle()


async def test_a_sticker_gets_a_hint_where_it_is_for_the_bot_and_silence_in_an_open_channel(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await sticker(env, alice, channel.id, mention(env))
    assert said(channel.last_message) == ENGLISH("no-question")
    assert channel.last_message is not None
    await sticker(env, alice, channel.id, reply_to=channel.last_message.id)
    assert said(channel.last_message) == ENGLISH("no-question")
    await opened(bot, env, channel)
    await sticker(env, alice, channel.id)
    assert channel.last_message is not None
    assert channel.last_message.author.id == alice.id
    await alice.send_dm(TROOPS)
    dm = alice.user.dm_channel
    await sticker(env, alice, dm.id)
    assert said(dm.last_message) == ENGLISH("no-question-here")


async def test_an_attachment_in_a_direct_message_gets_a_hint_that_speaks_of_no_mention(
    env: simcord.Env, alice: simcord.MemberActor
) -> None:
    await alice.send_dm(TROOPS)
    dm = alice.user.dm_channel
    env.backend.create_message(dm.id, alice.id, attachments=env.backend.store_attachments(dm.id, [("map.png", b"x")]))
    await env.settle()
    assert said(dm.last_message) == ENGLISH("no-question-here")


async def test_a_question_over_the_limit_in_an_open_channel_is_refused_with_the_limit(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await opened(bot, env, channel)
    await alice.send(channel, "why " * 150)
    assert said(channel.last_message) == ENGLISH("question-too-long", length="599", limit="500")


@pytest.mark.parametrize("is_known", [True, False], ids=["known to be deleted", "not told"])
async def test_a_reply_to_a_deleted_message_in_an_open_channel_is_a_question(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_known: bool,
) -> None:
    bob = env.guild.add_member(env.create_user("bob"))
    gone = await bob.send(channel, "hello")
    await opened(bot, env, channel)
    emit = env.backend.emit

    def emitted(event: str, payload: Any, *args: Any, **options: Any) -> Any:
        if event == "MESSAGE_CREATE" and payload.get("message_reference"):
            payload = payload | {"referenced_message": None, "mentions": []}  # as Discord sends of a deleted one
            if not is_known:
                del payload["referenced_message"]
        return emit(event, payload, *args, **options)

    monkeypatch.setattr(env.backend, "emit", emitted)
    await alice.send(channel, TROOPS, reply_to=gone)
    assert HEADCOUNT in said(channel.last_message)


async def test_a_question_that_is_deleted_while_it_is_answered_is_answered_below(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = bot.desk.ask

    async def deleted_meanwhile(*args: Any, **options: Any) -> Any:
        assert channel.last_message is not None
        env.backend.delete_message(channel.id, channel.last_message.id)
        return await ask(*args, **options)

    monkeypatch.setattr(bot.desk, "ask", deleted_meanwhile)
    await opened(bot, env, channel)
    await alice.send(channel, TROOPS)
    assert HEADCOUNT in said(channel.last_message)


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
    assert "Understood as: Where did Ali Mahaman Lamine Zeine meet Kurt Campbell?" in answer


async def test_why_and_who_is_he_are_understood_and_an_acronym_is_nobody(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await alice.send_dm(TROOPS)
    await alice.send_dm("who is he?")
    answers = alice.user.dm_channel
    assert "Understood as" not in said(answers.last_message)
    await alice.send_dm("Do the US troops have to go?")
    await alice.send_dm("why?")
    assert "Understood as: Why do the US troops have to go?" in said(answers.last_message)
    await alice.send_dm("why not?")
    assert "Understood as: Why don't the US troops have to go?" in said(answers.last_message)
    await alice.send_dm("who met Kurt Campbell?")
    await alice.send_dm("who is he?")
    assert "Understood as: Who is Ali Mahaman Lamine Zeine?" in said(answers.last_message)


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


async def test_a_refusal_is_taken_away_wherever_it_was_written_and_never_announced(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    def closed(name: str, **denied: bool) -> simcord.ChannelHandle:
        everyone = env.guild.default_role
        return env.guild.create_text_channel(name, overwrites={everyone: discord.PermissionOverwrite(**denied)})

    await bot.store.change_guild_settings(env.guild.id, 1, {"cooldown_seconds": 600})
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    unread, mute = closed("unread", read_message_history=False), env.guild.create_text_channel("read-only")
    env.inject_error("POST", f"/channels/{mute.id}/messages", status=403, code=50013, times=None)
    for place in (unread, mute):
        await alice.send(place, f"{mention(env)} {TROOPS}")
    private = alice.user.dm_channel

    def refusals() -> list[discord.Message]:
        shown = [*unread.history(), *private.history()]
        return [message for message in shown if said(message).startswith("One moment, please: ask me again")]

    await env.advance_time(19)
    assert len(refusals()) == 2
    assert len(private.history()) == 1
    await env.advance_time(2)
    assert refusals() == []
