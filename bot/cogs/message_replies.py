"""How a reply to a message reaches whoever wrote it: as a reply, in a thread, below it, or privately; once."""

from __future__ import annotations

import contextlib
import logging
from secrets import token_hex
from typing import TYPE_CHECKING

import discord

from bot.markdown import shortened
from bot.ui.delivery import LOST
from bot.ui.layouts import notice

if TYPE_CHECKING:
    from bot.app import StorydeskBot
    from bot.language import Phrases

_log = logging.getLogger("storydesk")

_UNKNOWN_MESSAGE = 10008
_HAS_A_THREAD = 160004
_INVALID_FORM = 50035  # what Discord says of a reply to a message that is gone
_PASSING = (429, 500, 502, 503, 504)  # worth one more try than discord.py's own
_THREAD_NAME_CHARACTERS = 80


class Replies:
    """Replies to messages."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Reply for `bot`."""
        self._bot = bot

    async def send(
        self, message: discord.Message, layout: discord.ui.LayoutView, say: Phrases, *, title: str | None = None
    ) -> discord.Message:
        """Reply to a message; where the connection is lost meanwhile, once more: Discord shows one of the two.

        An answer has the `title` of the thread that it gets where the admins want that. What has none is no answer,
        and is not announced where it is sent to its author.
        """
        nonce = token_hex(8)
        try:
            return await self._sent(message, layout, say, nonce, title)
        except LOST as error:
            _log.warning("the connection was lost under a reply, which is sent once more: %s", error)
            return await self._sent(message, layout, say, nonce, title)

    async def _sent(
        self, message: discord.Message, layout: discord.ui.LayoutView, say: Phrases, nonce: str, title: str | None
    ) -> discord.Message:
        """Reply to a message; below it where it is gone, in a thread where the admins want that, else privately."""
        try:
            if title is not None and (thread := await self._thread_for(message, title)):
                return await thread.send(view=layout, nonce=nonce)
            return await message.reply(view=layout, mention_author=False, nonce=nonce)
        except discord.Forbidden:
            return await self._sent_without_history(message, layout, say, nonce, title)
        except discord.HTTPException as error:
            is_gone = error.code in (_UNKNOWN_MESSAGE, _INVALID_FORM)
            if not is_gone and error.status not in _PASSING:
                raise
            return await message.channel.send(view=layout, nonce=nonce)

    async def _sent_without_history(
        self, message: discord.Message, layout: discord.ui.LayoutView, say: Phrases, nonce: str, title: str | None
    ) -> discord.Message:
        """Write below a message where the bot may not reply; where it may not write either, to its author."""
        try:
            return await message.channel.send(view=layout, nonce=nonce)
        except discord.Forbidden:
            if title is not None:
                missing = ", ".join(_missing_permissions(message)) or "Send Messages"
                place = getattr(message.channel, "mention", "")
                note = notice(say("cannot-write", channel=place, permissions=missing))
                await message.author.send(view=note, nonce=f"{nonce}n")
            return await message.author.send(view=layout, nonce=nonce)

    async def _thread_for(self, message: discord.Message, title: str) -> discord.Thread | None:
        """Return a new thread below a message in a channel that the admins opened, where they want threads."""
        if message.guild is None or not isinstance(message.channel, discord.TextChannel):
            return None
        settings = await self._bot.settings_of(message.guild.id)
        if not settings.threads or message.channel.id not in settings.listens:
            return None
        name = shortened(title, _THREAD_NAME_CHARACTERS) or "Storydesk"
        try:
            return message.thread or await message.create_thread(name=name)
        except discord.HTTPException as error:  # then it replies in the channel
            if error.code != _HAS_A_THREAD:
                return None
        with contextlib.suppress(discord.HTTPException):  # made before the connection was lost, and not announced yet
            thread = await message.guild.fetch_channel(message.id)
            return thread if isinstance(thread, discord.Thread) else None
        return None


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
