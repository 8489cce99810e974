"""Which message was answered with which, so that an edited question has its answer edited along.

Kept in memory, for the last few only: no question is stored, and after a restart an edit changes nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import discord

    from bot.access import Asker
    from bot.followup import Turn

_MOST = 500


@dataclass(slots=True)
class Asked:
    """A question as it reads now, who asked it after which turns, and the message that answers it, if any."""

    question: str
    author: discord.abc.User
    asker: Asker
    turns: Sequence[Turn] = ()
    answer: discord.Message | None = None


class AskedMessages:
    """The last questions asked by message, by the message's id; the oldest are forgotten."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._asked: OrderedDict[int, Asked] = OrderedDict()

    def remember(
        self, message_id: int, author: discord.abc.User, asker: Asker, question: str, turns: Sequence[Turn] = ()
    ) -> Asked:
        """Return a new record of what a message asks."""
        self._asked[message_id] = asked = Asked(question, author, asker, turns)
        if len(self._asked) > _MOST:
            self._asked.popitem(last=False)
        return asked

    def differing(self, message_id: int, question: str) -> Asked | None:
        """Return the record of a message, where it asks something else now than before."""
        asked = self._asked.get(message_id)
        return asked if asked is not None and asked.question != question else None

    def forget(self, member_id: int) -> None:
        """Forget what a member asked; editing it changes no answer any more."""
        for message_id, asked in list(self._asked.items()):
            if asked.author.id == member_id:
                del self._asked[message_id]
