"""What the log looks like, for people and for machines, and what never stands in it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiosqlite
import pytest
from discord_desk import said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention
from pydantic import SecretStr

from bot.config import LogSettings
from bot.logs import HumanFormatter, JsonFormatter, set_up_logging
from bot.request import Requests, current_request, error_code
from bot.store.store import Store
from bot.telemetry import QuestionAnswered, log_event
from bot.together import Spent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import simcord

    from bot.app import StorydeskBot

TROOPS = "how many US troops have to go?"
TOKEN = "secret.bot.token"  # noqa: S105 - made up
EVENT = QuestionAnswered("answered", 0.875, 42, 0.0125, 1.5)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the bot writes to a log in JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(TOKEN))
    logger = logging.getLogger()
    level = logger.level
    logger.addHandler(handler)
    logging.getLogger("storydesk").setLevel("INFO")
    yield stream
    logger.removeHandler(handler)
    logging.getLogger("storydesk").setLevel("NOTSET")
    logger.setLevel(level)


def objects(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def record(message: str, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("storydesk", logging.WARNING, __file__, 1, message, None, None)
    made.__dict__.update(extra)
    return made


def test_a_line_for_people_has_time_level_logger_and_message() -> None:
    line = HumanFormatter("").format(record("the gateway is slow"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARNING  storydesk: the gateway is slow", line)


async def test_both_forms_name_the_request_and_the_guild() -> None:
    Requests().enter(77)
    request = current_request()
    assert request is not None
    assert f"storydesk: [{request.id} guild 77] slow" in HumanFormatter("").format(record("slow"))
    found = json.loads(JsonFormatter("").format(record("slow")))
    assert (found["request"], found["guild"], found["message"]) == (request.id, "77", "slow")


@pytest.mark.parametrize("formatter", [HumanFormatter, JsonFormatter])
def test_no_token_stands_in_a_line(formatter: type[HumanFormatter | JsonFormatter]) -> None:
    message = f"Bot {TOKEN}: POST https://discord.com/api/v10/webhooks/42/aW50ZXJhY3Rpb246/messages/@original said 429"
    error = ValueError(message)
    line = formatter(TOKEN).format(record(message, exc_info=(ValueError, error, None)))
    assert TOKEN not in line
    assert "aW50ZXJhY3Rpb246" not in line
    assert "webhooks/42/[hidden]/messages/@original" in line
    assert "ValueError" in line


@pytest.fixture
def log_is_put_back() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    logging.getLogger("storydesk").setLevel("NOTSET")


@pytest.mark.usefixtures("log_is_put_back")
def test_the_form_is_chosen_by_the_setting(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(LogSettings(format="json"), SecretStr(TOKEN))
    logging.getLogger("storydesk").info("hello")
    logging.getLogger("discord").info("libraries speak from warnings on")
    talkative = logging.getLogger("a.library.that.sets.its.own.level")
    talkative.setLevel("DEBUG")
    talkative.debug("this is nothing for the operator")
    (line,) = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert (found["level"], found["logger"], found["message"]) == ("INFO", "storydesk", "hello")
    assert found["time"].endswith("+00:00")


@pytest.mark.usefixtures("log_is_put_back")
async def test_a_look_at_the_database_that_is_cancelled_leaves_no_traceback_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bot that stops meanwhile does that."""
    store = Store(tmp_path)
    await store.open()
    close = aiosqlite.Connection.close

    async def cancelled_meanwhile(connection: aiosqlite.Connection) -> None:
        task = asyncio.current_task()
        assert task
        task.cancel()
        await close(connection)

    set_up_logging(LogSettings(), SecretStr(TOKEN))
    monkeypatch.setattr(aiosqlite.Connection, "close", cancelled_meanwhile)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(store.prune(0))
    logging.getLogger("sqlalchemy.pool.impl.NullPool").error("broken", exc_info=OSError("a real one"))
    errors = capsys.readouterr().err
    assert "CancelledError" not in errors, errors
    assert "OSError: a real one" in errors
    await store.close()


def test_a_question_is_one_object_with_its_verdict_and_timings(lines: io.StringIO) -> None:
    log_event(EVENT)
    (found,) = objects(lines)
    assert {name: found[name] for name in ("verdict", "waited", "worked", "total", "confidence")} == {
        "verdict": "answered", "waited": 0.0125, "worked": 1.5, "total": 1.5125, "confidence": 0.875,
    }  # fmt: skip
    assert "question" not in found
    assert "read" not in found


def test_the_object_of_a_question_that_was_worked_on_has_what_each_stage_took(lines: io.StringIO) -> None:
    log_event(replace(EVENT, spent=Spent(embedding=0.25, reading=1.0)))
    (found,) = objects(lines)
    assert {name: found[name] for name in ("embedded", "searched", "read")} == {
        "embedded": 0.25, "searched": 0.25, "read": 1.0,
    }  # fmt: skip


async def test_every_line_of_a_question_has_its_id_and_its_guild_and_none_its_text(
    lines: io.StringIO, env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    await alice.slash(channel, "ask", question=TROOPS)
    await alice.send(channel, f"{mention(env)} {TROOPS}")
    first, second = (found for found in objects(lines) if found["logger"] == "storydesk.questions")
    assert first["guild"] == second["guild"] == str(env.guild.id)
    assert first["request"] != second["request"]
    assert TROOPS not in lines.getvalue()


async def test_the_code_of_an_apology_is_the_id_of_the_request_in_the_log(
    lines: io.StringIO, bot: StorydeskBot, env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    async def broken(*_: object, **__: object) -> None:
        message = "a bug"
        raise ZeroDivisionError(message)

    bot.desk.ask = broken  # type: ignore[method-assign, assignment]
    await alice.slash(channel, "ask", question=TROOPS)
    (told,) = (found for found in objects(lines) if found["level"] == "ERROR")
    assert told["code"] == told["request"]
    assert told["error"] == "ZeroDivisionError"
    assert "ZeroDivisionError: a bug" in told["exception"]
    assert f"`{told['code']}`" in said(channel.last_message)


async def test_the_text_of_questions_is_logged_only_where_the_operator_asks_for_it(
    lines: io.StringIO, bot: StorydeskBot, env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    bot.desk._tells_questions = True  # what `log.question_text` sets, see the next test
    await alice.slash(channel, "ask", question=TROOPS)
    (found,) = (found for found in objects(lines) if found["logger"] == "storydesk.questions")
    assert found["question"] == TROOPS


def test_the_setting_reaches_the_desk() -> None:
    from bot.config import Config
    from bot.opening import desk_for
    from index.load import shipped_story

    assert not desk_for(Config(), shipped_story())._tells_questions
    assert desk_for(Config(log=LogSettings(question_text=True)), shipped_story())._tells_questions


async def test_a_request_is_one_task_and_ends_with_it() -> None:
    requests = Requests()
    codes: list[str] = []

    async def ask() -> None:
        requests.enter(1)
        requests.enter(2)
        codes.extend([error_code(), error_code()])
        await asyncio.sleep(0)
        assert current_request() is not None

    tasks = [asyncio.create_task(ask()) for _ in range(2)]
    await asyncio.sleep(0)
    assert len(requests) == 2
    await asyncio.gather(*tasks)
    await asyncio.sleep(0)
    assert len(requests) == 0
    assert len(set(codes)) == 2
    assert current_request() is None
    assert error_code() != error_code()


async def test_draining_waits_for_those_under_way_but_not_for_ever() -> None:
    requests = Requests()
    released = asyncio.Event()

    async def ask() -> None:
        requests.enter(None)
        await released.wait()

    task = asyncio.create_task(ask())
    await asyncio.sleep(0)
    assert await requests.drain(0.01) == 1
    assert requests.is_draining
    waiting = asyncio.create_task(requests.drain(60))
    released.set()
    assert await waiting == 0
    await task
