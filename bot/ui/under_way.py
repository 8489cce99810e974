"""Shows in a deferred reply what is under way, from two seconds on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from discord.ext import tasks

from bot.stages import Stages
from bot.ui.delivery import UNDELIVERED
from bot.ui.layouts import notice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import discord

    from bot.language import Phrases

_SECONDS = 2.0  # Discord takes some five edits in five seconds


@contextlib.asynccontextmanager
async def shown_while(interaction: discord.Interaction[Any], say: Phrases) -> AsyncIterator[Stages]:
    """Give what the work inside says how far it is to; its last edit is over before the block is left."""
    stages, editing = Stages(), asyncio.Lock()
    shown: str | None = None

    @tasks.loop(seconds=_SECONDS)
    async def show() -> None:
        nonlocal shown
        text = stages.text(say)
        if show.current_loop and text is not None and text != shown:
            async with editing:
                shown = text
                with contextlib.suppress(*UNDELIVERED):
                    await interaction.edit_original_response(view=notice(text))

    show.start()
    try:
        yield stages
    finally:
        async with editing:  # an edit that is cut off half-way could still arrive, after the reply itself
            show.cancel()
