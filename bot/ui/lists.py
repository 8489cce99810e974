"""Lists with buttons that turn their pages. A button's id says which list, so it works after a restart.

A page is made anew from what is there when it is turned to, so it never shows what is gone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from bot import lists, phrase
from bot.language import ENGLISH
from bot.ui.layouts import TextLayout, notice

if TYPE_CHECKING:
    import re

    from bot.app import StorydeskBot
    from bot.language import Phrases


class ListButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"list:(?P<way>[pn]):(?P<page>\d+):(?P<name>library|changes|mine)(?::(?P<number>\d+))?",
):
    """Turns to another page of a list; for changes, `number` is the story."""

    def __init__(self, way: str, page: int, name: str, number: int | None, say: Phrases, *, is_off: bool) -> None:
        """Turn to `page` (from 0) of the list of that name; `way` is p for the one before, n for the next."""
        label, emoji = (say("button-previous"), "◀") if way == "p" else (say("button-next"), "▶")
        custom_id = f"list:{way}:{page}:{name}" + (f":{number}" if number is not None else "")
        style = discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=custom_id, emoji=emoji, disabled=is_off))
        self.page, self.name, self.number = page, name, number

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], __: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        number = int(match["number"]) if match["number"] else None
        return cls(match["way"], int(match["page"]), match["name"], number, ENGLISH, is_off=False)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page in place of this one."""
        bot: StorydeskBot = interaction.client

        async def turned(say: Phrases) -> TextLayout:
            if self.name == "mine":
                return await kept_list(bot, interaction, say, self.page)
            if self.name == "changes":
                return await changes_list(bot, interaction, str(self.number), say, self.page)
            return await library_list(bot, interaction, say, self.page)

        await bot.edge.respond(interaction, turned, replaces=True, checks=self.name != "mine")


async def library_list(
    bot: StorydeskBot, interaction: discord.Interaction[Any], say: Phrases, page: int = 0
) -> TextLayout:
    """Return the guild's stories and the operator's, and what the guild follows."""
    guild_id = cast("int", interaction.guild_id)
    records, followed = await bot.library.visible(guild_id), await bot.follower.of_guild(guild_id)
    if not records and not followed:
        return notice(say("stories-none", title=phrase.linked_title(await bot.desk.story())))
    return _layout(lists.library_page(records, followed, page, say), "library", None, say)


async def changes_list(
    bot: StorydeskBot, interaction: discord.Interaction[Any], story: str, say: Phrases, page: int = 0
) -> TextLayout:
    """Return what the last update of a story changed."""
    guild_id = cast("int", interaction.guild_id)
    record = await bot.library.managed(guild_id, story)
    found = await bot.library.changes(guild_id, record)
    if not found:
        return notice(say("changes-none", title=phrase.story_name(record)))
    shown = await asyncio.to_thread(lists.changes_page, record, found, page, say)
    return _layout(shown, "changes", record.id, say)


async def kept_list(
    bot: StorydeskBot, interaction: discord.Interaction[Any], say: Phrases, page: int = 0
) -> TextLayout:
    """Return what is kept about whoever asks."""
    return _layout(lists.kept_page(await bot.store.kept_about(interaction.user.id), page, say), "mine", None, say)


def _layout(shown: lists.Page, name: str, number: int | None, say: Phrases) -> TextLayout:
    before, after = max(0, shown.number - 1), shown.number + 1
    buttons = [
        ListButton("p", before, name, number, say, is_off=shown.number == 0),
        ListButton("n", after, name, number, say, is_off=after == shown.pages),
    ]
    return TextLayout(shown.texts, buttons=buttons if shown.pages > 1 else [])


LIST_BUTTONS = (ListButton,)
