"""The button "More passages". Its id holds the passages' numbers, so it works after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import discord

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    class PassageShower(Protocol):
        """A bot that can show passages of a story."""

        async def show_passages(
            self, interaction: discord.Interaction[Any], story_id: str, numbers: Sequence[int]
        ) -> None:
            """Show the passages to whoever pressed the button, and to nobody else."""


_CUSTOM_ID_CHARACTERS = 100


class MoreButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.LayoutView]],
    template=r"more:(?P<story>[0-9a-f]{16}):(?P<numbers>\d+(?:\.\d+)*)",
):
    """Shows the passages that a reply did not quote to the member who presses it."""

    def __init__(self, story_id: str, numbers: Sequence[int]) -> None:
        """Remember the passages, as many as fit into a button's id."""
        kept = f"more:{story_id}:{'.'.join(map(str, numbers))}"
        while len(kept) > _CUSTOM_ID_CHARACTERS:
            kept = kept.rpartition(".")[0]
        super().__init__(discord.ui.Button(label="More passages", style=discord.ButtonStyle.secondary, custom_id=kept))
        self.story_id = story_id
        self.numbers = [int(number) for number in kept.rpartition(":")[2].split(".")]

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        del interaction, item
        return cls(match["story"], [int(number) for number in match["numbers"].split(".")])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the passages."""
        await cast("PassageShower", interaction.client).show_passages(interaction, self.story_id, self.numbers)
