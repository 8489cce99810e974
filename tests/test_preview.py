"""The preview: the same bot on a simulated Discord, served to a browser on loopback."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sys
from typing import TYPE_CHECKING

import aiohttp
import pytest
import simcord
import simcord.preview
from discord_desk import bot_with, said, shipped_shelf

from bot.config import Config, StorageSettings
from bot.errors import ConfigError
from bot.preview import _Typist, previewed, run_preview
from bot.story_files import StoryFiles
from index.load import shipped_story
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from index.bundled import BundledEmbedder

CATS = Story("Cats sleep for fifteen hours a day.", "Cats")


async def test_a_typed_name_becomes_a_mention_and_is_answered(embedder: BundledEmbedder, tmp_path: Path) -> None:
    shelf = shipped_shelf(embedder)
    async with simcord.run(bot_with(lambda: shelf, tmp_path), shard_count=1) as env:
        guild = env.create_guild("Storydesk")
        channel = guild.create_text_channel("ask-the-story")
        you = _Typist(env, guild, guild.add_member(env.create_user("you")).user)
        await you.send(channel, "@storydesk how many US troops have to go?")
        assert "**More than 1,000**" in said(channel.last_message)
        await you.send(channel, "mail@storydesks are no mention")
        assert said(channel.last_message) == "mail@storydesks are no mention"


async def test_the_command_prints_an_address_that_serves_a_page_until_it_is_told_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORYDESK_STORAGE__FOLDER", str(tmp_path))
    command = (sys.executable, "-W", "ignore", "-m", "bot.cli", "preview", "--no-browser")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(120):
            address = await anext(_addresses(process.stdout))
            async with aiohttp.ClientSession() as session, session.get(address) as page:
                assert page.status == 200
                assert "text/html" in page.headers["Content-Type"]
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


def test_a_port_in_use_is_told_before_anything_is_loaded() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"Port {port} cannot be used"):
            run_preview(Config(), shipped_story(), port=port, open_browser=False)


async def _addresses(output: asyncio.StreamReader) -> AsyncIterator[str]:
    async for line in output:
        if found := re.search(r"http://127\.0\.0\.1:\d+\S*", line.decode()):
            yield found.group()


async def test_the_preview_neither_sees_nor_touches_what_the_operator_keeps(tmp_path: Path) -> None:
    """Pruning deletes texts that no record names; the preview's database is empty, so its texts are elsewhere."""
    files = StoryFiles(tmp_path)
    files.save(CATS)
    before = sorted(place for place in tmp_path.rglob("*") if place.is_file())  # noqa: ASYNC240 - a test's own folder
    async with previewed(Config(storage=StorageSettings(folder=str(tmp_path))), shipped_story()) as address:
        assert address.startswith("http://127.0.0.1:")
        await asyncio.sleep(0.5)
    assert files.load(CATS.id) == CATS
    assert sorted(place for place in tmp_path.rglob("*") if place.is_file()) == before  # noqa: ASYNC240 - as above
