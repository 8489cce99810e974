"""What the bot may do in a guild, beside what it needs there after what the admins have set."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import discord

from bot.ui.delivery import UNDELIVERED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from discord.http import HTTPClient

    from bot.app import StorydeskBot
    from bot.guild_settings import GuildSettings

_log = logging.getLogger("storydesk")

NEEDED = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, read_message_history=True
)
"""What the bot needs in a guild whatever is set; the invitation asks for it."""

_SHOWN = 5  # guilds that the log names
_LOOKED_AT = 20  # guilds whose commands are looked at when the bot starts, a request each


def lacking(
    me: discord.Member, channels: Sequence[discord.abc.GuildChannel], settings: GuildSettings, *, listens: bool
) -> list[str]:
    """Return the permissions that `me` lacks in its guild and in the channels that are set, in words.

    `listens` says whether the bot gets the text of all messages, without which open channels are none.
    """
    found = _names(NEEDED, me.guild_permissions)
    places = {place: discord.Permissions.none() for place in settings.channels}
    if settings.feedback_channel is not None:
        places[settings.feedback_channel] = discord.Permissions(view_channel=True, send_messages=True)
    known = {channel.id: channel for channel in channels}
    found += [f"the channel {place} is gone" for place in places if place not in known]
    for channel in channels:
        needed = places.get(channel.id, discord.Permissions.none())
        if channel.id in settings.channels or channel.category_id in settings.channels:
            needed |= _to_answer(channel)
        if listens and channel.id in settings.listens:
            needed |= _to_answer(channel, threads=settings.threads)
        if needed.value and (missing := _names(needed, channel.permissions_for(me))):
            found.append(f"in #{channel.name} {', '.join(missing)}")
    return found


def _to_answer(channel: discord.abc.GuildChannel, *, threads: bool = False) -> discord.Permissions:
    """Return what answering in a channel needs; in a forum, and where `threads` are opened, it is done in threads."""
    if isinstance(channel, discord.CategoryChannel):
        return discord.Permissions.none()  # its channels are looked at
    is_forum = isinstance(channel, discord.ForumChannel)
    return discord.Permissions(
        view_channel=True,
        read_message_history=True,
        send_messages=not is_forum,
        send_messages_in_threads=is_forum or threads,
        create_public_threads=threads and not is_forum,
    )


def _names(needed: discord.Permissions, has: discord.Permissions) -> list[str]:
    missing = [name for name, is_needed in needed if is_needed and not getattr(has, name)]
    # discord.py's name for it is older than that in Discord's settings.
    return ["view channel" if name == "read_messages" else name.replace("_", " ") for name in missing]


async def lacks_commands(http: HTTPClient, application_id: int, guild_id: int) -> bool:
    """Say whether a guild invited the bot without the scope applications.commands; one request."""
    try:
        await http.get_guild_commands(application_id, guild_id)
    except discord.Forbidden:
        return True
    return False


async def log_what_is_missing(bot: StorydeskBot) -> None:
    """Write to the log in which guilds the bot lacks permissions, or commands."""
    listens = bot.intents.message_content
    mute = {}
    for guild in bot.guilds:
        if missing := lacking(guild.me, guild.channels, bot.store.known_settings(guild.id), listens=listens):
            mute[guild.name] = missing
        await asyncio.sleep(0)  # there may be a thousand
    if mute:
        named = "; ".join(f"{name} ({', '.join(missing)})" for name, missing in list(mute.items())[:_SHOWN])
        _log.warning("missing permissions in %s; see `storydesk doctor --discord`", named)
    try:
        for guild in bot.guilds[:_LOOKED_AT]:
            if await lacks_commands(bot.http, bot.application_id or 0, guild.id):
                _log.warning("%s shows no commands: invite the bot anew, with applications.commands", guild.name)
    except UNDELIVERED as error:
        _log.warning("whether servers show the commands cannot be looked at: %s", error)
