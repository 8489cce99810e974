"""How members ask by message: a mention, a reply to the bot, a direct message, a channel or thread open to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot import phrase
from bot.cogs.asked import AskedMessages
from bot.cogs.askers import asker_of
from bot.errors import AskError, StorageError
from bot.followup import understood
from bot.markdown import shortened
from bot.question import question_of_post
from bot.ui.delivery import LOST, UNDELIVERED
from bot.ui.layouts import Apology, TextLayout, notice
from bot.ui.replies import ReplyLayout

if TYPE_CHECKING:
    from bot.app import StorydeskBot
    from bot.cogs.asked import Asked
    from bot.language import Phrases

_log = logging.getLogger("storydesk")

_UNKNOWN_MESSAGE = 10008
_HAS_A_THREAD = 160004
_INVALID_FORM = 50035  # what Discord says of a reply to a message that is gone
_PASSING = (429, 500, 502, 503, 504)  # worth one more try than discord.py's own
_REFUSAL_SECONDS = 20.0
_THREAD_NAME_CHARACTERS = 80
_TYPING_SECONDS = 2.0


class Listening(commands.Cog):
    """Questions in messages."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Answer for `bot`."""
        self._bot = bot
        self._asked = AskedMessages()

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
                await self._send(message, apology, say)
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
            await self._send(message, await self._hint(message, say), say)
            return
        replied_to = message.reference.message_id if message.reference else None
        turns = self._bot.memory.conversations.before(message.channel, replied_to)
        asked = self._asked.remember(message.id, message.author, asker, question, turns)
        if not self._bot.desk.is_ready:
            asked.answer = await self._send(message, notice(say("loading")), say)
            await self._update(asked, say)
            return
        # Where it may not type, it says so when it answers; and no answer waits for a sign that one is coming.
        with contextlib.suppress(*UNDELIVERED, TimeoutError):
            async with asyncio.timeout(_TYPING_SECONDS):
                await message.channel.typing()
        layout = await self._bot.edge.attempt(partial(self._answer, asked, say), say)
        asked.answer = await self._send(message, layout, say)
        await self._remember(asked, layout, replied_to)
        if asked.question != question:
            await self._update(asked, say)

    async def _refuse(self, message: discord.Message, error: AskError, say: Phrases) -> None:
        """Say for a while why a question is not answered."""
        try:
            sent = await self._send(message, Apology(self._bot.edge.apologise(error, say)), say, is_answer=False)
            await sent.delete(delay=_REFUSAL_SECONDS)
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

    async def _send(
        self, message: discord.Message, layout: discord.ui.LayoutView, say: Phrases, *, is_answer: bool = True
    ) -> discord.Message:
        """Reply to a message; where the connection is lost meanwhile, once more: Discord shows one of the two.

        What is no answer stands in no thread of its own, and is not announced where it is sent to its author.
        """
        nonce = token_hex(8)
        try:
            return await self._sent(message, layout, say, nonce, is_answer=is_answer)
        except LOST as error:
            _log.warning("the connection was lost under a reply, which is sent once more: %s", error)
            return await self._sent(message, layout, say, nonce, is_answer=is_answer)

    async def _sent(
        self, message: discord.Message, layout: discord.ui.LayoutView, say: Phrases, nonce: str, *, is_answer: bool
    ) -> discord.Message:
        """Reply to a message; below it where it is gone, in a thread where the admins want that, else privately."""
        try:
            if is_answer and (thread := await self._thread_for(message)):
                return await thread.send(view=layout, nonce=nonce)
            return await message.reply(view=layout, mention_author=False, nonce=nonce)
        except discord.Forbidden:
            return await self._sent_without_history(message, layout, say, nonce, is_answer=is_answer)
        except discord.HTTPException as error:
            is_gone = error.code in (_UNKNOWN_MESSAGE, _INVALID_FORM)
            if not is_gone and error.status not in _PASSING:
                raise
            return await message.channel.send(view=layout, nonce=nonce)

    async def _sent_without_history(
        self, message: discord.Message, layout: discord.ui.LayoutView, say: Phrases, nonce: str, *, is_answer: bool
    ) -> discord.Message:
        """Write below a message where the bot may not reply; where it may not write either, to its author."""
        try:
            return await message.channel.send(view=layout, nonce=nonce)
        except discord.Forbidden:
            if is_answer:
                missing = ", ".join(_missing_permissions(message)) or "Send Messages"
                place = getattr(message.channel, "mention", "")
                note = notice(say("cannot-write", channel=place, permissions=missing))
                await message.author.send(view=note, nonce=f"{nonce}n")
            return await message.author.send(view=layout, nonce=nonce)

    async def _thread_for(self, message: discord.Message) -> discord.Thread | None:
        """Return a new thread below a message in a channel that the admins opened, where they want threads."""
        if message.guild is None or not isinstance(message.channel, discord.TextChannel):
            return None
        settings = await self._bot.settings_of(message.guild.id)
        if not settings.threads or message.channel.id not in settings.listens:
            return None
        name = shortened(self._question(message), _THREAD_NAME_CHARACTERS) or "Storydesk"
        try:
            return message.thread or await message.create_thread(name=name)
        except discord.HTTPException as error:  # then it replies in the channel
            if error.code != _HAS_A_THREAD:
                return None
        with contextlib.suppress(discord.HTTPException):  # made before the connection was lost, and not announced yet
            thread = await message.guild.fetch_channel(message.id)
            return thread if isinstance(thread, discord.Thread) else None
        return None


def _is_to_others(message: discord.Message) -> bool:
    """Say whether a message mentions or replies to somebody; what replies to a message that is gone is to nobody."""
    replied_to = message.reference.resolved if message.reference else None
    return bool(message.mentions) or isinstance(replied_to, discord.Message)


def _missing_permissions(message: discord.Message) -> list[str]:
    """Return the names of the permissions that the bot lacks to answer in a message's channel."""
    guild, channel = message.guild, message.channel
    if guild is None or not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
        return []
    has = channel.permissions_for(guild.me)
    may_send = has.send_messages_in_threads if isinstance(channel, discord.Thread) else has.send_messages
    wanted = {
        "View Channel": has.view_channel,
        "Send Messages in Threads" if isinstance(channel, discord.Thread) else "Send Messages": may_send,
        "Read Message History": has.read_message_history,
    }
    return [name for name, is_given in wanted.items() if not is_given]
