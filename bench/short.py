"""Compare the bare answers that three ways of choosing a sentence lead to, on `../shared/eval/dev`.

    python -m bench.short [--sample 400]

The sentence is chosen by cosine alone, by BM25 alone, or as it ships; the bare answer in it by rule (the first words of
the kind that is asked for), or as the reader reads it in that sentence. Each with hit@1 and F1 of the words (Rajpurkar
et al. 2016), and how much what ships is ahead, question by question, with its bootstrap 95 % interval.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.sampled import SETS, Sampled, evidence_of, interval
from bot.bare import answering_words, bare_answer
from bot.cases import is_right
from bot.config import Config
from bot.metrics import token_f1
from bot.opening import load_embedder, open_reader
from bot.ranking import _read, rank
from bot.reader import BUNDLED_READER
from bot.together import alone

if TYPE_CHECKING:
    from bot.cases import Case
    from bot.reader import Reader
    from index.embed import Embedder
    from index.spelling import Speller
    from index.story import Span
    from index.story_index import Hit, StoryIndex

_SEED = 20261125


def chosen_by(index: StoryIndex, case: Case, embedder: Embedder) -> dict[str, Hit]:
    """Return the best sentence by cosine alone and by BM25 alone."""
    vector = embedder.encode([case.question])[0]
    evidence = evidence_of(index, case.question, vector)
    hits = {hit.number: hit for hit in index.search_vector(case.question, vector, len(index))}
    return {"cosine": hits[int(np.argmax(evidence.dense))], "BM25": hits[int(np.argmax(evidence.bm25))]}


def found(
    index: StoryIndex, case: Case, embedder: Embedder, reader: Reader, speller: Speller
) -> dict[str, tuple[bool, float]]:
    """Return, by way, whether the right sentence is first, and the F1 of the bare answer."""

    def marked(sentence: Span, words: Span | None) -> tuple[bool, float]:
        said = index.story.text(words) if words else None
        return is_right(sentence, case.spans), token_f1(said, case.answers)

    ways = {}
    for way, hit in chosen_by(index, case, embedder).items():
        span = hit.passage.span
        ruled = answering_words(case.question, hit.text)
        ways[f"{way}, by rule"] = marked(span, ruled.shifted(span.start) if ruled else None)
        ((read,), _) = alone(_read(case.question, index, [hit]), embedder, reader)
        ways[f"{way}, read"] = marked(span, bare_answer(case.question, read))
    ranking = alone(rank(case.question, index, 4, speller), embedder, reader)
    best = ranking.candidates[0]
    ways["what ships"] = marked(best.hit.passage.span, bare_answer(ranking.question, best))
    return ways


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/eval/dev"))
    parser.add_argument("--sample", type=int, default=400, help="answerable questions a set")
    arguments = parser.parse_args()
    embedder = load_embedder(Config())
    reader = open_reader(BUNDLED_READER, embedder)
    print("| set | way | hit@1 | F1 | behind what ships, F1 |\n|---|---|---|---|---|")
    for name in SETS:
        sampled = Sampled.of(arguments.data / name, arguments.sample, _SEED, embedder, reader)
        rows = [
            found(sampled.indexes[case.story_id], case, embedder, reader, sampled.spellers[case.story_id])
            for case in sampled.cases
        ]
        ships = [row["what ships"][1] for row in rows]
        for way in rows[0]:
            first, right = zip(*(row[way] for row in rows), strict=True)
            behind = [ahead - own for ahead, own in zip(ships, right, strict=True)]
            gap = "" if way == "what ships" else interval(behind, _SEED)
            print(f"| {name} | {way} | {np.mean(first):.3f} | {interval(right, _SEED)} | {gap} |", flush=True)


if __name__ == "__main__":
    main()
