"""Kills a process that adds, updates and removes stories, at random moments, and looks at what is there afterwards.

    python -m bench.crash [--rounds 200] [--seed 13]

Every story and every version that was acknowledged has to be there whole, and nothing that is half
there may be seen. The embedder is a small one of the tests: what is looked at is the disk, not the meaning.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

if TYPE_CHECKING:
    from collections.abc import Iterator

GUILD = 1


def story_text(number: int, version: int) -> str:
    return "\n\n".join(f"Story {number} says sentence {sentence} of version {version}." for sentence in range(30))


def deeds(first: int) -> Iterator[tuple[str, int]]:
    """Yield what a process does, in its order: every third story is updated, every fifth removed."""
    for number in itertools.count(first):
        yield "added", number
        if number % 3 == 1:
            yield "updated", number
        if number % 5 == 4:
            yield "removed", number


def after(versions: dict[int, int], done: list[tuple[str, int]]) -> dict[int, int]:
    """Return the version of each story that is there after some deeds."""
    there = dict(versions)
    for verb, number in done:
        if verb == "removed":
            del there[number]
        else:
            there[number] = 1 if verb == "added" else 2
    return there


async def work(folder: Path, first: int) -> None:
    """Do the deeds and say so, until the process is killed."""
    from test_library import Set

    from index.story import Story

    kit = Set(folder)
    await kit.store.open()
    kit.desk.open()
    records: dict[int, int] = {}
    for verb, number in deeds(first):
        if verb == "added":
            record, _ = await kit.library.add(GUILD, Story(story_text(number, 1), f"Story {number}"))
            records[number] = record.id
        elif verb == "updated":
            await kit.library.update(GUILD, records[number], Story(story_text(number, 2), f"Story {number}"))
        else:
            await kit.library.remove(GUILD, records[number])
        print(verb, number, flush=True)


async def look(folder: Path) -> dict[int, int]:
    """Return the version of each story that is there; AssertionError where one is not whole."""
    from test_library import Set

    kit = Set(folder)
    await kit.store.open()
    versions = {}
    async with kit.desk:
        await kit.library.prune(min_age=0)
        for record in await kit.library.visible(GUILD):
            number = int(record.name.split()[1])
            earlier = [story.body for story in await kit.library.earlier(GUILD, record)]
            versions[number] = 1 + len(earlier)
            assert earlier == [story_text(number, version) for version in range(1, versions[number])]
            assert (await kit.desk.story(record.story_id)).body == story_text(number, versions[number])
        if versions:
            newest = max(versions)
            found = await kit.library.named(GUILD, f"Story {newest}")
            assert await kit.desk.lookup(f"sentence 7 of story {newest}", 3, found.story_id)
        assert not list((folder / "stories").glob(".*"))
    await kit.store.close()
    return versions


def run(rounds: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        there: dict[int, int] = {}
        first = 0
        for count in range(1, rounds + 1):
            command = [sys.executable, "-W", "ignore", "-m", "bench.crash", "--work", name, "--first", str(first)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - ourselves
                assert child.stdout is not None
                said = child.stdout.readline()
                time.sleep(chance.uniform(0, 0.25))
                child.kill()
                said += child.stdout.read()
            acknowledged = said.count("\n")
            done = list(itertools.islice(deeds(first), acknowledged + 1))
            assert said.startswith("".join(f"{verb} {number}\n" for verb, number in done[:-1]))
            # What was under way when the process died may have happened or not.
            found = asyncio.run(look(Path(name)))
            assert found in (after(there, done[:-1]), after(there, done)), set(found) ^ set(after(there, done))
            there, first = found, done[-1][1] + 1
            counts.update(verb for verb, _ in done[:-1])
            if count % 20 == 0 or count == rounds:
                deeds_done = ", ".join(f"{number} {verb}" for verb, number in sorted(counts.items()))
                print(f"round {count}: {len(there)} stories there, all whole ({deeds_done})", flush=True)


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
