"""What 64 questions at once cost, against the same questions one after the other, alternating in one run.

    python -m bench.together [--questions 64] [--rounds 5]

The questions are the gate's on the shipped story. Replies are compared: at once they have to be the same.
What the two models take for the texts and pairs of all at once, with nothing around them, is the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from bench.models_alone import shelf_of
from bot.cases import read_cases
from bot.config import Config
from bot.desk import Desk
from bot.opening import load_embedder, load_reader
from index.load import shipped_story

GATE = Path(__file__).parent / "gate" / "cases.jsonl"


async def measure(count: int, rounds: int) -> None:
    questions = list(dict.fromkeys(case.question for case in read_cases(GATE)))[:count]
    embedder = load_embedder(Config())
    shelf, models = shelf_of(shipped_story(), embedder, *load_reader(Config(), embedder))
    one_by_one, at_once, alone, same = [], [], [], 0
    async with Desk(lambda: shelf, hook=lambda _: None) as desk:
        await desk.ask(questions[0])
        for _ in range(rounds):
            desk.forget_replies()
            began = time.perf_counter()
            first = [await desk.ask(question) for question in questions]
            between = time.perf_counter()
            models.again()
            resumed = time.perf_counter()
            desk.forget_replies()
            second = await asyncio.gather(*map(desk.ask, questions))
            ended = time.perf_counter()
            one_by_one.append(between - began)
            at_once.append(ended - resumed)
            alone.append(models.again())
            same += sum(
                (left.verdict, left.quotes[0].span if left.quotes else None, left.short)
                == (right.verdict, right.quotes[0].span if right.quotes else None, right.short)
                for left, right in zip(first, second, strict=True)
            )
    print(f"{len(questions)} questions, {rounds} rounds, medians:")
    print(f"one after the other {statistics.median(one_by_one):.2f} s, at once {statistics.median(at_once):.2f} s")
    print(f"ratio {statistics.median(one_by_one) / statistics.median(at_once):.2f}")
    limit = statistics.median(at_once) / statistics.median(alone)
    print(f"the models alone {statistics.median(alone):.2f} s, at once {limit:.2f} times that")
    print(f"the same verdict, first quote and short answer: {same} of {rounds * len(questions)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.questions, arguments.rounds))


if __name__ == "__main__":
    main()
