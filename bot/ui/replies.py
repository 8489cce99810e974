"""The reply to a question, with its buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

    def __init__(
        self,
        reply: Reply,
        story: Story,
        say: Phrases,
        *,
        above: Sequence[str] = (),
        suggestions: Sequence[str] = (),
        asked_of: int = 1,
        rivals: Sequence[tuple[Answer, Story]] = (),
    ) -> None:
        """Lay out `reply`, below the lines `above`, beside its `rivals`; `asked_of` stories were asked."""
        reply = phrase.fitted(reply, story)
        buttons: list[discord.ui.Item[Any]] = []
        if reply.quotes:
            buttons.append(ContextButton(story.id, reply.quotes[0].number, say))
        if reply.further:
            buttons.append(MoreButton(story.id, reply.further, say))
        if reply.verdict != "silent":
            buttons += [VoteButton(story.id, is_helpful=helpful, say=say) for helpful in (True, False)]
        texts = [*above, *phrase.reply_texts(reply, story, suggestions, say, asked_of=asked_of, rivals=rivals)]
        super().__init__(texts, verdict=reply.verdict, buttons=buttons)
        self.reply = reply
        self.story_id = story.id
