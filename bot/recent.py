"""What each guild did within a span of time."""

from __future__ import annotations

from collections import deque


class Recent:
    """The times at which guilds did something, as far as they are recent."""

    def __init__(self, seconds: float) -> None:
        """Forget what is as old as `seconds`."""
        self._seconds = seconds
        self._times: dict[int, deque[float]] = {}

    def times(self, guild_id: int, now: float) -> deque[float]:
        """Return the recent times of a guild, the oldest first, to which its next one is to be added.

        What lies in the future is from before the clock was put back, and forgotten too.
        """
        times = self._times.setdefault(guild_id, deque())
        while times and not now - self._seconds < times[0] <= now:
            times.popleft()
        return times
