"""What the store takes and gives: frozen records, so that nobody outside holds a row of the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Voted = Literal["counted", "changed", "withdrawn", "unknown"]
"""What became of a vote; `unknown` is the answer that is not remembered any more."""

NOWHERE = 0
"""The channel of a reply that stands in no channel, since only its member was shown it."""


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """A reply that the bot gave; `quotes` are offsets into the story's body, `asked_at` seconds since 1970.

    `channel_id` is NOWHERE for a reply that only its member was shown: no one else learns where that was.
    `rivals` are what it quoted of other stories, each by the story's id and offsets.
    """

    message_id: int
    channel_id: int
    guild_id: int | None
    member_id: int | None
    story_id: str
    verdict: str
    confidence: float
    quotes: tuple[tuple[int, int], ...]
    asked_at: int
    rivals: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question without an answer, in its member's words."""

    question: str
    verdict: str
    asked_at: int


@dataclass(frozen=True, slots=True)
class Insights:
    """What a guild asked: counts by verdict, by day (days since 1970, UTC) and verdict, and votes.

    `votes` are those for and against the answers of a day, `askers` the members who asked on it.
    """

    verdicts: Mapping[str, int]
    days: Mapping[int, Mapping[str, int]]
    helpful: int
    unhelpful: int
    members: int
    unanswered: tuple[Unanswered, ...] = field(default=())
    votes: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    askers: Mapping[int, int] = field(default_factory=dict)

    @property
    def questions(self) -> int:
        """Return how many were asked."""
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept about a member, by kind."""

    answers: int
    votes: int
    settings_changes: int
    stories: int
    unanswered: tuple[Unanswered, ...]


@dataclass(frozen=True, slots=True)
class FollowRecord:
    """A page or feed that a guild follows, looked at `every` so many seconds; times are seconds since 1970.

    `library_id` is the story of a page, None for a feed; `next_at` None means that it is looked at no more.
    `problem` is why the last look failed, in English; the phrase `problem_key` says it with `problem_values`.
    """

    id: int
    guild_id: int
    url: str
    library_id: int | None
    every: int
    etag: str | None
    modified: str | None
    looked_at: int | None
    next_at: int | None
    failures: int
    problem: str | None
    problem_key: str | None = None
    problem_values: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class StoryRecord:
    """A story of the library: `guild_id` None is the operator's, for all guilds; `added_at` is seconds since 1970."""

    id: int
    guild_id: int | None
    story_id: str
    name: str
    url: str | None
    source: str | None
    published: str | None
    paragraphs: int
    characters: int
    member_id: int | None
    added_at: int
