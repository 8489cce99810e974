"""How members ask: `/ask`, `/lookup`, `/help`, the Apps menu, a mention, a reply to the bot, a direct message."""

from __future__ import annotations

import contextlib
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import phrase
from bot.cogs.asked import AskedMessages
from bot.ui.layouts import TextLayout, notice
from bot.ui.more import MoreButton

if TYPE_CHECKING:
    from bot.answer import Reply
    from bot.app import StorydeskBot
    from bot.cogs.asked import Asked

_LOOKUP_MOST = 10


class Asking(commands.Cog):
    """Questions and lookups."""

    def __init__(self, bot: StorydeskBot) -> None:
        """Answer for `bot`."""
        self._bot = bot
        self._asked = AskedMessages()
        self._about_message = app_commands.ContextMenu(name="Ask about this message", callback=self._ask_about)

    async def cog_load(self) -> None:
        """Add the Apps menu, which discord.py does not take from a cog by itself."""
        self._bot.tree.add_command(self._about_message)

    async def cog_unload(self) -> None:
        """Take the Apps menu away again."""
        self._bot.tree.remove_command(self._about_message.name, type=self._about_message.type)

    @app_commands.command(description="Ask the story a question; it answers in its own words.")
    @app_commands.describe(question="What you want to know", private="Show the answer to you alone")
    async def ask(
        self,
        interaction: discord.Interaction[Any],
        question: app_commands.Range[str, 1, 2000],
        private: bool = False,  # noqa: FBT001, FBT002 - discord.py passes options by name
    ) -> None:
        """Answer a slash command."""
        await self._bot.respond(interaction, lambda: self._answer(question, asked=question), ephemeral=private)

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
        await self._bot.respond(interaction, lambda: self._passages(query, wanted))

    @app_commands.command(description="What I do, how to ask me, and two questions to try.")
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        """Show the greeting to the member alone."""
        await self._bot.respond(interaction, self._bot.welcome, ephemeral=True)

    async def _ask_about(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Ask what a message says; one without words gets a hint."""
        question = self._without_mention(message.content)

        async def answer() -> TextLayout:
            return await self._answer(question, asked=question) if question else notice(phrase.NO_QUESTION)

        await self._bot.respond(interaction, answer, ephemeral=not question)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that speaks to the bot; leave every other one alone."""
        if message.author.bot or not self._is_to_us(message):
            return
        try:
            await self._reply(message)
        except Exception as error:  # noqa: BLE001 - the edge: every question gets a reply, an error reply included
            text = self._bot.apologise(error)
            await self._send(message, notice(text))

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer an edited question anew, in the message that answered it."""
        asked = self._asked.changed(payload.message_id, self._without_mention(payload.message.content))
        if asked is not None and asked.answer is not None:
            await self._update(asked)

    def _is_to_us(self, message: discord.Message) -> bool:
        settings = self._bot.config.discord
        if message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return False
        if message.guild is None:
            return settings.answer_direct_messages
        return settings.answer_mentions and (self._bot.user in message.mentions or self._replies_to_us(message))

    def _replies_to_us(self, message: discord.Message) -> bool:
        replied_to = message.reference.resolved if message.reference else None
        return isinstance(replied_to, discord.Message) and replied_to.author == self._bot.user

    async def _reply(self, message: discord.Message) -> None:
        question = self._without_mention(message.content)
        if not question:
            await self._send(message, await self._hint(message))
            return
        asked = self._asked.remember(message.id, question)
        if not self._bot.desk.is_ready:
            asked.answer = await self._send(message, notice(phrase.LOADING))
            await self._update(asked)
            return
        async with message.channel.typing():
            layout = await self._answer(question)
        asked.answer = await self._send(message, layout)
        if asked.question != question:
            await self._update(asked)

    async def _update(self, asked: Asked) -> None:
        """Edit an answer until it answers what its question says now."""
        question = None
        while question != asked.question and asked.answer is not None:
            question = asked.question
            layout = (
                await self._bot.attempt(partial(self._answer, question)) if question else notice(phrase.NO_QUESTION)
            )
            if question == asked.question:
                with contextlib.suppress(discord.NotFound):  # somebody took the answer away; it stays away
                    await asked.answer.edit(view=layout, allowed_mentions=discord.AllowedMentions.none())

    async def _hint(self, message: discord.Message) -> TextLayout:
        """Return help for a bare mention, and a hint for a message without words of its own."""
        if message.attachments or message.stickers or not self._is_bare_mention(message):
            return notice(phrase.NO_QUESTION)
        return await self._bot.welcome()

    def _is_bare_mention(self, message: discord.Message) -> bool:
        return bool(message.content.strip()) and not self._without_mention(message.content)

    def _without_mention(self, content: str) -> str:
        user = self._bot.user
        return re.sub(rf"<@!?{user.id}>", " ", content).strip() if user else content.strip()

    async def _answer(self, question: str, *, asked: str | None = None) -> TextLayout:
        """Return the layout of the reply; `asked` is shown above it where Discord does not show the question."""
        reply = await self._bot.desk.ask(question)
        story = await self._bot.desk.story()
        suggestions = await self._bot.desk.suggestions() if reply.verdict == "silent" else []
        texts = phrase.reply_texts(reply, story, suggestions)
        if asked is not None:
            texts = [f"-# {phrase.escape(phrase.shortened(asked, 300))}", *texts]
        return TextLayout(texts, verdict=reply.verdict, more=_more_button(reply, story.id))

    async def _passages(self, query: str, count: int) -> TextLayout:
        quotes = await self._bot.desk.lookup(query, count)
        heading = f"Closest to “{phrase.escape(phrase.shortened(query, 150))}”:"
        return TextLayout(phrase.passages_texts(heading, quotes, await self._bot.desk.story(), scores=True))

    async def _send(self, message: discord.Message, layout: TextLayout) -> discord.Message:
        """Reply to a message, or write below it where it was deleted meanwhile."""
        try:
            return await message.reply(view=layout, mention_author=False)
        except discord.HTTPException as error:
            if error.code not in (_UNKNOWN_MESSAGE, _INVALID_FORM):
                raise
            return await message.channel.send(view=layout)


_UNKNOWN_MESSAGE = 10008
_INVALID_FORM = 50035  # what Discord says of a reply to a message that is gone


def _more_button(reply: Reply, story_id: str) -> MoreButton | None:
    return MoreButton(story_id, reply.further) if reply.further else None
