"""Looks at what guilds follow, once a minute at what is due, and has the answers marked that a change made wrong."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from discord.ext import commands, tasks

from bot.errors import StorydeskError
from index.errors import StoryError

if TYPE_CHECKING:
    from bot.app import StorydeskBot

_log = logging.getLogger("storydesk")


class Following(commands.Cog):
    """The clock of what is followed."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Follow for `bot`."""
        self._bot = bot

    async def cog_load(self) -> None:
        """Begin to look."""
        self._clock.start()

    async def cog_unload(self) -> None:
        """Look no more."""
        self._clock.cancel()

    async def look(self) -> None:
        """Look at what is due, and mark the answers from texts that changed."""
        if await self._bot.follower.look_round():
            self._bot.outdated.mark_soon()

    @tasks.loop(minutes=1)
    async def _clock(self) -> None:
        if not self._bot.desk.is_ready:
            return
        try:
            await self.look()
        except (StorydeskError, StoryError) as error:
            _log.error("what is followed cannot be looked at: %s", error)
        except Exception:  # noqa: BLE001 - a bug must not stop the clock
            _log.exception("a bug while looking at what is followed")
