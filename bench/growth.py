"""How cost grows: with the passages of an index, from ten to a million, and with the questions asked at once, to 200.

    python -m bench.growth [--most 1000000] [--questions 200]

Vectors are real as far as they go (`bench/real_vectors.py`), mixtures of real ones beyond; the questions are
real ones that nothing was fitted on. Exact and coarse search take turns question by question. Asked at once
means that so many members each ask again as soon as they have their reply.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.real_vectors import many, texts, vectors
from bench.report import plot, write_section
from bot.cases import read_cases
from bot.config import Config
from bot.desk import Desk
from bot.opening import load_shelf
from index import dense as dense_module
from index.dense import DenseIndex
from index.load import shipped_story
from index.settings import MAX_STORY_CHARACTERS
from index.story import Story
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from bench.real_vectors import Vectors

GATE = Path(__file__).parent / "gate" / "cases.jsonl"
SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
AT_ONCE = (1, 4, 16, 64, 200)
_ASKED, _TOP = 200, 10
_BEAT = 0.002  # seconds


@dataclass(frozen=True, slots=True)
class Size:
    """What an index of `count` vectors costs: seconds a search, and the share of the top ten found."""

    count: int
    exact: float
    coarse: float | None
    recall: float | None
    build: float | None
    file: int


def index_sizes(most: int) -> Iterator[Size]:
    real, asked = vectors()
    for count in (size for size in SIZES if size <= most):
        rows = many(real, count)
        exact = _index(rows, exact=True)
        if count < 1_000:
            seconds = _times([exact.scores], asked)[0]
            yield Size(count, seconds, None, None, None, _file_size(exact))
            continue
        began = time.perf_counter()
        coarse = _index(rows, exact=False)
        build = time.perf_counter() - began
        first, second = _times([exact.scores, coarse.scores], asked)
        found = [_shared(exact.scores(row), coarse.scores(row)) for row in asked[:_ASKED]]
        used = exact if count <= dense_module.EXACT_UP_TO else coarse
        yield Size(count, first, second, float(np.mean(found)), build, _file_size(used))


def _index(rows: Vectors, *, exact: bool) -> DenseIndex:
    limit, dense_module.EXACT_UP_TO = dense_module.EXACT_UP_TO, len(rows) if exact else 0
    try:
        return DenseIndex.from_vectors(rows)
    finally:
        dense_module.EXACT_UP_TO = limit


def _times(searches: Sequence[Callable[[Vectors], Vectors]], asked: Vectors) -> list[float]:
    """Return the median seconds of each search, taking turns."""
    taken: list[list[float]] = [[] for _ in searches]
    for row in asked[:_ASKED]:
        for search, own in zip(searches, taken, strict=True):
            began = time.perf_counter()
            search(row)
            own.append(time.perf_counter() - began)
    return [statistics.median(own) for own in taken]


def _shared(one: Vectors, other: Vectors) -> float:
    return float(np.isin(np.argsort(-one)[:_TOP], np.argsort(-other)[:_TOP]).mean())


def _file_size(index: DenseIndex) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors"
        index.save(path)
        return path.stat().st_size


class _Known:
    """An embedder that gives the rows of an array one after the other: what embedding costs is not measured here."""

    name = fingerprint = "known"

    def __init__(self, rows: Vectors) -> None:
        self._rows = rows
        self.dimensions = rows.shape[1]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return as many rows as there are texts."""
        return np.resize(self._rows, (len(texts), self.dimensions))


def story_sizes() -> Iterator[tuple[int, float, float]]:
    """Yield (passages, seconds a search, of these for cosines) up to the longest story that is taken."""
    rows, asked = vectors()
    sentences, questions = texts()
    for count in (10, 100, 1_000, 10_000, len(sentences)):
        body = "\n\n".join(sentences[:count])[:MAX_STORY_CHARACTERS]
        index = StoryIndex.build(Story(body, "All"), _Known(rows))
        dense = index._dense  # noqa: SLF001 - a part of what is measured
        index.search_vector(questions[0], asked[0])
        whole, cosines = [], []
        for question, row in zip(questions[:50], asked, strict=False):
            began = time.perf_counter()
            index.search_vector(question, row)
            between = time.perf_counter()
            dense.scores(row)
            whole.append(between - began)
            cosines.append(time.perf_counter() - between)
        yield len(index), statistics.median(whole), statistics.median(cosines)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What `members` that ask at once are told: questions a second, seconds each waits, the event loop's worst lag."""

    members: int
    throughput: float
    waits: NDArray[np.float64]
    lag: float


async def crowds(questions: int) -> list[Crowd]:
    asked = list(dict.fromkeys(case.question for case in read_cases(GATE)))[:questions]
    shelf = load_shelf(Config(), shipped_story())
    async with Desk(lambda: shelf, hook=lambda _: None, most_waiting=10_000) as desk:
        for question in asked[:20]:
            await desk.ask(question)
        return [await _crowd(desk, members, asked) for members in AT_ONCE]


async def _crowd(desk: Desk, members: int, questions: Sequence[str]) -> Crowd:
    desk.forget_replies()
    # The same question twice is the same work only if it is not remembered.
    left = [f"{question} {'?' * turn}" for turn in range(-(-members // len(questions))) for question in questions]
    waits: list[float] = []
    late = [0.0]

    async def member() -> None:
        while left:
            began = time.perf_counter()
            await desk.ask(left.pop())
            waits.append(time.perf_counter() - began)

    async def beat() -> None:
        while True:
            due = time.perf_counter() + _BEAT
            await asyncio.sleep(_BEAT)
            late[0] = max(late[0], time.perf_counter() - due)

    heart = asyncio.create_task(beat())
    began = time.perf_counter()
    await asyncio.gather(*(member() for _ in range(members)))
    seconds = time.perf_counter() - began
    heart.cancel()
    return Crowd(members, len(waits) / seconds, np.asarray(waits), late[0])


def sections(most: int, questions: int) -> Iterator[str]:
    real = len(vectors()[0])
    yield (
        f"An index: {real:,} real vectors, mixtures of them beyond; {_ASKED} real questions; one search gives a score "
        f"to every passage. *Found* is how much of the ten nearest the coarse search names.\n\n"
        "| passages | exact, ms | coarse, ms | exact / coarse | found | coarse built in, s | file that ships, MB |\n"
        "|---|---|---|---|---|---|---|"
    )
    sizes = []
    for size in index_sizes(most):
        sizes.append(size)
        exact = f"| {size.count:,} | {1000 * size.exact:.3f} |"
        if size.coarse is None or size.recall is None or size.build is None:
            yield f"{exact} – | – | – | – | {size.file / 1e6:.2f} |"
        else:
            yield (
                f"{exact} {1000 * size.coarse:.3f} | {size.exact / size.coarse:.1f} | {size.recall:.3f} | "
                f"{size.build:.1f} | {size.file / 1e6:.1f} |"
            )
    yield f"\nExact up to {dense_module.EXACT_UP_TO:,} passages."
    yield "\nA story's whole search, words and cosines:\n"
    yield "| passages | a search, ms | of these cosines |\n|---|---|---|"
    yield from (f"| {n:,} | {1000 * whole:.2f} | {cosines / whole:.2f} |" for n, whole, cosines in story_sizes())
    yield (
        "\nQuestions at once, reader on, on the story that ships:\n\n"
        "| at once | questions a second, against one at a time | p50, ms | p95, ms | p99, ms | worst lag of the loop |"
        "\n|---|---|---|---|---|---|"
    )
    found = asyncio.run(crowds(questions))
    for crowd in found:
        p50, p95, p99 = 1000 * np.percentile(crowd.waits, [50, 95, 99])
        ratio = crowd.throughput / found[0].throughput
        yield f"| {crowd.members} | {ratio:.2f} | {p50:.0f} | {p95:.0f} | {p99:.0f} | {1000 * crowd.lag:.1f} ms |"
    plot(
        "growth",
        {
            "a search, ms": {
                "exact": [(size.count, 1000 * size.exact) for size in sizes],
                "coarse": [(size.count, 1000 * size.coarse) for size in sizes if size.coarse],
            },
            "questions at once: p95, ms": {"p95": [(c.members, 1000 * np.percentile(c.waits, 95)) for c in found]},
        },
    )
    yield "\n![How cost grows](growth.svg)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="passages")
    parser.add_argument("--questions", type=int, default=200)
    arguments = parser.parse_args()
    write_section("growth", "\n".join(sections(arguments.most, arguments.questions)))


if __name__ == "__main__":
    main()
