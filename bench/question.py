"""What one warm question costs, against one bare `encode` of sentence-transformers, alternating in one run.

The questions are the gate's on the shipped story, each as often as another. Beside them stands what the two
models take for the question's own texts and pairs, with nothing around them: the limit.

    python -m bench.question [--rounds 210] [--story FILE]

Also the longest time for which the event loop did not get round to a heartbeat while the desk was asked.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.models_alone import shelf_of
from bot.cases import read_cases
from bot.config import Config
from bot.desk import Desk
from bot.opening import load_embedder, load_reader
from index.bundled import bundled_model_folder
from index.embed import SentenceTransformerEmbedder
from index.load import load_story, shipped_story

if TYPE_CHECKING:
    from collections.abc import Sequence

GATE = Path(__file__).parent / "gate" / "cases.jsonl"
GATE_STORY = "us-leaves-niger"
_BEAT = 0.001  # seconds


async def measure(rounds: int, path: Path | None) -> None:
    embedder = load_embedder(Config())
    reader, calibration = load_reader(Config(), embedder)
    bare_model = SentenceTransformerEmbedder.load(str(bundled_model_folder())).model
    story = load_story(path) if path else shipped_story()
    shelf, models = shelf_of(story, embedder, reader, calibration)
    questions = [case.question for case in read_cases(GATE) if case.story_id == GATE_STORY]
    async with Desk(lambda: shelf, hook=lambda _: None) as desk:
        for question in questions:
            await desk.ask(question)
        bare: list[float] = []
        asked: list[float] = []
        alone: list[float] = []
        models.again()
        for at in range(rounds):
            question = questions[at % len(questions)]
            desk.forget_replies()
            began = time.perf_counter()
            bare_model.encode([question], show_progress_bar=False)
            between = time.perf_counter()
            await desk.ask(question)
            bare.append(between - began)
            asked.append(time.perf_counter() - between)
            alone.append(models.again())
        ratio = statistics.median(asked) / statistics.median(bare)
        print(f"encode {1000 * statistics.median(bare):.1f} ms, question {1000 * statistics.median(asked):.1f} ms")
        print(f"ratio of the medians {ratio:.2f} over {rounds} rounds")
        limit = statistics.median(asked) / statistics.median(alone)
        print(f"the models alone {1000 * statistics.median(alone):.1f} ms, the question {limit:.2f} times that")
        print(f"longest lag of the event loop {1000 * await longest_lag(desk, questions, rounds):.1f} ms")


async def longest_lag(desk: Desk, questions: Sequence[str], rounds: int) -> float:
    """Return, in seconds, how late the latest heartbeat came while questions were asked."""
    late = [0.0]

    async def beat() -> None:
        while True:
            due = time.perf_counter() + _BEAT
            await asyncio.sleep(_BEAT)
            late[0] = max(late[0], time.perf_counter() - due)

    heart = asyncio.create_task(beat())
    for at in range(rounds):
        desk.forget_replies()
        await desk.ask(questions[at % len(questions)])
    heart.cancel()
    return late[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=210)
    parser.add_argument("--story", type=Path, help="a story's file; the shipped story without it")
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.rounds, arguments.story))


if __name__ == "__main__":
    main()
