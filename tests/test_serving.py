"""How whoever runs the bot sees how it is: /healthz, /readyz and /metrics over loopback, around the unmodified bot."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import pytest
import simcord
from discord_desk import bot_with
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from prometheus_client.parser import text_string_to_metric_families

from bot.config import ServerSettings
from bot.errors import ConfigError
from bot.prometheus import Prometheus
from bot.serving import serving
from bot.telemetry import ErrorTold, QuestionAnswered, all_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.app import StorydeskBot
    from bot.shelf import Shelf

TROOPS = "how many US troops have to go?"


@dataclass
class Page:
    """What the server answered."""

    status: int
    text: str
    json: dict[str, object]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


async def get(port: int, path: str) -> Page:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        is_json = response.content_type == "application/json"
        return Page(response.status, await response.text(), await response.json() if is_json else {})


@contextlib.asynccontextmanager
async def served(bot: StorydeskBot, port: int) -> AsyncIterator[Prometheus]:
    """Serve as `storydesk run` does, for a bot that was made without its hook."""
    metrics = Prometheus()
    bot.edge._hook = all_of(bot.edge._hook, metrics)
    bot.desk._hook = all_of(bot.desk._hook, metrics)  # type: ignore[arg-type]
    async with serving(bot, metrics, ServerSettings(port=port)):
        yield metrics


async def values(port: int) -> dict[str, float]:
    """Return every sample of /metrics by its name and labels."""
    text = (await get(port, "/metrics")).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        " ".join([one.name, *(f"{key}={value}" for key, value in one.labels.items())]): one.value for one in samples
    }


async def test_a_bot_that_answers_is_alive_and_ready(bot: StorydeskBot, env: simcord.Env, port: int) -> None:
    await bot.desk.wait_ready()
    async with served(bot, port):
        assert (await get(port, "/healthz")).json == {"status": "alive"}
        ready = await get(port, "/readyz")
    assert (ready.status, ready.json) == (200, {"ready": True, "missing": {}})


async def test_before_it_is_connected_and_loaded_it_is_alive_and_says_what_is_missing(
    tmp_path: Path, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    bot = bot_with(lambda: pytest.fail("nothing is loaded here"), tmp_path)
    async with served(bot, port):
        assert (await get(port, "/healthz")).status == 200
        ready = await get(port, "/readyz")
    assert ready.status == 503
    assert ready.json["ready"] is False
    missing = ready.json["missing"]
    assert isinstance(missing, dict)
    assert missing["gateway"] == "not connected to Discord"
    assert missing["model"] == "still loading"
    assert missing["database"] == "StorageError: see the log"
    assert "is not open" in caplog.text


async def test_a_model_that_cannot_be_loaded_and_a_lost_database_are_told(tmp_path: Path, port: int) -> None:
    def load() -> Shelf:
        message = "no such model"
        raise ConfigError(message)

    bot = bot_with(load, tmp_path)
    async with simcord.run(bot, shard_count=1), served(bot, port):
        with contextlib.suppress(ConfigError):
            await bot.desk.wait_ready()
        await bot.store.close()
        ready = await get(port, "/readyz")
    assert ready.status == 503
    missing = ready.json["missing"]
    assert isinstance(missing, dict)
    assert missing["model"] == "ConfigError: see the log"
    assert "database" in missing
    assert "gateway" not in missing


async def test_a_bot_that_was_told_to_stop_is_not_ready(bot: StorydeskBot, env: simcord.Env, port: int) -> None:
    await bot.desk.wait_ready()
    async with served(bot, port):
        await bot.requests.drain(1)
        ready = await get(port, "/readyz")
    assert (ready.status, list(ready.json["missing"])) == (503, ["stopping"])  # type: ignore[call-overload]


async def test_questions_are_counted_by_verdict_with_their_times_and_repeats(
    shelf: Shelf,
    bot: StorydeskBot,
    env: simcord.Env,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    port: int,
) -> None:
    await bot.desk.wait_ready()
    async with served(bot, port):
        for question in (TROOPS, TROOPS, "Who won the tennis in Paris?"):
            await alice.slash(channel, "ask", question=question)
        found = await values(port)
    assert found["storydesk_questions_total kind=question verdict=answered"] == 2
    assert found["storydesk_questions_total kind=question verdict=silent"] == 1
    assert found["storydesk_questions_total kind=question verdict=closest"] == 0
    assert found["storydesk_reply_cache_hits_total"] == 1
    for stage in ("waited", "worked", "total"):
        assert found[f"storydesk_question_seconds_count kind=question stage={stage}"] == 3
    worked = [
        f"storydesk_question_seconds_{{}} kind=question stage={stage}" for stage in ("embedded", "searched", "read")
    ]
    assert [found[name.format("count")] for name in worked] == [2, 2, 2]  # one was just answered
    assert all(found[name.format("sum")] > 0 for name in worked)
    assert found["storydesk_stories_loaded"] == 1
    assert found["storydesk_passages_loaded"] == len(shelf.index(None))
    assert found["storydesk_questions_under_way"] == 0
    assert (found["storydesk_model_loaded"], found["storydesk_gateway_up"], found["storydesk_guilds"]) == (1, 1, 1)


async def test_lookups_and_claims_are_counted_with_their_times_beside_the_questions(
    bot: StorydeskBot, env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, port: int
) -> None:
    claim = await alice.send(channel, "More than 1,000 American troops are stationed in Niger.")
    async with served(bot, port):
        assert (await values(port))["storydesk_questions_total kind=lookup verdict=closest"] == 0
        await alice.slash(channel, "lookup", query="drone base")
        await alice.context_menu(channel, "Find this in the story", claim)
        found = await values(port)
        text = (await get(port, "/metrics")).text
    assert found["storydesk_questions_total kind=lookup verdict=closest"] == 1
    assert found["storydesk_questions_total kind=claim verdict=answered"] == 1
    for kind in ("lookup", "claim"):
        for stage in ("waited", "worked", "total"):
            assert found[f"storydesk_question_seconds_count kind={kind} stage={stage}"] == 1
    assert sum(found[name] for name in found if name.startswith("storydesk_questions_total kind=question")) == 0
    assert "drone" not in text
    assert "stationed" not in text


async def test_errors_and_refusals_are_counted_by_their_class(
    bot: StorydeskBot, env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, port: int
) -> None:
    async def broken(*_: object, **__: object) -> None:
        message = "a bug"
        raise ZeroDivisionError(message)

    async with served(bot, port):
        await alice.slash(channel, "ask", question="?!")
        bot.desk.ask = broken  # type: ignore[method-assign, assignment]
        await alice.slash(channel, "ask", question=TROOPS)
        found = await values(port)
    assert found["storydesk_errors_total kind=EmptyQuestionError refusal=true"] == 1
    assert found["storydesk_errors_total kind=ZeroDivisionError refusal=false"] == 1


async def test_no_guild_member_or_story_stands_in_the_metrics(
    bot: StorydeskBot, env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, port: int
) -> None:
    async with served(bot, port):
        await alice.slash(channel, "ask", question=TROOPS)
        text = (await get(port, "/metrics")).text + (await get(port, "/readyz")).text
        story = await bot.desk.story()
    for private in ("Newsroom", "alice", str(env.guild.id), str(alice.user.id), story.id, story.title, TROOPS):
        assert private not in text


async def test_without_a_port_nothing_listens(bot: StorydeskBot) -> None:
    threads = threading.active_count()
    async with serving(bot, Prometheus(), ServerSettings()):
        assert threading.active_count() == threads
        with pytest.raises(aiohttp.ClientConnectorError):
            await get(ServerSettings().port or 1, "/healthz")


async def test_a_port_in_use_is_told_in_one_line_with_what_to_do(bot: StorydeskBot, port: int) -> None:
    async with served(bot, port):
        with pytest.raises(
            ConfigError, match=rf"^127\.0\.0\.1:{port} cannot be .*in use.*: set server\.port to a free"
        ):
            async with serving(bot, Prometheus(), ServerSettings(port=port)):
                pytest.fail("two servers on one port")


def test_an_event_is_counted_once_by_each_hook() -> None:
    one, two = Prometheus(), Prometheus()
    tell = all_of(one, two)
    tell(QuestionAnswered("closest", 0.5, 3, 0.1, 0.2))
    tell(ErrorTold("BusyError", is_refusal=True))
    for metrics in (one, two):
        labels = {"kind": "question", "verdict": "closest"}
        assert metrics.registry.get_sample_value("storydesk_questions_total", labels) == 1
        labels = {"kind": "BusyError", "refusal": "true"}
        assert metrics.registry.get_sample_value("storydesk_errors_total", labels) == 1


async def test_what_discord_refuses_is_counted_by_status(port: int) -> None:
    from aiohttp import web

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=429)

    app = web.Application()
    app.router.add_get("/", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    metrics = Prometheus()
    async with aiohttp.ClientSession(trace_configs=[metrics.http_trace()]) as session:
        async with session.get(f"http://127.0.0.1:{port}/"):
            pass
        await runner.cleanup()
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://127.0.0.1:{port}/")
    for status in ("429", "none"):
        assert metrics.registry.get_sample_value("storydesk_discord_http_failures_total", {"status": status}) == 1
