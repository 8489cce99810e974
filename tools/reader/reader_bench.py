"""Measure a reader on the development sets: words found, near misses told apart, sentences re-ranked.

The questions are a fixed sample, so that figures of different checkpoints can be compared. Every
passage is read once, whichever of the measurements asks for it.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reader_examples import Case, Source

    from bot.reader import Reading

    Pair = tuple[str, str]
    ReadPairs = Callable[[Sequence[Pair]], list[Reading]]

RERANK_WEIGHTS: Final = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5)
RERANKED: Final = 6
"""How many of the sentences that retrieval ranks first are read."""


@dataclass(slots=True)
class Asked:
    """A question with the passages that are read for it."""

    source: str
    case: Case
    sentence: str = ""
    window: str = ""
    paragraph: list[str] = field(default_factory=list)
    ranked: list[tuple[str, float, bool]] = field(default_factory=list)
    cosine: float = 0.0


def sample(sources: Sequence[Source], sizes: dict[str, int], seed: int = 11) -> list[Asked]:
    """Choose up to `sizes[set]` questions of each set, evenly over its stories' cases."""
    asked: list[Asked] = []
    for name, size in sizes.items():
        cases = [(s, at) for s in sources if s.set_name == name for at in range(len(s.cases)) if _usable(s.cases[at])]
        for source, at in Random(seed).sample(cases, min(size, len(cases))):
            asked.append(_asked(source, at))
    return asked


def _usable(case: Case) -> bool:
    return bool(case.spans) or case.kind == "near" or not case.answers


def _asked(source: Source, at: int) -> Asked:
    case = source.cases[at]
    asked = Asked(source.set_name, case)
    scores = source.ranking(at)
    order = np.argsort(-scores, kind="stable")[:RERANKED]
    texts = [source.text[s.start : s.end] for s in source.sentences]
    asked.ranked = [(texts[i], float(scores[i]), int(i) in case.gold) for i in order]
    asked.cosine = float((source.dense @ source.queries[at]).max())
    if case.spans:
        gold = [
            i for i, s in enumerate(source.sentences) if s.start < case.spans[0].end and case.spans[0].start < s.end
        ]
        asked.sentence = _text(source, gold[0], gold[-1])
        asked.window = _text(source, max(gold[0] - 1, 0), min(gold[-1] + 1, len(texts) - 1))
    if case.paragraph is not None:
        inside = case.paragraph
        asked.paragraph = [
            text
            for text, s in zip(texts, source.sentences, strict=True)
            if inside.start < s.end and s.start < inside.end
        ]
    return asked


def _text(source: Source, first: int, last: int) -> str:
    span = source.window(first, last)
    return source.text[span.start : span.end]


def figures(asked: Sequence[Asked], read_pairs: ReadPairs) -> dict[str, float]:
    """Return every figure by name; rates and AUROC between 0 and 1."""
    pairs = sorted({(a.case.question, p) for a in asked for p in _passages(a)})
    readings = dict(zip(pairs, read_pairs(pairs), strict=True))
    report: dict[str, float] = {}
    for name in sorted({a.source for a in asked}):
        of_set = [a for a in asked if a.source == name]
        report |= _span_figures(name, of_set, readings)
        report |= _rerank_figures(name, of_set, readings)
    for name in sorted({a.source for a in asked if not a.case.spans}):
        report |= _abstention_figures(name, [a for a in asked if a.source == name], readings)
    return {key: round(value, 4) for key, value in report.items()}


def _passages(asked: Asked) -> list[str]:
    named = [asked.sentence, asked.window] if asked.sentence else []
    return [*named, *asked.paragraph, *(text for text, _, _ in asked.ranked)]


def _span_figures(name: str, asked: Sequence[Asked], readings: dict[Pair, Reading]) -> dict[str, float]:
    report = {}
    answerable = [a for a in asked if a.case.spans]
    for form in ("sentence", "window"):
        exact, f1 = [], []
        for one in answerable:
            passage = one.sentence if form == "sentence" else one.window
            reading = readings[one.case.question, passage]
            found = passage[reading.start : reading.end]
            exact.append(max(_normal(found) == _normal(answer) for answer in one.case.answers))
            f1.append(max(_f1(found, answer) for answer in one.case.answers))
        report[f"{name}/{form}/em"] = float(np.mean(exact))
        report[f"{name}/{form}/f1"] = float(np.mean(f1))
    return report


def _rerank_figures(name: str, asked: Sequence[Asked], readings: dict[Pair, Reading]) -> dict[str, float]:
    report = {}
    answerable = [a for a in asked if a.case.gold]
    for weight in RERANK_WEIGHTS:
        hits = []
        for one in answerable:
            best = max(one.ranked, key=lambda r: r[1] + weight * readings[one.case.question, r[0]].score)
            hits.append(best[2])
        report[f"{name}/hit@1/w{weight}"] = float(np.mean(hits))
    return report


def _abstention_figures(name: str, asked: Sequence[Asked], readings: dict[Pair, Reading]) -> dict[str, float]:
    labels = [bool(a.case.spans) for a in asked]
    best = {
        "cosine": [a.cosine for a in asked],
        "paragraph": [max(readings[a.case.question, p].score for p in a.paragraph) for a in asked],
        "top5": [max(readings[a.case.question, p].score for p, _, _ in a.ranked[:5]) for a in asked],
    }
    return {f"{name}/auroc/{by}": auroc(scores, labels) for by, scores in best.items()}


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Return how often a true case scores above a false one (ties count half)."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores))


def _normal(text: str) -> str:
    """Normalise as SQuAD's evaluation script does."""
    bare = "".join(mark for mark in text.lower() if mark not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def _f1(found: str, answer: str) -> float:
    left, right = _normal(found).split(), _normal(answer).split()
    common = sum((Counter(left) & Counter(right)).values())
    return 2 * common / (len(left) + len(right)) if common else float(left == right)
