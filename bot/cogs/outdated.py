"""Marks the answers whose quotes no longer stand after a story was updated: one line, and the new wording.

Which updates there were is read from the database, where the terminal writes its own too: what this
process or another one updated, or what it did not come to before it was stopped, is marked the same way.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import discord
from discord.ext import commands, tasks

from bot import phrase
from bot.changes import changes
from bot.errors import StorageError, StorydeskError, UnknownStoryError
from bot.language import LANGUAGES, phrases
from bot.markdown import escape, shortened
from bot.ui.delivery import UNDELIVERED
from index.errors import StoryError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.app import StorydeskBot
    from bot.changes import Change
    from bot.store.records import AnswerRecord, StoryRecord
    from index.story import Story

_log = logging.getLogger("storydesk")

_SECONDS = 7 * 86_400
_MOST, _MOST_TOGETHER = 50, 500  # answers of one update in a guild, and in all guilds where the story is the operator's
_PAUSE = 1.0  # seconds between two of them, so that answering questions comes first


class Outdated(commands.Cog):
    """Marks answers, one update after the other: those of this bot at once, those of the terminal within a minute."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Mark answers of `bot`."""
        self._bot = bot
        self._marking = asyncio.Lock()
        self._soon: asyncio.Task[None] | None = None
        self._again = False

    async def cog_load(self) -> None:
        """Begin to look for updates."""
        self._clock.start()

    async def cog_unload(self) -> None:
        """Look for no more; what is left is marked after the next start."""
        self._clock.cancel()
        if self._soon is not None:
            self._soon.cancel()

    def mark_soon(self) -> None:
        """Mark the answers from what was just updated, without waiting for it; many updates need one task."""
        self._again = True
        if self._soon is None or self._soon.done():
            self._soon = asyncio.create_task(self._mark_while_wanted(), name="mark-outdated")

    async def _mark_while_wanted(self) -> None:
        while self._again:
            self._again = False
            await self._mark_or_log()

    async def mark(self) -> int:
        """Mark the answers from all updates that are not marked yet; return how many.

        Raises:
            StorageError: the database cannot tell; they are marked later.
        """
        marked = 0
        async with self._marking:
            for record in await self._bot.library.unmarked(int(time.time()) - _SECONDS):
                try:
                    marked += await self._mark_update(record)
                except StorageError:
                    raise
                except UnknownStoryError:  # removed meanwhile; once it is brought back, its answers are marked
                    continue
                except (StorydeskError, StoryError) as error:  # which will be the same the next time
                    _log.error("answers from an older version cannot be marked: %s", error)
                await self._bot.library.marked(record)
        return marked

    async def _mark_update(self, record: StoryRecord) -> int:
        await self._bot.library.named(record.guild_id, str(record.id))  # it may be gone since it was found
        guilds: Sequence[int | None] = [record.guild_id]
        if record.guild_id is None:
            ids = [story.id for story in await self._bot.library.earlier(None, record)]
            guilds = await self._bot.given_answers.guilds_quoting(ids, int(time.time()) - _SECONDS)
        marked, left = 0, _MOST_TOGETHER
        for guild_id in guilds:
            if (await self._bot.settings_of(guild_id)).marks_outdated and left > 0:
                outdated = await _outdated(self._bot, guild_id, record, min(_MOST, left))
                left -= len(outdated)
                for answer, text in outdated:
                    marked += await _mark(self._bot, answer, text)
                    await asyncio.sleep(_PAUSE)
        return marked

    @tasks.loop(minutes=1)
    async def _clock(self) -> None:
        if self._bot.desk.is_ready:
            await self._mark_or_log()

    async def _mark_or_log(self) -> None:
        try:
            await self.mark()
        except StorageError as error:
            _log.error("which answers are outdated cannot be read: %s", error)
        except Exception:  # noqa: BLE001 - a bug must not stop the clock
            _log.exception("a bug while marking outdated answers")


async def _outdated(
    bot: StorydeskBot, guild_id: int | None, record: StoryRecord, most: int
) -> list[tuple[AnswerRecord, str]]:
    """Return the last days' answers that quote what the newest text of a story does not say, and the line below each.

    They may be from any earlier text: what the last update left as it was may have gone with this one.
    """
    new = await bot.library.story(guild_id, record.story_id)
    earlier = {story.id: story for story in await bot.library.earlier(guild_id, record)}
    answers = await bot.given_answers.latest_quoting(guild_id, list(earlier), int(time.time()) - _SECONDS, most)
    rewordings = await asyncio.to_thread(_rewordings, list(earlier.values()), new)
    say = await bot.say_in(bot.get_guild(guild_id) if guild_id is not None else None)
    found = []
    for answer in answers:
        if gone := _gone(answer, earlier, new):
            now = next((rewordings[text] for text in gone if text in rewordings), None)
            wording = await asyncio.to_thread(_new_wording, now, new)
            found.append((answer, "\n".join([say("outdated"), *wording])))
    return found


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
    quoted = f"> {escape(shortened(change.new, 300))}"
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
        if view.content_length() + len(text) > phrase.TEXT_LIMIT:
            text = text.partition("\n")[0]  # without the new wording
        view.add_item(discord.ui.TextDisplay(text))
        await message.edit(view=view, allowed_mentions=discord.AllowedMentions.none())
        view.stop()
    except (*UNDELIVERED, ValueError) as error:
        _log.info("an answer from an older version cannot be marked: %s", error)
        return False
    return True


def _marks() -> tuple[str, ...]:
    """Return how such a line begins; a guild may have changed its language meanwhile."""
    return tuple(phrases(language)("outdated") for language in LANGUAGES)


def _folded(text: str) -> str:
    return " ".join(text.split())
