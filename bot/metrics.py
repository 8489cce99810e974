"""Figures on answers: pure functions of numbers and texts, each with its source."""

from __future__ import annotations

import re
import string
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = Sequence[float] | NDArray[np.float64]

_SEED = 20261124
_ROUNDS = 1000
_BINS = 10
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """Return `text` in lower case, without punctuation and articles (SQuAD's evaluation script)."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def exact_match(found: str | None, answers: Sequence[str]) -> float:
    """Return 1 where `found` is one of `answers` after normalisation, else 0 (Rajpurkar et al. 2016)."""
    return float(any(normalised(found or "") == normalised(answer) for answer in answers))


def token_f1(found: str | None, answers: Sequence[str]) -> float:
    """Return the best harmonic mean of precision and recall of words over `answers` (Rajpurkar et al. 2016)."""
    return max((_f1(normalised(found or "").split(), normalised(answer).split()) for answer in answers), default=0.0)


def _f1(left: list[str], right: list[str]) -> float:
    shared = sum((Counter(left) & Counter(right)).values())
    return 2 * shared / (len(left) + len(right)) if shared else float(left == right)


def auroc(positive: Floats, negative: Floats) -> float | None:
    """Return how often a positive scores above a negative, ties half (Hanley & McNeil 1982); None without both."""
    if not len(positive) or not len(negative):
        return None
    ordered = np.sort(np.asarray(negative))
    below = np.searchsorted(ordered, positive, "left")
    up_to = np.searchsorted(ordered, positive, "right")
    return float((below + up_to).mean() / 2 / len(ordered))


def risk_coverage(confidence: ArrayLike, right: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, for the 1, 2, … n surest answers, their share of all and the share of them that is wrong.

    Both (n,) float64 (El-Yaniv & Wiener 2010). The mean of the second is the area under the curve.
    """
    order = np.argsort(-np.asarray(confidence, dtype=np.float64), kind="stable")
    wrong = 1 - np.asarray(right, dtype=np.float64)[order]
    count = np.arange(1, len(order) + 1)
    return count / max(len(order), 1), np.cumsum(wrong) / count


def reliability(confidence: ArrayLike, right: ArrayLike) -> list[tuple[float, float, int]]:
    """Return mean confidence, share right and number of answers of each tenth of [0, 1] that has any."""
    sure, good = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=np.float64)
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    masks = [bins == number for number in range(_BINS)]
    return [(float(sure[m].mean()), float(good[m].mean()), int(m.sum())) for m in masks if m.any()]


def calibration_error(confidence: ArrayLike, right: ArrayLike) -> float:
    """Return the expected calibration error over ten bins of equal width (Naeini et al. 2015)."""
    rows = reliability(confidence, right)
    total = sum(count for _, _, count in rows)
    return sum(count * abs(sure - good) for sure, good, count in rows) / max(total, 1)


def mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the bootstrap 95 % interval of the mean of `values`; None without any.

    The percentile method with 1,000 draws and a fixed seed (Efron & Tibshirani 1993).
    """
    found = np.asarray(values, dtype=np.float64)
    return _interval(lambda random: float(random.choice(found, len(found)).mean())) if len(found) else None


def auroc_interval(positive: Sequence[float], negative: Sequence[float]) -> tuple[float, float] | None:
    """Return the bootstrap 95 % interval of `auroc`, drawn as in `mean_interval`; None without both."""
    if not positive or not negative:
        return None
    return _interval(
        lambda random: auroc(random.choice(positive, len(positive)), random.choice(negative, len(negative))) or 0.0
    )


def _interval(drawn: Callable[[np.random.Generator], float]) -> tuple[float, float]:
    random = np.random.default_rng(_SEED)
    low, high = np.percentile([drawn(random) for _ in range(_ROUNDS)], (2.5, 97.5))
    return float(low), float(high)
