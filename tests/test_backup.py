from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.backup import back_up, leftovers, restore
from bot.cli import app
from bot.errors import StorageError
from bot.guild_settings import GuildSettings
from bot.store.database import FILE, Database, migrate
from bot.store.store import Store
from bot.store.stories import StoryStore
from bot.story_files import StoryFiles
from index.story import Story

CATS = Story("Cats sleep for fifteen hours a day.", "Cats")


async def fill(folder: Path) -> None:
    store = Store(folder)
    await store.open()
    await store.change_guild_settings(1, 2, {"private": True})
    StoryFiles(folder).save(CATS)
    await StoryStore(store).add(1, CATS)
    await store.close()


async def contents(folder: Path) -> tuple[GuildSettings, list[str], Story]:
    store = Store(folder)
    await store.open()
    found = (
        await store.guild_settings(1),
        [record.name for record in await StoryStore(store).visible(1)],
        StoryFiles(folder).load(CATS.id),
    )
    await store.close()
    return found


async def test_a_backup_brings_everything_back_in_another_place(tmp_path: Path) -> None:
    await fill(tmp_path / "data")
    assert back_up(tmp_path / "data", tmp_path / "backup.zip") == 1
    assert await asyncio.to_thread(restore, tmp_path / "backup.zip", tmp_path / "new") == 1
    assert await contents(tmp_path / "new") == (GuildSettings(private=True), ["Cats"], CATS)


async def test_a_backup_is_whole_while_the_bot_writes(tmp_path: Path) -> None:
    await fill(tmp_path)
    store = Store(tmp_path)
    await store.open()

    async def write() -> None:
        for seconds in range(40):
            await store.change_guild_settings(3, 2, {"cooldown_seconds": seconds, "questions_a_minute": seconds})

    writing = asyncio.create_task(write())
    for number in range(5):
        await asyncio.to_thread(back_up, tmp_path, tmp_path / f"{number}.zip")
    await writing
    await store.close()
    for number in range(5):
        await asyncio.to_thread(restore, tmp_path / f"{number}.zip", tmp_path / str(number))
        kept = Store(tmp_path / str(number))
        await kept.open()
        settings = await kept.guild_settings(3)
        await kept.close()
        assert settings.cooldown_seconds == settings.questions_a_minute


async def test_what_is_there_is_replaced_only_when_that_is_said(tmp_path: Path) -> None:
    await fill(tmp_path / "data")
    back_up(tmp_path / "data", tmp_path / "backup.zip")
    store = Store(tmp_path / "data")
    await store.open()
    await store.forget_guild(1)
    await store.close()
    with pytest.raises(StorageError, match="--replace"):
        await asyncio.to_thread(restore, tmp_path / "backup.zip", tmp_path / "data")
    await asyncio.to_thread(restore, tmp_path / "backup.zip", tmp_path / "data", replaces=True)
    assert (await contents(tmp_path / "data"))[1] == ["Cats"]


def make_zip(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as parts:
        for name, content in files.items():
            parts.writestr(name, content)
    return path


def test_what_is_no_backup_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no zip")
    migrate(Database.of_file(tmp_path / "good" / FILE))
    good = (tmp_path / "good" / FILE).read_bytes()
    bad = [
        tmp_path / "text.zip",
        tmp_path / "gone.zip",
        make_zip(tmp_path / "other.zip", **{"a.txt": b"x"}),
        make_zip(tmp_path / "climbs.zip", **{FILE: good, "../../evil": b"x"}),
        make_zip(tmp_path / "garbage.zip", **{FILE: b"no database " * 100}),
    ]
    migrate(Database.of_file(tmp_path / "data" / FILE))
    for source in bad:
        with pytest.raises(StorageError):
            restore(source, tmp_path / "data", replaces=True)
    assert sorted(place.name for place in (tmp_path / "data").iterdir()) == [FILE]
    assert sorted(place.name for place in tmp_path.iterdir() if place.name.startswith(".")) == []
    assert not (tmp_path.parent / "evil").exists()


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    migrate(Database.of_file(tmp_path / "data" / FILE))
    database = sqlite3.connect(tmp_path / "data" / FILE)
    with database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    back_up(tmp_path / "data", tmp_path / "backup.zip")
    with pytest.raises(StorageError, match="newer Storydesk"):
        restore(tmp_path / "backup.zip", tmp_path / "new")
    assert not (tmp_path / "new" / FILE).exists()


def test_the_commands_back_up_and_restore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORYDESK_STORAGE__FOLDER", str(tmp_path / "data"))
    run = CliRunner().invoke
    assert "nothing to back up yet" in run(app, ["backup", "b.zip"]).output
    asyncio.run(fill(tmp_path / "data"))
    assert "1 story" in run(app, ["backup", "b.zip"]).output
    assert run(app, ["restore", "b.zip"]).exit_code == 1
    assert "1 story" in run(app, ["restore", "b.zip", "--replace"]).output


@pytest.mark.parametrize("failing", range(1, 5))
async def test_a_restore_that_fails_half_way_leaves_what_was_there(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(tmp_path)
    back_up(tmp_path, tmp_path / "backup.zip")
    calls, rename = [], Path.rename

    def refused(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) == failing:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(StorageError, match="busy"):
        await asyncio.to_thread(restore, tmp_path / "backup.zip", tmp_path, replaces=True)
    monkeypatch.undo()
    assert len(calls) >= failing
    assert await contents(tmp_path) == (GuildSettings(private=True), ["Cats"], CATS)
    assert ".restore-" not in " ".join(await asyncio.to_thread(os.listdir, tmp_path))


def test_a_restore_that_is_interrupted_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(fill(tmp_path))
    back_up(tmp_path, tmp_path / "backup.zip")
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        if path.parent.name == "unpacked":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        restore(tmp_path / "backup.zip", tmp_path, replaces=True)
    monkeypatch.undo()
    assert asyncio.run(contents(tmp_path)) == (GuildSettings(private=True), ["Cats"], CATS)
    assert leftovers(tmp_path) == []


def test_what_cannot_be_moved_back_is_kept_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(fill(tmp_path))
    back_up(tmp_path, tmp_path / "backup.zip")
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path.parent.name == "unpacked" or path.parent.name.startswith(".before-restore-"):
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(StorageError, match=r"what was there before lies in .*\.before-restore-"):
        restore(tmp_path / "backup.zip", tmp_path, replaces=True)
    monkeypatch.undo()
    (left,) = leftovers(tmp_path)
    assert (left / FILE).exists()
    assert (left / "stories" / CATS.id / "story.json").exists()
