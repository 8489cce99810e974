"""Members ask on a simulated Discord; the bot is the one that `storydesk run` starts."""

from __future__ import annotations

import logging
import re
import threading
from typing import TYPE_CHECKING, Any

import discord
import numpy as np
import pytest
import simcord
from discord_desk import bot_with, buttons_of, said, texts_of
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention
from numpy.typing import NDArray

from bot.access import Asker
from bot.app import StorydeskBot
from bot.cogs.asked import AskedMessages
from bot.errors import ConfigError
from bot.language import ENGLISH
from bot.loaded import Loaded
from bot.markdown import escape
from index.load import shipped_story

if TYPE_CHECKING:
    from pathlib import Path

    from bot.answer import Reply
    from bot.shelf import Shelf
    from index.story_index import Hit

TROOPS = "how many US troops have to go?"
HEADCOUNT = "> **More than 1,000** American troops are stationed in Niger at present, and all of them are to go."


def sent(env: simcord.Env) -> list[simcord.types.HttpLogEntry]:
    """Return the requests with which the bot wrote or edited messages."""
    return [
        request
        for request in env.http_requests
        if request.method in ("POST", "PATCH") and re.search(r"/messages|/callback", request.path)
    ]


async def test_ask_quotes_the_sentence_with_the_answering_words_in_bold_and_says_where_it_stands(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    result = await alice.slash(channel, "ask", question=TROOPS)
    assert result.response is not None
    question, quote, certainty = texts_of(result.response.components)
    assert question == f"-# {TROOPS}"
    assert quote == f"{HEADCOUNT}\n-# ¶ 3 · {shipped_story().title}"
    assert certainty.startswith("-# ")
    assert not result.response.ephemeral


async def test_ask_is_deferred_before_anything_else_is_done(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    before = len(sent(env))
    await alice.slash(channel, "ask", question=TROOPS)
    first, *_ = sent(env)[before:]
    assert isinstance(first.json, dict)
    assert first.json["type"] == 5


async def test_a_private_answer_is_shown_to_the_member_alone(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    result = await alice.slash(channel, "ask", question=TROOPS, private=True)
    assert result.response is not None
    assert result.response.ephemeral
    assert "More than 1,000" in said(result.response)


async def test_an_off_topic_question_gets_one_friendly_line_and_no_quote(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    result = await alice.slash(channel, "ask", question="what's the best topping for pizza")
    assert result.response is not None
    assert "says nothing about that" in said(result.response)
    assert "\n> " not in said(result.response)
    assert not buttons_of(result.response.components)


async def test_an_off_topic_question_gets_two_questions_that_the_story_answers(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    result = await alice.slash(channel, "ask", question="Who won the tennis in Paris?")
    tries = re.findall(r"^- (.+)$", said(result.response), re.MULTILINE)
    assert len(tries) == 2
    for question in tries:
        answer = await alice.slash(channel, "ask", question=question)
        assert "> " in said(answer.response)


async def test_the_apps_menu_asks_what_a_message_says(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    bob = env.guild.add_member(env.create_user("bob"))
    message = await bob.send(channel, TROOPS)
    result = await alice.context_menu(channel, "Ask about this message", message)
    assert result.response is not None
    assert texts_of(result.response.components)[0] == f"-# {TROOPS}"
    assert HEADCOUNT in said(result.response)
    assert not result.response.ephemeral


async def test_the_apps_menu_on_a_message_without_words_gives_a_hint_to_whoever_asked(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    message = await alice.send(channel, attachments=[("map.png", b"x")])
    result = await alice.context_menu(channel, "Ask about this message", message)
    assert said(result.response) == ENGLISH("no-question")
    assert result.response is not None
    assert result.response.ephemeral


async def test_an_edited_question_has_its_answer_edited_along(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    question = await alice.send(channel, f"{mention(env)} Who won the tennis in Paris?")
    answer = channel.last_message
    assert "says nothing about that" in said(answer)
    await alice.edit(question, f"{mention(env)} {TROOPS}")
    assert channel.last_message is not None
    assert answer is not None
    assert channel.last_message.id == answer.id
    assert HEADCOUNT in said(channel.last_message)
    await alice.edit(question, mention(env))
    assert said(channel.last_message) == ENGLISH("no-question")


async def test_an_answer_that_was_taken_away_stays_away(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    question = await alice.send(channel, f"{mention(env)} {TROOPS}")
    assert channel.last_message is not None
    env.backend.delete_message(channel.id, channel.last_message.id)
    await alice.edit(question, f"{mention(env)} Who won the tennis in Paris?")
    assert channel.last_message is not None
    assert channel.last_message.id == question.id


async def test_an_edit_that_changes_no_question_changes_no_answer(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    question = await alice.send(channel, f"{mention(env)} {TROOPS}")
    chatter = await alice.send(channel, "hello all")
    before = len(sent(env))
    await alice.edit(question, f"{mention(env)}  {TROOPS}")
    await alice.edit(chatter, f"hello all {TROOPS}")
    assert [request.path for request in sent(env)[before:] if request.method == "PATCH"] == []


async def test_an_edit_that_changes_the_question_counts_as_one(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await bot.store.change_guild_settings(env.guild.id, 1, {"cooldown_seconds": 600})
    question = await alice.send(channel, f"{mention(env)} Who won the tennis in Paris?")
    answer = channel.last_message
    assert answer is not None
    await alice.edit(question, f"{mention(env)} {TROOPS}")
    assert said(channel.last_message).startswith("One moment, please: ask me again <t:")
    await env.advance_time(30)
    assert channel.last_message is not None
    assert channel.last_message.id == answer.id
    assert "says nothing about that" in said(channel.last_message)
    await bot.store.change_guild_settings(env.guild.id, 1, {"cooldown_seconds": 0})
    await alice.edit(question, f"{mention(env)} {TROOPS} ")
    assert HEADCOUNT in said(channel.last_message)


@pytest.mark.parametrize("closes", ["channels", "roles"])
async def test_an_edit_is_not_answered_where_or_for_whom_the_admins_closed_since(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot, closes: str
) -> None:
    question = await alice.send(channel, f"{mention(env)} Who won the tennis in Paris?")
    answer = channel.last_message
    other = env.guild.create_text_channel("here") if closes == "channels" else env.guild.create_role("Readers")
    await bot.store.change_guild_settings(env.guild.id, 1, {closes: (other.id,)})
    await alice.edit(question, f"{mention(env)} {TROOPS}")
    assert str(other.id) in said(channel.last_message)
    assert not [message for message in channel.history() if HEADCOUNT in said(message)]
    assert answer is not None


async def test_an_edit_while_the_answer_is_made_is_no_way_around_the_cooldown(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await bot.store.change_guild_settings(env.guild.id, 1, {"cooldown_seconds": 600})
    ask = bot.desk.ask
    edited: list[str] = []

    async def edited_meanwhile(question: str, *scope: Any, **options: Any) -> Reply:
        if not edited:
            edited.append(question)
            (sent,) = env.backend.messages[channel.id].values()
            env.backend.edit_message(channel.id, sent.id, {"content": f"{mention(env)} {TROOPS}"})
        return await ask(question, *scope, **options)

    monkeypatch.setattr(bot.desk, "ask", edited_meanwhile)
    await alice.send(channel, f"{mention(env)} Who won the tennis in Paris?")
    assert edited
    assert not [message for message in channel.history() if HEADCOUNT in said(message)]


async def test_no_follow_up_is_sent_of_which_a_member_who_brings_the_bot_has_only_five(
    env: simcord.Env, alice: simcord.MemberActor, chief: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    message = await alice.send(channel, TROOPS)
    answer = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert answer is not None
    for label in ("In context", "More passages", "Helpful", "Not helpful"):
        await alice.click(answer, label=label)
    for menu in ("Ask about this message", "Find this in the story"):
        await alice.context_menu(channel, menu, message)
    for name, options in (("lookup", {"query": "base", "count": 10}), ("help", {}), ("privacy mine", {})):
        await env.create_user(name[:3]).slash(name, **options)
        await alice.slash(channel, name, **options)
    for name in ("desk show", "desk insights", "desk export", "story list"):
        await chief.slash(channel, name)
    env.inject_error("PATCH", "/webhooks/*/*/messages/@original", status=404, code=10015)
    await alice.slash(channel, "ask", question=TROOPS)
    to_interactions = [request for request in env.http_requests if request.path.startswith("/webhooks/")]
    assert to_interactions
    assert {request.method for request in to_interactions} == {"PATCH"}


def test_of_many_questions_the_oldest_is_forgotten() -> None:
    asked = AskedMessages()
    for number in range(501):
        asked.remember(number, discord.Object(0), Asker(0), "Who?")  # type: ignore[arg-type]
    assert asked.differing(0, "When?") is None
    assert asked.differing(1, "Who?") is None
    differing = asked.differing(1, "When?")
    assert differing is not None
    assert differing.question == "Who?"


async def test_help_fits_on_one_screen_and_is_for_whoever_asked(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    result = await alice.slash(channel, "help")
    text = said(result.response)
    assert result.response is not None
    assert result.response.ephemeral
    assert "`/ask`" in text
    assert "`/lookup`" in text
    assert "Ask about this message" in text
    assert len(text) < 800


async def test_lookup_shows_as_many_passages_as_wanted_with_scores_best_first(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    result = await alice.slash(channel, "lookup", query="drone base", count=4)
    scores = [float(score) for score in re.findall(r"score (-?\d+\.\d+)", said(result.response))]
    assert len(scores) == 4
    assert scores == sorted(scores, reverse=True)
    assert "near Agadez" in said(result.response)


async def test_a_mention_is_answered_with_a_reply_to_the_message(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    question = await alice.send(channel, f"{mention(env)} {TROOPS}")
    answer = channel.last_message
    assert HEADCOUNT in said(answer)
    assert answer is not None
    assert answer.reference is not None
    assert answer.reference.message_id == question.id


async def test_a_message_that_does_not_speak_to_the_bot_is_left_alone(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    before = len(sent(env))
    await alice.send(channel, TROOPS)
    assert len(sent(env)) == before


async def test_a_reply_to_the_bot_is_answered(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    await alice.send(channel, "and who met Kurt Campbell?", reply_to=channel.last_message)
    assert "**Ali Mahaman Lamine Zeine**" in said(channel.last_message)


async def test_a_direct_message_is_answered(env: simcord.Env, alice: simcord.MemberActor) -> None:
    await alice.send_dm(TROOPS)
    assert HEADCOUNT in said(alice.user.dm_channel.last_message)


async def test_a_bare_mention_gets_a_greeting_with_two_questions_that_the_story_answers(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await alice.send(channel, mention(env))
    questions = re.findall(r"^- (.+\?)$", said(channel.last_message), re.MULTILINE)
    assert len(questions) == 2
    for question in questions:
        assert (await bot.desk.ask(question)).verdict == "answered"


async def test_an_attachment_instead_of_a_question_gets_a_hint(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await alice.send(channel, mention(env), attachments=[("story.txt", b"Once upon a time")])
    assert said(channel.last_message) == ENGLISH("no-question")


async def test_a_question_over_the_limit_is_refused_with_the_limit(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    result = await alice.slash(channel, "ask", question="why " * 150)
    assert "up to 500" in said(result.response)


async def test_more_passages_are_shown_to_whoever_presses_and_still_after_a_restart(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, shelf: Shelf, tmp_path: Path
) -> None:
    answer = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert answer is not None
    shown = await alice.click(answer, label="More passages")
    assert shown.response is not None
    assert shown.response.ephemeral
    await env.restart_bot(bot_with(lambda: shelf, tmp_path))
    again = await alice.click(answer, label="More passages")
    assert said(again.response) == said(shown.response)
    assert said(again.response).count("\n> ") == 5


async def test_a_button_of_a_story_that_is_gone_says_so(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert answer is not None
    shelf = await bot.desk._shelf()
    with monkeypatch.context() as patched:
        patched.setattr(shelf, "_loaded", Loaded(0))
        pressed = await alice.click(answer, label="More passages")
    assert "not on my desk any more" in said(pressed.response)


async def test_a_story_that_cannot_be_loaded_is_told_to_whoever_asks(tmp_path: Path) -> None:
    def fail() -> Shelf:
        message = "The model is not there."
        raise ConfigError(message)

    async with simcord.run(bot_with(fail, tmp_path), shard_count=1) as env:
        channel = env.create_guild("Newsroom").create_text_channel("general")
        alice = env.guild.add_member(env.create_user("alice"))
        result = await alice.slash(channel, "ask", question=TROOPS)
        assert said(result.response).startswith("I cannot answer at the moment: something in my set-up")
        await alice.send(channel, f"{mention(env)} {TROOPS}")
        assert said(channel.last_message).startswith("I cannot answer at the moment: something in my set-up")
        assert ENGLISH("loading") not in [said(message) for message in channel.history()]


async def test_a_presence_that_comes_too_late_for_a_closing_gateway_is_no_error(
    bot: StorydeskBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def closing(**_: object) -> None:
        raise ConnectionResetError("Cannot write to closing transport")

    monkeypatch.setattr(bot, "change_presence", closing)
    await bot._show_when_loaded()


async def test_an_error_of_ours_is_one_line_with_a_code_that_stands_in_the_log(
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bot.desk, "ask", broken)
    with caplog.at_level(logging.ERROR):
        await alice.send(channel, f"{mention(env)} {TROOPS}")
    found = re.search(r"`([0-9a-f]{8})`", said(channel.last_message))
    assert found is not None
    assert found.group(1) in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in said(channel.last_message)


async def test_an_edited_reply_is_answered_anew_though_the_message_it_replies_to_is_gone(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    answer = channel.last_message
    assert answer is not None
    question = await alice.send(channel, f"{mention(env)} who met Kurt Campbell?", reply_to=answer)
    env.backend.delete_message(channel.id, answer.id)
    await alice.edit(question, f"{mention(env)} {TROOPS}")
    assert HEADCOUNT in said(channel.last_message)


async def test_a_deleted_question_leaves_its_answer(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    question = await alice.send(channel, f"{mention(env)} {TROOPS}")
    await alice.delete(question)
    assert HEADCOUNT in said(channel.last_message)


async def test_a_message_that_was_deleted_meanwhile_is_answered_below(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    env.inject_error("POST", "/channels/*/messages", status=400, code=50035, message="Unknown message")
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    assert HEADCOUNT in said(channel.last_message)
    assert channel.last_message is not None
    assert channel.last_message.reference is None


@pytest.mark.parametrize("hostile", ["@everyone @here", "<@&1> **bold** # x", "`x` [a](http://b.c) ||s||"])
async def test_nothing_that_members_write_pings_or_is_interpreted(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, hostile: str
) -> None:
    result = await alice.slash(channel, "ask", question=f"{hostile} {TROOPS}")
    await alice.send(channel, f"{mention(env)} {hostile} {TROOPS}")
    assert texts_of(result.response.components if result.response else [])[0] == f"-# {escape(hostile)} {TROOPS}"
    messages = [
        request.json for request in sent(env) if isinstance(request.json, dict) and request.json.get("components")
    ]
    assert messages
    for payload in messages:
        allowed = payload.get("allowed_mentions")
        assert allowed in ({"parse": [], "replied_user": False}, {"parse": []})


async def test_commands_are_synced_when_they_changed_and_not_at_every_start(
    env: simcord.Env, shelf: Shelf, tmp_path: Path
) -> None:
    def syncs() -> int:
        return sum(request.method == "PUT" and request.path.endswith("/commands") for request in env.http_requests)

    assert syncs() == 1
    await env.restart_bot(bot_with(lambda: shelf, tmp_path))
    assert syncs() == 1
    changed = bot_with(lambda: shelf, tmp_path)
    await changed.store.open()
    await changed.store.remember_synced_commands(env.backend.application_id, "other")
    await env.restart_bot(changed)
    assert syncs() == 2


async def test_commands_work_installed_to_a_server_and_to_a_member_but_the_desk_is_the_servers(
    env: simcord.Env,
) -> None:
    (sync,) = [request for request in env.http_requests if request.method == "PUT"]
    assert isinstance(sync.json, list)
    for command in sync.json:
        is_desk = command["name"] in ("desk", "story")
        assert command["integration_types"] == ([0] if is_desk else [0, 1]), command["name"]
        assert command["contexts"] == ([0] if is_desk else [0, 1, 2]), command["name"]


async def test_a_story_is_chosen_by_its_title_and_asked(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    (choice,) = await alice.autocomplete(channel, "ask", "story", "niger")
    assert choice == {"name": shipped_story().title, "value": shipped_story().id}
    assert await alice.autocomplete(channel, "ask", "story", "tennis") == []
    asked = await alice.slash(channel, "ask", question=TROOPS, story=choice["value"])
    assert HEADCOUNT in said(asked.response)
    gone = await alice.slash(channel, "ask", question=TROOPS, story="0" * 16)
    assert said(gone.response) == ENGLISH("unknown-story")


async def test_in_direct_messages_commands_work_too(env: simcord.Env) -> None:
    bob = env.create_user("bob")
    assert HEADCOUNT in said((await bob.slash("ask", question=TROOPS)).response)


async def test_in_a_guild_that_the_bot_is_not_in_nothing_is_kept_of_the_guild(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(bot, "get_guild", lambda _: None)
    assert HEADCOUNT in said((await alice.slash(channel, "ask", question=TROOPS)).response)
    assert (await bot.given_answers.insights(env.guild.id, 0)).questions == 0
    assert (await bot.store.kept_about(alice.id)).answers == 1


async def test_two_guilds_do_not_see_each_other(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    club = env.create_guild("Club")
    room = club.create_text_channel("general")
    bob = club.add_member(env.create_user("bob"))
    newsroom = channel._channel.guild_id
    assert newsroom is not None
    await bot.store.change_guild_settings(newsroom, 1, {"private": True, "language": "de"})
    mine = (await alice.slash(channel, "ask", question="Who won the tennis?")).response
    theirs = (await bob.slash(room, "ask", question="Who won the tennis?")).response
    assert mine is not None
    assert theirs is not None
    assert (mine.ephemeral, theirs.ephemeral) == (True, False)
    assert "sagt dazu nichts" in said(mine)
    assert "says nothing about that" in said(theirs)


def test_the_bot_needs_no_privileged_intent(bot: StorydeskBot) -> None:
    assert not any((bot.intents.message_content, bot.intents.members, bot.intents.presences))


async def test_the_model_never_works_in_the_event_loop(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    index = shelf.index(None)
    search = index.search_vector

    def noted(query: str, vector: NDArray[np.float32], count: int = 10) -> list[Hit]:
        threads.append(threading.current_thread().name)
        return search(query, vector, count)

    monkeypatch.setattr(index, "search_vector", noted)
    await alice.slash(channel, "ask", question=TROOPS)
    await alice.slash(channel, "lookup", query="base")
    assert len(threads) == 2
    assert all(name.startswith("desk") for name in threads)
