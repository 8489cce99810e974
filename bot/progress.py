"""Progress of long work at a terminal; Rich is imported when there is something to show."""

from __future__ import annotations

import sys
from typing import Any, Self


class Progress:
    """A bar on standard error that appears with the first step; nothing where that is no terminal."""

    def __init__(self, label: str) -> None:
        """Prepare the bar, `label` before it; nothing is shown yet."""
        self._label = label
        self._bar: Any = None

    def __enter__(self) -> Self:
        """Return the bar."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Take the bar away."""
        self.close()

    def __call__(self, steps: int, total: int) -> None:
        """Move on by `steps` of `total`."""
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress as RichProgress

            self._bar = RichProgress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
            self._bar.start()
            self._task = self._bar.add_task(self._label, total=total)
        self._bar.update(self._task, advance=steps, total=total)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
