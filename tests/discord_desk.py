"""What the Discord tests share: a bot around a desk, and ways to read its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import simcord

from bot.app import StorydeskBot
from bot.config import Config
from bot.desk import Desk
from bot.opening import load_reader, store_for
from bot.shelf import Shelf
from bot.store.records import StoryRecord
from index.bundled import BundledEmbedder
from index.load import shipped_story
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import discord

    from index.story import Story


def shipped_shelf(embedder: BundledEmbedder) -> Shelf:
    reader, calibration = load_reader(Config(), embedder)
    return Shelf([StoryIndex.build(shipped_story(), embedder)], embedder, reader, calibration)


def bot_with(load: Callable[[], Shelf], folder: Path, **settings: Any) -> StorydeskBot:
    """Return a bot as `storydesk run` makes it, around a desk that opens with `load`."""
    config = Config(**{"storage": {"folder": str(folder)}, **settings})
    desk = Desk(
        load,
        max_question_characters=config.answers.max_question_characters,
        most_waiting=config.answers.most_waiting,
        closest=config.answers.closest,
    )
    return StorydeskBot(desk=desk, store=store_for(config), config=config)


def texts_of(components: Any) -> list[str]:
    """Return the text displays in raw or parsed components, in their order."""
    return [item["content"] for item in _walk(components) if item.get("type") == 10]


def buttons_of(components: Any) -> list[dict[str, Any]]:
    return [item for item in _walk(components) if item.get("type") == 2]


def said(message: discord.Message | simcord.ResponseMessage | None) -> str:
    """Return all text of a message, Components V2 included."""
    assert message is not None
    raw = [item if isinstance(item, dict) else item.to_dict() for item in message.components]
    return "\n".join([message.content, *texts_of(raw)]).strip()


def _walk(components: Any) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from _walk(component.get("components") or [])


def as_if_updated(bot: StorydeskBot, guild_id: int, before: Story, now: Story) -> None:
    """Let the library say that a story of a guild, which it need not keep, was updated from one text to another."""
    record = StoryRecord(1, guild_id, now.id, now.title, None, None, None, 1, len(now.body), None, 0)

    async def unmarked(_: int) -> list[StoryRecord]:
        return [record]

    async def named(*_: object) -> StoryRecord:
        return record

    async def earlier(*_: object) -> list[Story]:
        return [before]

    async def story(*_: object) -> Story:
        return now

    bot.library.unmarked = unmarked  # type: ignore[method-assign, assignment]
    bot.library.named = named  # type: ignore[method-assign, assignment]
    bot.library.earlier = earlier  # type: ignore[method-assign, assignment]
    bot.library.story = story  # type: ignore[method-assign, assignment]
