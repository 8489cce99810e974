"""Faults of the machine: disk, database, clock, memory, and stories that go while they are asked."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import sqlite3
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import simcord
from bot_fakes import STORY, SlowEmbedder, shelf_of
from discord_desk import bot_with, said
from fakes import CountingEmbedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_library import CATS, NEWSROOM, Set

from bot.access import Asker, Cooldowns
from bot.config import LibrarySettings
from bot.desk import Desk
from bot.errors import CooldownError, FetchQuotaError, GuildCooldownError, StorageError, UnknownStoryError
from bot.guild_settings import GuildSettings
from bot.library import Library
from bot.store.database import FILE
from index.errors import SavedIndexError
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from bot.answer import Reply

TROOPS = "How many troops are there?"
ALICE = Asker(11, NEWSROOM)


@pytest_asyncio.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Set]:
    kit = Set(tmp_path)
    await kit.store.open()
    async with kit.desk:
        yield kit
    await kit.store.close()


def disk_is_full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# ---------------------------------------------------------------------------------------------- disk


async def test_a_story_that_a_full_disk_does_not_take_is_not_added_and_leaves_nothing(
    kit: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("bot.story_files.os.fsync", disk_is_full)
        with pytest.raises(StorageError, match="No space left on device"):
            await kit.library.add(NEWSROOM, CATS)
    assert await kit.library.visible(NEWSROOM) == []
    assert list((tmp_path / "stories").iterdir()) == []
    await kit.library.add(NEWSROOM, CATS)
    assert [record.name for record in await kit.library.visible(NEWSROOM)] == ["Cats"]


async def test_a_full_disk_under_the_vectors_costs_the_saved_index_only(
    kit: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAISS raises RuntimeError where all others raise OSError."""

    def write_index(*_: object) -> None:
        message = "Error: 'ret == (size * 4)' failed: write error (No space left on device)"
        raise RuntimeError(message)

    monkeypatch.setattr("faiss.write_index", write_index)
    record, _ = await kit.library.add(NEWSROOM, CATS)
    assert (await kit.desk.story(record.story_id)).title == "Cats"
    assert list((tmp_path / "indexes").iterdir()) == []


async def test_a_data_folder_that_cannot_be_written_still_answers(tmp_path: Path) -> None:
    """A file in the way of both folders refuses writes from root too, as a read-only disk does."""
    (tmp_path / "stories").write_text("in the way")
    (tmp_path / "indexes").write_text("in the way")
    kit = Set(tmp_path)
    await kit.store.open()
    async with kit.desk:
        with pytest.raises(StorageError, match="The story cannot be kept"):
            await kit.library.add(NEWSROOM, CATS)
        assert (await kit.desk.ask(TROOPS, await kit.library.scope(NEWSROOM, ()))).verdict == "answered"
    await kit.store.close()


def saved_index(folder: Path) -> tuple[StoryIndex, Path]:
    built = StoryIndex.build(STORY, CountingEmbedder())
    built.save(folder / "good")
    return built, folder / "good"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["manifest.json", "story.json", "vectors.faiss"]),
    place=st.floats(0, 1, exclude_max=True),
    bit=st.one_of(st.none(), st.integers(0, 7)),
)
def test_an_index_that_is_cut_off_or_has_a_wrong_bit_anywhere_is_rebuilt_or_answers_the_same(
    tmp_path: Path, name: str, place: float, bit: int | None
) -> None:
    built, good = saved_index(tmp_path)
    folder = tmp_path / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder)
    content = bytearray((folder / name).read_bytes())
    at = int(place * len(content))
    if bit is None:
        del content[at:]
    else:
        content[at] ^= 1 << bit
    (folder / name).write_bytes(content)
    expected = built.search(TROOPS)
    with contextlib.suppress(SavedIndexError):
        assert StoryIndex.load(folder, CountingEmbedder(), story=STORY).search(TROOPS) == expected
    assert StoryIndex.open(STORY, folder, CountingEmbedder()).search(TROOPS) == expected
    assert StoryIndex.load(folder, CountingEmbedder(), story=STORY).search(TROOPS) == expected


# ------------------------------------------------------------------------------------------ database


async def test_while_the_database_is_locked_questions_are_answered_and_settings_apologise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.database._PRAGMAS", ("journal_mode = WAL", "busy_timeout = 50"))
    bot = bot_with(partial(shelf_of, STORY), tmp_path)
    async with simcord.run(bot, shard_count=1) as env:
        channel = env.create_guild("Newsroom").create_text_channel("general")
        owner = env.guild.add_member(env.create_user("chief"), roles=[_chiefs(env)])
        other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            answer = (await owner.slash(channel, "ask", question=TROOPS)).response
            listening = (await owner.slash(channel, "desk listen", channel=channel)).response
        finally:
            other.execute("ROLLBACK")
            other.close()
        again = (await owner.slash(channel, "desk listen", channel=channel)).response
    assert "More than 1,000" in said(answer)
    assert said(listening).startswith("I cannot reach my database at the moment")
    assert not said(again).startswith("I cannot answer")


def _chiefs(env: simcord.Env) -> simcord.RoleHandle:
    import discord

    return env.guild.create_role("Chief", permissions=discord.Permissions(manage_guild=True))


# --------------------------------------------------------------------------------------------- clock


def test_a_clock_that_is_put_back_makes_nobody_wait() -> None:
    now = [10_000.0]
    cooldowns = Cooldowns(lambda: now[0])
    limits = GuildSettings(cooldown_seconds=10, questions_a_minute=1)
    cooldowns.count(limits, ALICE)
    now[0] -= 9_000
    cooldowns.count(limits, ALICE)
    with pytest.raises(CooldownError) as told:
        cooldowns.count(limits, ALICE)
    assert told.value.values["until"] == 1_010
    with pytest.raises(GuildCooldownError):
        cooldowns.count(limits, Asker(12, NEWSROOM))
    now[0] += 90_000
    cooldowns.count(limits, ALICE)


async def test_pages_that_were_fetched_before_the_clock_was_put_back_do_not_count(
    kit: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100_000.0]
    monkeypatch.setattr("bot.library.time.time", lambda: now[0])
    library = Library(kit.records, kit.files, kit.desk, LibrarySettings(fetches_an_hour=1))
    library.count_fetch(NEWSROOM)
    now[0] -= 90_000
    library.count_fetch(NEWSROOM)
    with pytest.raises(FetchQuotaError):
        library.count_fetch(NEWSROOM)


async def test_a_clock_that_jumps_loses_no_story(kit: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    record, _ = await kit.library.add(NEWSROOM, CATS)
    for now in (10, 10_000_000_000):
        monkeypatch.setattr("bot.library.time.time", lambda now=now: now)
        monkeypatch.setattr("bot.story_files.time.time", lambda now=now: now)
        await kit.library.prune()
        assert kit.files.load(record.story_id) == CATS
    assert [one.name for one in await kit.library.visible(NEWSROOM)] == ["Cats"]


# ----------------------------------------------------------------------- memory, stories, cancelling


class _OutOfMemory(CountingEmbedder):
    """Has no memory for texts about cats."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any("Cats" in text for text in texts):
            raise MemoryError
        return super().encode(texts)


async def test_a_story_for_which_there_is_no_memory_is_not_added_and_the_desk_goes_on(
    kit: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = await kit.desk._shelf()
    monkeypatch.setattr(shelf, "embedder", _OutOfMemory())
    with pytest.raises(MemoryError):
        await kit.library.add(NEWSROOM, CATS)
    assert await kit.library.visible(NEWSROOM) == []
    assert (await kit.desk.ask(TROOPS)).verdict == "answered"
    monkeypatch.setattr(shelf, "embedder", CountingEmbedder())
    record, is_new = await kit.library.add(NEWSROOM, CATS)
    assert is_new
    assert (await kit.desk.story(record.story_id)).title == "Cats"


async def test_a_story_that_is_removed_under_a_running_question_is_still_answered_from(
    kit: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, _ = await kit.library.add(NEWSROOM, CATS)
    shelf = await kit.desk._shelf()
    shelf.embedder = SlowEmbedder(0.2)
    asking = asyncio.create_task(kit.desk.ask("How long do cats sleep?", await kit.library.scope(NEWSROOM, ())))
    await asyncio.sleep(0.05)
    await kit.library.remove(NEWSROOM, record.id)
    monkeypatch.setattr("bot.library.UNDO_SECONDS", -1)
    await kit.library.prune(min_age=-1)
    assert not (tmp_path / "stories" / record.story_id).exists()
    reply = await asking
    assert CATS.body[reply.quotes[0].span.start : reply.quotes[0].span.end] == reply.quotes[0].text
    other = Set(tmp_path)
    async with other.desk:
        with pytest.raises(UnknownStoryError):
            await other.desk.ask("How long do cats sleep?", record.story_id)


async def test_of_questions_that_are_cancelled_nothing_is_left_and_the_others_are_answered() -> None:
    shelf = shelf_of(STORY, embedder=SlowEmbedder(0.05))
    async with Desk(lambda: shelf, most_waiting=40, hook=lambda _: None) as desk:
        await desk.wait_ready()
        for _ in range(3):
            asked = [asyncio.create_task(desk.ask(f"{TROOPS} {number}")) for number in range(40)]
            await asyncio.sleep(0.02)
            for task in asked[::2]:
                task.cancel()
            done: list[Reply | BaseException] = await asyncio.gather(*asked, return_exceptions=True)
            assert Counter(type(one).__name__ for one in done) == {"CancelledError": 20, "Answer": 20}
            assert desk.under_way == 0
        await desk._run(lambda: None)  # behind all that was under way
        assert not desk._line._waiting
