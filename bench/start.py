"""What a start costs: CPU seconds, wall-clock seconds and memory until the bot is connected, speaks and answers.

    python -m bench.start [--times 3]

The bot is a process of its own, as `storydesk run` starts it, on the loopback Discord of the tests.
A member asks in the moment in which it is connected. Whether torch is there is seen in the process's
memory map. Needs Linux (/proc). The first time is a warm-up: it builds the index and is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

_QUESTION = "How many US troops have to go?"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Moment:
    """What the process had used by then; `cpu` and `wall` in seconds, `memory` in MB."""

    cpu: float
    wall: float
    memory: float
    has_torch: bool


def moment(pid: int, began: float) -> Moment:
    """Return what a process has used so far."""
    folder = Path(f"/proc/{pid}")
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    cpu = (int(fields[11]) + int(fields[12])) / _TICKS
    resident = int((folder / "statm").read_text().split()[1]) * _PAGE / 1e6
    return Moment(cpu, time.perf_counter() - began, resident, "libtorch" in (folder / "maps").read_text())


async def start(folder: str) -> dict[str, Moment]:
    """Start a bot once; return what it had used when it was connected, said "one moment" and answered."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from discord_server import DiscordServer

    from bot.language import ENGLISH

    moments: dict[str, Moment] = {}
    async with DiscordServer(patience=300) as server:
        channel = server.world.create_guild("Newsroom").create_text_channel("general")
        member = server.world.guild.add_member(server.world.create_user("member"))
        began = time.perf_counter()
        command = (sys.executable, "-W", "ignore", "-m", "bot.cli", "run")
        environment = {
            "STORYDESK_STORAGE__FOLDER": folder,
            "STORYDESK_LOG__LEVEL": os.environ.get("STORYDESK_LOG__LEVEL", "ERROR"),
        }
        async with server.process(*command, env=environment) as process:
            moments["connected to Discord"] = moment(process.pid, began)
            asked = await member.send(
                channel, f"{server.mention} {_QUESTION}"
            )  # which does not expire, as a command does
            reply = await server.reply(asked)
            assert server.text(reply) == ENGLISH("loading")
            moments["“one moment, I am loading”"] = moment(process.pid, began)
            await server.until(lambda: "1,000" in server.text(reply))
            moments["first answer"] = moment(process.pid, began)
    return moments


async def measure(times: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        await start(folder)
        runs = [await start(folder) for _ in range(times)]
    print(f"median of {times} starts; index and commands are there already\n")
    print("| until | CPU seconds | wall-clock seconds | resident MB | torch is loaded |")
    print("|---|---|---|---|---|")
    for name in runs[0]:
        seen = [run[name] for run in runs]
        cpu, wall, memory = (
            statistics.median(getattr(one, field) for one in seen) for field in ("cpu", "wall", "memory")
        )
        torch = "yes" if any(one.has_torch for one in seen) else "no"
        print(f"| {name} | {cpu:.2f} | {wall:.2f} | {memory:.0f} | {torch} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    asyncio.run(measure(parser.parse_args().times))
