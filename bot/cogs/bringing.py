"""How a story is brought to a guild's library: as a page, as a file, or as text that is pasted into a form."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import discord

from bot import phrase
from bot.errors import AskError, NotDownloadedError
from bot.ui.delivery import FORM_SECONDS, show_form, tell
from bot.ui.layouts import Apology, TextLayout, notice
from bot.ui.under_way import shown_while

if TYPE_CHECKING:
    from bot.app import StorydeskBot
    from bot.language import Phrases
    from bot.stages import Stages
    from index.story import Story

NAME_CHARACTERS = 150
"""How long the name of a story may be that a member types."""

_log = logging.getLogger("storydesk")


async def brought(
    bot: StorydeskBot,
    interaction: discord.Interaction[Any],
    file: discord.Attachment | None,
    link: str | None,
    stages: Stages,
) -> Story:
    """Return the story of a file or of a page, which counts among what a server may bring in an hour.

    Raises:
        AskError: it cannot be taken.
    """
    guild_id = cast("int", interaction.guild_id)
    if file is not None:
        bot.library.count_file(guild_id)
        return await bot.intake.file(file.filename, file.size, partial(_read, file), stages)
    bot.library.count_fetch(guild_id)
    return await bot.intake.page(link or "", stages)


async def keep(
    bot: StorydeskBot, interaction: discord.Interaction[Any], story: Story, say: Phrases, stages: Stages
) -> TextLayout:
    """Add a story to the guild's library and say so."""
    guild_id = cast("int", interaction.guild_id)
    record, is_new = await bot.library.add(guild_id, story, interaction.user.id, stages=stages)
    if not is_new:
        return notice(say("story-known", title=phrase.story_name(record)))
    texts = [say("story-added", title=phrase.story_name(record), paragraphs=record.paragraphs)]
    if (other := await bot.library.similar(guild_id, story)) is not None:
        texts.append(say("story-similar", title=phrase.story_name(other)))
    return TextLayout(texts)


async def ask_for_text(bot: StorydeskBot, interaction: discord.Interaction[Any]) -> None:
    """Show the form for a story that is pasted, which must be the first that Discord hears from us."""
    settings = await bot.settings_of(bot.guild_of(interaction))
    say = bot.say_with(interaction, settings)
    try:
        await bot.check_librarian(interaction, settings)
    except AskError as error:
        await tell(interaction, Apology(bot.edge.apologise(error, say)))
    else:
        await show_form(interaction, PasteForm(say), notice(say("form-not-shown")))


class PasteForm(discord.ui.Modal):
    """Asks for a story's title and text."""

    def __init__(self, say: Phrases) -> None:
        """Ask in the language of `say`."""
        # With an id of its own, which discord.py makes: forms of one id share what is written into them.
        super().__init__(title=say("form-story"), timeout=FORM_SECONDS)
        self._title: discord.ui.TextInput[PasteForm] = discord.ui.TextInput(
            custom_id="title", max_length=NAME_CHARACTERS
        )
        self._text: discord.ui.TextInput[PasteForm] = discord.ui.TextInput(
            custom_id="text", style=discord.TextStyle.paragraph
        )
        self.add_item(discord.ui.Label(text=say("form-title"), component=self._title))
        self.add_item(discord.ui.Label(text=say("form-text"), component=self._text))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Add the story, or say what is wrong with it."""
        bot: StorydeskBot = interaction.client
        title, text = self._title.value, self._text.value

        async def added(say: Phrases) -> TextLayout:
            await bot.check_librarian(interaction)
            bot.library.count_file(cast("int", interaction.guild_id))
            story = bot.intake.pasted(title, text)
            async with shown_while(interaction, say) as stages:
                return await keep(bot, interaction, story, say, stages)

        await bot.edge.respond(interaction, added, checks=False)


async def _read(file: discord.Attachment) -> bytes:
    """Return what is in a file.

    Raises:
        NotDownloadedError: Discord does not give it.
    """
    try:
        return await file.read()
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        _log.warning("a file cannot be downloaded: %s", error)
        message = "The file could not be downloaded; attach it once more."
        raise NotDownloadedError(message) from error
