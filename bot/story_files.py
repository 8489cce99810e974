"""The texts of the library's stories: a folder for each, complete or absent, named by the story's id.

Indexes are derived from these and can be lost; these cannot. A story that changed is another story
with another id, so nothing that is there is ever written over.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from bot.errors import StorageError, UnknownStoryError
from bot.remedies import with_remedy
from index.story import Story

_FILE = "story.json"


class StoryFiles:
    """The folder `stories` in a data folder, and the indexes that were made of what is in it.

    The methods are synchronous; call them in a thread.
    """

    def __init__(self, data_folder: Path) -> None:
        """Use `data_folder`; it is made by the first `save`."""
        self._folder = data_folder / "stories"
        self._indexes = data_folder / "indexes"

    def save(self, story: Story) -> None:
        """Keep a story; what is there already is left as it is.

        Raises:
            StorageError: it cannot be written.
        """
        place = self._folder / story.id
        try:
            if (place / _FILE).exists():
                os.utime(place)  # as good as new for `keep_only`
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
            try:
                with (aside / _FILE).open("w", encoding="utf-8", newline="") as file:
                    json.dump(asdict(story), file, ensure_ascii=False)
                    file.flush()
                    os.fsync(file.fileno())
                _rename_whole(aside, place)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        except OSError as error:
            raise StorageError(with_remedy(f"The story cannot be kept in {place}: {error}", error)) from error

    def load(self, story_id: str) -> Story:
        """Return a kept story.

        Raises:
            UnknownStoryError: it is not there, or cannot be read.
        """
        try:
            if not story_id.isalnum():
                raise ValueError(story_id)  # noqa: TRY301 - no id leads out of the folder
            return Story(**json.loads((self._folder / story_id / _FILE).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            message = f"There is no story {story_id!r} in {self._folder}."
            raise UnknownStoryError(message) from None

    def keep_only(self, story_ids: set[str], *, min_age: float) -> None:
        """Delete every other story, and what an interrupted `save` left, if it was saved `min_age` seconds ago.

        Its index, which holds its text too, goes first: what is lost then is deleted the next time.
        A text is saved before its record is, by another process maybe: one without a record may be about to get it.
        """
        for place in self._folder.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if place.name not in story_ids and place.stat().st_mtime <= time.time() - min_age:
                    shutil.rmtree(self._indexes / place.name, ignore_errors=True)
                    shutil.rmtree(place, ignore_errors=True)


def _rename_whole(aside: Path, place: Path) -> None:
    """Move a finished folder to its place, so that it is there after a loss of power; another may have been quicker."""
    try:
        aside.rename(place)
    except OSError:
        if not (place / _FILE).exists():
            raise
        return
    descriptor = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
