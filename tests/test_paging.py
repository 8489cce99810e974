"""Lists that take more than a page, turned on a simulated Discord."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from bot_fakes import SHOWS_CLOSEST, STORY, shelf_of
from discord_desk import bot_with, buttons_of, said
from discord_fixtures import *  # noqa: F403 - fixtures come by name

from bot import phrase
from bot.desk import Desk
from bot.language import ENGLISH
from bot.opening import open_index_in
from bot.store.records import FollowRecord
from bot.ui.replies import ReplyLayout
from index.story import Story

if TYPE_CHECKING:
    from pathlib import Path

    import simcord

    from bot.app import StorydeskBot
    from bot.shelf import Shelf


def small_shelf(folder: Path) -> Shelf:
    shelf = shelf_of()
    shelf._open_index = open_index_in(folder)
    return shelf


@pytest.fixture(name="bot")
def quick_bot(tmp_path: Path) -> StorydeskBot:
    """A bot with a shelf of its own whose model takes no time."""
    return bot_with(lambda: small_shelf(tmp_path), tmp_path)


async def all_pages(actor: simcord.MemberActor, first: simcord.ResponseMessage | None) -> list[str]:
    """Turn the pages of a list to its end; return what each shows."""
    assert first is not None
    assert first.ephemeral
    shown = [said(first)]
    page: simcord.ResponseMessage | None = first
    while page is not None and not buttons_of(page.components)[-1]["disabled"]:
        page = (await actor.click(page, label="Next page")).response
        shown.append(said(page))
    return shown


async def test_sixty_changes_are_shown_page_by_page_and_after_a_restart(
    env: simcord.Env,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    tmp_path: Path,
) -> None:
    old, new = (" ".join(f"Number {number} {word} here." for number in range(60)) for word in ("was", "is"))
    await chief.slash(channel, "story add", file=("count.txt", old.encode()))
    await chief.slash(channel, "story update", story="Count", file=("count.txt", new.encode()))
    first = (await alice.slash(channel, "story changes", story="Count")).response
    shown = await all_pages(alice, first)
    assert len(shown) == 12
    assert [f"Number {number} **is** here." in shown[number // 5] for number in range(60)] == [True] * 60
    await env.restart_bot(bot_with(lambda: small_shelf(tmp_path), tmp_path))
    assert first is not None
    again = (await alice.slash(channel, "story changes", story="Count")).response
    assert again is not None
    assert said((await alice.click(again, label="Next page")).response) == shown[1]


async def test_forty_stories_and_what_is_followed_are_listed_to_the_last(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    for number in range(40):
        await bot.library._records.add(env.guild.id, Story(body=f"Story {number}.", title=f"Title {number}"))
    for number in range(20):
        url = f"https://news.example/{number}"
        await bot.follower._records.follow(
            FollowRecord(0, env.guild.id, url, None, 3600, None, None, None, None, 0, None)
        )
    shown = await all_pages(alice, (await alice.slash(channel, "story list")).response)
    assert len(shown) == 4
    assert re.findall(r"“Title (\d+)”", "\n".join(shown)) == [str(number) for number in reversed(range(40))]
    assert re.findall(r"example/(\d+)>", "\n".join(shown)) == [str(number) for number in range(20)]
    assert [ENGLISH("stories") in page for page in shown] == [True, True, True, False]
    assert [ENGLISH("follows") in page for page in shown] == [False, False, True, True]


async def test_all_kept_questions_are_shown_to_their_member_and_to_nobody_else(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    for number in range(40):
        await bot.given_answers.keep_unanswered(env.guild.id, alice.id, f"Question {number}?", "silent")
    first = (await alice.slash(channel, "privacy mine")).response
    shown = await all_pages(alice, first)
    assert re.findall(r"Question (\d+)\?", "\n".join(shown)) == [str(number) for number in range(40)]
    bob = env.guild.add_member(env.create_user("bob"))
    assert said((await bob.slash(channel, "privacy mine")).response) == ENGLISH(
        "privacy-mine", answers=0, votes=0, changes=0, stories=0, unanswered=0
    )


async def test_the_text_of_a_reply_is_made_outside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    told = phrase.reply_texts

    def seen(*arguments: Any, **options: Any) -> list[str]:
        threads.append(threading.current_thread())
        return told(*arguments, **options)

    monkeypatch.setattr(phrase, "reply_texts", seen)
    desk = Desk(lambda: shelf_of(STORY))
    await ReplyLayout.of(await desk.ask("Where is the base?"), STORY, ENGLISH)
    await desk.close()
    assert threads
    assert threading.main_thread() not in threads


async def test_a_passage_that_does_not_fit_beside_the_others_is_the_first_of_the_further_ones() -> None:
    sentences = [f"{name} * * " + "_word_ " * 120 + "ends." for name in ("Anna", "Berta", "Clara", "Dora")]
    story = Story(body=" ".join(sentences), title="Words")
    desk = Desk(lambda: shelf_of(story, calibration=SHOWS_CLOSEST), closest=3)
    reply = await desk.ask("Who is Anna?")
    assert len(reply.quotes) == 3
    layout = await ReplyLayout.of(reply, story, ENGLISH)
    text = "\n".join(getattr(item, "content", "") for item in layout.walk_children())
    more = next(item for item in layout.walk_children() if (getattr(item, "custom_id", None) or "").startswith("more:"))
    shown = [quote.number for quote in layout.reply.quotes]
    assert text.count("ends.") == len(shown) < 3
    numbers = [int(number) for number in str(getattr(more, "custom_id", "")).rpartition(":")[2].split(".")]
    assert sorted([*shown, *numbers]) == [0, 1, 2, 3]
    assert numbers[0] == reply.quotes[len(shown)].number
    await desk.close()
