"""Marks the answers whose quotes no longer stand after a story was updated: one line, and the new wording."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import discord

from bot import phrase
from bot.changes import changes
from bot.errors import StorageError, UnknownStoryError
from bot.language import LANGUAGES, phrases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.app import StorydeskBot
    from bot.changes import Change
    from bot.language import Phrases
    from bot.store.records import AnswerRecord
    from index.story import Story

_log = logging.getLogger("storydesk")

_SECONDS = 7 * 86_400
_MOST = 50  # answers of one update
_PAUSE = 1.0  # seconds between two of them, so that answering questions comes first


async def mark_outdated(bot: StorydeskBot, guild_id: int, story_id: str, say: Phrases) -> int:
    """Edit the last days' answers that quote what the newest text of a story does not say; return how many.

    They may be from any earlier text: what the last update left as it was may have gone with this one.
    """
    try:
        new = await bot.library.story(guild_id, story_id)
        earlier = {story.id: story for story in await bot.library.earlier(guild_id, story_id)}
        answers = await bot.store.answers_from(guild_id, list(earlier), int(time.time()) - _SECONDS, _MOST)
    except (StorageError, UnknownStoryError) as error:
        _log.error("answers from an older version cannot be read: %s", error)
        return 0
    rewordings = await asyncio.to_thread(_rewordings, list(earlier.values()), new)
    marked = 0
    for answer in answers:
        if gone := _gone(answer, earlier, new):
            now = next((rewordings[text] for text in gone if text in rewordings), None)
            marked += await _mark(bot, answer, "\n".join([say("outdated"), *_new_wording(now, new)]))
            await asyncio.sleep(_PAUSE)
    return marked


def _gone(answer: AnswerRecord, earlier: Mapping[str, Story], new: Story) -> list[str]:
    """Return the quotes of an answer that an earlier text has and the new one has not, on one line each."""
    places = [*((answer.story_id, *quote) for quote in answer.quotes), *answer.rivals]
    quotes = [earlier[story_id].body[start:end] for story_id, start, end in places if story_id in earlier]
    return [_folded(quote) for quote in quotes if quote not in new.body]


def _rewordings(earlier: Sequence[Story], new: Story) -> dict[str, Change]:
    """Return what became of each sentence of the earlier texts that was worded anew."""
    return {change.old: change for old in earlier for change in changes(old, new) if change.old and change.new}


def _new_wording(change: Change | None, new: Story) -> list[str]:
    """Return the new wording with a link to where it stands, where there is one."""
    if change is None or change.new is None:
        return []
    quoted = f"> {phrase.escape(phrase.shortened(change.new, 300))}"
    return [quoted, f"-# {phrase.linked_title(new, change.place)}"]


async def _mark(bot: StorydeskBot, answer: AnswerRecord, text: str) -> bool:
    """Write the line below an answer, in the place of that of an earlier update."""
    channel = bot.get_partial_messageable(answer.channel_id, guild_id=answer.guild_id)
    try:
        message = await channel.fetch_message(answer.message_id)
        view = discord.ui.LayoutView.from_message(message, timeout=None)
        if isinstance(last := view.children[-1], discord.ui.TextDisplay) and last.content.startswith(_marks()):
            view.remove_item(last)
            if last.content == text:
                return False
        view.add_item(discord.ui.TextDisplay(text))
        await message.edit(view=view, allowed_mentions=discord.AllowedMentions.none())
        view.stop()
    except (discord.HTTPException, ValueError) as error:
        _log.info("an answer from an older version cannot be marked: %s", error)
        return False
    return True


def _marks() -> tuple[str, ...]:
    """Return how such a line begins; a guild may have changed its language meanwhile."""
    return tuple(phrases(language)("outdated") for language in LANGUAGES)


def _folded(text: str) -> str:
    return " ".join(text.split())
