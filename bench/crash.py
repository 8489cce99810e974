"""Kills a process that adds and removes stories, at random moments, and looks at what is there afterwards.

    python -m bench.crash [--rounds 200] [--seed 13]

Every story that was acknowledged has to be there whole, and nothing that is half there may be seen.
The embedder is a small one of the tests: what is looked at is the disk, not the meaning.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

GUILD = 1


def story_text(number: int) -> str:
    return "\n\n".join(f"Story {number} says sentence {sentence} of it." for sentence in range(30))


async def work(folder: Path, first: int) -> None:
    """Add stories and say so, until the process is killed; every fifth is removed again."""
    from test_library import Set

    from index.story import Story

    kit = Set(folder)
    await kit.store.open()
    kit.desk.open()
    for number in range(first, first + 10_000):
        record, _ = await kit.library.add(GUILD, Story(story_text(number), f"Story {number}"))
        print(f"added {number}", flush=True)
        if number % 5 == 4:
            await kit.library.remove(GUILD, record.id)
            print(f"removed {number}", flush=True)


async def look(folder: Path, expected: set[int], unsure: set[int]) -> int:
    """Return how many stories are there, and raise AssertionError where one is missing, too many, or not whole."""
    from test_library import Set

    kit = Set(folder)
    await kit.store.open()
    async with kit.desk:
        await kit.library.prune(min_age=0)
        records = {int(record.name.split()[1]): record for record in await kit.library.visible(GUILD)}
        assert expected - unsure <= set(records) <= expected | unsure, (expected ^ set(records), unsure)
        for number, record in records.items():
            assert (await kit.desk.story(record.story_id)).body == story_text(number)
        if records:
            newest = max(records)
            reply = await kit.desk.lookup(f"sentence 7 of story {newest}", 3, records[newest].story_id)
            assert reply
        assert not list((folder / "stories").glob(".*"))
    await kit.store.close()
    return len(records)


def run(rounds: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expected: set[int] = set()
        first = 0
        for count in range(1, rounds + 1):
            command = [sys.executable, "-W", "ignore", "-m", "bench.crash", "--work", name, "--first", str(first)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - ourselves
                assert child.stdout is not None
                lines = [child.stdout.readline()]
                time.sleep(chance.uniform(0, 0.25))
                child.kill()
                lines += child.stdout.read().splitlines()
            done = [line.split() for line in lines if line.count(" ") == 1]
            expected |= {int(number) for verb, number in done if verb == "added"}
            removed = {int(number) for verb, number in done if verb == "removed"}
            expected -= removed
            last = max((int(number) for _, number in done), default=first - 1)
            # What was under way when the process died may have happened or not.
            unsure = {last + 1} | ({last} if last % 5 == 4 and last not in removed else set())
            there = asyncio.run(look(folder, expected, unsure))
            expected = asyncio.run(seen(folder))
            first = last + 2
            if count % 20 == 0 or count == rounds:
                print(f"round {count}: {there} stories there, all whole", flush=True)


async def seen(folder: Path) -> set[int]:
    from test_library import Set

    kit = Set(folder)
    await kit.store.open()
    records = await kit.library.visible(GUILD)
    await kit.store.close()
    return {int(record.name.split()[1]) for record in records}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        asyncio.run(work(options.work, options.first))
    else:
        run(options.rounds, options.seed)
