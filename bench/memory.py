"""What the bot's desk keeps in memory: when it is loaded, and while ten thousand different questions are asked.

    python -m bench.memory [--questions 10000]

The questions are those of the news of our own telling, all asked of the story that ships, eight at a time; the bounded
cache of replies is on. Memory is what the process has resident. Needs Linux (/proc).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from bench.report import resident_megabytes
from bot.config import Config
from bot.desk import Desk
from bot.opening import find_story, load_shelf

_AT_ONCE = 8
_STEPS = 10


def questions(count: int) -> list[str]:
    """Return so many different questions of our own news, or as many as there are."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tools" / "reader"))
    from news import rows

    asked = [case["question"] for is_kept in (True, False) for case in rows(dev=is_kept)[1]]
    return list(dict.fromkeys(asked))[:count]


async def measure(count: int, folder: str) -> None:
    asked = questions(count)
    config = Config(storage={"folder": folder})
    async with Desk(lambda: load_shelf(config, find_story(None, config)), hook=lambda _: None) as desk:
        await desk.ask(asked[0])
        print(f"loaded: {resident_megabytes():.0f} MB")
        step = -(-len(asked) // _STEPS)
        for first in range(0, len(asked), step):
            part = asked[first : first + step]
            for at in range(0, len(part), _AT_ONCE):
                await asyncio.gather(*map(desk.ask, part[at : at + _AT_ONCE]))
            print(f"after {first + len(part):,} questions: {resident_megabytes():.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(arguments.questions, folder))


if __name__ == "__main__":
    main()
