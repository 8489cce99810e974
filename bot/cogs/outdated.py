"""Marks the answers whose quotes no longer stand after a story was updated: one line, and the new wording."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import discord

from bot import phrase
from bot.changes import changes
from bot.errors import StorageError

if TYPE_CHECKING:
    from bot.app import StorydeskBot
    from bot.language import Phrases
    from bot.store.records import AnswerRecord
    from index.story import Story

_log = logging.getLogger("storydesk")

_SECONDS = 7 * 86_400
_MOST = 50  # answers of one update
_PAUSE = 1.0  # seconds between two of them, so that answering questions comes first


async def mark_outdated(bot: StorydeskBot, guild_id: int, old: Story, new: Story, say: Phrases) -> int:
    """Edit the last days' answers from `old` that quote what `new` does not say; return how many."""
    try:
        answers = await bot.store.answers_from(guild_id, old.id, int(time.time()) - _SECONDS, _MOST)
    except StorageError as error:
        _log.error("answers from an older version cannot be read: %s", error)
        return 0
    outdated = [answer for answer in answers if _gone(answer, old, new)]
    wording = await asyncio.to_thread(lambda: {change.old: change.new for change in changes(old, new) if change.old})
    marked = 0
    for answer in outdated:
        now = next((wording[text] for text in map(_folded, _gone(answer, old, new)) if wording.get(text)), None)
        lines = [say("outdated"), f"> {phrase.escape(phrase.shortened(now, 300))}"] if now else [say("outdated")]
        marked += await _mark(bot, answer, "\n".join(lines))
        await asyncio.sleep(_PAUSE)
    return marked


async def _mark(bot: StorydeskBot, answer: AnswerRecord, text: str) -> bool:
    channel = bot.get_partial_messageable(answer.channel_id, guild_id=answer.guild_id)
    try:
        message = await channel.fetch_message(answer.message_id)
        view = discord.ui.LayoutView.from_message(message, timeout=None)
        view.add_item(discord.ui.TextDisplay(text))
        await message.edit(view=view, allowed_mentions=discord.AllowedMentions.none())
        view.stop()
    except (discord.HTTPException, ValueError) as error:
        _log.info("an answer from an older version cannot be marked: %s", error)
        return False
    return True


def _gone(answer: AnswerRecord, old: Story, new: Story) -> list[str]:
    """Return the quotes of an answer that the new version does not have."""
    quotes = [old.body[start:end] for start, end in answer.quotes]
    return [quote for quote in quotes if quote not in new.body]


def _folded(text: str) -> str:
    return " ".join(text.split())
