"""How members ask by command: `/ask`, `/lookup`, `/help`, and the Apps menu of a message."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import phrase
from bot.cogs.choices import story_choices
from bot.followup import understood
from bot.ui.buttons import passages_layout
from bot.ui.layouts import TextLayout, notice

if TYPE_CHECKING:
    from bot.app import StorydeskBot
    from bot.language import Phrases

    _Interaction = discord.Interaction[StorydeskBot]

_LOOKUP_MOST = 10


class Asking(commands.Cog):
    """Questions and lookups."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Answer for `bot`."""
        self._bot = bot
        self._menus = [
            app_commands.ContextMenu(name="Ask about this message", callback=self._ask_about),
            app_commands.ContextMenu(name="Find this in the story", callback=self._find),
        ]

    async def cog_load(self) -> None:
        """Add the Apps menu, which discord.py does not take from a cog by itself."""
        for menu in self._menus:
            self._bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Take the Apps menu away again."""
        for menu in self._menus:
            self._bot.tree.remove_command(menu.name, type=menu.type)

    @app_commands.command(description="Ask the story a question; it answers in its own words.")
    @app_commands.describe(
        question="What you want to know", story="Which story to ask", private="Show the answer to you alone"
    )
    async def ask(
        self,
        interaction: discord.Interaction[Any],
        question: app_commands.Range[str, 1, 2000],
        story: str | None = None,
        private: bool | None = None,  # noqa: FBT001 - discord.py passes options by name
    ) -> None:
        """Answer a slash command."""
        await self._answer(interaction, question, story=story, private=private)

    @ask.autocomplete("story")
    async def _stories(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        """Offer the stories that can be asked here."""
        return await story_choices(self._bot, interaction, typed, with_default=True)

    @app_commands.command(description="Show the passages of the story that are closest to a query.")
    @app_commands.describe(query="Words, a question or a claim", count="How many passages")
    async def lookup(
        self,
        interaction: discord.Interaction[Any],
        query: app_commands.Range[str, 1, 2000],
        count: app_commands.Range[int, 1, _LOOKUP_MOST] | None = None,
    ) -> None:
        """Show the closest passages with their scores."""
        wanted = count or self._bot.config.answers.lookup_count

        async def passages(say: Phrases) -> TextLayout:
            asker = self._bot.asker(interaction)
            quotes = await self._bot.desk.lookup(
                query, wanted, await self._bot.library.scope(asker.guild_id, asker.places)
            )
            story = await self._bot.library.story(asker.guild_id, quotes[0].story_id if quotes else None)
            return await passages_layout(phrase.lookup_heading(query, say), quotes, story, say, scores=True)

        settings = await self._bot.settings_of(self._bot.guild_of(interaction))
        await self._bot.edge.respond(interaction, passages, ephemeral=settings.private, counts=True, settings=settings)

    @app_commands.command(description="What I do, how to ask me, and two questions to try.")
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        """Show the greeting to the member alone."""
        asker = self._bot.asker(interaction)
        await self._bot.edge.respond(
            interaction, lambda say: self._bot.welcome(say, asker), ephemeral=True, checks=False
        )

    async def _ask_about(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Ask what a message says; one without words gets a hint."""
        question = self._bot.without_mention(message.content)
        if question:
            await self._answer(interaction, question)
        else:
            await self._bot.edge.respond(interaction, _hint, ephemeral=True)

    async def _find(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Show whether the story mentions what a message says, side by side with it; never whether it is true."""
        claim = self._bot.without_mention(message.content)

        async def found(say: Phrases) -> TextLayout:
            asker = self._bot.asker(interaction)
            mention = await self._bot.desk.find(claim, await self._bot.library.scope(asker.guild_id, asker.places))
            story = await self._bot.library.story(
                asker.guild_id, mention.quotes[0].story_id if mention.quotes else None
            )
            texts = await asyncio.to_thread(phrase.mention_texts, claim, mention, story, say)
            return TextLayout(texts, verdict="answered" if mention.is_found else "closest")

        settings = await self._bot.settings_of(self._bot.guild_of(interaction))
        await self._bot.edge.respond(
            interaction,
            found if claim else _hint,
            ephemeral=settings.private or not claim,
            counts=bool(claim),
            settings=settings,
        )

    async def _answer(
        self, interaction: _Interaction, question: str, *, story: str | None = None, private: bool | None = None
    ) -> None:
        """Answer a question that Discord does not show, below it, and understand it from the turns before."""
        settings = await self._bot.settings_of(self._bot.guild_of(interaction))
        is_private = settings.private if private is None else private
        private_to = interaction.user.id if is_private else None
        turns = self._bot.memory.conversations.before(interaction.channel, private_to=private_to)

        async def answer(say: Phrases) -> TextLayout:  # after the interaction was deferred
            meant = await asyncio.to_thread(understood, question, turns)
            above = [phrase.question_text(question)]
            if meant != question:
                above.append(phrase.understood_text(meant, say))
            return await self._bot.answer(meant, self._bot.asker(interaction), say, above=above, name=story)

        await self._bot.edge.respond(interaction, answer, ephemeral=is_private, counts=True, settings=settings)


async def _hint(say: Phrases) -> TextLayout:
    return notice(say("no-question"))
