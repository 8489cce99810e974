"""`/privacy`: what is kept, what is kept about me, and forget me."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.layouts import TextLayout, notice
from bot.ui.lists import kept_list

if TYPE_CHECKING:
    from bot.app import StorydeskBot
    from bot.language import Phrases


class Privacy(commands.GroupCog, group_name="privacy", group_description="What I keep, and how to have it deleted."):
    """Replies for the member alone, and for every member, wherever they may ask."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Answer for `bot`."""
        super().__init__()
        self._bot = bot

    @app_commands.command(description="What I keep, and for how long.")
    async def about(self, interaction: discord.Interaction[Any]) -> None:
        """Say what is kept."""

        async def about(say: Phrases) -> TextLayout:
            return notice(say("privacy", days=self._bot.config.storage.keep_days))

        await self._bot.edge.respond(interaction, about, ephemeral=True, checks=False)

    @app_commands.command(description="Show what I keep about you.")
    async def mine(self, interaction: discord.Interaction[Any]) -> None:
        """Show what is kept about the member."""

        async def mine(say: Phrases) -> TextLayout:
            return await kept_list(self._bot, interaction, say)

        await self._bot.edge.respond(interaction, mine, ephemeral=True, checks=False)

    @app_commands.command(description="Delete what I keep about you.")
    async def forget(self, interaction: discord.Interaction[Any]) -> None:
        """Forget the member."""

        async def forget(say: Phrases) -> TextLayout:
            await self._bot.store.forget_member(interaction.user.id)
            self._bot.dispatch("member_forgotten", interaction.user.id)
            return notice(say("privacy-forgotten"))

        await self._bot.edge.respond(interaction, forget, ephemeral=True, checks=False)
