"""The buttons that remove a story and bring it back; their ids hold the story, so they work after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

import discord

from bot import phrase
from bot.language import ENGLISH
from bot.ui.layouts import TextLayout

if TYPE_CHECKING:
    import re

    from bot.app import StorydeskBot
    from bot.language import Phrases
    from bot.store.records import StoryRecord


class StoryButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"story:(?P<action>remove|undo):(?P<number>\d+)"
):
    """Removes a story of the guild, or brings it back."""

    def __init__(self, action: str, number: int, say: Phrases) -> None:
        """Do `action` with the story of this number."""
        style = discord.ButtonStyle.danger if action == "remove" else discord.ButtonStyle.secondary
        label = say(f"button-{action}")
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"story:{action}:{number}"))
        self.action = action
        self.number = number

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], __: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(match["action"], int(match["number"]), ENGLISH)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it, and offer the way back."""
        bot: StorydeskBot = interaction.client

        async def done(say: Phrases) -> TextLayout:
            await bot.check_librarian(interaction)
            guild_id = cast("int", interaction.guild_id)
            if self.action == "undo":
                record = await bot.library.restore(guild_id, self.number)
                return TextLayout([say("story-restored", title=phrase.story_name(record))])
            return removed_layout(await bot.library.remove(guild_id, self.number), say)

        await bot.edge.respond(interaction, done, replaces=True, checks=False)


def remove_layout(record: StoryRecord, say: Phrases) -> TextLayout:
    """Return the question whether to remove a story."""
    text = say("story-remove", title=phrase.story_name(record))
    return TextLayout([text], buttons=[StoryButton("remove", record.id, say)])


def removed_layout(record: StoryRecord, say: Phrases) -> TextLayout:
    """Return what says that a story is removed, with the way back."""
    text = say("story-removed", title=phrase.story_name(record))
    return TextLayout([text], buttons=[StoryButton("undo", record.id, say)])


STORY_BUTTONS = (StoryButton,)
