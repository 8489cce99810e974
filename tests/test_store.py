"""The database: what it keeps, whom it shows it to, what it forgets, and files that it refuses."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres import *  # noqa: F403 - fixtures come by name
from pydantic import ValidationError
from sqlalchemy import select, text

from bot.errors import StorageError
from bot.guild_settings import GuildSettings
from bot.store import database as database_module
from bot.store.answers import AnswerStore
from bot.store.database import FILE, Database, engine_for, migrate
from bot.store.follows import FollowStore
from bot.store.records import AnswerRecord, Unanswered
from bot.store.store import Store
from bot.store.stories import StoryStore
from bot.store.tables import Table
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

NEWSROOM, CLUB = 1, 2
ALICE, BOB = 11, 12
DAY = 86_400


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty database; everything that is kept is kept by both kinds."""
    if request.param == "sqlite":
        return Database.of_file(tmp_path / FILE)
    return Database.of_url(request.getfixturevalue("postgres_address"), tmp_path)


@pytest_asyncio.fixture
async def store(database: Database, tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path, database)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def answers(store: Store) -> AnswerStore:
    return AnswerStore(store)


def answer(
    message_id: int, *, guild_id: int = NEWSROOM, member_id: int = ALICE, verdict: str = "answered", asked_at: int = 0
) -> AnswerRecord:
    return AnswerRecord(message_id, 5, guild_id, member_id, "s", verdict, 0.9, ((0, 10),), asked_at)


def test_the_file_of_a_database_is_made_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / FILE
    migrate(Database.of_file(file))
    assert file.exists()


async def test_what_is_remembered_is_there_after_a_restart(database: Database, tmp_path: Path) -> None:
    first = Store(tmp_path, database)
    await first.open()
    await first.remember_synced_commands(7, "abc")
    await first.remember_synced_commands(8, "def")
    await first.remember_synced_commands(7, "ghi")
    await first.change_guild_settings(NEWSROOM, ALICE, {"private": True})
    await first.close()
    second = Store(tmp_path, database)
    await second.open()
    assert await second.synced_commands(7) == "ghi"
    assert await second.synced_commands(8) == "def"
    assert await second.synced_commands(9) is None
    assert await second.guild_settings(NEWSROOM) == GuildSettings(private=True)
    await second.close()


async def test_a_crowd_that_comes_at_once_reads_the_settings_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    reading = store.reading

    def counted() -> AbstractAsyncContextManager[AsyncSession]:
        reads.append(1)
        return reading()

    monkeypatch.setattr(store, "reading", counted)
    await asyncio.gather(*(store.guild_settings(NEWSROOM) for _ in range(50)))
    assert len(reads) == 1


async def test_settings_of_one_guild_are_not_those_of_another(store: Store) -> None:
    await store.change_guild_settings(NEWSROOM, ALICE, {"channels": (3,), "language": "fr"})
    assert await store.guild_settings(NEWSROOM) == GuildSettings(channels=(3,), language="fr")
    assert await store.guild_settings(CLUB) == GuildSettings()


async def test_a_setting_that_cannot_be_is_refused_and_changes_nothing(store: Store) -> None:
    with pytest.raises(ValidationError):
        await store.change_guild_settings(NEWSROOM, ALICE, {"cooldown_seconds": -1})
    assert await store.guild_settings(NEWSROOM) == GuildSettings()
    assert (await store.kept_about(ALICE)).settings_changes == 0


async def test_changes_that_build_on_what_is_set_do_not_undo_each_other(store: Store) -> None:
    def opened(place: int) -> Callable[[GuildSettings], tuple[int, ...]]:
        return lambda now: (*now.listens, place)

    await asyncio.gather(
        *(store.change_guild_settings(NEWSROOM, ALICE, {"listens": opened(place)}) for place in range(8))
    )
    assert sorted((await store.guild_settings(NEWSROOM)).listens) == list(range(8))


async def test_only_the_last_change_can_be_taken_back_and_only_in_its_guild(store: Store) -> None:
    _, first = await store.change_guild_settings(NEWSROOM, ALICE, {"private": True})
    _, second = await store.change_guild_settings(NEWSROOM, ALICE, {"cooldown_seconds": 30})
    _, other = await store.change_guild_settings(CLUB, BOB, {"language": "de"})
    assert await store.undo_change(NEWSROOM, first) is None
    assert await store.undo_change(NEWSROOM, other) is None
    assert await store.undo_change(NEWSROOM, second) == GuildSettings(private=True)
    assert await store.guild_settings(NEWSROOM) == GuildSettings(private=True)
    assert await store.undo_change(NEWSROOM, first) == GuildSettings()
    assert await store.guild_settings(CLUB) == GuildSettings(language="de")


async def test_an_old_undo_never_takes_back_a_later_change(store: Store) -> None:
    _, first = await store.change_guild_settings(NEWSROOM, ALICE, {"private": True})
    await store.undo_change(NEWSROOM, first)
    await store.change_guild_settings(NEWSROOM, ALICE, {"language": "de"})
    assert await store.undo_change(NEWSROOM, first) is None


async def test_of_many_changes_the_last_fifty_are_kept(store: Store) -> None:
    for seconds in range(55):
        await store.change_guild_settings(NEWSROOM, ALICE, {"cooldown_seconds": seconds})
    assert (await store.kept_about(ALICE)).settings_changes == 50


async def test_a_member_votes_once_changes_the_vote_and_takes_it_back(answers: AnswerStore) -> None:
    await answers.remember(answer(100))
    assert await answers.vote(100, ALICE, is_helpful=True) == "counted"
    assert await answers.vote(100, BOB, is_helpful=True) == "counted"
    assert await answers.vote(100, ALICE, is_helpful=False) == "changed"
    insights = await answers.insights(NEWSROOM, 0)
    assert (insights.helpful, insights.unhelpful) == (1, 1)
    assert await answers.vote(100, ALICE, is_helpful=False) == "withdrawn"
    assert (await answers.insights(NEWSROOM, 0)).unhelpful == 0
    assert await answers.vote(999, ALICE, is_helpful=True) == "unknown"


async def test_an_answer_that_is_edited_replaces_the_one_before_and_keeps_its_votes(answers: AnswerStore) -> None:
    await answers.remember(answer(100))
    await answers.vote(100, BOB, is_helpful=True)
    await answers.remember(answer(100, verdict="silent"))
    insights = await answers.insights(NEWSROOM, 0)
    assert insights.verdicts == {"silent": 1}
    assert insights.helpful == 1


async def test_insights_count_verdicts_days_members_and_leave_out_other_guilds(answers: AnswerStore) -> None:
    await answers.remember(answer(1, asked_at=DAY))
    await answers.remember(answer(2, asked_at=2 * DAY + 5))
    await answers.remember(answer(3, asked_at=3 * DAY - 1, member_id=BOB, verdict="closest"))
    await answers.remember(answer(4, asked_at=2 * DAY, guild_id=CLUB, verdict="silent"))
    insights = await answers.insights(NEWSROOM, 2 * DAY)
    assert insights.verdicts == {"answered": 1, "closest": 1}
    assert insights.days == {2: {"answered": 1, "closest": 1}}
    assert (insights.questions, insights.members) == (2, 2)
    assert (await answers.insights(NEWSROOM, 0)).questions == 3


async def test_unanswered_questions_are_listed_for_their_guild_newest_first(answers: AnswerStore) -> None:
    await answers.keep_unanswered(NEWSROOM, ALICE, "Who?", "silent")
    await answers.keep_unanswered(NEWSROOM, BOB, "When?", "closest")
    await answers.keep_unanswered(CLUB, BOB, "Why?", "silent")
    assert [row.question for row in (await answers.insights(NEWSROOM, 0)).unanswered] == ["When?", "Who?"]
    assert [row.question for row in (await answers.insights(CLUB, 0)).unanswered] == ["Why?"]


async def test_a_member_sees_what_is_kept_and_has_it_forgotten(store: Store, answers: AnswerStore) -> None:
    await answers.remember(answer(1))
    await answers.remember(answer(2, member_id=BOB))
    await answers.vote(2, ALICE, is_helpful=True)
    await answers.vote(1, BOB, is_helpful=True)
    await answers.keep_unanswered(NEWSROOM, ALICE, "Who?", "silent")
    await store.change_guild_settings(NEWSROOM, ALICE, {"private": True})
    await StoryStore(store).add(NEWSROOM, Story("Cats sleep a lot.", "Cats"), ALICE)
    kept = await store.kept_about(ALICE)
    assert (kept.answers, kept.votes, kept.settings_changes, kept.stories) == (1, 1, 1, 1)
    assert [(row.question, row.verdict) for row in kept.unanswered] == [("Who?", "silent")]
    assert isinstance(kept.unanswered[0], Unanswered)
    await store.forget_member(ALICE)
    kept = await store.kept_about(ALICE)
    assert (kept.answers, kept.votes, kept.settings_changes, kept.stories, kept.unanswered) == (0, 0, 0, 0, ())
    assert (await answers.insights(NEWSROOM, 0)).questions == 2
    assert (await store.kept_about(BOB)).votes == 1
    async with store.reading() as session:
        for table in Table.metadata.sorted_tables:
            assert all(ALICE not in row for row in await session.execute(select(table)))


async def test_a_guild_that_is_left_is_forgotten_and_the_other_stays(store: Store, answers: AnswerStore) -> None:
    for guild in (NEWSROOM, CLUB):
        await store.change_guild_settings(guild, ALICE, {"private": True})
        await answers.remember(answer(guild, guild_id=guild))
        await answers.vote(guild, BOB, is_helpful=True)
        await answers.keep_unanswered(guild, ALICE, "Who?", "silent")
    await store.forget_guild(NEWSROOM)
    assert await store.guild_settings(NEWSROOM) == GuildSettings()
    assert (await answers.insights(NEWSROOM, 0)).questions == 0
    assert await store.guild_settings(CLUB) == GuildSettings(private=True)
    kept = await store.kept_about(BOB)
    assert kept.votes == 1


async def test_what_is_old_is_pruned_with_its_votes(store: Store, answers: AnswerStore) -> None:
    await answers.remember(answer(1, asked_at=10))
    await answers.remember(answer(2, asked_at=20))
    await answers.vote(1, BOB, is_helpful=True)
    await store.prune(20)
    assert (await answers.insights(NEWSROOM, 0)).questions == 1
    assert (await store.kept_about(BOB)).votes == 0


async def test_it_knows_where_it_answered(answers: AnswerStore) -> None:
    await answers.remember(answer(1))
    assert await answers.has_answered_in(NEWSROOM, 5)
    assert not await answers.has_answered_in(CLUB, 5)
    assert not await answers.has_answered_in(NEWSROOM, 6)


async def test_the_migrations_make_the_tables_that_the_code_uses(store: Store) -> None:
    def differences(session: Session) -> object:
        return compare_metadata(MigrationContext.configure(session.connection()), Table.metadata)

    async with store.reading() as session:
        assert await session.run_sync(differences) == []


def test_a_database_that_is_up_to_date_is_migrated_without_change(database: Database) -> None:
    migrate(database)
    migrate(database)


ROWS = {
    "0001": """
        INSERT INTO synced_commands VALUES (7, 'abc');
        INSERT INTO guild_settings VALUES (1, '{"private": true}');
        INSERT INTO settings_changes VALUES (3, 1, 11, 0, '{}');
        INSERT INTO answers VALUES (100, 5, 1, 11, 's', 'answered', 0.9, '[[0, 10]]', 50);
        INSERT INTO votes VALUES (100, 12, true);
        INSERT INTO unanswered VALUES (1, 1, 11, 'Who?', 'silent', 50);
    """,
    "0002": """
        INSERT INTO stories VALUES (4, 1, 'abc', 'Cats', 'https://x', NULL, NULL, 1, 9, 11, 50, NULL);
        INSERT INTO chosen_stories VALUES (1, 0, 4);
    """,
    "0003": "INSERT INTO story_versions (library_id, story_id, replaced_at) VALUES (4, 'older', 40);",
    "0004": """
        INSERT INTO followed (id, guild_id, url, library_id, every, next_at, failures, problem)
        VALUES (2, 1, 'https://x', 4, 3600, 60, 1, 'It is gone.');
        INSERT INTO seen_items VALUES (2, 'key', 50);
    """,
    "0005": "INSERT INTO rival_quotes VALUES (100, 'other', 3, 9);",
    "0006": "UPDATE followed SET problem_key = 'cause-empty', problem_values = '{}';",
}


@pytest.mark.parametrize("version", sorted(ROWS))
async def test_a_database_of_an_older_version_keeps_what_is_in_it(
    database: Database, tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.database.HEAD", version)
    await asyncio.to_thread(migrate, database)
    engine = engine_for(database)
    async with engine.begin() as connection:
        for older in sorted(ROWS):
            for statement in ROWS[older].split(";") if older <= version else ():
                if statement.strip():
                    await connection.execute(text(statement.replace(":", r"\:")))
    await engine.dispose()
    monkeypatch.undo()
    store = Store(tmp_path, database)
    await store.open()
    answers, records, follows = AnswerStore(store), StoryStore(store), FollowStore(store)
    assert await store.synced_commands(7) == "abc"
    assert await store.guild_settings(NEWSROOM) == GuildSettings(private=True)
    rivals = (("other", 3, 9),) if version >= "0005" else ()
    assert await answers.latest_quoting(NEWSROOM, ["s"], 0, 9) == [replace(answer(100, asked_at=50), rivals=rivals)]
    insights = await answers.insights(NEWSROOM, 0)
    assert (insights.questions, insights.helpful, [row.question for row in insights.unanswered]) == (1, 1, ["Who?"])
    assert [record.name for record in await records.visible(NEWSROOM)] == (["Cats"] if version >= "0002" else [])
    assert await records.scope(NEWSROOM, ()) == (["abc"] if version >= "0002" else [])
    assert await records.replaced(NEWSROOM, 4) == ([("older", 40)] if version >= "0003" else [])
    followed = [(row.url, row.problem, row.problem_key) for row in await follows.of_guild(NEWSROOM)]
    key = "cause-empty" if version >= "0006" else None
    assert followed == ([("https://x", "It is gone.", key)] if version >= "0004" else [])
    assert [record.name for record in await records.unmarked(40)] == (["Cats"] if version >= "0003" else [])
    assert await follows.unseen(2, ["key"]) == (set() if version >= "0004" else {"key"})
    assert await store.undo_change(NEWSROOM, 3) == GuildSettings()
    await store.forget_guild(NEWSROOM)
    await store.close()


def test_every_older_version_is_looked_at() -> None:
    migrations = Path(database_module.__file__).parent / "migrations" / "versions"
    versions = sorted(file.name[1:5] for file in migrations.glob("v*.py"))
    assert sorted(ROWS) == versions[:-1]


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(store: Store, database: Database) -> None:
    async with store.changing() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="A newer Storydesk wrote") as told:
        await asyncio.to_thread(migrate, database)
    assert "\n" not in str(told.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is not a database " * 100)
    with pytest.raises(StorageError, match="cannot be used: file is not a database"):
        migrate(Database.of_file(tmp_path / FILE))
    assert (tmp_path / FILE).read_bytes().startswith(b"this is not")


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="cannot be used"):
        migrate(Database.of_file(tmp_path / "file" / FILE))


async def test_a_store_that_is_closed_says_so(store: Store, answers: AnswerStore) -> None:
    await store.close()
    with pytest.raises(StorageError, match="is not open"):
        await answers.insights(NEWSROOM, 0)
