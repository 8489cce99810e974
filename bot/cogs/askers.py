"""Who asks and where, out of what Discord says about a member and a channel."""

from __future__ import annotations

import discord

from bot.access import Asker


def asker_of(user: discord.abc.User, channel: object, guild_id: int | None) -> Asker:
    """Return who asks and where, as ids: the channel, the one it is a thread of, and their category."""
    places = (getattr(channel, name, None) for name in ("id", "parent_id", "category_id"))
    roles = frozenset(role.id for role in user.roles) if isinstance(user, discord.Member) else frozenset()
    return Asker(user.id, guild_id, tuple(place for place in places if place), roles)
