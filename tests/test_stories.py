"""`/story` on a simulated Discord: bring stories, ask them, take them away; no guild sees another's."""

from __future__ import annotations

import asyncio
import importlib
import re
import threading
from typing import TYPE_CHECKING, Any

import discord
import pytest
import simcord
from discord_desk import bot_with, buttons_of, said, shipped_shelf
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention

from bot import phrase
from bot.config import LibrarySettings
from bot.errors import UnknownStoryError
from bot.fetch import Page
from bot.language import ENGLISH, phrases
from bot.markdown import escape, shortened
from bot.opening import open_index_in
from index.errors import LoadError
from index.load import read_story, shipped_story

if TYPE_CHECKING:
    from pathlib import Path

    from bot.app import StorydeskBot
    from bot.shelf import Shelf
    from bot.stages import Stages
    from index.bundled import BundledEmbedder
    from index.story import Story

HARBOUR = """---
title: Harbour bridge closes for repairs
author: Ada Quill
source: The Pilot
published: 2026-05-04
url: https://news.example/bridge
---
The harbour bridge of Port Alder closes on Monday for nine weeks.

Engineers found cracks in 14 steel cables. Mayor Lena Ortiz called the repair long overdue.

Buses will cross the river at Quay Street. The work costs $12 million.
"""
BRIDGE = "How many cables have cracks?"
TROOPS = "How many US troops have to go?"


@pytest.fixture(name="bot")
def own_bot(embedder: BundledEmbedder, tmp_path: Path) -> StorydeskBot:
    """A bot with a shelf of its own, since these tests put stories on it."""
    return bot_with(lambda: own_shelf(embedder, tmp_path), tmp_path)


def own_shelf(embedder: BundledEmbedder, folder: Path) -> Shelf:
    shelf = shipped_shelf(embedder)
    shelf._open_index = open_index_in(folder)
    return shelf


async def add(
    actor: simcord.MemberActor, channel: simcord.ChannelHandle, text: str = HARBOUR, name: str = "bridge.md"
) -> str:
    return said((await actor.slash(channel, "story add", file=(name, text.encode()))).response)


async def ask(actor: simcord.MemberActor, channel: simcord.ChannelHandle, question: str, **options: str) -> str:
    return said((await actor.slash(channel, "ask", question=question, **options)).response)


async def test_an_added_file_is_asked_and_its_quotes_link_to_where_it_stands(
    chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    assert "Engineers" not in await ask(alice, channel, BRIDGE)
    assert await add(chief, channel) == ENGLISH(
        "story-added", title="“Harbour bridge closes for repairs”", paragraphs=3
    )
    answer = await ask(alice, channel, BRIDGE)
    assert "Engineers found cracks in **14** steel cables." in answer
    assert "¶ 2 · [Harbour bridge closes for repairs](https://news.example/bridge#:~:text=Engineers%20found" in answer


async def test_two_stories_that_differ_in_a_figure_are_shown_side_by_side_the_newest_first(
    chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    later = HARBOUR.replace("14 steel", "22 steel").replace("2026-05-04", "2026-05-09").replace("closes for", "in")
    await add(chief, channel)
    await add(chief, channel, later, "later.md")
    answer = await ask(alice, channel, BRIDGE)
    assert ENGLISH("stories-differ") in answer
    assert answer.index("**22** steel cables") < answer.index("**14** steel cables")
    assert answer.index("2026-05-09") < answer.index("2026-05-04")
    assert ENGLISH("stories-differ") not in await ask(alice, channel, "Who called the repair long overdue?")
    named = await ask(alice, channel, BRIDGE, story="Harbour bridge closes for repairs")
    assert "**14**" in named
    assert "22" not in named


async def test_a_pasted_text_is_a_story(
    chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    form = await chief.slash(channel, "story add")
    body = HARBOUR.partition("---\n")[2].partition("---\n")[2]
    shown = await chief.submit_modal(form, {"title": "The bridge", "text": body})
    assert "“The bridge”" in said(shown.response)
    assert "**14**" in await ask(alice, channel, BRIDGE)


async def test_forms_that_are_open_at_once_in_two_servers_bring_each_its_own_text(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    guild = env.create_guild("Club")
    role = guild.create_role("Chief", permissions=discord.Permissions(manage_guild=True))
    other, there = guild.add_member(env.create_user("bob"), roles=[role]), guild.create_text_channel("general")
    forms = [await chief.slash(channel, "story add"), await other.slash(there, "story add")]
    texts = ["The bridge is shut for nine weeks.", "The ferry runs every hour."]
    shown = [
        said((await actor.submit_modal(form, {"title": f"Story {number}", "text": text})).response)
        for number, (actor, form, text) in enumerate(zip((chief, other), forms, texts, strict=True))
    ]
    assert ["Story 0" in shown[0], "Story 1" in shown[1]] == [True, True]
    assert "nine weeks" in await ask(chief, channel, "How long is the bridge shut?")
    assert "every hour" in await ask(other, there, "How often does the ferry run?")


async def test_members_may_not_manage_stories_but_a_chosen_role_may(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    assert await add(alice, channel) == ENGLISH("not-librarian")
    refused = await alice.slash(channel, "story add")
    assert refused.modal is None
    assert said(refused.response) == ENGLISH("not-librarian")
    role = env.guild.create_role("Librarians")
    await bot.store.change_guild_settings(env.guild.id, 1, {"librarians": (role.id,)})
    librarian = env.guild.add_member(env.create_user("lib"), roles=[role])
    assert "✔ Added" in await add(librarian, channel)


async def test_the_same_story_is_not_added_twice(chief: simcord.MemberActor, channel: simcord.ChannelHandle) -> None:
    await add(chief, channel)
    assert await add(chief, channel) == ENGLISH("story-known", title="“Harbour bridge closes for repairs”")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.md", "   ", "empty"),
        ("x.pdf", "%PDF-1.7", "PDF file is damaged"),
        ("x.txt", "one two\x01three", "control characters"),
    ],
)
async def test_a_file_that_is_no_story_is_refused_in_one_line(
    chief: simcord.MemberActor, channel: simcord.ChannelHandle, name: str, text: str, told: str
) -> None:
    shown = await add(chief, channel, text, name)
    assert shown.startswith("I cannot take that:")
    assert told in shown
    assert "\n" not in shown


async def test_stories_are_listed_and_shown(
    chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    assert "No story was added here yet" in said((await alice.slash(channel, "story list")).response)
    await add(chief, channel)
    assert "1. “Harbour bridge closes for repairs” · 3 ¶" in said((await alice.slash(channel, "story list")).response)
    (choice,) = await alice.autocomplete(channel, "story show", "story", "bridge")
    card = said((await alice.slash(channel, "story show", story=choice["value"])).response)
    assert "Ada Quill · The Pilot · 2026-05-04" in card
    assert "https://news.example/bridge" in card
    assert f"<@{chief.id}>" in card


async def test_a_question_goes_to_the_story_that_answers_it(
    chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await add(chief, channel)
    shipped = shipped_story()
    await add(chief, channel, f"---\ntitle: {shipped.title}\n---\n{shipped.body}", "niger.md")
    assert "**14**" in await ask(alice, channel, BRIDGE)
    assert "More than 1,000" in await ask(alice, channel, TROOPS)
    assert ENGLISH("silent-all", count=2) in await ask(alice, channel, "Who won the tennis in Paris?")


async def test_a_channel_is_put_on_a_story_and_a_thread_follows_its_channel(
    env: simcord.Env, chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await add(chief, channel)
    await add(chief, channel, "Cats sleep a lot.\n\nA cat sleeps for fifteen hours a day.", "cats.txt")
    other = env.guild.create_text_channel("cats")
    (cats,) = await chief.autocomplete(channel, "story use", "story", "cats")
    told = said((await chief.slash(channel, "story use", story=cats["value"], channel=other)).response)
    assert told == ENGLISH("story-used", place=f"<#{other.id}>", title="“Cats”")
    assert "Engineers" not in await ask(alice, other, BRIDGE)
    assert "**14**" in await ask(alice, channel, BRIDGE)
    env.backend.create_thread(other.id, "Talk", alice.id)
    (thread,) = other.threads
    await alice.send(thread, f"{mention(env)} {BRIDGE}")
    assert "14" not in said(thread.last_message)
    (bridge,) = await alice.autocomplete(channel, "ask", "story", "bridge")
    assert "**14**" in await ask(alice, other, BRIDGE, story=bridge["value"])
    await chief.slash(channel, "story use", channel=other)
    assert "**14**" in await ask(alice, other, BRIDGE)


async def test_a_story_is_renamed_for_everyone_here(
    chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await add(chief, channel)
    await chief.slash(channel, "story rename", story="Harbour bridge closes for repairs", name="The *bridge*")
    assert r"[The \*bridge\*](https://news.example/bridge#:~:text=" in await ask(alice, channel, BRIDGE)


async def test_removing_asks_first_and_can_be_undone(
    chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await add(chief, channel)
    old = (await alice.slash(channel, "ask", question=BRIDGE)).response
    asked = (await chief.slash(channel, "story remove", story="Harbour bridge closes for repairs")).response
    assert asked is not None
    assert [button["label"] for button in buttons_of(asked.components)] == ["Remove"]
    assert "**14**" in await ask(alice, channel, BRIDGE)
    removed = (await chief.click(asked, label="Remove")).response
    assert "Engineers" not in await ask(alice, channel, BRIDGE)
    assert old is not None
    assert said((await alice.click(old, label="In context")).response) == ENGLISH("unknown-story")
    assert removed is not None
    assert "It is back" in said((await chief.click(removed, label="Undo")).response)
    assert "**14**" in await ask(alice, channel, BRIDGE)


async def test_no_guild_sees_anothers_stories(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await add(chief, channel)
    (record,) = await bot.library.visible(env.guild.id)
    club = env.create_guild("Club")
    room = club.create_text_channel("general")
    bob = club.add_member(club.owner)
    assert "Engineers" not in await ask(bob, room, BRIDGE)
    assert await bob.autocomplete(room, "ask", "story", "bridge") == []
    assert await bob.autocomplete(room, "story show", "story", "") == []
    for name in (str(record.id), record.story_id, record.name):
        assert await ask(bob, room, BRIDGE, story=name) == ENGLISH("unknown-story")
        told = [
            *[
                said((await bob.slash(room, f"story {command}", story=name)).response)
                for command in ("show", "use", "changes", "update", "follow", "remove")
            ],
            said((await bob.slash(room, "story rename", story=name, name="mine")).response),
        ]
        assert set(told) == {ENGLISH("no-such-story")}
    assert (await bot.library.visible(env.guild.id))[0].name == "Harbour bridge closes for repairs"


async def test_stories_of_the_operator_are_seen_by_all_and_changed_by_none(
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await bot.library.add(None, read_story(HARBOUR.encode(), "bridge.md"))
    assert "**14**" in await ask(alice, channel, BRIDGE)
    assert "for all servers" in said((await alice.slash(channel, "story list")).response)
    name = "Harbour bridge closes for repairs"
    monkeypatch.setattr(bot.library, "count_fetch", pytest.fail)
    monkeypatch.setattr(bot.intake, "page", pytest.fail)
    for command, more in (("rename", {"name": "mine"}), ("update", {}), ("remove", {})):
        refused = (await chief.slash(channel, f"story {command}", story=name, **more)).response
        assert refused is not None
        assert said(refused) == ENGLISH("shared-story")
        assert not buttons_of(refused.components)
        assert await chief.autocomplete(channel, f"story {command}", "story", "") == []
    assert said((await chief.slash(channel, "story follow", story=name)).response) == ENGLISH("follow-no-link")
    assert await chief.autocomplete(channel, "story follow", "story", "") == []
    (choice,) = await chief.autocomplete(channel, "story use", "story", "")
    assert "✔" in said((await chief.slash(channel, "story use", story=choice["value"])).response)


@pytest.mark.parametrize("name", ["\u00a0", "\u200b", "\u3164 \u2060"])
async def test_a_story_keeps_its_name_where_the_new_one_cannot_be_seen(
    chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot, env: simcord.Env, name: str
) -> None:
    await add(chief, channel, "Cats sleep a lot.", "cats.txt")
    told = said((await chief.slash(channel, "story rename", story="Cats", name=name)).response)
    assert told == ENGLISH("blank-name")
    assert [record.name for record in await bot.library.visible(env.guild.id)] == ["Cats"]


async def test_stories_are_there_after_a_restart(
    env: simcord.Env,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    embedder: BundledEmbedder,
    tmp_path: Path,
) -> None:
    await add(chief, channel)
    old = (await alice.slash(channel, "ask", question=BRIDGE)).response
    await env.restart_bot(bot_with(lambda: own_shelf(embedder, tmp_path), tmp_path))
    assert "**14**" in await ask(alice, channel, BRIDGE)
    assert old is not None
    assert "Mayor Lena Ortiz" in said((await alice.click(old, label="In context")).response)


async def test_help_greets_with_the_story_that_is_asked_here(
    chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await add(chief, channel)
    assert "Harbour bridge closes for repairs" in said((await alice.slash(channel, "help")).response)


async def test_an_added_story_is_looked_up_and_claims_are_found_in_it(
    chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await add(chief, channel)
    assert "Buses will cross the river" in said((await alice.slash(channel, "lookup", query="buses river")).response)
    message = await alice.send(channel, "Engineers found cracks in 14 steel cables of the bridge")
    found = said((await alice.context_menu(channel, "Find this in the story", message)).response)
    assert ENGLISH("found") in found


async def test_an_update_replaces_the_text_and_changes_shows_what_is_new(
    chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await add(chief, channel)
    name = "Harbour bridge closes for repairs"
    assert said((await alice.slash(channel, "story changes", story=name)).response) == ENGLISH(
        "changes-none", title=f"“{name}”"
    )
    old = (await alice.slash(channel, "ask", question=BRIDGE)).response
    same = ("bridge.md", HARBOUR.encode())
    assert said((await chief.slash(channel, "story update", story=name, file=same)).response) == ENGLISH(
        "story-same", title=f"“{name}”"
    )
    newer = ("bridge.md", HARBOUR.replace("14 steel cables", "22 steel cables").encode())
    assert "✔ Updated" in said((await chief.slash(channel, "story update", story=name, file=newer)).response)
    assert "**22**" in await ask(alice, channel, BRIDGE)
    shown = said((await alice.slash(channel, "story changes", story=name)).response)
    assert "> Engineers found cracks in **14** steel cables." in shown
    assert "> Engineers found cracks in **22** steel cables." in shown
    assert "Buses" not in shown
    assert old is not None
    assert "14 steel cables" in said((await alice.click(old, label="In context")).response)
    assert said((await alice.slash(channel, "story update", story=name, file=same)).response) == ENGLISH(
        "not-librarian"
    )


async def test_a_story_without_an_address_is_updated_by_a_file_only(
    chief: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await add(chief, channel, "Cats sleep a lot.", "cats.txt")
    told = said((await chief.slash(channel, "story update", story="Cats")).response)
    assert told == ENGLISH("story-no-link", title="“Cats”")


async def test_an_answer_whose_quote_is_gone_is_marked_with_the_new_wording(
    env: simcord.Env,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.cogs.outdated._PAUSE", 0)
    await add(chief, channel)
    await alice.send(channel, f"{mention(env)} {BRIDGE}")
    old = channel.last_message
    stands = (await alice.slash(channel, "ask", question="What did Lena Ortiz say?")).response
    newer = ("bridge.md", HARBOUR.replace("14 steel cables", "22 steel cables").encode())
    await chief.slash(channel, "story update", story="Harbour bridge closes for repairs", file=newer)
    await env.settle()
    marked = {message.id: said(message) for message in channel.history()}
    assert old is not None
    assert ENGLISH("outdated") in marked[old.id]
    assert "> Engineers found cracks in 22 steel cables." in marked[old.id]
    link = "https://news.example/bridge#:~:text=Engineers%20found%20cracks%20in%2022%20steel%20cables."
    assert f"-# [Harbour bridge closes for repairs]({link})" in marked[old.id]
    assert "**14** steel cables" in marked[old.id]
    assert stands is not None
    assert ENGLISH("outdated") not in marked[stands.id]
    (message,) = [message for message in channel.history() if message.id == old.id]
    assert said((await alice.click(message, label="Helpful")).response) == ENGLISH("vote-counted")


async def test_a_long_answer_is_marked_without_the_new_wording(
    env: simcord.Env,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.cogs.outdated._PAUSE", 0)
    monkeypatch.setattr("bot.phrase.TEXT_LIMIT", 300)
    await add(chief, channel)
    await alice.send(channel, f"{mention(env)} {BRIDGE}")
    newer = ("bridge.md", HARBOUR.replace("14 steel cables", "22 steel cables").encode())
    await chief.slash(channel, "story update", story="Harbour bridge closes for repairs", file=newer)
    await env.settle()
    (marked,) = [text for message in channel.history() if ENGLISH("outdated") in (text := said(message))]
    assert "**14** steel cables" in marked
    assert "22 steel cables" not in marked


async def test_a_server_brings_files_and_texts_as_often_in_an_hour_as_it_may(
    chief: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.library, "_quotas", LibrarySettings(fetches_an_hour=0, files_an_hour=2))
    for name in ("one", "two"):
        assert (await add(chief, channel, HARBOUR.replace("nine", name))).startswith("✔ Added")
    assert await add(chief, channel, HARBOUR) == ENGLISH("file-quota", files=2)
    form = await chief.slash(channel, "story add")
    pasted = await chief.submit_modal(form, {"title": "Cats", "text": "Cats sleep."})
    assert said(pasted.response) == ENGLISH("file-quota", files=2)
    page = await chief.slash(channel, "story add", link="https://news.example/cats")
    assert said(page.response) == ENGLISH("fetch-quota", pages=0)


async def test_links_and_changes_are_made_beside_the_event_loop(
    env: simcord.Env,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A long page's take a while, for which everybody would wait."""
    monkeypatch.setattr("bot.cogs.outdated._PAUSE", 0)
    made: list[str] = []

    def noting(place: str, name: str) -> None:
        module = importlib.import_module(place)
        own = getattr(module, name)

        def noted(*args: Any, **options: Any) -> Any:
            made.append(f"{name} in the event loop" if threading.current_thread() is threading.main_thread() else name)
            return own(*args, **options)

        monkeypatch.setattr(module, name, noted)

    noting("bot.phrase", "link_to")
    noting("bot.lists", "_sides")
    noting("index.story", "_blocks")
    await add(chief, channel)
    answer = (await alice.slash(channel, "ask", question=BRIDGE)).response
    assert answer is not None
    for label in ("In context", "More passages"):
        await alice.click(answer, label=label)
    await alice.slash(channel, "lookup", query=BRIDGE, count=10)
    message = await alice.send(channel, "The harbour bridge has 14 cracked cables.")
    await alice.context_menu(channel, "Find this in the story", message)
    newer = ("bridge.md", HARBOUR.replace("14 steel cables", "22 steel cables").encode())
    await chief.slash(channel, "story update", story="Harbour bridge closes for repairs", file=newer)
    await chief.slash(channel, "story changes", story="Harbour bridge closes for repairs")
    await env.settle()
    assert set(made) == {"link_to", "_sides", "_blocks"}


async def test_who_asks_a_story_that_is_removed_meanwhile_is_told_so(
    env: simcord.Env,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await add(chief, channel)
    record = await bot.library.named(env.guild.id, "Harbour bridge closes for repairs")
    answer = bot.desk.ask

    async def removed_meanwhile(*args: Any, **options: Any) -> Any:
        found = await answer(*args, **options)
        await bot.library.remove(env.guild.id, record.id)
        return found

    monkeypatch.setattr(bot.desk, "ask", removed_meanwhile)
    assert "not on my desk any more" in await ask(alice, channel, BRIDGE)


async def test_a_rival_that_is_gone_meanwhile_is_left_out(
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = HARBOUR.replace("14 steel", "22 steel").replace("closes for", "in")
    await add(chief, channel)
    await add(chief, channel, later, "later.md")
    assert ENGLISH("stories-differ") in await ask(alice, channel, BRIDGE)
    found, seen = bot.library.story, []

    async def story(guild_id: int | None, story_id: str | None) -> Story:
        seen.append(story_id)
        if len(set(seen)) > 1:
            message = "That story is not on my desk any more."
            raise UnknownStoryError(message)
        return await found(guild_id, story_id)

    monkeypatch.setattr(bot.library, "story", story)
    answer = await ask(alice, channel, BRIDGE)
    assert len(set(seen)) == 2
    assert "steel cables" in answer
    assert ENGLISH("stories-differ") not in answer


async def test_an_answer_from_two_versions_ago_is_marked_once_and_its_mark_kept_up(
    env: simcord.Env,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.cogs.outdated._PAUSE", 0)
    await add(chief, channel)
    await alice.send(channel, f"{mention(env)} {BRIDGE}")
    old = channel.last_message
    assert old is not None
    text = HARBOUR

    async def marked_after(before: str, now: str) -> str:
        nonlocal text
        text = text.replace(before, now)
        file = ("bridge.md", text.encode())
        await chief.slash(channel, "story update", story="Harbour bridge closes for repairs", file=file)
        await env.settle()
        return {message.id: said(message) for message in channel.history()}[old.id]

    assert ENGLISH("outdated") not in await marked_after("$12 million", "$13 million")
    assert "> Engineers found cracks in 22 steel cables." in await marked_after("14 steel", "22 steel")
    await bot.store.change_guild_settings(env.guild.id, 1, {"language": "de"})
    again = await marked_after("22 steel", "30 steel")
    assert "> Engineers found cracks in 30 steel cables." in again
    assert "22 steel" not in again
    assert again.count("⚠") == 1


async def test_an_answer_is_marked_where_what_another_story_said_beside_it_is_gone(
    env: simcord.Env,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.cogs.outdated._PAUSE", 0)
    later = HARBOUR.replace("14 steel", "22 steel").replace("2026-05-04", "2026-05-09").replace("closes for", "in")
    for name in ("Harbour bridge closes for repairs", "Harbour bridge in repairs"):
        await add(chief, channel)
        await add(chief, channel, later, "later.md")
        shown = (await alice.slash(channel, "ask", question=BRIDGE)).response
        assert shown is not None
        assert ENGLISH("stories-differ") in said(shown)
        whole = HARBOUR if "closes" in name else later
        changed = whole.replace(" steel cables", " steel ropes")
        await chief.slash(channel, "story update", story=name, file=("b.md", changed.encode()))
        await env.settle()
        marked = {message.id: said(message) for message in channel.history()}[shown.id]
        assert f"cracks in {'14' if whole == HARBOUR else '22'} steel ropes." in marked
        await chief.slash(channel, "story update", story=name, file=("b.md", whole.encode()))


class SlowSite:
    """A site, and a text on it, that take as long as a test wants; `go_on` lets the next step happen."""

    def __init__(self, env: simcord.Env, monkeypatch: pytest.MonkeyPatch) -> None:
        self._env = env
        self._steps: asyncio.Queue[None] = asyncio.Queue()
        monkeypatch.setattr("bot.intake.fetch_if_changed", self._fetch)
        monkeypatch.setattr("bot.intake.read_safely", self._read)

    async def _fetch(self, url: str, **_: object) -> Page:
        await self.step()
        return Page(url, HARBOUR.encode(), "page.md", None)

    async def _read(self, content: bytes, name: str, **_: object) -> Story:
        await self.step()
        return read_story(content, name)

    async def step(self) -> None:
        await self._env.external_wait(self._steps.get(), reason="a slow site")

    async def go_on(self) -> None:
        self._steps.put_nowait(None)
        await self._env.settle()


@pytest.mark.parametrize(("command", "option"), [("add", "link"), ("follow", "story")])
async def test_after_two_seconds_it_says_whether_it_fetches_reads_or_indexes(
    env: simcord.Env,
    chief: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    option: str,
) -> None:
    await bot.store.change_guild_settings(env.guild.id, chief.id, {"language": "de"})
    say, site, place = phrases("de"), SlowSite(env, monkeypatch), bot.desk.place

    async def place_slowly(story_id: str, progress: Stages) -> None:
        progress(20, 80)
        await site.step()
        progress(40, 80)
        await site.step()
        await place(story_id)

    monkeypatch.setattr(bot.desk, "place", place_slowly)
    result = await chief.slash(channel, f"story {command}", **{option: "https://pilot.example/x"})

    async def shown_after(seconds: float) -> str:
        await env.advance_time(seconds)
        return said(result.response) if result.response else ""

    assert await shown_after(1.9) == ""
    assert await shown_after(0.2) == say("doing-fetching")
    await site.go_on()
    assert await shown_after(1.7) == say("doing-fetching")  # edited every two seconds at most
    assert await shown_after(0.3) == say("doing-reading")
    await site.go_on()
    assert await shown_after(2) == say("doing-indexing", percent=25)
    await site.go_on()
    assert await shown_after(2) == say("doing-indexing", percent=75)
    await site.go_on()
    assert said(result.response).startswith("✔")
    assert (await shown_after(60)).startswith("✔")


async def test_an_update_says_how_far_it_is_too_and_what_is_refused_ends_it(
    env: simcord.Env, chief: simcord.MemberActor, channel: simcord.ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(chief, channel)
    site = SlowSite(env, monkeypatch)
    result = await chief.slash(channel, "story update", story="Harbour bridge closes for repairs")
    await env.advance_time(2)
    assert said(result.response) == ENGLISH("doing-fetching")
    monkeypatch.setattr("bot.intake.read_safely", no_story)
    await site.go_on()
    assert ENGLISH("cause-empty") in said(result.response)
    await env.advance_time(60)
    assert ENGLISH("cause-empty") in said(result.response)


async def no_story(*_: object, **__: object) -> Story:
    raise LoadError("there is nothing in it", reason="empty")


async def test_a_guild_that_does_not_want_marks_gets_none(
    env: simcord.Env,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    bot: StorydeskBot,
) -> None:
    await bot.store.change_guild_settings(env.guild.id, 1, {"marks_outdated": False})
    await add(chief, channel)
    await alice.send(channel, f"{mention(env)} {BRIDGE}")
    newer = ("bridge.md", HARBOUR.replace("14 steel cables", "22 steel cables").encode())
    await chief.slash(channel, "story update", story="Harbour bridge closes for repairs", file=newer)
    await env.settle()
    assert not [message for message in channel.history() if ENGLISH("outdated") in said(message)]


HOSTILE_TITLE = "@everyone <@&1> <#2> **bold** _it_ [link](https://evil.example)\n# Head `code` ||x||"


async def test_nothing_in_a_title_pings_or_is_interpreted(
    env: simcord.Env, chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    form = await chief.slash(channel, "story add")
    shown = [said((await chief.submit_modal(form, {"title": HOSTILE_TITLE, "text": "Nine cats sleep."})).response)]
    (choice,) = await alice.autocomplete(channel, "story show", "story", "everyone")
    assert choice["name"] == shortened(HOSTILE_TITLE, 100)
    assert "\n" not in choice["name"]
    story = choice["value"]
    shown += [
        said((await alice.slash(channel, "story list")).response),
        said((await alice.slash(channel, "story show", story=story)).response),
        said((await alice.slash(channel, "story changes", story=story)).response),
        said((await chief.slash(channel, "story use", story=story)).response),
        said((await chief.slash(channel, "story remove", story=story)).response),
        await ask(alice, channel, "How many cats sleep?"),
        await ask(alice, channel, "Who won the tennis in Paris?"),
        said((await alice.slash(channel, "help")).response),
    ]
    escaped = escape(shortened(HOSTILE_TITLE, phrase.TITLE_CHARACTERS))
    assert all(escaped in text for text in shown)
    own = {f"<@{chief.id}>", f"<#{channel.id}>"}  # who added it and which channel is put on it, shown without a ping
    for text in shown:
        assert set(re.findall(r"(?<!\\)<[@#]&?\d+>", text)) <= own
        assert not re.search(r"(?<!\\)(?:\*\*b|\[link|`code|\|\|x)|^# Head", text, re.MULTILINE)
    written = [
        request.json
        for request in env.http_requests
        if isinstance(request.json, dict) and request.json.get("components")
    ]
    assert written
    assert {tuple(payload["allowed_mentions"]["parse"]) for payload in written} == {()}


async def test_the_whole_server_is_put_on_a_story_and_on_all_again(
    env: simcord.Env, chief: simcord.MemberActor, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await add(chief, channel)
    await add(chief, channel, "Cats sleep a lot.\n\nA cat sleeps for fifteen hours a day.", "cats.txt")
    told = said((await chief.slash(channel, "story use", story="Cats", everywhere=True)).response)
    assert told == ENGLISH("story-used", place=ENGLISH("whole-server"), title="“Cats”")
    other = env.guild.create_text_channel("other")
    for place in (channel, other):
        assert "Engineers" not in await ask(alice, place, BRIDGE)
    await chief.slash(channel, "story use", story="Harbour bridge closes for repairs", channel=other)
    assert "**14**" in await ask(alice, other, BRIDGE)
    assert "Engineers" not in await ask(alice, channel, BRIDGE)
    told = said((await chief.slash(channel, "story use", everywhere=True)).response)
    assert told == ENGLISH("story-unused", place=ENGLISH("whole-server"))
    assert "**14**" in await ask(alice, channel, BRIDGE)
