"""Real embeddings in numbers: of every sentence at hand, kept in a file outside the repository's history.

The texts are those of `../shared/eval`, of `tools/reader/news` and of `bench/gate`: sentences and questions.
Where more are wanted than there are, `many` mixes real ones that are neighbours in their text.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.cases import read_cases, read_stories
from bot.config import Config
from bot.opening import load_embedder
from index.passages import passages_of
from index.settings import IndexSettings
from index.story import Story

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

HERE = Path(__file__).parent
CACHE = HERE / ".cache"
EVAL = Path("../shared/eval")
_A_TURN = 2048
_QUERIES = 2000
_SEED = 20261124


def texts() -> tuple[list[str], list[str]]:
    """Return distinct passages, those of a story side by side, and distinct questions."""
    passages: dict[str, None] = {}
    questions: dict[str, None] = {}
    for folder in [*sorted(EVAL.glob("*/*")), HERE / "gate"]:
        if (folder / "cases.jsonl").is_file():
            for story in read_stories(folder / "stories.jsonl").values():
                passages |= dict.fromkeys(_sentences(story))
            questions |= dict.fromkeys(case.question for case in read_cases(folder / "cases.jsonl"))
    sys.path.insert(0, str(HERE.parent / "tools" / "reader"))
    from news import FOLDER, read_news

    for path in sorted(FOLDER.glob("*.txt")):
        for told in read_news(path):
            passages |= dict.fromkeys(_sentences(Story(told.text, told.title)))
            questions |= dict.fromkeys(case.question for case in told.cases)
    return list(passages), list(questions)


def _sentences(story: Story) -> list[str]:
    return [story.text(passage.span) for passage in passages_of(story, IndexSettings())]


def vectors() -> tuple[Vectors, Vectors]:
    """Return the embeddings of all passages, and of questions that are none of them; from the cache if there."""
    passages, questions = texts()
    chosen = np.random.default_rng(_SEED).permutation(len(questions))
    asked = [questions[at] for at in chosen[:_QUERIES]]
    further = [questions[at] for at in chosen[_QUERIES:]]
    digest = hashlib.sha256(json.dumps([passages, questions]).encode()).hexdigest()[:16]
    path = CACHE / f"vectors-{digest}.npz"
    if not path.is_file():
        embedder = load_embedder(Config())
        everything = [*asked, *passages, *further]
        parts = []
        for at in range(0, len(everything), _A_TURN):
            parts.append(embedder.encode(everything[at : at + _A_TURN]))
            print(f"embedded {at + len(parts[-1]):,} of {len(everything):,}", file=sys.stderr, flush=True)
        CACHE.mkdir(exist_ok=True)
        np.savez(path, np.concatenate(parts))
    found = np.load(path)["arr_0"]
    return found[len(asked) :], found[: len(asked)]


def many(real: Vectors, count: int) -> Vectors:
    """Return `count` unit vectors: the real ones as far as they go, then mixtures of two real neighbours in a text.

    The embedding of two sentences together lies between theirs, so that mixtures are much like what further stories
    would bring; a little noise keeps two mixtures of the same pair apart.
    """
    if count <= len(real):
        return real[np.sort(np.random.default_rng(_SEED).permutation(len(real))[:count])]
    made = np.empty((count, real.shape[1]), dtype=np.float32)
    made[: len(real)] = real
    random = np.random.default_rng(_SEED)
    for at in range(len(real), count, 50_000):
        size = min(50_000, count - at)
        one = random.integers(len(real), size=size)
        other = (one + random.integers(1, 30, size=size)) % len(real)
        share = random.uniform(0.2, 0.8, size=(size, 1)).astype(np.float32)
        noise = random.normal(scale=0.25 / np.sqrt(real.shape[1]), size=(size, real.shape[1])).astype(np.float32)
        mixed = share * real[one] + (1 - share) * real[other] + noise
        made[at : at + size] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return made


if __name__ == "__main__":
    found, asked = vectors()
    print(f"{len(found):,} passages and {len(asked):,} questions, {found.shape[1]} numbers each")
