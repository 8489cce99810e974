"""The answers given, in the database: what they quote, votes on them, and what was asked without an answer.

Whatever belongs to a guild is asked for by the guild's id, so that no guild can see another's. The
texts of answers are not kept: offsets into the story are all that it takes to mark one that is outdated.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, func, or_, select

from bot.store.records import NOWHERE, AnswerRecord, Insights, Unanswered
from bot.store.tables import GivenAnswer, RivalQuote, UnansweredQuestion, Vote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.store.records import Voted
    from bot.store.store import Store

_DAY = 86_400  # seconds
_UNANSWERED_KEPT = 500  # of each guild


class AnswerStore:
    """The tables of answers; everything raises `StorageError` where the database cannot be used."""

    def __init__(self, store: Store) -> None:
        """Use an open store."""
        self._store = store

    async def remember(self, answer: AnswerRecord) -> None:
        """Remember a reply; one that stands in the same message is replaced, and keeps its votes."""
        async with self._store.changing() as session:
            quotes = [list(quote) for quote in answer.quotes]
            await session.merge(
                GivenAnswer(
                    message_id=answer.message_id,
                    channel_id=answer.channel_id,
                    guild_id=answer.guild_id,
                    member_id=answer.member_id,
                    story_id=answer.story_id,
                    verdict=answer.verdict,
                    confidence=answer.confidence,
                    quotes=quotes,
                    asked_at=answer.asked_at,
                )
            )
            await session.flush()
            await session.execute(delete(RivalQuote).where(RivalQuote.message_id == answer.message_id))
            for story_id, start, end in answer.rivals:
                session.add(RivalQuote(message_id=answer.message_id, story_id=story_id, start=start, end=end))

    async def guilds_quoting(self, story_ids: Sequence[str], since: int) -> list[int | None]:
        """Return the guilds that have such answers as `latest_quoting` returns, the latest first.

        None stands for direct messages.
        """
        async with self._store.reading() as session:
            guilds = select(GivenAnswer.guild_id).where(_quoting(story_ids, since)).group_by(GivenAnswer.guild_id)
            return list(await session.scalars(guilds.order_by(func.max(GivenAnswer.asked_at).desc())))

    async def latest_quoting(
        self, guild_id: int | None, story_ids: Sequence[str], since: int, most: int
    ) -> list[AnswerRecord]:
        """Return a guild's latest answers since a time (seconds since 1970) that quote one of these texts.

        Without a guild they are those in direct messages. What only its member was shown is left out: nobody
        can edit it any more.
        """
        here = GivenAnswer.guild_id.is_(None) if guild_id is None else GivenAnswer.guild_id == guild_id
        async with self._store.reading() as session:
            quoting = select(GivenAnswer).where(here, _quoting(story_ids, since))
            latest = quoting.order_by(GivenAnswer.asked_at.desc()).limit(most)
            rows = (await session.scalars(latest)).all()
            rivals: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
            of_rows = RivalQuote.message_id.in_([row.message_id for row in rows])
            for rival in await session.scalars(select(RivalQuote).where(of_rows)):
                rivals[rival.message_id].append((rival.story_id, rival.start, rival.end))
            return [
                AnswerRecord(
                    message_id=row.message_id,
                    channel_id=row.channel_id,
                    guild_id=row.guild_id,
                    member_id=row.member_id,
                    story_id=row.story_id,
                    verdict=row.verdict,
                    confidence=row.confidence,
                    quotes=tuple((start, end) for start, end in row.quotes),
                    asked_at=row.asked_at,
                    rivals=tuple(rivals[row.message_id]),
                )
                for row in rows
            ]

    async def has_answered_in(self, guild_id: int, channel_id: int) -> bool:
        """Say whether a reply in this channel or thread is remembered."""
        of_channel = (GivenAnswer.guild_id == guild_id) & (GivenAnswer.channel_id == channel_id)
        async with self._store.reading() as session:
            return await session.scalar(select(GivenAnswer.message_id).where(of_channel).limit(1)) is not None

    async def vote(self, message_id: int, member_id: int, *, is_helpful: bool) -> Voted:
        """Count a member's vote on an answer; the same vote once more takes it back."""
        async with self._store.changing() as session:
            if await session.get(GivenAnswer, message_id) is None:
                return "unknown"
            vote = await session.get(Vote, (message_id, member_id))
            if vote is None:
                session.add(Vote(message_id=message_id, member_id=member_id, is_helpful=is_helpful))
                return "counted"
            if vote.is_helpful is is_helpful:
                await session.delete(vote)
                return "withdrawn"
            vote.is_helpful = is_helpful
            return "changed"

    async def keep_unanswered(self, guild_id: int, member_id: int, question: str, verdict: str) -> None:
        """Keep a question that a guild wants to know of; only its last few hundred are kept."""
        async with self._store.changing() as session:
            session.add(
                UnansweredQuestion(
                    guild_id=guild_id, member_id=member_id, question=question, verdict=verdict, asked_at=_now()
                )
            )
            await session.flush()
            of_guild = select(UnansweredQuestion.id).where(UnansweredQuestion.guild_id == guild_id)
            kept = of_guild.order_by(UnansweredQuestion.id.desc()).limit(_UNANSWERED_KEPT)
            older = (UnansweredQuestion.guild_id == guild_id) & UnansweredQuestion.id.not_in(kept)
            await session.execute(delete(UnansweredQuestion).where(older))

    async def insights(self, guild_id: int, since: int) -> Insights:
        """Return what a guild asked since a time (seconds since 1970)."""
        of_guild = (GivenAnswer.guild_id == guild_id) & (GivenAnswer.asked_at >= since)
        day = (GivenAnswer.asked_at - GivenAnswer.asked_at % _DAY).label("day")
        async with self._store.reading() as session:
            counted = await session.execute(
                select(day, GivenAnswer.verdict, func.count()).where(of_guild).group_by("day", GivenAnswer.verdict)
            )
            days: dict[int, Counter[str]] = defaultdict(Counter)
            for number, verdict, count in counted:
                days[number // _DAY][verdict] += count
            voted = await session.execute(
                select(day, Vote.is_helpful, func.count())
                .select_from(Vote)
                .join(GivenAnswer)
                .where(of_guild)
                .group_by("day", Vote.is_helpful)
            )
            votes: dict[int, tuple[int, int]] = {}
            for number, is_helpful, count in voted:
                helpful, against = votes.get(number // _DAY, (0, 0))
                votes[number // _DAY] = (helpful + count, against) if is_helpful else (helpful, against + count)
            asked = await session.execute(
                select(day, func.count(GivenAnswer.member_id.distinct())).where(of_guild).group_by("day")
            )
            askers = {number // _DAY: count for number, count in asked}
            members = await session.scalar(select(func.count(GivenAnswer.member_id.distinct())).where(of_guild))
            unanswered = await session.scalars(
                select(UnansweredQuestion)
                .where(UnansweredQuestion.guild_id == guild_id, UnansweredQuestion.asked_at >= since)
                .order_by(UnansweredQuestion.id.desc())
            )
            questions = tuple(Unanswered(row.question, row.verdict, row.asked_at) for row in unanswered)
        verdicts = sum(days.values(), Counter[str]())
        helpful, unhelpful = (sum(of_day[side] for of_day in votes.values()) for side in (0, 1))
        return Insights(verdicts, dict(days), helpful, unhelpful, members or 0, questions, votes, askers)


def _quoting(story_ids: Sequence[str], since: int) -> ColumnElement[bool]:
    """Return what holds of answers since a time that quote one of these texts, and that others than a member see."""
    beside = select(RivalQuote.message_id).where(RivalQuote.story_id.in_(story_ids))
    quotes_them = or_(GivenAnswer.story_id.in_(story_ids), GivenAnswer.message_id.in_(beside))
    return quotes_them & (GivenAnswer.asked_at >= since) & (GivenAnswer.channel_id != NOWHERE)


def _now() -> int:
    return int(time.time())
