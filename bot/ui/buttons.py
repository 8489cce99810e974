"""The buttons below replies. Their ids hold all they need, so they work after a restart.

What a button shows is for whoever presses it alone; only ◀ and ▶ turn the page for all who see it. Links
to quotes are made in a thread: telling a quote from its like on a long page takes a while. A button that
was pressed is made anew out of its id, in English and without a look into the database: nobody sees it,
and Discord waits.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import discord

from bot import phrase
from bot.errors import StorageError
from bot.language import ENGLISH
from bot.ui.layouts import TextLayout, notice

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from bot.answer import Quote
    from bot.app import StorydeskBot
    from bot.language import Phrases
    from index.story import Story


_CUSTOM_ID_CHARACTERS = 100
_STORY = r"(?P<story>[0-9a-f]{16})"
_NUMBERS = r"(?P<numbers>\d+(?:~-?\d+)?(?:\.\d+(?:~-?\d+)?)*)"


def _button(
    label: str, custom_id: str, *, emoji: str | None = None, disabled: bool = False
) -> discord.ui.Button[discord.ui.LayoutView]:
    return discord.ui.Button(
        label=label, style=discord.ButtonStyle.secondary, custom_id=custom_id, emoji=emoji, disabled=disabled
    )


def _joined(head: str, numbers: Sequence[str]) -> str:
    """Return an id with as many of the passages' numbers as it can hold."""
    custom_id = f"{head}:{'.'.join(numbers)}"
    while len(custom_id) > _CUSTOM_ID_CHARACTERS:
        custom_id = custom_id.rpartition(".")[0]
    return custom_id


class ContextButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.LayoutView]], template=rf"context:{_STORY}:(?P<number>\d+)"
):
    """Shows a quote within its paragraph."""

    def __init__(self, story_id: str, number: int, say: Phrases) -> None:
        """Remember the passage."""
        super().__init__(_button(say("button-context"), f"context:{story_id}:{number}"))
        self.story_id = story_id
        self.number = number

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], __: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(match["story"], int(match["number"]), ENGLISH)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the paragraph."""
        bot: StorydeskBot = interaction.client
        desk = bot.desk

        async def paragraph(say: Phrases) -> TextLayout:
            quote = await desk.context(self.number, self.story_id)
            story = await bot.library.story(bot.guild_of(interaction), self.story_id)
            return TextLayout(await asyncio.to_thread(phrase.context_texts, quote, story, say))

        await bot.edge.respond(interaction, paragraph, ephemeral=True)


class MoreButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.LayoutView]], template=rf"more:{_STORY}:{_NUMBERS}"
):
    """Shows the passages that a reply did not quote."""

    def __init__(self, story_id: str, numbers: Sequence[int], say: Phrases) -> None:
        """Remember the passages, as many as fit into a button's id."""
        custom_id = _joined(f"more:{story_id}", [str(number) for number in numbers])
        super().__init__(_button(say("button-more"), custom_id))
        self.story_id = story_id
        self.numbers = [int(number) for number in custom_id.rpartition(":")[2].split(".")]

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], __: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        numbers = [number for number, _ in parsed_numbers(match["numbers"])]
        return cls(match["story"], numbers, ENGLISH)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the passages."""
        bot: StorydeskBot = interaction.client
        desk = bot.desk

        async def first_page(say: Phrases) -> TextLayout:
            quotes = await desk.passages(self.numbers, self.story_id)
            return await passages_layout(
                say("further"), quotes, await bot.library.story(bot.guild_of(interaction), self.story_id), say
            )

        await bot.edge.respond(interaction, first_page, ephemeral=True)


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.LayoutView]],
    template=rf"page:(?P<way>[pn]):(?P<page>\d+):{_STORY}:{_NUMBERS}",
):
    """Turns to another page of passages; a number may carry its score in hundredths, as in `12~71`."""

    def __init__(self, label: str, custom_id: str, *, emoji: str, disabled: bool = False) -> None:
        """Turn to the page of `custom_id`."""
        super().__init__(_button(label, custom_id, emoji=emoji, disabled=disabled))

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], __: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(ENGLISH("button-next"), str(getattr(item, "custom_id", "")), emoji="▶")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page in place of this one."""
        bot: StorydeskBot = interaction.client
        desk = bot.desk
        _, _, page, story_id, text = self.custom_id.split(":")
        numbers = parsed_numbers(text)

        async def turned(say: Phrases) -> TextLayout:
            scores = dict(numbers)
            found = await desk.passages(list(scores), story_id)
            quotes = [replace(quote, score=scores[quote.number] or 0.0) for quote in found]
            has_scores = None not in scores.values()
            heading = say("lookup-more") if has_scores else say("further")
            return await passages_layout(
                heading,
                quotes,
                await bot.library.story(bot.guild_of(interaction), story_id),
                say,
                int(page),
                scores=has_scores,
            )

        await bot.edge.respond(interaction, turned, replaces=True)


def page_buttons(
    quotes: Sequence[Quote], page: int, pages: int, say: Phrases, *, scores: bool
) -> list[discord.ui.Item[Any]]:
    """Return the buttons to the page before and after."""
    story_id = quotes[0].story_id
    numbers = [f"{quote.number}~{round(100 * quote.score)}" if scores else str(quote.number) for quote in quotes]

    def turning(way: str, to: int) -> str:
        return _joined(f"page:{way}:{to}:{story_id}", numbers)

    return [
        PageButton(say("button-previous"), turning("p", max(0, page - 1)), emoji="◀", disabled=page == 0),
        PageButton(say("button-next"), turning("n", page + 1), emoji="▶", disabled=page == pages - 1),
    ]


async def passages_layout(
    heading: str, quotes: Sequence[Quote], story: Story, say: Phrases, page: int = 0, *, scores: bool = False
) -> TextLayout:
    """Return one page of passages, with buttons to the other pages where there are any."""
    texts, pages = await asyncio.to_thread(phrase.passages_page, heading, quotes, story, page, scores=scores, say=say)
    buttons = page_buttons(quotes, min(page, pages - 1), pages, say, scores=scores) if pages > 1 else []
    return TextLayout(texts, buttons=buttons)


def parsed_numbers(text: str) -> list[tuple[int, float | None]]:
    """Return the passages' numbers of a button's id, with their scores where it has them."""
    parts = (number.partition("~") for number in text.split("."))
    return [(int(number), int(score) / 100 if score else None) for number, _, score in parts]


class VoteButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.LayoutView]], template=rf"vote:(?P<vote>[ud]):{_STORY}"
):
    """Counts whether a member found an answer helpful."""

    def __init__(self, story_id: str, *, is_helpful: bool, say: Phrases) -> None:
        """Count a vote for or against the answer that the button stands below."""
        label = say("button-helpful" if is_helpful else "button-unhelpful")
        emoji = "👍" if is_helpful else "👎"
        super().__init__(_button(label, f"vote:{'u' if is_helpful else 'd'}:{story_id}", emoji=emoji))
        self.is_helpful = is_helpful

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], __: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(match["story"], is_helpful=match["vote"] == "u", say=ENGLISH)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Count the vote and thank for it."""
        bot: StorydeskBot = interaction.client
        message = interaction.message

        async def counted(say: Phrases) -> TextLayout:
            if message is None:
                return notice(say("vote-unknown"))
            try:
                became = await bot.given_answers.vote(message.id, interaction.user.id, is_helpful=self.is_helpful)
            except StorageError:
                became = "unknown"
            if became in ("counted", "changed") and not self.is_helpful:
                await bot.memory.tell_of_vote(message, interaction.user.id)
            return notice(say(f"vote-{became}"))

        await bot.edge.respond(interaction, counted, ephemeral=True)


BUTTONS = (ContextButton, MoreButton, PageButton, VoteButton)
