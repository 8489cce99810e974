"""A sample of the labelled answerable questions, with what asking them needs; and the interval of a mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from bot.cases import read_cases, read_stories, with_gold_spans
from index.fusion import Evidence
from index.spelling import Speller
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.cases import Case
    from bot.reader import Reader
    from index.embed import Embedder

SETS = ("squad2", "newwiki", "wikinews")


@dataclass(frozen=True, slots=True)
class Sampled:
    """Questions with the spans of their answers; indexes and spellers by the ids of their stories."""

    cases: list[Case]
    indexes: dict[str, StoryIndex]
    spellers: dict[str, Speller]

    @classmethod
    def of(cls, folder: Path, count: int, seed: int, embedder: Embedder, reader: Reader) -> Self:
        """Choose `count` answerable questions of the set in `folder`, and index their stories."""
        stories = read_stories(folder / "stories.jsonl")
        cases = [case for case in read_cases(folder / "cases.jsonl") if case.answerable]
        order = np.random.default_rng(seed).permutation(len(cases))[:count]
        chosen = [with_gold_spans(cases[at], stories[cases[at].story_id]) for at in order]
        indexes = {key: StoryIndex.build(stories[key], embedder) for key in {case.story_id for case in chosen}}
        return cls(chosen, indexes, {key: Speller(stories[key].body, reader.knows) for key in indexes})


def evidence_of(index: StoryIndex, question: str, vector: NDArray[np.float32]) -> Evidence:
    """Return what speaks for each passage, where `vector` (d,) is the question's embedding."""
    dense = index._dense.scores(vector)  # noqa: SLF001 - the parts are what is compared
    return Evidence.gather(
        question, lambda _: dense, index._sentences, index._contexts, index._kinds  # noqa: SLF001 - as above
    )  # fmt: skip


def interval(found: Sequence[float], seed: int) -> str:
    """Return the mean and its bootstrap 95 % interval."""
    values = np.array(found, dtype=float)
    resampled = np.random.default_rng(seed).choice(values, (2000, len(values))).mean(axis=1)
    low, high = np.percentile(resampled, [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"
