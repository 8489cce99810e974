"""How far something is that takes a while, for whoever waits for it.

Any thread writes it, the event loop reads it now and then: only whole values are replaced, so no
lock is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bot.language import Phrases

Stage = Literal["fetching", "reading", "indexing"]


class Stages:
    """What is being done with a story that someone brings."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._stage: Stage | None = None
        self._done = 0
        self._total = 0

    def begin(self, stage: Stage) -> None:
        """Say what is done from now on."""
        self._stage = stage
        self._done = self._total = 0

    def __call__(self, steps: int, total: int) -> None:
        """Move on by `steps` of `total`."""
        self._done, self._total = self._done + steps, total

    def text(self, say: Phrases) -> str | None:
        """Return the line that says what is done; None before anything is."""
        if self._stage is None:
            return None
        share = 100 * self._done // self._total if self._total else 0
        return say(f"doing-{self._stage}", percent=share)
