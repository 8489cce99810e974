"""The library below Discord: what is on disk, what survives, what a crash leaves, which story answers."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from bot_fakes import STORY, shelf_of
from fakes import CountingEmbedder

from bot.config import LibrarySettings
from bot.desk import Desk
from bot.errors import FetchQuotaError, QuotaError, UnknownStoryError
from bot.language import ENGLISH
from bot.library import Library
from bot.opening import open_index_in
from bot.stages import Stages
from bot.store.store import Store
from bot.store.stories import WHOLE_GUILD, StoryStore
from bot.story_files import StoryFiles
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

NEWSROOM, CLUB = 1, 2
CATS = Story("Cats sleep for fifteen hours a day.", "Cats", url="https://news.example/cats")
DOGS = Story("Dogs sleep for twelve hours a day.", "Dogs")


class Set:
    """A library with everything below it, in one folder."""

    def __init__(self, folder: Path) -> None:
        shelf = shelf_of()
        shelf._open_index = open_index_in(folder)
        self.store = Store(folder)
        self.records = StoryStore(self.store)
        self.files = StoryFiles(folder)
        self.desk = Desk(lambda: shelf)
        self.library = Library(self.records, self.files, self.desk)


@pytest_asyncio.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Set]:
    kit = Set(tmp_path)
    await kit.store.open()
    async with kit.desk:
        yield kit
    await kit.store.close()


async def test_a_guild_sees_its_own_stories_before_the_operators_and_nobody_elses(kit: Set) -> None:
    await kit.library.add(None, CATS)
    await kit.library.add(NEWSROOM, DOGS, 11)
    assert [record.name for record in await kit.library.visible(NEWSROOM)] == ["Dogs", "Cats"]
    assert [record.name for record in await kit.library.visible(CLUB)] == ["Cats"]


async def test_an_added_story_is_there_for_another_process(kit: Set, tmp_path: Path) -> None:
    await kit.library.add(NEWSROOM, CATS)
    other = Set(tmp_path)
    await other.store.open()
    async with other.desk:
        (story_id,) = await other.library.scope(NEWSROOM, ())
        assert await other.desk.story(story_id) == CATS
        assert (await other.desk.ask("How long do cats sleep?", [story_id])).quotes[0].text == CATS.body
    await other.store.close()


async def test_two_guilds_share_a_text_but_not_its_name_and_address(kit: Set) -> None:
    await kit.library.add(NEWSROOM, CATS)
    record, _ = await kit.library.add(CLUB, Story(CATS.body, CATS.title, url="https://club.example"))
    await kit.library.rename(CLUB, record.id, "Naps")
    theirs = await kit.library.story(CLUB, CATS.id)
    ours = await kit.library.story(NEWSROOM, CATS.id)
    assert (theirs.name, theirs.url, theirs.id) == ("Naps", "https://club.example", CATS.id)
    assert (ours.name, ours.url) == ("Cats", CATS.url)


async def test_an_update_is_to_be_marked_until_its_answers_are_and_again_after_the_next_one(kit: Set) -> None:
    first, _ = await kit.library.add(NEWSROOM, CATS)
    assert await kit.library.unmarked(0) == []
    second, _ = await kit.library.update(NEWSROOM, first.id, DOGS)
    assert await kit.library.unmarked(0) == [second]
    assert await kit.library.earlier(NEWSROOM, second) == [CATS]
    assert await kit.library.unmarked(int(time.time()) + 60) == []  # it is too long ago
    third, _ = await kit.library.update(NEWSROOM, first.id, CATS)
    await kit.library.marked(second)  # which was not the newest any more
    assert await kit.library.unmarked(0) == [third]
    await kit.library.marked(third)
    assert await kit.library.unmarked(0) == []
    fourth, _ = await kit.library.update(NEWSROOM, first.id, DOGS)
    assert await kit.library.unmarked(0) == [fourth]
    await kit.library.remove(NEWSROOM, first.id)
    assert await kit.library.unmarked(0) == []


async def test_the_channel_comes_before_its_category_before_the_guild_before_all(kit: Set) -> None:
    cats, _ = await kit.library.add(NEWSROOM, CATS)
    dogs, _ = await kit.library.add(NEWSROOM, DOGS)
    channel, category = 7, 8

    async def scope() -> list[str]:
        found = await kit.library.scope(NEWSROOM, (channel, category))
        return sorted([(await kit.library.story(NEWSROOM, story_id)).title for story_id in found])

    assert await scope() == ["Cats", "Dogs"]
    await kit.library.use(NEWSROOM, WHOLE_GUILD, cats.id)
    assert await scope() == ["Cats"]
    await kit.library.use(NEWSROOM, category, dogs.id)
    assert await scope() == ["Dogs"]
    await kit.library.use(NEWSROOM, channel, cats.id)
    assert await scope() == ["Cats"]
    await kit.library.use(NEWSROOM, channel, None)
    assert await scope() == ["Dogs"]
    await kit.library.remove(NEWSROOM, dogs.id)
    assert await scope() == ["Cats"]


async def test_another_guilds_story_can_be_neither_used_nor_changed(kit: Set) -> None:
    record, _ = await kit.library.add(NEWSROOM, CATS)
    shared, _ = await kit.library.add(None, DOGS)
    for number in (record.id, 999):
        with pytest.raises(UnknownStoryError):
            await kit.library.use(CLUB, WHOLE_GUILD, number)
    for number in (record.id, shared.id):
        with pytest.raises(UnknownStoryError):
            await kit.library.remove(CLUB, number)
        with pytest.raises(UnknownStoryError):
            await kit.library.rename(CLUB, number, "mine")
        with pytest.raises(UnknownStoryError):
            await kit.library.restore(CLUB, number)
    with pytest.raises(UnknownStoryError):
        await kit.library.story(CLUB, CATS.id)
    await kit.library.use(CLUB, WHOLE_GUILD, shared.id)


async def test_a_story_whose_text_was_lost_does_not_keep_the_others_from_answering(
    kit: Set, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for story in (CATS, DOGS):
        await kit.library.add(NEWSROOM, story)
    scope = await kit.library.scope(NEWSROOM, ())
    shutil.rmtree(tmp_path / "stories" / DOGS.id)
    again = Set(tmp_path)
    async with again.desk:
        for question in ("How long do cats sleep?", "How long do cats doze?"):
            assert (await again.desk.ask(question, scope)).quotes[0].text == CATS.body
        with pytest.raises(UnknownStoryError):
            await again.desk.ask("How long do dogs sleep?", DOGS.id)
    assert caplog.text.count("cannot be read and is left out") == 1


async def test_a_removed_story_comes_back_and_after_ten_minutes_its_text_is_deleted(
    kit: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, _ = await kit.library.add(NEWSROOM, CATS)
    assert (await kit.desk.ask("How long do cats sleep?", CATS.id)).quotes  # its index is written too
    await kit.library.remove(NEWSROOM, record.id)
    await kit.library.prune(min_age=0)
    assert (await kit.library.restore(NEWSROOM, record.id)).name == "Cats"
    await kit.library.remove(NEWSROOM, record.id)
    later = int(time.time()) + 700
    monkeypatch.setattr("bot.store.stories._now", lambda: later)
    monkeypatch.setattr("bot.library.time.time", lambda: later)
    with pytest.raises(UnknownStoryError):
        await kit.library.restore(NEWSROOM, record.id)
    monkeypatch.setattr("bot.library.time.time", lambda: later + 601)
    await kit.library.prune(min_age=0)
    with pytest.raises(UnknownStoryError):
        kit.files.load(CATS.id)
    assert not list((tmp_path / "indexes").glob(CATS.id))


async def test_a_text_whose_record_is_about_to_be_written_is_not_pruned(kit: Set, tmp_path: Path) -> None:
    kit.files.save(CATS)
    await kit.library.prune()
    assert kit.files.load(CATS.id) == CATS
    os.utime(tmp_path / "stories" / CATS.id, (0, 0))
    kit.files.save(CATS)
    await kit.library.prune()
    assert kit.files.load(CATS.id) == CATS
    os.utime(tmp_path / "stories" / CATS.id, (0, 0))
    await kit.library.prune()
    with pytest.raises(UnknownStoryError):
        kit.files.load(CATS.id)


async def test_pruning_keeps_a_text_that_another_guild_still_has(kit: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    record, _ = await kit.library.add(NEWSROOM, CATS)
    await kit.library.add(CLUB, CATS)
    await kit.library.remove(NEWSROOM, record.id)
    monkeypatch.setattr("bot.library.time.time", lambda: record.added_at + 10_000)
    await kit.library.prune(min_age=0)
    assert kit.files.load(CATS.id) == CATS


async def test_a_story_that_was_removed_is_added_anew(kit: Set) -> None:
    record, _ = await kit.library.add(NEWSROOM, CATS)
    await kit.library.remove(NEWSROOM, record.id)
    again, is_new = await kit.library.add(NEWSROOM, CATS)
    assert is_new
    assert (again.id, again.name) == (record.id, "Cats")
    assert not (await kit.library.add(NEWSROOM, CATS))[1]


async def test_a_guild_brings_as_much_as_it_may_and_the_operator_more(kit: Set) -> None:
    quotas = LibrarySettings(most_stories=1, most_characters=60, fetches_an_hour=2)
    library = Library(kit.records, kit.files, kit.desk, quotas)
    record, _ = await library.add(NEWSROOM, CATS)
    with pytest.raises(QuotaError):
        await library.add(NEWSROOM, DOGS)
    assert not (await library.add(NEWSROOM, CATS))[1]
    await library.add(CLUB, DOGS)
    await library.add(None, Story("word " * 100, "Long"))
    await library.remove(NEWSROOM, record.id)
    with pytest.raises(QuotaError):
        await library.add(NEWSROOM, Story("word " * 100, "Long"))
    dogs, _ = await library.add(NEWSROOM, DOGS)
    with pytest.raises(QuotaError):
        await library.update(NEWSROOM, dogs.id, Story("word " * 100, "Long"))
    assert (await library.update(NEWSROOM, dogs.id, Story("Dogs sleep for ten hours a day.", "Dogs")))[1]
    library.count_fetch(NEWSROOM)
    library.count_fetch(NEWSROOM)
    with pytest.raises(FetchQuotaError):
        library.count_fetch(NEWSROOM)
    library.count_fetch(CLUB)


async def test_what_an_interrupted_save_left_is_not_seen_and_is_cleaned_up(kit: Set, tmp_path: Path) -> None:
    (tmp_path / "stories" / ".new-abc").mkdir(parents=True)
    (tmp_path / "stories" / ".new-abc" / "story.json").write_text('{"body": "ha')
    await kit.library.add(NEWSROOM, CATS)
    await kit.library.prune(min_age=0)
    assert [place.name for place in (tmp_path / "stories").iterdir()] == [CATS.id]


class PatientEmbedder(CountingEmbedder):
    """Takes a hundredth of a second a text."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        time.sleep(0.01 * len(texts))
        return super().encode(texts)


async def test_questions_are_answered_while_a_long_story_is_indexed(tmp_path: Path) -> None:
    """Embedding takes turns with questions: a question waits for a few texts, not for the whole story."""
    shelf = shelf_of(embedder=PatientEmbedder())
    shelf._open_index = open_index_in(tmp_path)
    long = Story("\n\n".join(f"Sentence number {number} says nothing new." for number in range(200)), "Long")
    StoryFiles(tmp_path).save(long)
    async with Desk(lambda: shelf) as desk:
        await desk.wait_ready()
        placing = asyncio.create_task(desk.place(long.id))
        await asyncio.sleep(0.1)
        await desk.ask("Who agreed?")
        assert not placing.done()
        await placing
        assert shelf.has(long.id)


async def test_a_story_that_is_being_indexed_holds_up_no_other_servers_story(kit: Set, tmp_path: Path) -> None:
    """Whose index is saved is read meanwhile, and whose text is lost is told so; a new one waits for its turn."""
    await kit.library.add(NEWSROOM, CATS)
    birds = Story("Birds sleep for ten hours a day.", "Birds")
    for story in (DOGS, birds):
        kit.files.save(story)
    is_held, may_go_on = threading.Event(), threading.Event()

    def held(*_: int) -> None:
        is_held.set()
        assert may_go_on.wait(10)

    async with Set(tmp_path).desk as desk:
        long = asyncio.create_task(desk.place(DOGS.id, held))
        assert await asyncio.to_thread(is_held.wait, 10)
        new = asyncio.create_task(desk.ask("How long do birds sleep?", birds.id))
        asked = asyncio.create_task(desk.ask("How long do dogs sleep?", [CATS.id, DOGS.id]))
        try:
            reply = await asyncio.wait_for(desk.ask("How long do cats sleep?", CATS.id), 5)
            with pytest.raises(UnknownStoryError):
                await asyncio.wait_for(desk.ask("Who sleeps?", "0" * 16), 5)
            assert not any(task.done() for task in (long, new, asked))
        finally:
            may_go_on.set()
        assert reply.quotes[0].text == CATS.body
        assert (await asked).quotes
        assert (await new).quotes[0].text == birds.body
        await long


async def test_a_story_that_many_ask_for_at_once_is_indexed_once(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    shelf = shelf_of(embedder=embedder, open_index=open_index_in(tmp_path))
    StoryFiles(tmp_path).save(CATS)
    async with Desk(lambda: shelf) as desk:
        await asyncio.gather(*(desk.place(CATS.id) for _ in range(5)), desk.ask("How long do cats sleep?", CATS.id))
    assert embedder.seen.count(CATS.body) == 1


async def test_whoever_adds_a_story_sees_how_far_its_indexing_is(tmp_path: Path) -> None:
    told: list[str | None] = []

    class Watched(Stages):
        def __call__(self, steps: int, total: int) -> None:
            super().__call__(steps, total)
            told.append(self.text(ENGLISH))

    kit = Set(tmp_path)
    await kit.store.open()
    long = Story("\n\n".join(f"Sentence number {number} says nothing new." for number in range(128)), "Long")
    async with kit.desk:
        await kit.library.add(NEWSROOM, long, stages=Watched())
    await kit.store.close()
    assert told == [ENGLISH("doing-indexing", percent=percent) for percent in (25, 50, 75, 100)]


def test_a_saved_text_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    files = StoryFiles(tmp_path)
    story = Story("One\r\nline — “quoted”\u2028and\ttabs ünïcode 🐈.", "T\u00a0itle", language="fr")
    files.save(story)
    files.save(story)
    assert files.load(story.id) == story
    for unknown in ("0" * 16, f"../stories/{story.id}", ".", ""):
        with pytest.raises(UnknownStoryError):
            files.load(unknown)
    assert STORY.id != story.id


async def test_a_removed_story_leaves_the_memory_and_one_that_is_asked_comes_back(kit: Set) -> None:
    record, _ = await kit.library.add(NEWSROOM, CATS)
    shelf = await kit.desk._shelf()
    assert shelf.has(CATS.id)
    await kit.library.remove(NEWSROOM, record.id)
    assert not shelf.has(CATS.id)
    await kit.library.restore(NEWSROOM, record.id)
    assert (await kit.desk.ask("How long do cats sleep?", CATS.id)).quotes[0].text == CATS.body


async def test_the_memory_is_bounded_and_no_question_loses_the_stories_that_it_goes_to(tmp_path: Path) -> None:
    stories = [Story(f"Place {number} has {number} cats.\n\nIt is small.", f"Place {number}") for number in range(12)]
    files = StoryFiles(tmp_path)
    for story in stories:
        files.save(story)
    shelf = shelf_of(open_index=open_index_in(tmp_path), most_sentences=6)
    ids = [story.id for story in stories]
    async with Desk(lambda: shelf) as desk:

        async def drop(story_id: str) -> None:
            await asyncio.sleep(0.01)
            desk.drop_story(story_id)

        asked = [desk.ask(f"How many cats has place {at}?", [*ids[at : at + 5], *ids[:1]]) for at in range(8)]
        asked += [desk.ask(f"How many cats are in place {at}?", ids) for at in range(3)]
        others = asyncio.gather(*(desk.context(0, story_id) for story_id in ids), *map(drop, ids[::3]))
        assert all(reply.quotes for reply in await asyncio.gather(*asked))
        await others
        assert shelf._loaded.size <= 6
        assert await desk.story() == STORY
        assert await desk.story(ids[3]) == stories[3]


async def test_of_a_story_that_is_updated_again_and_again_the_texts_of_a_week_are_kept_and_then_twenty(
    kit: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, _ = await kit.library.add(NEWSROOM, CATS)
    texts = [Story(f"Cats sleep for {hours} hours a day.", "Cats") for hours in range(30, 53)]
    clock = [1_700_000_000]
    monkeypatch.setattr("bot.store.stories._now", lambda: clock[0])
    for text in texts:
        clock[0] += 86_400 // 4
        await kit.library.update(NEWSROOM, record.id, text)
    assert len(await kit.records.replaced(NEWSROOM, record.id)) == 23  # none is older than a week
    clock[0] += 8 * 86_400
    texts.append(Story("Cats never sleep.", "Cats"))
    await kit.library.update(NEWSROOM, record.id, texts[-1])
    earlier = [story_id for story_id, _ in await kit.records.replaced(NEWSROOM, record.id)]
    assert len(earlier) == 20
    assert CATS.id not in earlier
    assert texts[-2].id in earlier
    await kit.library.prune(min_age=0)
    assert kit.files.load(texts[-2].id) == texts[-2]
    with pytest.raises(UnknownStoryError):
        kit.files.load(CATS.id)
