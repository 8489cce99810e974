"""Follows pages and feeds: looks at them now and then, takes over what changed, brings what is new.

A look asks whether anything changed since the last one. What fails is looked at less and less often, and not
again once its server says that it is gone.
"""

from __future__ import annotations

import logging
import random
import re
import time
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.causes import cause_of
from bot.errors import (
    AskError,
    FetchError,
    FollowQuotaError,
    NoAddressError,
    RefusedStoryError,
    StorydeskError,
)
from bot.store.records import FollowRecord
from index.errors import LoadError, StoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.intake import Intake
    from bot.library import Library
    from bot.stages import Stages
    from bot.store.follows import FollowStore
    from index.feeds import FeedItem
    from index.story import Story

_log = logging.getLogger("storydesk")

_HOUR = 3600  # seconds
_LONGEST = 7 * 24 * _HOUR
_JITTER = 0.1  # of the interval, so that what began together is not looked at together
_DOUBLINGS = 6
_FIRST_ITEMS, _ITEMS = 5, 20  # of a feed in one look; a new feed brings its newest
_CLOSED = frozenset(("cause-closed", "cause-kind", "cause-large"))  # causes that stay
_AT_ONCE = 10  # looks in one round


class Follower:
    """Looks at what guilds follow; it needs no Discord."""

    def __init__(self, records: FollowStore, library: Library, intake: Intake, *, most: int) -> None:
        """Follow up to `most` pages and feeds of each guild."""
        self._records = records
        self._library = library
        self._intake = intake
        self._most = most

    async def follow(
        self, guild_id: int, what: str, hours: int, member_id: int | None = None, *, stages: Stages | None = None
    ) -> FollowRecord:
        """Follow a page or feed by its address, or a story of the guild that has one; a new page's story is added.

        A feed's newest items come with the next round.

        Raises:
            AskError: it cannot be fetched, is no story of the guild's own, has no address, or a quota is used up.
            StorageError, StoryError, StorydeskError: as `Library.add`.
        """
        now = int(time.time())
        wanted = FollowRecord(0, guild_id, what.strip(), None, hours * _HOUR, None, None, None, now, 0, None)
        if not re.match(r"https?://", wanted.url, re.IGNORECASE):
            return await self._follow_story(wanted)
        await self._check_quota(wanted)
        self._library.count_fetch(guild_id)
        found = await self._intake.look(wanted.url, stages=stages)
        if found is None or found.story is None:
            return await self._records.follow(wanted)
        story, _ = await self._library.add(guild_id, found.story, member_id, stages=stages)
        known = replace(wanted, library_id=story.id, etag=found.etag, modified=found.modified, looked_at=now)
        return await self._records.follow(replace(known, next_at=_next(known)))

    async def _follow_story(self, wanted: FollowRecord) -> FollowRecord:
        record = await self._library.managed(wanted.guild_id, wanted.url)
        if record.url is None or record.guild_id != wanted.guild_id:
            message = "That story has no address, or is not this server's own."
            raise NoAddressError(message)
        wanted = replace(wanted, url=record.url, library_id=record.id)
        await self._check_quota(wanted)
        return await self._records.follow(wanted)

    async def _check_quota(self, wanted: FollowRecord) -> None:
        """Let pass what a guild may still follow; what it follows already, it may follow otherwise."""
        others = [one for one in await self._records.of_guild(wanted.guild_id) if one.url != wanted.url]
        if len(others) >= self._most:
            message = "This server follows as much as it may."
            raise FollowQuotaError(message, followed=self._most)

    async def unfollow(self, guild_id: int, number: int) -> FollowRecord:
        """Follow something no more.

        Raises:
            UnknownFollowError: the guild does not follow it.
        """
        return await self._records.unfollow(guild_id, number)

    async def of_guild(self, guild_id: int) -> list[FollowRecord]:
        """Return what a guild follows."""
        return await self._records.of_guild(guild_id)

    async def look_round(self) -> int:
        """Look at what is due, one after the other; return how many stories changed."""
        return sum([await self.look(followed) for followed in await self._records.due(int(time.time()), _AT_ONCE)])

    async def look(self, followed: FollowRecord) -> bool:
        """Look at something now, and write down when to look again; say whether its story changed."""
        looked = replace(
            followed, looked_at=int(time.time()), failures=0, problem=None, problem_key=None, problem_values=None
        )
        is_changed = False
        try:
            self._library.count_fetch(followed.guild_id)
            found = await self._intake.look(followed.url, followed.etag, followed.modified)
            if found is not None:
                if found.story is not None and followed.library_id is not None:
                    is_changed = await self._updated(followed.guild_id, followed.library_id, found.story)
                if await self._bring(followed, found.items):  # else it shall be sent again
                    looked = replace(looked, etag=found.etag, modified=found.modified)
            looked = replace(looked, next_at=_next(looked))
        except (AskError, StorydeskError, StoryError) as error:
            looked = _failed(followed, error)
        await self._records.looked(looked)
        return is_changed

    async def _updated(self, guild_id: int, number: int, story: Story) -> bool:
        """Put a new text in the place of a story's that is still there; say whether it is another one."""
        records = await self._library.visible(guild_id)
        if number not in {record.id for record in records}:
            return False
        _, is_changed = await self._library.update(guild_id, number, story)
        return is_changed

    async def _bring(self, followed: FollowRecord, items: Sequence[FeedItem]) -> bool:
        """Add the stories that a feed names and the guild has not; return whether none is to be tried again.

        What will never be a story, behind a wall or gone or no text, is not: it would use up what the guild may fetch.

        Raises:
            QuotaError, FetchQuotaError: the guild has brought as much as it may.
        """
        unseen = await self._records.unseen(followed.id, [item.key for item in items])
        new = [item for item in items if item.key in unseen]
        if followed.looked_at is None:
            await self._records.see(followed.id, [item.key for item in new[_FIRST_ITEMS:]])
            new = new[:_FIRST_ITEMS]
        are_all_read = len(new) <= _ITEMS
        known = {record.url for record in await self._library.visible(followed.guild_id)}
        for item in new[:_ITEMS]:
            if item.link not in known:
                self._library.count_fetch(followed.guild_id)
                try:
                    story = await self._intake.page(item.link)
                except RefusedStoryError as error:
                    _log.info("an item of the feed %d cannot be read: %s", followed.id, error)
                    if not _is_for_good(error):
                        are_all_read = False
                        continue
                else:
                    if await self._library.similar(followed.guild_id, story) is None:
                        await self._library.add(followed.guild_id, story)
            await self._records.see(followed.id, [item.key])
        return are_all_read


def _is_for_good(error: RefusedStoryError) -> bool:
    """Say whether a page will not become a story by waiting: one without a text, not open to everyone, or not there."""
    cause = error.__cause__
    if isinstance(cause, FetchError):
        return cause.is_gone or cause.key in _CLOSED or cause.values.get("status") == HTTPStatus.NOT_FOUND
    return isinstance(cause, LoadError)


def _failed(followed: FollowRecord, error: Exception) -> FollowRecord:
    """Return what to write down of a look that failed."""
    cause = error.__cause__
    told = cause_of(error)
    looked = replace(
        followed,
        failures=followed.failures + 1,
        problem=str(error),
        problem_key=told.key if told else None,
        problem_values=dict(told.values) if told else None,
    )
    if isinstance(cause, FetchError) and cause.is_gone:
        return replace(looked, next_at=None)
    next_at = _next(looked)
    if isinstance(cause, FetchError) and cause.retry_after is not None:
        next_at = max(next_at, int(time.time()) + min(cause.retry_after, _LONGEST))
    return replace(looked, next_at=next_at)


def _next(followed: FollowRecord) -> int:
    """Return when to look again: doubled with each failure, and a little sooner or later than the others."""
    wait = min(followed.every * 2 ** min(followed.failures, _DOUBLINGS), _LONGEST)
    return int(time.time() + wait * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - no secret
