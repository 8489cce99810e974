"""What was asked before, by thread, direct messages or chain of replies, so that follow-ups are understood.

Kept in memory, for the last few hundred conversations only: nothing members write is stored.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import discord

from bot.followup import MOST_TURNS, Turn

if TYPE_CHECKING:
    from bot.answer import Reply

_MOST = 500


class Conversations:
    """The last turns of each conversation, newest first."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._turns: OrderedDict[int, tuple[tuple[int, Turn], ...]] = OrderedDict()

    def before(self, channel: object, replied_to: int | None = None) -> list[Turn]:
        """Return the turns before a question in `channel`, or before the message that it replies to."""
        key = replied_to if replied_to in self._turns else _key(channel)
        return [turn for _, turn in self._turns.get(key or 0, ())]

    def remember(self, member_id: int, reply: Reply, answer: discord.Message, replied_to: int | None = None) -> None:
        """Remember a turn: what was understood, and the message that answers it."""
        channel_key = _key(answer.channel)
        key = replied_to if replied_to in self._turns else channel_key
        quote = reply.quotes[0].text if reply.quotes and reply.verdict == "answered" else ""
        turn = (member_id, Turn(reply.question, reply.short, quote))
        turns = (turn, *self._turns.get(key or 0, ()))[:MOST_TURNS]
        for place in (answer.id, channel_key):
            if place is not None:
                self._turns[place] = turns
                self._turns.move_to_end(place)
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
