"""Who may ask where, and how often; pure, with ids and a clock."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import CooldownError, GuildCooldownError, NotForYouError, NotHereError
from bot.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.guild_settings import GuildSettings

_MINUTE = 60.0  # seconds
_MOST_REMEMBERED = 10_000
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and where: `places` are the channel, the one it is a thread of, and their category, in this order."""

    member_id: int
    guild_id: int | None = None
    places: tuple[int, ...] = ()
    roles: frozenset[int] = frozenset()


def check_place_and_roles(settings: GuildSettings, asker: Asker) -> None:
    """Let a member pass, or raise what says why not.

    Raises:
        NotHereError: the admins chose other channels.
        NotForYouError: the admins chose roles that the member has none of.
    """
    if asker.guild_id is None:
        return
    if settings.channels and set(asker.places).isdisjoint(settings.channels):
        channels = ", ".join(f"<#{channel}>" for channel in settings.channels[:_SHOWN])
        message = "Not in this channel."
        raise NotHereError(message, channels=channels)
    if settings.roles and asker.roles.isdisjoint(settings.roles):
        roles = ", ".join(f"<@&{role}>" for role in settings.roles[:_SHOWN])
        message = "Not for this member."
        raise NotForYouError(message, roles=roles)


class Cooldowns:
    """When members and guilds asked last; in memory, since a restart takes longer than a cooldown should."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Use `clock`, which gives seconds since 1970."""
        self._clock = clock
        self._members: OrderedDict[tuple[int, int], float] = OrderedDict()
        self._guilds = Recent(_MINUTE)

    def count(self, settings: GuildSettings, asker: Asker) -> None:
        """Count a question, or raise what says when to come back; a refused question is not counted.

        Raises:
            CooldownError: the member or the whole guild has to wait.
        """
        if asker.guild_id is None:
            return
        now = self._clock()
        key = (asker.guild_id, asker.member_id)
        last = self._members.get(key, -_MINUTE)
        # What was asked in the future was asked before the clock was put back; nobody waits for that.
        if last <= now < last + settings.cooldown_seconds:
            raise CooldownError(last + settings.cooldown_seconds)
        asked = self._guilds.times(asker.guild_id, now)
        if settings.questions_a_minute and len(asked) >= settings.questions_a_minute:
            raise GuildCooldownError(asked[0] + _MINUTE)
        asked.append(now)
        self._members[key] = now
        self._members.move_to_end(key)
        if len(self._members) > _MOST_REMEMBERED:
            self._members.popitem(last=False)
