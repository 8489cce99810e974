"""Two hundred questions at once in twenty channels, to the bot as a process of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from discord_crowd import ask_at_once
from discord_server import DiscordServer

if TYPE_CHECKING:
    from pathlib import Path


async def test_every_question_is_answered_or_told_busy_and_none_twice(tmp_path: Path) -> None:
    async with DiscordServer(patience=120) as server:
        server.world.create_guild("Newsroom")
        command = (sys.executable, "-W", "ignore", "-m", "bot.cli", "run")
        async with server.process(*command, env={"STORYDESK_STORAGE__FOLDER": str(tmp_path)}):
            await ask_at_once(server, channels=1, questions=2)
            told = await ask_at_once(server)
    assert told.errors == {}
    assert (told.lost, told.twice) == (0, 0)
    assert told.answered + told.busy + told.late == 200
    assert told.answered + told.late >= 100
