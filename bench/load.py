"""Two hundred questions at once in twenty channels: what became of them, how long it took, how late the event loop was.

    python -m bench.load [--questions 200] [--channels 20]

The bot is a process of its own, as `storydesk run` starts it, on the loopback Discord of the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

_BEAT = 0.005  # seconds


async def measure(questions: int, channels: int) -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from discord_crowd import ask_at_once
    from discord_server import DiscordServer

    with tempfile.TemporaryDirectory() as folder:
        lag = Path(folder) / "lag"
        async with DiscordServer(patience=300) as server:
            server.world.create_guild("Newsroom")
            command = (sys.executable, "-W", "ignore", "-m", "bench.load", "--bot", str(lag))
            async with server.process(*command, env={"STORYDESK_STORAGE__FOLDER": folder}):
                await server.until(lambda: server.online)
                warm = await ask_at_once(server, channels=1, questions=2)
                await asyncio.sleep(1)
                lag.write_text("0")
                began = time.perf_counter()
                told = await ask_at_once(server, channels=channels, questions=questions)
                seconds = time.perf_counter() - began
                worst = float(lag.read_text())
        print(f"warm-up: {warm}")
        print(f"{questions} questions in {channels} channels: {told}")
        print(f"all told within {seconds:.1f} s; worst lag of the bot's event loop {1000 * worst:.0f} ms")


def run_with_heartbeat(lag: Path) -> None:
    """Run the bot, and keep in the file `lag` the worst lateness of a heartbeat, in seconds, since it was set to 0."""
    from bot import running
    from bot.config import discord_token, load_config
    from bot.opening import find_story

    config = load_config()
    story = find_story(None, config)
    run = running._run  # noqa: SLF001 - measured from inside

    async def measured(*args: object) -> None:
        heart = asyncio.create_task(_beat(lag))
        try:
            await run(*args)  # type: ignore[arg-type]
        finally:
            heart.cancel()

    running._run = measured  # type: ignore[assignment]  # noqa: SLF001 - as above
    running.run_bot(config, story, discord_token())


async def _beat(lag: Path) -> None:
    worst = 0.0
    while True:
        due = time.perf_counter() + _BEAT
        await asyncio.sleep(_BEAT)
        late = time.perf_counter() - due
        if lag.exists() and lag.read_text() == "0":  # noqa: ASYNC240 - microseconds, and a benchmark
            worst = late = 0.0
        if late > worst or worst == 0.0:
            worst = max(late, 1e-9)
            lag.write_text(str(worst))  # noqa: ASYNC240 - as above


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--channels", type=int, default=20)
    parser.add_argument("--bot", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bot:
        run_with_heartbeat(options.bot)
    else:
        asyncio.run(measure(options.questions, options.channels))
