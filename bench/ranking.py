"""Compare ways to rank a story's sentences on the labelled questions of `../shared/eval/dev`.

    python -m bench.ranking [--sample 700]

hit@1 and hit@3 of the right sentence, each with its bootstrap 95 % interval: cosine alone, BM25
alone, their reciprocal rank fusion (Cormack et al. 2009, k = 60), their standardised sum, cosine
of windows of three sentences, and the weighted sum that ships.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.sampled import SETS, Sampled, evidence_of, interval
from bot.answer import Quote
from bot.cases import is_right
from bot.config import Config
from bot.opening import load_embedder, open_reader
from bot.ranking import rank
from bot.reader import BUNDLED_READER
from bot.together import alone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.cases import Case
    from bot.reader import Reader
    from index.embed import Embedder
    from index.spelling import Speller
    from index.story_index import StoryIndex

    Scores = NDArray[np.float32]

_SEED = 20261123


def standardised(scores: Scores) -> Scores:
    spread = float(scores.std())
    return (scores - scores.mean()) / spread if spread else np.zeros_like(scores)


def reciprocal_ranks(scores: Scores) -> Scores:
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return (1 / (60 + ranks)).astype(np.float32)


def rankings(index: StoryIndex, windows: Scores, case: Case, vector: Scores) -> dict[str, Scores]:
    """Return the scores of every sentence by each way, (n,) float32 each."""
    evidence = evidence_of(index, case.question, vector)
    dense = evidence.dense
    nothing = np.zeros_like(dense)
    return {
        "cosine": dense,
        "BM25": evidence.bm25,
        "rank fusion": reciprocal_ranks(dense) + reciprocal_ranks(evidence.bm25),
        "standardised sum": standardised(dense) + standardised(evidence.bm25),
        "windows of three": windows @ vector,
        "fused": evidence.scores(),
        "fused without coverage": replace(evidence, coverage=nothing).scores(),
        "fused without context": replace(evidence, context=nothing).scores(),
        "fused without BM25": replace(evidence, bm25=nothing).scores(),
        "fused without kind": replace(evidence, kind=np.zeros(len(dense), dtype=np.bool_)).scores(),
    }


def read_scores(index: StoryIndex, case: Case, embedder: Embedder, reader: Reader, speller: Speller) -> Scores:
    """Return the scores of the ranking that ships, (n,) float32; what is not among the best ten has the least."""
    scores = np.full(len(index), -np.inf, dtype=np.float32)
    for found in alone(rank(case.question, index, 10, speller), embedder, reader).candidates:
        scores[found.hit.number] = found.score
    return scores


def places(index: StoryIndex, case: Case) -> NDArray[np.bool_]:
    quotes = [
        Quote("", passage.span, "", passage.paragraph, 0.0, number) for number, passage in enumerate(index.passages)
    ]
    return np.array([is_right(quote.span, case.spans) for quote in quotes])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/eval/dev"))
    parser.add_argument("--sample", type=int, default=700, help="answerable questions a set")
    arguments = parser.parse_args()
    embedder = load_embedder(Config())
    reader = open_reader(BUNDLED_READER, embedder)
    print("| set | ranking | hit@1 | hit@3 |\n|---|---|---|---|")
    for name in SETS:
        sampled = Sampled.of(arguments.data / name, arguments.sample, _SEED, embedder, reader)
        windows = {
            key: embedder.encode([index.story.text(passage.context) for passage in index.passages])
            for key, index in sampled.indexes.items()
        }
        first: dict[str, list[bool]] = {}
        among_three: dict[str, list[bool]] = {}
        for case, vector in zip(sampled.cases, embedder.encode([case.question for case in sampled.cases]), strict=True):
            right = places(sampled.indexes[case.story_id], case)
            index = sampled.indexes[case.story_id]
            ways = rankings(index, windows[case.story_id], case, vector)
            ways["fused and read (ships)"] = read_scores(index, case, embedder, reader, sampled.spellers[case.story_id])
            for way, scores in ways.items():
                best = np.argsort(-scores, kind="stable")
                first.setdefault(way, []).append(bool(right[best[0]]))
                among_three.setdefault(way, []).append(bool(right[best[:3]].any()))
        for way, found in first.items():
            print(f"| {name} | {way} | {interval(found, _SEED)} | {interval(among_three[way], _SEED)} |", flush=True)


if __name__ == "__main__":
    main()
