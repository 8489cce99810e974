"""How members ask by message: a mention, a reply to the bot, a direct message, a channel or thread open to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot import phrase
from bot.cogs.asked import AskedMessages
from bot.cogs.askers import asker_of
from bot.cogs.message_replies import Replies
from bot.errors import AskError, StorageError
from bot.followup import understood
from bot.question import question_of_post
from bot.ui.delivery import UNDELIVERED, take_away
from bot.ui.layouts import Apology, TextLayout, notice
from bot.ui.replies import ReplyLayout

if TYPE_CHECKING:
    from bot.app import StorydeskBot
    from bot.cogs.asked import Asked
    from bot.language import Phrases

_log = logging.getLogger("storydesk")

_TYPING_SECONDS = 2.0


class Listening(commands.Cog):
    """Questions in messages."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Answer for `bot`."""
        self._bot = bot
        self._asked = AskedMessages()
        self._replies = Replies(bot)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that speaks to the bot; leave every other one alone."""
        if message.author.bot or not await self._is_to_us(message):
            return
        self._bot.requests.enter(message.guild.id if message.guild else None)
        say = await self._bot.say_below(message)
        try:
            await self._reply(message, say)
        except Exception as error:  # noqa: BLE001 - the edge: every question gets a reply, an error reply included
            apology = Apology(self._bot.edge.apologise(error, say))
            try:
                await self._replies.send(message, apology, say, title=self._question(message))
            except UNDELIVERED as failure:
                _log.warning("an apology could not be sent: %s", failure)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer an edited question anew, in the message that answered it, where its member may still ask."""
        message = payload.message
        question = self._question(message)
        asked = self._asked.differing(payload.message_id, question)
        if asked is None or not await self._is_to_us(message):
            return
        self._bot.requests.enter(payload.guild_id)
        say = await self._bot.say_below(message)
        asker = asker_of(message.author, message.channel, asked.asker.guild_id)
        if not isinstance(message.author, discord.Member):  # Discord did not say which roles there are now
            asker = replace(asker, roles=asked.asker.roles)
        try:
            await self._bot.admit(asker, counts=bool(question))
        except AskError as error:
            await self._refuse(message, error, say)
            return
        asked.question = question
        if asked.answer is not None:
            await self._update(asked, say)

    @commands.Cog.listener()
    async def on_member_forgotten(self, member_id: int) -> None:
        """Forget what a member asked lately, who had everything deleted."""
        self._asked.forget(member_id)

    async def _is_to_us(self, message: discord.Message) -> bool:
        settings = self._bot.config.discord
        if message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return False
        if message.guild is None:
            return settings.answer_direct_messages
        if self._bot.user in message.mentions or self._replies_to_us(message):
            return settings.answer_mentions
        if not self._bot.intents.message_content or _is_to_others(message) or not self._question(message):
            return False  # a picture or a sticker alone is talk, where not even a mention says that it is for us
        return await self._is_open(message.channel)

    def _question(self, message: discord.Message) -> str:
        """Return the words of a message; of a new post in a forum its title, where that asks and the text does not."""
        text = self._bot.without_mention(message.content)
        if isinstance(message.channel, discord.Thread) and message.id == message.channel.id:
            return question_of_post(message.channel.name, text)
        return text

    async def _is_open(self, channel: discord.abc.MessageableChannel) -> bool:
        """Say whether every message in a channel is for the bot: the admins opened it, or it is its own thread."""
        guild = channel.guild
        if guild is None:
            return False
        listens = (await self._bot.settings_of(guild.id)).listens
        if channel.id in listens:
            return True
        if not isinstance(channel, discord.Thread):
            return False
        if channel.parent_id in listens or (self._bot.user and channel.owner_id == self._bot.user.id):
            return True
        try:
            return await self._bot.given_answers.has_answered_in(guild.id, channel.id)
        except StorageError as error:
            _log.error("whether thread %d is open cannot be read: %s", channel.id, error)
            return False

    def _replies_to_us(self, message: discord.Message) -> bool:
        replied_to = message.reference.resolved if message.reference else None
        return isinstance(replied_to, discord.Message) and replied_to.author == self._bot.user

    async def _reply(self, message: discord.Message, say: Phrases) -> None:
        question = self._question(message)
        guild_id = message.guild.id if message.guild else None
        asker = asker_of(message.author, message.channel, guild_id)
        try:
            await self._bot.admit(asker, counts=bool(question))
        except AskError as error:
            await self._refuse(message, error, say)
            return
        if not question:
            await self._replies.send(message, await self._hint(message, say), say, title=question)
            return
        replied_to = message.reference.message_id if message.reference else None
        turns = self._bot.memory.conversations.before(message.channel, replied_to)
        asked = self._asked.remember(message.id, message.author, asker, question, turns)
        if not self._bot.desk.is_ready:
            asked.answer = await self._replies.send(message, notice(say("loading")), say, title=question)
            await self._update(asked, say)
            return
        # Where it may not type, it says so when it answers; and no answer waits for a sign that one is coming.
        with contextlib.suppress(*UNDELIVERED, TimeoutError):
            async with asyncio.timeout(_TYPING_SECONDS):
                await message.channel.typing()
        layout = await self._bot.edge.attempt(partial(self._answer, asked, say), say)
        asked.answer = await self._replies.send(message, layout, say, title=question)
        await self._remember(asked, layout, replied_to)
        if asked.question != question:
            await self._update(asked, say)

    async def _refuse(self, message: discord.Message, error: AskError, say: Phrases) -> None:
        """Say for a while why a question is not answered."""
        try:
            sent = await self._replies.send(message, Apology(self._bot.edge.apologise(error, say)), say)
            take_away(sent)
        except UNDELIVERED as failure:
            _log.warning("a refusal could not be sent: %s", failure)

    async def _update(self, asked: Asked, say: Phrases) -> None:
        """Edit an answer until it answers what its question says now."""
        question = None
        while question != asked.question and asked.answer is not None:
            question = asked.question
            layout = (
                await self._bot.edge.attempt(partial(self._answer, asked, say), say)
                if question
                else notice(say("no-question"))
            )
            if question == asked.question:
                try:
                    await asked.answer.edit(view=layout, allowed_mentions=discord.AllowedMentions.none())
                except discord.NotFound:  # somebody took the answer away; it stays away
                    return
                except UNDELIVERED as error:
                    _log.warning("an answer cannot be edited along: %s", error)
                    await self._write_anew(asked, layout, say)
                    return
                await self._remember(asked, layout)

    async def _write_anew(self, asked: Asked, layout: discord.ui.LayoutView, say: Phrases) -> None:
        """Write an answer below the one that cannot be edited, or that it is not to be had."""
        if asked.answer is None:
            return
        channel = asked.answer.channel
        try:
            asked.answer = await channel.send(view=layout)
            await self._remember(asked, layout)
        except UNDELIVERED as error:
            with contextlib.suppress(*UNDELIVERED):
                await channel.send(view=Apology(self._bot.edge.apologise(error, say)))

    async def _answer(self, asked: Asked, say: Phrases) -> TextLayout:
        meant = await asyncio.to_thread(understood, asked.question, asked.turns)
        above = [phrase.understood_text(meant, say)] if meant != asked.question else []
        return await self._bot.answer(meant, asked.asker, say, above=above)

    async def _remember(self, asked: Asked, layout: discord.ui.LayoutView, replied_to: int | None = None) -> None:
        if asked.answer is not None and isinstance(layout, ReplyLayout):
            guild_id = asked.answer.guild.id if asked.answer.guild else None
            await self._bot.memory.remember(layout, asked.answer, asked.author, guild_id, replied_to)

    async def _hint(self, message: discord.Message, say: Phrases) -> TextLayout:
        """Return help for a bare mention, and a hint for a message without words of its own."""
        if message.attachments or message.stickers or not message.content.strip():
            return notice(say("no-question" if message.guild else "no-question-here"))
        guild_id = message.guild.id if message.guild else None
        return await self._bot.welcome(say, asker_of(message.author, message.channel, guild_id))


def _is_to_others(message: discord.Message) -> bool:
    """Say whether a message mentions or replies to somebody; what replies to a message that is gone is to nobody."""
    replied_to = message.reference.resolved if message.reference else None
    return bool(message.mentions) or isinstance(replied_to, discord.Message)
