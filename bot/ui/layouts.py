"""Replies as Components V2 layouts: text in one coloured container, buttons below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answer import Verdict

_COLOURS: dict[Verdict, discord.Colour] = {
    "answered": discord.Colour.from_str("#2f855a"),
    "closest": discord.Colour.from_str("#b7791f"),
    "silent": discord.Colour.from_str("#718096"),
}
_MOST_TEXTS = 25  # of the 40 components that a message may have, beside the container, buttons, pictures and files
_NEUTRAL = discord.Colour.from_str("#2b6cb0")


class TextLayout(discord.ui.LayoutView):
    """Texts one below the other, in a container whose colour only repeats what the text says."""

    def __init__(
        self,
        texts: Sequence[str],
        *,
        verdict: Verdict | None = None,
        buttons: Sequence[discord.ui.Item[Any]] = (),
    ) -> None:
        """Lay out `texts`, with up to five buttons below them; texts beyond what a message may have become one."""
        super().__init__(timeout=None)
        colour = _COLOURS[verdict] if verdict else _NEUTRAL
        if len(texts) > _MOST_TEXTS:
            texts = [*texts[: _MOST_TEXTS - 1], "\n".join(texts[_MOST_TEXTS - 1 :])]
        container: discord.ui.Container[TextLayout] = discord.ui.Container(
            *(discord.ui.TextDisplay(text) for text in texts), accent_colour=colour
        )
        if buttons:
            container.add_item(discord.ui.ActionRow(*buttons))
        self.add_item(container)


class Apology(TextLayout):
    """One line that says why there is no reply, or not the wanted one."""

    def __init__(self, text: str) -> None:
        """Say `text`."""
        super().__init__([text])


def notice(text: str) -> TextLayout:
    """Return a layout of one line: a hint, a word while loading."""
    return TextLayout([text])
