"""What was asked before, by thread, direct messages or chain of replies, so that follow-ups are understood.

Kept in memory, for the last few hundred conversations only: nothing members write is stored. What
a member alone was shown is a conversation of that member, of which nobody else learns.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import discord

from bot.followup import MOST_TURNS, Turn

if TYPE_CHECKING:
    from bot.answer import Reply

_MOST = 500

_Place = int | tuple[int | None, int | None] | None  # a channel, an answer, or a channel and who alone was shown it


class Conversations:
    """The last turns of each conversation, newest first."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._turns: OrderedDict[_Place, tuple[tuple[int, Turn], ...]] = OrderedDict()

    def before(self, channel: object, replied_to: int | None = None, *, private_to: int | None = None) -> list[Turn]:
        """Return the turns before a question in `channel`, or before the message that it replies to.

        `private_to` is the member who alone is shown the answer: their own private turns come first.
        """
        place = _key(channel)
        for key in ((place, private_to), replied_to, place):
            if key in self._turns:
                return [turn for _, turn in self._turns[key]]
        return []

    def remember(
        self,
        member_id: int,
        reply: Reply,
        answer: discord.Message,
        replied_to: int | None = None,
        *,
        is_private: bool = False,
    ) -> None:
        """Remember a turn: what was understood, and the message that answers it; `is_private` is for its member."""
        place = _key(answer.channel)
        own = place and (place, member_id)
        asked_after = (own, place) if is_private else (replied_to, place)
        before = next((self._turns[key] for key in asked_after if key in self._turns), ())
        quote = reply.quotes[0].text if reply.quotes and reply.verdict == "answered" else ""
        turns = ((member_id, Turn(reply.question, reply.short, quote)), *before)[:MOST_TURNS]
        if not is_private:
            self._turns.pop(own, None)  # the member goes on where all can read it
        for key in (own,) if is_private else (answer.id, place):
            if key is not None:
                self._turns[key] = turns
                self._turns.move_to_end(key)
        while len(self._turns) > _MOST:
            self._turns.popitem(last=False)

    def forget(self, member_id: int) -> None:
        """Forget every conversation that a member took part in."""
        for place, turns in list(self._turns.items()):
            if any(member == member_id for member, _ in turns):
                del self._turns[place]


def _key(channel: object) -> int | None:
    """Return the id of a thread or of direct messages, which are one conversation; elsewhere members mix."""
    return channel.id if isinstance(channel, (discord.Thread, discord.DMChannel, discord.GroupChannel)) else None
