"""What is remembered of an answer: what follow-ups need, where it stands, and which votes were told of."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from bot.answer import Answer
from bot.cogs.conversations import Conversations
from bot.cogs.told_votes import ToldVotes
from bot.errors import StorageError
from bot.store.records import NOWHERE, AnswerRecord
from bot.ui.delivery import UNDELIVERED
from bot.ui.layouts import notice

if TYPE_CHECKING:
    import discord

    from bot.app import StorydeskBot
    from bot.ui.replies import ReplyLayout

_log = logging.getLogger("storydesk")


class Memory:
    """What the bot remembers of its answers, in memory and in the store."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Remember what `bot` answers."""
        self.conversations = Conversations()
        self._bot = bot
        self._told_votes = ToldVotes()

    async def remember(
        self,
        layout: ReplyLayout,
        message: discord.Message,
        user: discord.abc.User,
        guild_id: int | None,
        replied_to: int | None = None,
        *,
        is_private: bool = False,
    ) -> None:
        """Remember what was answered in which message, and the question if the guild wants to know of it.

        Of an answer that `is_private` to its member it is not remembered where that was, nor what was asked:
        who asks privately does not ask the guild.
        """
        reply = layout.reply
        self.conversations.remember(user.id, reply, message, replied_to, is_private=is_private)
        quotes = tuple((quote.span.start, quote.span.end) for quote in reply.quotes)
        beside = [rival.quotes[0] for rival in (reply.rivals if isinstance(reply, Answer) else ())]
        record = AnswerRecord(
            message_id=message.id,
            channel_id=NOWHERE if is_private else message.channel.id,
            guild_id=guild_id,
            member_id=user.id,
            story_id=layout.story_id,
            verdict=reply.verdict,
            confidence=reply.confidence,
            quotes=quotes,
            asked_at=int(time.time()),
            rivals=tuple((quote.story_id, quote.span.start, quote.span.end) for quote in beside),
        )
        answers = self._bot.given_answers
        try:
            await answers.remember(record)
            is_open = not is_private and reply.verdict != "answered"
            if guild_id and is_open and (await self._bot.settings_of(guild_id)).keeps_unanswered:
                await answers.keep_unanswered(guild_id, user.id, reply.question, reply.verdict)
        except StorageError as error:
            _log.error("an answer cannot be remembered: %s", error)

    def forget(self, member_id: int) -> None:
        """Forget what a member asked and voted lately."""
        self.conversations.forget(member_id)
        self._told_votes.forget(member_id)

    async def tell_of_vote(self, message: discord.Message, member_id: int) -> None:
        """Tell of a member's vote against an answer in the guild's feedback channel, if it has one, and only once.

        A private answer is not told of: nobody else can follow the link to it.
        """
        settings = await self._bot.settings_of(message.guild.id if message.guild else None)
        if settings.feedback_channel is None or message.guild is None or is_ephemeral(message):
            return
        if not self._told_votes.note(message.id, member_id):
            return
        say = await self._bot.say_below(message)
        channel = self._bot.get_partial_messageable(settings.feedback_channel, guild_id=message.guild.id)
        try:
            await channel.send(view=notice(say("voted-down", link=message.jump_url)))
        except UNDELIVERED as error:
            _log.warning("a vote cannot be told in channel %d: %s", settings.feedback_channel, error)


def is_ephemeral(message: discord.Message | None) -> bool:
    """Say whether a message is shown to one member alone."""
    return message is not None and message.flags.ephemeral
