"""`/desk`: what the admins of a guild set and see. Every change is confirmed and can be taken back."""

from __future__ import annotations

import asyncio
import io
import time
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import insights
from bot.ui.desk_card import DeskCard, change_settings, check_manages
from bot.ui.layouts import TextLayout, notice

if TYPE_CHECKING:
    from bot.app import StorydeskBot
    from bot.guild_settings import GuildSettings
    from bot.language import Phrases

_DAY = 86_400  # seconds
_DAYS = 30


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class Administration(commands.GroupCog, group_name="desk", group_description="Settings and insights of this server."):
    """Replies for the admin alone. Discord hides the commands from others, and each checks once more."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Set up `bot`."""
        super().__init__()
        self._bot = bot

    @app_commands.command(description="Show the settings of this server, and change them.")
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show the card."""

        async def card(say: Phrases) -> DeskCard:
            check_manages(interaction)
            return DeskCard(await self._bot.settings_of(interaction.guild_id), say)

        await self._bot.edge.respond(interaction, card, ephemeral=True, checks=False)

    @app_commands.command(description="Answer every message in a channel or forum, or stop doing so.")
    @app_commands.describe(channel="The channel or forum", on="Whether I listen there")
    async def listen(
        self,
        interaction: discord.Interaction[Any],
        channel: discord.TextChannel | discord.ForumChannel,
        on: bool = True,  # noqa: FBT001, FBT002 - discord.py passes options by name
    ) -> None:
        """Open a channel to the bot, or close it."""

        async def listen(say: Phrases) -> DeskCard:
            check_manages(interaction)
            return await change_settings(interaction, {"listens": opened}, say)

        def opened(now: GuildSettings) -> tuple[int, ...]:
            others = tuple(place for place in now.listens if place != channel.id)
            return (*others, channel.id) if on else others

        await self._bot.edge.respond(interaction, listen, ephemeral=True, checks=False)

    @app_commands.command(description="What members asked, and how I answered.")
    @app_commands.describe(days="How many days back")
    async def insights(
        self, interaction: discord.Interaction[Any], days: app_commands.Range[int, 1, 365] = _DAYS
    ) -> None:
        """Show counts, votes, a chart and the questions without an answer."""
        files: list[discord.File] = []

        async def shown(say: Phrases) -> TextLayout:
            check_manages(interaction)
            assert interaction.guild_id is not None  # noqa: S101 - the command is for guilds only
            found = await self._bot.given_answers.insights(interaction.guild_id, int(time.time()) - days * _DAY)
            keeps = (await self._bot.settings_of(interaction.guild_id)).keeps_unanswered
            layout = TextLayout(insights.texts(found, days, say, keeps_unanswered=keeps))
            if found.days:
                picture = await asyncio.to_thread(insights.chart, found, say)
                files.append(discord.File(io.BytesIO(picture), "insights.png"))
                item = discord.MediaGalleryItem(files[0], description=insights.chart_text(found, say))
                layout.add_item(discord.ui.MediaGallery(item))
            return layout

        await self._bot.edge.respond(interaction, shown, ephemeral=True, checks=False, files=files)

    @app_commands.command(description="The same as a CSV file.")
    @app_commands.describe(days="How many days back")
    async def export(
        self, interaction: discord.Interaction[Any], days: app_commands.Range[int, 1, 365] = _DAYS
    ) -> None:
        """Send the insights as a file."""
        files: list[discord.File] = []

        async def exported(say: Phrases) -> TextLayout:
            check_manages(interaction)
            assert interaction.guild_id is not None  # noqa: S101 - the command is for guilds only
            found = await self._bot.given_answers.insights(interaction.guild_id, int(time.time()) - days * _DAY)
            files.append(discord.File(io.BytesIO(insights.csv_of(found).encode()), "storydesk.csv"))
            layout = notice(say("exported", days=days))
            layout.add_item(discord.ui.File(files[0]))
            return layout

        await self._bot.edge.respond(interaction, exported, ephemeral=True, checks=False, files=files)
