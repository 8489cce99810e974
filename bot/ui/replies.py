"""The reply to a question, with its buttons."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from bot import phrase
from bot.ui.buttons import ContextButton, MoreButton, VoteButton
from bot.ui.layouts import TextLayout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import discord

    from bot.answer import Answer, Reply
    from bot.language import Phrases
    from index.story import Story


class ReplyLayout(TextLayout):
    """The reply to a question. Whoever sends it remembers what it says, for votes and corrections."""

    @classmethod
    async def of(
        cls,
        reply: Reply,
        story: Story,
        say: Phrases,
        *,
        above: Sequence[str] = (),
        suggestions: Sequence[str] = (),
        asked_of: int = 1,
        rivals: Sequence[tuple[Answer, Story]] = (),
    ) -> Self:
        """Lay out `reply`, below the lines `above`, beside its `rivals`; `asked_of` stories were asked.

        The text is made in a thread: telling a quote from its like on a long page takes a while.
        """

        def told() -> tuple[Reply, list[str]]:
            fitted = phrase.fitted(reply, story)
            return fitted, phrase.reply_texts(fitted, story, suggestions, say, asked_of=asked_of, rivals=rivals)

        fitted, texts = await asyncio.to_thread(told)
        return cls(fitted, story.id, [*above, *texts], say)

    def __init__(self, reply: Reply, story_id: str, texts: Sequence[str], say: Phrases) -> None:
        """Show `texts` with the buttons of `reply`."""
        buttons: list[discord.ui.Item[Any]] = []
        if reply.quotes:
            buttons.append(ContextButton(story_id, reply.quotes[0].number, say))
        if reply.further:
            buttons.append(MoreButton(story_id, reply.further, say))
        if reply.verdict != "silent":
            buttons += [VoteButton(story_id, is_helpful=helpful, say=say) for helpful in (True, False)]
        super().__init__(texts, verdict=reply.verdict, buttons=buttons)
        self.reply = reply
        self.story_id = story_id
