"""What autocomplete offers: the stories that a guild sees, and no other guild's."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from discord import app_commands

from bot.errors import StorageError
from bot.markdown import shortened

if TYPE_CHECKING:
    import discord

    from bot.app import StorydeskBot

_log = logging.getLogger("storydesk")

_CHOICES, _CHOICE_CHARACTERS = 25, 100  # as many as Discord takes
_SECONDS = 2.0  # of the three in which Discord wants the choices


async def story_choices(
    bot: StorydeskBot,
    interaction: discord.Interaction[Any],
    typed: str,
    *,
    with_default: bool = False,
    only_own: bool = False,
) -> list[app_commands.Choice[str]]:
    """Return the stories whose names hold what was typed: those the guild sees, or only its own.

    With `with_default` the configured one is offered where there is no other.
    """
    try:
        records = await asyncio.wait_for(bot.library.visible(bot.guild_of(interaction)), _SECONDS)
    except (StorageError, TimeoutError) as error:
        _log.warning("stories cannot be offered: %r", error)
        return []
    known = [(record.name, str(record.id)) for record in records if record.guild_id or not only_own]
    if with_default and not records and bot.desk.is_ready:
        default = await bot.desk.story()
        known.append((default.title, default.id))
    wanted = typed.casefold()
    return [
        app_commands.Choice(name=shortened(name, _CHOICE_CHARACTERS), value=value)
        for name, value in known
        if wanted in name.casefold()
    ][:_CHOICES]


async def followed_choices(
    bot: StorydeskBot, interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[int]]:
    """Return the addresses that a guild follows and that hold what was typed."""
    guild_id = bot.guild_of(interaction)
    try:
        followed = await asyncio.wait_for(bot.follower.of_guild(guild_id), _SECONDS) if guild_id else []
    except (StorageError, TimeoutError) as error:
        _log.warning("what is followed cannot be offered: %r", error)
        return []
    wanted = typed.casefold()
    return [
        app_commands.Choice(name=shortened(record.url, _CHOICE_CHARACTERS), value=record.id)
        for record in followed
        if wanted in record.url.casefold()
    ][:_CHOICES]
