"""Following: what changed is taken over, what is new comes, what fails is looked at less often."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import simcord
from aiohttp import web
from discord_desk import said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention
from loopback_site import *  # noqa: F403 - as above
from loopback_site import Site
from test_library import Set
from test_stories import BRIDGE, own_bot  # noqa: F401 - a fixture

from bot.cogs.following import Following
from bot.config import LibrarySettings
from bot.errors import (
    FetchError,
    FetchQuotaError,
    FollowQuotaError,
    NoAddressError,
    RefusedStoryError,
    UnknownFollowError,
    UnknownStoryError,
)
from bot.fetch import fetch_if_changed
from bot.following import Follower
from bot.intake import Found, Intake
from bot.language import ENGLISH
from bot.library import Library
from bot.store.follows import FollowStore
from index.errors import LoadError
from index.feeds import FeedItem
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.app import StorydeskBot
    from bot.stages import Stages
    from bot.store.records import FollowRecord

NEWSROOM, CLUB = 1, 2
PAGE, FEED = "https://pilot.example/cats", "https://pilot.example/feed"
HOUR = 3600
CATS = Story("Cats sleep for fifteen hours a day.", "Cats", url=PAGE)
NAPS = Story("Cats sleep for sixteen hours a day.", "Cats", url=PAGE)


class Web(Intake):
    """Pages without a network; `asked` are the addresses and the state that was known of them."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Found | Exception | None] = {}
        self.asked: list[tuple[str, str | None, str | None]] = []

    async def look(
        self, link: str, etag: str | None = None, modified: str | None = None, *, stages: Stages | None = None
    ) -> Found | None:
        del stages
        self.asked.append((link, etag, modified))
        found = self.pages[link]
        if isinstance(found, Exception):
            raise found
        return found


class Kit(Set):
    """A library that follows."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.web = Web()
        self.follows = FollowStore(self.store)
        self.follower = Follower(self.follows, self.library, self.web, most=2)

    async def known(self, number: int) -> FollowRecord:
        records = await self.follows.of_guild(NEWSROOM)
        return next(record for record in records if record.id == number)

    async def names(self) -> list[str]:
        return sorted(record.name for record in await self.library.visible(NEWSROOM))


@pytest_asyncio.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Kit]:
    kit = Kit(tmp_path)
    await kit.store.open()
    async with kit.desk:
        yield kit
    await kit.store.close()


def page(story: Story, etag: str | None = None) -> Found:
    return Found(story, (), etag, None)


def refused(**why: int | bool) -> RefusedStoryError:
    error = RefusedStoryError("The page answers HTTP 503.")
    error.__cause__ = FetchError("The page answers HTTP 503.", **why)  # type: ignore[arg-type]
    return error


def feed(kit: Kit, *names: str) -> Found:
    """A feed of short stories of these names, whose pages are there too."""
    for name in names:
        text = f"{name} is a story of its own about {name}, and says nothing of others."
        kit.web.pages[f"https://pilot.example/{name}"] = page(Story(text, name, url=f"https://pilot.example/{name}"))
    return Found(None, tuple(FeedItem(name, f"https://pilot.example/{name}", name) for name in names), "e", None)


async def test_a_page_that_changed_is_taken_over_and_its_state_is_sent_along(kit: Kit) -> None:
    kit.web.pages[PAGE] = page(CATS, '"1"')
    followed = await kit.follower.follow(NEWSROOM, PAGE, 6, 11)
    assert await kit.names() == ["Cats"]
    assert followed.next_at is not None
    assert 5 * HOUR < followed.next_at - time.time() < 7 * HOUR
    assert await kit.follower.look_round() == 0  # nothing is due yet
    kit.web.pages[PAGE] = None
    assert not await kit.follower.look(followed)
    kit.web.pages[PAGE] = page(NAPS, '"2"')
    assert await kit.follower.look(await kit.known(followed.id))
    assert (await kit.library.named(NEWSROOM, "Cats")).story_id == NAPS.id
    assert not await kit.follower.look(await kit.known(followed.id))
    assert kit.web.asked == [(PAGE, None, None), (PAGE, '"1"', None), (PAGE, '"1"', None), (PAGE, '"2"', None)]


async def test_a_story_with_an_address_is_followed_by_its_name(kit: Kit) -> None:
    record, _ = await kit.library.add(NEWSROOM, CATS)
    await kit.library.add(NEWSROOM, Story("Dogs sleep.", "Dogs"))
    await kit.library.add(None, Story("Birds sing.", "Birds", url="https://pilot.example/birds"))
    followed = await kit.follower.follow(NEWSROOM, "cats", 1)
    assert (followed.url, followed.library_id) == (PAGE, record.id)
    for without in ("Dogs", "Birds"):
        with pytest.raises(NoAddressError):
            await kit.follower.follow(NEWSROOM, without, 1)
    with pytest.raises(UnknownStoryError):
        await kit.follower.follow(NEWSROOM, "Fish", 1)
    again = await kit.follower.follow(NEWSROOM, "cats", 3)
    assert (again.id, again.every) == (followed.id, 3 * HOUR)
    kit.web.pages[PAGE] = page(NAPS)
    assert await kit.follower.look_round() == 1
    await kit.library.remove(NEWSROOM, record.id)
    await kit.follows.looked(replace(followed, next_at=0))
    assert await kit.follower.look_round() == 0
    assert len(kit.web.asked) == 1


async def test_a_feed_brings_its_newest_five_and_then_what_is_new(kit: Kit) -> None:
    kit.web.pages[FEED] = feed(kit, "a", "b", "c", "d", "e", "f", "g")
    followed = await kit.follower.follow(NEWSROOM, FEED, 1)
    assert await kit.names() == []
    await kit.follower.look_round()
    assert await kit.names() == ["a", "b", "c", "d", "e"]
    kit.web.pages[FEED] = feed(kit, "h", "a", "b", "c", "d", "e", "f", "g")
    kit.web.asked.clear()
    await kit.follower.look(await kit.known(followed.id))
    assert await kit.names() == ["a", "b", "c", "d", "e", "h"]
    assert [link for link, *_ in kit.web.asked] == [FEED, "https://pilot.example/h"]


async def test_what_is_known_or_nearly_the_same_does_not_come_twice(kit: Kit) -> None:
    long = " ".join(f"Sentence {number} of this long story says something of its own." for number in range(30))
    await kit.library.add(NEWSROOM, Story(long, "Long", url="https://pilot.example/long"))
    copied = Story(long.replace("Sentence 7 of", "Line 7 of"), "Copied", url="https://copy.example/long")
    kit.web.pages["https://copy.example/long"] = page(copied)
    links = ("https://pilot.example/long", "https://copy.example/long")
    kit.web.pages[FEED] = Found(None, tuple(FeedItem(link, link, "Long") for link in links), None, None)
    await kit.follower.follow(NEWSROOM, FEED, 1)
    await kit.follower.look_round()
    assert await kit.names() == ["Long"]
    assert [link for link, *_ in kit.web.asked] == [FEED, FEED, links[1]]


async def test_an_item_that_cannot_be_read_is_tried_again_even_if_the_feed_is_as_it_was(kit: Kit) -> None:
    kit.web.pages[FEED] = feed(kit, "a", "b")
    kit.web.pages["https://pilot.example/a"] = refused()
    followed = await kit.follower.follow(NEWSROOM, FEED, 1)
    await kit.follower.look_round()
    assert await kit.names() == ["b"]
    feed(kit, "a", "b")
    await kit.follower.look(await kit.known(followed.id))
    assert await kit.names() == ["a", "b"]
    assert (FEED, "e", None) not in kit.web.asked
    await kit.follower.look(await kit.known(followed.id))
    assert kit.web.asked[-1] == (FEED, "e", None)


@pytest.mark.parametrize(
    "cause",
    [
        FetchError("The page is not open to everyone (HTTP 403).", key="cause-closed", status=403),
        FetchError("The page answers HTTP 404.", key="cause-status", status=404),
        FetchError("The page answers HTTP 410.", key="cause-status", status=410, is_gone=True),
        LoadError("There is no text on that page.", reason="empty"),
    ],
)
async def test_an_item_that_will_never_be_a_story_is_fetched_once(kit: Kit, cause: Exception) -> None:
    kit.web.pages[FEED] = feed(kit, "a", "b")
    closed = RefusedStoryError(str(cause))
    closed.__cause__ = cause
    kit.web.pages["https://pilot.example/a"] = closed
    followed = await kit.follower.follow(NEWSROOM, FEED, 1)
    for _ in range(3):
        await kit.follower.look(await kit.known(followed.id))
    assert [link for link, *_ in kit.web.asked].count("https://pilot.example/a") == 1
    assert await kit.names() == ["b"]


async def test_what_fails_is_looked_at_less_and_less_often_and_what_is_gone_no_more(kit: Kit) -> None:
    kit.web.pages[PAGE] = page(CATS)
    followed = await kit.follower.follow(NEWSROOM, PAGE, 6)
    kit.web.pages[PAGE] = refused()
    waits = []
    for _ in range(8):
        await kit.follower.look(await kit.known(followed.id))
        known = await kit.known(followed.id)
        assert known.next_at is not None
        waits.append((known.next_at - time.time()) / HOUR)
    assert 10 < waits[0] < 14
    assert 21 < waits[1] < 27
    assert all(wait < 7 * 24 * 1.11 for wait in waits)
    assert (known.failures, known.problem) == (8, "The page answers HTTP 503.")
    kit.web.pages[PAGE] = page(CATS)
    await kit.follower.look(known)
    known = await kit.known(followed.id)
    assert (known.failures, known.problem) == (0, None)
    kit.web.pages[PAGE] = refused(retry_after=3 * 24 * HOUR)
    await kit.follower.look(known)
    assert ((await kit.known(followed.id)).next_at or 0) > time.time() + 71 * HOUR
    kit.web.pages[PAGE] = refused(is_gone=True)
    await kit.follower.look(await kit.known(followed.id))
    assert (await kit.known(followed.id)).next_at is None


async def test_quotas_hold_for_what_is_followed_too(kit: Kit) -> None:
    quotas = LibrarySettings(fetches_an_hour=3)
    library = Library(kit.records, kit.files, kit.desk, quotas)
    follower = Follower(kit.follows, library, kit.web, most=1)
    kit.web.pages[FEED] = feed(kit, "a", "b", "c")
    followed = await follower.follow(NEWSROOM, FEED, 1)
    await follower.look_round()
    assert await kit.names() == ["a"]
    assert (await kit.known(followed.id)).failures == 1
    with pytest.raises(FollowQuotaError):
        await follower.follow(NEWSROOM, PAGE, 1)
    with pytest.raises(FetchQuotaError):
        library.count_fetch(NEWSROOM)


async def test_a_guild_sees_and_ends_only_what_it_follows_itself(kit: Kit) -> None:
    kit.web.pages[FEED] = feed(kit, "a")
    followed = await kit.follower.follow(NEWSROOM, FEED, 1)
    assert await kit.follower.of_guild(CLUB) == []
    with pytest.raises(UnknownFollowError):
        await kit.follower.unfollow(CLUB, followed.id)
    await kit.follower.unfollow(NEWSROOM, followed.id)
    assert await kit.follower.of_guild(NEWSROOM) == []
    await kit.follower.look(followed)  # a look that was under way changes nothing
    assert await kit.follower.of_guild(NEWSROOM) == []
    await kit.follower.follow(NEWSROOM, FEED, 1)
    await kit.store.forget_guild(NEWSROOM)
    assert await kit.follower.of_guild(NEWSROOM) == []


ARTICLE = """<!doctype html><html lang="en"><head><title>Harbour bridge closes for repairs</title></head><body><article>
<h1>Harbour bridge closes for repairs</h1>
<p>The harbour bridge of Port Alder closes on Monday for nine weeks, as the town council decided last night.</p>
<p>Engineers found cracks in {count} steel cables. Mayor Lena Ortiz called the repair long overdue.</p>
<p>Buses will cross the river at Quay Street. The work costs $12 million, which the province pays.</p>
</article></body></html>"""


async def test_a_followed_page_changes_and_the_answer_from_before_is_marked(
    env: simcord.Env,
    bot: StorydeskBot,
    chief: simcord.MemberActor,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.cogs.outdated._PAUSE", 0)
    monkeypatch.setattr("bot.intake.fetch_if_changed", partial(fetch_if_changed, policy=site.policy()))
    cables = 14
    site.pages["/bridge"] = lambda _: web.Response(text=ARTICLE.format(count=cables), content_type="text/html")
    address = site.address("/bridge")
    refused = said((await alice.slash(channel, "story follow", story=address)).response)
    assert refused == ENGLISH("not-librarian")
    told = said((await chief.slash(channel, "story follow", story=address, hours=2)).response)
    assert told == ENGLISH("follow-page", address=f"<{address}>", hours=2)
    await alice.send(channel, f"{mention(env)} {BRIDGE}")
    answer = channel.last_message
    assert answer is not None
    assert "**14** steel cables" in said(answer)
    listed = said((await alice.slash(channel, "story list")).response)
    assert f"<{address}> · every 2 h" in listed

    cables = 22
    (followed,) = await bot.follower.of_guild(env.guild.id)
    await FollowStore(bot.store).looked(replace(followed, next_at=0))
    cog = bot.get_cog("Following")
    assert isinstance(cog, Following)
    await cog.look()
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "mark-outdated"))
    marked = {message.id: said(message) for message in channel.history()}[answer.id]
    assert ENGLISH("outdated") in marked
    assert "> Engineers found cracks in 22 steel cables." in marked

    choices = await chief.autocomplete(channel, "story unfollow", "story", "bridge")
    assert [choice["value"] for choice in choices] == [followed.id]
    told = said((await chief.slash(channel, "story unfollow", story=followed.id)).response)
    assert told == ENGLISH("unfollowed", address=f"<{address}>")
    told = said((await chief.slash(channel, "story unfollow", story=followed.id)).response)
    assert told == ENGLISH("follow-unknown")


async def test_what_is_followed_already_is_followed_otherwise_also_at_the_quota(kit: Kit) -> None:
    follower = Follower(kit.follows, kit.library, kit.web, most=1)
    kit.web.pages[PAGE] = page(CATS)
    followed = await follower.follow(NEWSROOM, PAGE, 6)
    assert (await follower.follow(NEWSROOM, PAGE, 12)).every == 12 * HOUR
    again = await follower.follow(NEWSROOM, "cats", 24)
    assert (again.id, again.every) == (followed.id, 24 * HOUR)
    with pytest.raises(FollowQuotaError):
        await follower.follow(NEWSROOM, FEED, 6)
