"""The tables. Times are whole seconds since 1970 in UTC, ids are Discord's.

No table holds the text of a question but `unanswered`, which only a guild that asked for it fills.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up integers only


class Table(DeclarativeBase):
    """The base of all tables; constraints have names, so that a migration can change them."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(column_0_N_label)s",
        }
    )


class SyncedCommands(Table):
    """Which commands Discord has from an application, as a digest."""

    __tablename__ = "synced_commands"

    application_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))


class SettingsOfGuild(Table):
    """The settings of a guild as one document: they are always read and written whole."""

    __tablename__ = "guild_settings"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)


class SettingsChange(Table):
    """What a guild's settings were before a change, so that it can be taken back."""

    __tablename__ = "settings_changes"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's way; an id never comes twice

    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger, index=True)
    member_id: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)


class GivenAnswer(Table):
    """A reply that stands on Discord; `quotes` are pairs of offsets into the story's body."""

    __tablename__ = "answers"
    __table_args__ = (Index(None, "guild_id", "asked_at"),)

    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(BigInteger, index=True)
    guild_id: Mapped[int | None] = mapped_column(BigInteger)
    member_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    story_id: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[float]
    quotes: Mapped[list[list[int]]] = mapped_column(JSON)
    asked_at: Mapped[int] = mapped_column(BigInteger, index=True)


class RivalQuote(Table):
    """What an answer quoted beside its own quotes, from another story that contradicts it."""

    __tablename__ = "rival_quotes"

    message_id: Mapped[int] = mapped_column(ForeignKey("answers.message_id", ondelete="CASCADE"), primary_key=True)
    story_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    start: Mapped[int]
    end: Mapped[int]


class Vote(Table):
    """Whether a member found an answer helpful."""

    __tablename__ = "votes"

    message_id: Mapped[int] = mapped_column(ForeignKey("answers.message_id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)
    is_helpful: Mapped[bool]


class UnansweredQuestion(Table):
    """A question that the story did not answer, in its member's words."""

    __tablename__ = "unanswered"
    __table_args__ = (Index(None, "guild_id", "asked_at"),)

    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger)
    member_id: Mapped[int] = mapped_column(BigInteger, index=True)
    question: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[int] = mapped_column(BigInteger)


class LibraryStory(Table):
    """A story of a guild, or of the operator for all guilds; its text lies in a file, by `story_id`."""

    __tablename__ = "stories"
    __table_args__ = (Index(None, "guild_id", "removed_at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    guild_id: Mapped[int | None] = mapped_column(BigInteger)
    story_id: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    published: Mapped[str | None] = mapped_column(Text)
    paragraphs: Mapped[int]
    characters: Mapped[int]
    member_id: Mapped[int | None] = mapped_column(BigInteger)
    added_at: Mapped[int] = mapped_column(BigInteger)
    removed_at: Mapped[int | None] = mapped_column(BigInteger)


class ChosenStory(Table):
    """Which story a channel is on; channel 0 stands for the whole guild."""

    __tablename__ = "chosen_stories"

    guild_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    library_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"))


class Followed(Table):
    """A page that a guild follows, or without `library_id` a feed; without `next_at` it is looked at no more."""

    __tablename__ = "followed"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - as above

    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger, index=True)
    url: Mapped[str] = mapped_column(Text)
    library_id: Mapped[int | None] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"))
    every: Mapped[int]
    etag: Mapped[str | None] = mapped_column(Text)
    modified: Mapped[str | None] = mapped_column(Text)
    looked_at: Mapped[int | None] = mapped_column(BigInteger)
    next_at: Mapped[int | None] = mapped_column(BigInteger, index=True)
    failures: Mapped[int]
    problem: Mapped[str | None] = mapped_column(Text)
    problem_key: Mapped[str | None] = mapped_column(String(64))
    problem_values: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class SeenItem(Table):
    """An item of a followed feed that was looked at."""

    __tablename__ = "seen_items"

    followed_id: Mapped[int] = mapped_column(ForeignKey("followed.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[int] = mapped_column(BigInteger)


class StoryVersion(Table):
    """A text that a story had before it was updated; without `marked_at` the answers from it are yet to be marked."""

    __tablename__ = "story_versions"

    library_id: Mapped[int] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True)
    story_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    replaced_at: Mapped[int] = mapped_column(BigInteger, index=True)
    marked_at: Mapped[int | None] = mapped_column(BigInteger)
