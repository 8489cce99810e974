"""Which votes the feedback channel was told of, so that who presses again and again is told of once.

Kept in memory, for the last few thousand only: a vote that is told of twice after a restart harms nobody.
"""

from __future__ import annotations

from collections import OrderedDict

_MOST = 5_000


class ToldVotes:
    """Pairs of an answer's message and a member; the oldest are forgotten."""

    def __init__(self) -> None:
        """Know of no vote yet."""
        self._told: OrderedDict[tuple[int, int], None] = OrderedDict()

    def note(self, message_id: int, member_id: int) -> bool:
        """Note a vote that is told of; return whether it is the member's first on this answer."""
        if (message_id, member_id) in self._told:
            return False
        self._told[message_id, member_id] = None
        if len(self._told) > _MOST:
            self._told.popitem(last=False)
        return True

    def forget(self, member_id: int) -> None:
        """Forget a member's votes."""
        for message_id, member in list(self._told):
            if member == member_id:
                del self._told[message_id, member]
