"""What the bot remembers between starts: so far, which commands Discord has from us.

A small JSON file, written aside and renamed. The functions are synchronous; callers in the event
loop use `asyncio.to_thread`.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path


class Store:
    """The state file in a data folder."""

    def __init__(self, folder: Path) -> None:
        """Use `state.json` in `folder`; both are made when something is first remembered."""
        self._file = folder / "state.json"

    def synced_commands(self, application_id: int) -> str | None:
        """Return the digest of the commands that were last synced for this application."""
        digest = self._read().get(str(application_id))
        return digest if isinstance(digest, str) else None

    def remember_synced_commands(self, application_id: int, digest: str) -> None:
        """Remember the digest of the commands that Discord has now.

        Raises:
            OSError: the state cannot be written.
        """
        state = self._read() | {str(application_id): digest}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, aside = tempfile.mkstemp(prefix=".state-", dir=self._file.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"synced_commands": state}, file)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(self._file)
        finally:
            Path(aside).unlink(missing_ok=True)

    def _read(self) -> dict[str, object]:
        """Return what is remembered; a missing or unreadable file only costs one more sync."""
        try:
            state = json.loads(self._file.read_text("utf-8"))["synced_commands"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return state if isinstance(state, dict) else {}
