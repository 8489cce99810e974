"""Storydesk against what a user would pick instead: the same model, sentences and questions, side by side in one run.

    python -m bench.peers [--questions 60] [--passages 400] [--install]

Each peer runs as a process of its own environment (`bench/peers/.venv-NAME`, made by `--install` from
`bench/peers/NAME.txt`) and takes its turn story by story and question by question, so that what else the
machine does meets all of them alike. Figures are ratios to the floor: sentence-transformers and FAISS
in twenty lines. Without an environment a peer is left out, and a line says so.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.report import spread, write_section
from bot.cases import is_right, read_cases, read_stories, with_gold_spans
from index.passages import passages_of
from index.settings import IndexSettings
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.cases import Case
    from index.passages import Passage
    from index.story import Story

HERE = Path(__file__).parent / "peers"
GATE = Path(__file__).parent / "gate"
EVAL = Path("../shared/eval/dev")
OURS = ("storydesk", "storydesk lookup")
PEERS = ("floor", "txtai", "chroma", "haystack", "llamaindex")
_CUT_THEMSELVES = ("haystack", "llamaindex")
_COLD_STARTS = 3
_SEED = 20261124


@dataclass
class Material:
    """A story of a set, its passages, and the answerable questions that it is asked."""

    name: str
    of: str
    story: Story
    passages: list[Passage]
    cases: list[Case]

    @property
    def texts(self) -> list[str]:
        """Return the passages' texts."""
        return [self.story.text(passage.span) for passage in self.passages]

    @property
    def building(self) -> dict[str, Any]:
        """Return what a peer is told to build."""
        return {"do": "build", "story": self.name, "passages": self.texts, "body": self.story.body}


@dataclass
class Figures:
    """What was measured of one peer; times in seconds, of CPU where the name says so."""

    cold: list[float] = field(default_factory=list)
    build: list[float] = field(default_factory=list)
    ask: list[float] = field(default_factory=list)
    ask_cpu: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    resident: int = 0
    chunks_right: list[bool] = field(default_factory=list)
    chunk_characters: list[int] = field(default_factory=list)


class Process:
    """A peer's process, from its start to `close`."""

    def __init__(self, name: str) -> None:
        """Start the peer called `name`."""
        python = sys.executable if name in OURS else str(HERE / f".venv-{name}" / "bin" / "python")
        script = HERE / f"ask_{name.split(maxsplit=1)[0]}.py"
        self._process = subprocess.Popen(  # noqa: S603 - our own scripts
            [python, "-W", "ignore", str(script), *(f"--{word}" for word in name.split()[1:])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
        )  # fmt: skip

    def tell(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return what the peer answers to `asked`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def material(questions: int, passages: int) -> list[Material]:
    """Return stories of the gate and of the development sets that are there: so many questions and passages a set."""
    chance = random.Random(_SEED)  # noqa: S311 - a sample
    found: list[Material] = []
    for folder in [GATE, *sorted(EVAL.glob("*"))]:
        stories = read_stories(folder / "stories.jsonl")
        cases = [case for case in read_cases(folder / "cases.jsonl") if case.answerable]
        chosen: dict[str, list[Passage]] = {}
        for key in chance.sample(list(stories), len(stories)):
            if not chosen or sum(map(len, chosen.values())) < passages:
                chosen[key] = passages_of(stories[key], IndexSettings())
        own = [case for case in cases if case.story_id in chosen]
        asked = [with_gold_spans(c, stories[c.story_id]) for c in chance.sample(own, min(questions, len(own)))]
        for key, cut in chosen.items():
            if of_story := [case for case in asked if case.story_id == key]:
                found.append(Material(f"{folder.name}-{len(found)}", folder.name, stories[key], cut, of_story))
    return found


def sets_of(everything: Sequence[Material]) -> str:
    """Return the names of the sets that stories are of, to follow "questions of"."""
    others = dict.fromkeys(one.of for one in everything if one.of != GATE.name)
    return f"our own and of samples of {', '.join(others)}" if others else "our own"


def measure(names: Sequence[str], everything: Sequence[Material]) -> tuple[dict[str, Figures], list[float]]:
    """Return the figures of each peer, and the seconds of bare `encode` for each story."""
    figures = {name: Figures() for name in names}
    for name in _COLD_STARTS * list(names):
        figures[name].cold.append(_cold_start(name, everything[0]))
        print(f"{name}: cold start {figures[name].cold[-1]:.1f} s", file=sys.stderr, flush=True)
    processes = {name: Process(name) for name in names}
    for process in processes.values():
        process.tell(**everything[0].building | {"story": "warm-up"})
    bare = []
    for one in everything:
        before = processes["floor"].tell(do="encode", texts=one.texts)["seconds"]
        for name in _shuffled(names):
            figures[name].build.append(processes[name].tell(**one.building)["seconds"])
        bare.append(statistics.fmean([before, processes["floor"].tell(do="encode", texts=one.texts)["seconds"]]))
        print(f"{one.name}: {len(one.passages)} passages, {len(one.cases)} questions", file=sys.stderr, flush=True)
    for one in everything:
        _ask(figures, processes, one)
    for name in names:
        figures[name].resident = processes[name].tell(do="measure")["resident"]
    for name in set(names) & set(_CUT_THEMSELVES):
        _ask_chunks(figures[name], processes[name], everything)
    for process in processes.values():
        process.close()
    return figures, bare


def _ask(figures: dict[str, Figures], processes: dict[str, Process], one: Material) -> None:
    """Ask every peer each question about a story, after a first one that counts for nothing."""
    for process in processes.values():
        process.tell(do="ask", story=one.name, question=one.cases[0].question)
    for case in one.cases:
        for name in _shuffled(list(processes)):
            told = processes[name].tell(do="ask", story=one.name, question=case.question)
            figures[name].ask.append(told["seconds"])
            figures[name].ask_cpu.append(told["cpu"])
            figures[name].right.append(is_right(one.passages[told["first"]].span, case.spans))


def _cold_start(name: str, one: Material) -> float:
    """Return the seconds from the start of a process to its first answer, the index built on the way."""
    began = time.perf_counter()
    process = Process(name)
    process.tell(**one.building)
    process.tell(do="ask", story=one.name, question=one.cases[0].question)
    seconds = time.perf_counter() - began
    process.close()
    return seconds


def _ask_chunks(figures: Figures, process: Process, everything: Sequence[Material]) -> None:
    """Ask a peer that cuts texts itself; right is a chunk with the answer in it, however long it is."""
    for one in everything:
        questions = [case.question for case in one.cases]
        found = process.tell(do="chunks", story=one.name, body=one.story.body, questions=questions)["found"]
        for case, (start, end) in zip(one.cases, found, strict=True):
            figures.chunks_right.append(is_right(Span(start, end), case.spans))
            figures.chunk_characters.append(end - start)


def _shuffled(names: Sequence[str]) -> list[str]:
    return random.sample(list(names), len(names))


def table(figures: dict[str, Figures], bare: list[float], everything: Sequence[Material]) -> Iterator[str]:
    """Yield the lines of the table and what it says."""
    floor = figures["floor"]
    passages = sum(len(one.passages) for one in everything)
    yield (
        f"{len(everything)} stories, {passages:,} sentences, {len(floor.ask):,} answerable questions "
        f"of {sets_of(everything)}. Times are multiples of the floor's, in brackets "
        f"their quartiles over stories or questions. The floor's own: {_median_ms(floor.ask):.1f} ms a question, "
        f"{statistics.median(floor.cold):.1f} s to the first answer, {passages / sum(floor.build):.0f} passages/s.\n"
    )
    yield (
        "| | build, share of bare `encode` | question p50 | question p95 | CPU a question | first answer "
        "| memory | hit@1 |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for name, own in figures.items():
        share = [encode / build for encode, build in zip(bare, own.build, strict=True)]
        times = [one / other for one, other in zip(own.ask, floor.ask, strict=True)]
        cells = [
            f"{np.median(share):.2f} {spread(share)}",
            f"{np.median(own.ask) / np.median(floor.ask):.2f} {spread(times)}",
            f"{np.percentile(own.ask, 95) / np.percentile(floor.ask, 95):.2f}",
            f"{np.median(own.ask_cpu) / np.median(floor.ask_cpu):.2f}",
            f"{statistics.median(own.cold) / statistics.median(floor.cold):.2f}",
            f"{own.resident / 2**20:.0f} MB",
            f"{np.mean(own.right):.3f}",
        ]
        yield f"| {name} | " + " | ".join(cells) + " |"
    yield ""
    for name in _CUT_THEMSELVES:
        if name in figures:
            own = figures[name]
            yield (
                f"Cut its own way, {name} shows {np.mean(own.chunk_characters):,.0f} characters at a time, "
                f"in which the answer stands for {np.mean(own.chunks_right):.3f} of the questions.\n"
            )


def _median_ms(seconds: Sequence[float]) -> float:
    return 1000 * statistics.median(seconds)


def installed(*, install: bool) -> tuple[list[str], list[str]]:
    """Return the peers that can run, and a line for each that cannot."""
    there, missing = [*OURS], []
    for name in PEERS:
        folder = HERE / f".venv-{name}"
        reason = _install(name, folder) if install and not (folder / ".installed").is_file() else ""
        if (folder / ".installed").is_file():
            there.append(name)
        else:
            missing.append(f"{name} is left out: {reason or 'no environment (`python -m bench.peers --install`)'}.")
    return there, missing


def _install(name: str, folder: Path) -> str:
    """Make an environment, torch first; return why it could not be made."""
    steps = (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "pip"), "install", "--quiet", "torch==2.13.0"],
        [str(folder / "bin" / "pip"), "install", "--quiet", "-r", str(HERE / f"{name}.txt")],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)  # noqa: S603 - made above
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["it cannot be installed"])[-1]
    (folder / ".installed").touch()
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=60, help="answerable questions a set")
    parser.add_argument("--passages", type=int, default=400, help="sentences a set, about")
    parser.add_argument("--install", action="store_true", help="make the peers' environments first")
    arguments = parser.parse_args()
    names, missing = installed(install=arguments.install)
    if "floor" not in names:
        sys.exit("\n".join(missing))
    everything = material(arguments.questions, arguments.passages)
    lines = [*table(*measure(names, everything), everything), *missing]
    write_section("peers", "\n".join(lines))


if __name__ == "__main__":
    main()
