"""Backs up a data folder while the bot runs, and restores it: the database and the stories' texts, not the indexes.

One ZIP file. The database is copied by SQLite itself, so that the copy is whole whatever is written
meanwhile; indexes are derived and built anew.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import StorageError
from bot.opening import database_for
from bot.remedies import with_remedy
from bot.store.database import FILE, Database, migrate

if TYPE_CHECKING:
    from bot.config import Config

_STORIES = "stories"
_BEFORE = ".before-restore-"
_STORY = re.compile(rf"{_STORIES}/[0-9a-zA-Z]+/story\.json")


def check_backed_up_here(config: Config) -> None:
    """Let pass where the database is the file that `back_up` copies and `restore` brings back.

    Raises:
        StorageError: it is another one.
    """
    if database_for(config).file != config.data_folder / FILE:
        message = (
            "Another database is set under storage.url: back it up with its own tools, PostgreSQL with pg_dump and "
            f"pg_restore, and copy the folder {config.data_folder / _STORIES} beside it."
        )
        raise StorageError(message)


def back_up(data_folder: Path, target: Path) -> int:
    """Write a backup of `data_folder` to `target`, whole or not at all; return how many stories are in it.

    Raises:
        StorageError: there is nothing to back up, or it cannot be read or written.
    """
    if not (data_folder / FILE).exists():
        message = f"There is no database in {data_folder}; nothing to back up yet."
        raise StorageError(message)
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.resolve().parent) as aside:
            copy = Path(aside) / FILE
            with closing(sqlite3.connect(data_folder / FILE)) as source, closing(sqlite3.connect(copy)) as kept:
                source.backup(kept)
            # The texts come after the database: each that the copy names was there before it was named.
            stories = sorted((data_folder / _STORIES).glob("[!.]*/story.json"))
            packed = Path(aside) / "backup.zip"
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
                parts.write(copy, FILE)
                for story in stories:
                    parts.write(story, f"{_STORIES}/{story.parent.name}/{story.name}")
            with packed.open("rb") as file:
                os.fsync(file.fileno())
            packed.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(with_remedy(f"The backup cannot be written to {target}: {error}", error)) from error
    return len(stories)


def restore(source: Path, data_folder: Path, *, replaces: bool = False) -> int:
    """Bring back a backup into `data_folder`, whole or not at all; return how many stories were in it.

    Raises:
        StorageError: it is no backup, a newer Storydesk wrote it, or there is a database already and
            `replaces` is not set.
    """
    if (data_folder / FILE).exists() and not replaces:
        message = f"There is a database in {data_folder} already; stop the bot and give --replace to replace it."
        raise StorageError(message)
    try:
        data_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=data_folder) as aside:
            unpacked = Path(aside) / "unpacked"
            with zipfile.ZipFile(source) as parts:
                names = parts.namelist()
                if FILE not in names or not all(_is_ours(name) for name in names):
                    message = f"{source} is no backup of Storydesk."
                    raise StorageError(message)
                parts.extractall(unpacked)
            migrate(Database.of_file(unpacked / FILE))
            (unpacked / _STORIES).mkdir(exist_ok=True)
            stories = list((unpacked / _STORIES).iterdir())
            _exchange(data_folder, unpacked)
    except (OSError, zipfile.BadZipFile) as error:
        raise StorageError(with_remedy(f"{source} cannot be restored: {error}", error)) from error
    return len(stories)


def _is_ours(name: str) -> bool:
    return name == FILE or _STORY.fullmatch(name) is not None


def _exchange(data_folder: Path, new: Path) -> None:
    """Put what is in `new` in place of what is there; where that fails or is interrupted, everything back as it was.

    What was there lies in a folder beside it meanwhile, which is deleted at the very end only; `leftovers` finds it
    where the machine was switched off.

    Raises:
        OSError: something cannot be moved.
    """
    old = Path(tempfile.mkdtemp(prefix=_BEFORE, dir=data_folder))
    moved: list[tuple[Path, Path]] = []
    try:
        for name in (FILE, f"{FILE}-wal", f"{FILE}-shm", _STORIES):
            if (data_folder / name).exists():
                (data_folder / name).rename(old / name)
                moved.append((data_folder / name, old / name))
        for name in (_STORIES, FILE):
            (new / name).rename(data_folder / name)
            moved.append((new / name, data_folder / name))
    except BaseException:
        try:
            for was, now in reversed(moved):
                now.rename(was)
            old.rmdir()
        except OSError as error:
            message = f"{error.strerror}; what was there before lies in {old}, move it back by hand"
            raise OSError(error.errno, message) from error
        raise
    shutil.rmtree(old, ignore_errors=True)


def leftovers(data_folder: Path) -> list[Path]:
    """Return the folders with what was in a data folder before a restore that did not come to its end."""
    return sorted(data_folder.glob(f"{_BEFORE}*"))
