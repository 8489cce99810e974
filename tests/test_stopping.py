"""What SIGTERM does to `storydesk run`, as a process of its own: finish what is under way, take nothing new, close."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio
from discord_server import DiscordServer
from pydantic import SecretStr

from bot.config import Config
from bot.errors import TokenError
from bot.language import LANGUAGES, phrases
from bot.running import run_bot
from index.load import shipped_story

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import simcord

TROOPS = "how many US troops have to go?"
HEADCOUNT = "**More than 1,000**"
ORIGINAL = "/webhooks/*/*/messages/@original"
HELD = 4.0  # seconds for which Discord makes the bot wait


@pytest_asyncio.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(patience=90) as server:
        yield server


@pytest.fixture
def channel(server: DiscordServer) -> simcord.ChannelHandle:
    return server.world.create_guild("Newsroom").create_text_channel("general")


@pytest.fixture
def alice(server: DiscordServer, channel: simcord.ChannelHandle) -> simcord.MemberActor:
    return server.world.guild.add_member(server.world.create_user("alice"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """A bot as a process, with what it logs and a port that tells how it is."""

    def __init__(self, server: DiscordServer, folder: Path, **settings: str) -> None:
        self.log = folder / "log"
        self.port = free_port()
        self.context = server.process(
            "/bin/sh", "-c", f'exec {sys.executable} -W ignore -m bot.cli run 2>"$0"', str(self.log),
            env={
                "STORYDESK_STORAGE__FOLDER": str(folder),
                "STORYDESK_SERVER__PORT": str(self.port),
                "STORYDESK_LOG__FORMAT": "json",
                **settings,
            },
        )  # fmt: skip

    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def has_logged(self, words: str) -> bool:
        return any(words in found["message"] for found in self.objects())

    async def page(self, path: str) -> tuple[int, str]:
        address = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(address) as response:
            return response.status, await response.text()


async def held_question(
    server: DiscordServer, running: Running, alice: simcord.MemberActor, channel: simcord.ChannelHandle, seconds: float
) -> simcord.InteractionResult:
    """Ask a question whose answer Discord does not take for some seconds, and wait until the bot waits for it."""
    await server.until(lambda: running.has_logged("ready:"))
    server.fail("PATCH", ORIGINAL, status=429, body={"retry_after": seconds, "global": False, "message": "slow"})
    asked = await alice.slash(channel, "ask", question=TROOPS)
    await server.until(lambda: any(call.status == 429 for call in server.calls("PATCH", ORIGINAL)))
    return asked


async def test_the_first_signal_finishes_what_is_under_way_takes_nothing_new_and_closes(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor, tmp_path: Path
) -> None:
    running = Running(server, tmp_path)
    async with running.context as process:
        asked = await held_question(server, running, alice, channel, HELD)
        assert (await running.page("/readyz"))[0] == 200
        process.send_signal(signal.SIGTERM)
        await server.until(lambda: running.has_logged("stopping: no more questions; 1 under way"))

        status, text = await running.page("/readyz")
        assert (status, list(json.loads(text)["missing"])) == (503, ["stopping"])
        assert 'storydesk_discord_http_failures_total{status="429"} 1.0' in (await running.page("/metrics"))[1]
        late = await server.answer(await alice.slash(channel, "ask", question="Where is the base?"))
        assert server.text(late) == phrases("en")("restarting")
        told = await server.reply(await alice.send(channel, f"{server.mention} Where is the base?"))
        assert server.text(told) == phrases("en")("restarting")

        answer = await server.answer(asked)
        await server.until(lambda: HEADCOUNT in server.text(answer))
        assert await process.wait() == 0
    assert not running.has_logged("without an answer")


async def test_who_is_slower_than_the_deadline_stays_without_an_answer_and_the_bot_closes(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor, tmp_path: Path
) -> None:
    running = Running(server, tmp_path, STORYDESK_DISCORD__DRAIN_SECONDS="1")
    async with running.context as process:
        await held_question(server, running, alice, channel, 600)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert running.has_logged("1 requests stay without an answer")


async def test_a_second_signal_closes_at_once(
    server: DiscordServer, channel: simcord.ChannelHandle, alice: simcord.MemberActor, tmp_path: Path
) -> None:
    running = Running(server, tmp_path, STORYDESK_DISCORD__DRAIN_SECONDS="600")
    async with running.context as process:
        await held_question(server, running, alice, channel, 600)
        process.send_signal(signal.SIGTERM)
        await server.until(lambda: running.has_logged("stopping:"))
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert running.has_logged("closing at once: 1 requests stay without an answer")


async def test_with_nothing_under_way_it_closes_without_waiting(
    server: DiscordServer, channel: simcord.ChannelHandle, tmp_path: Path
) -> None:
    running = Running(server, tmp_path, STORYDESK_DISCORD__DRAIN_SECONDS="600")
    async with running.context as process:
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    assert running.has_logged("0 under way")


def test_every_language_says_that_it_is_being_restarted() -> None:
    assert len({phrases(language)("restarting") for language in LANGUAGES}) == len(LANGUAGES)


def test_an_error_is_told_even_if_a_task_does_not_end_when_it_is_cancelled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    has_ended = threading.Event()
    codes: list[int] = []

    async def stubborn() -> None:
        while not has_ended.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)

    async def fails(*_: object) -> None:
        tasks.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(0.01)
        message = "Discord refuses the token."
        raise TokenError(message)

    def ended(code: int) -> None:
        codes.append(code)
        has_ended.set()

    tasks: list[asyncio.Task[None]] = []
    monkeypatch.setattr("bot.running._CLOSING_SECONDS", 0.05)
    monkeypatch.setattr("bot.running.os._exit", ended)
    monkeypatch.setattr("bot.running.set_up_logging", lambda *_: None)
    monkeypatch.setattr("bot.running._run", fails)
    with pytest.raises(TokenError):
        run_bot(Config(), shipped_story(), SecretStr("secret"))
    assert codes == [1]
    assert capsys.readouterr().err == "storydesk: Discord refuses the token.\n"
