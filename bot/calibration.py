"""How sure an answer is, as a probability, and at which certainty the bot speaks up.

A logistic regression on a handful of features of the best passages, fitted by `bench/calibrate.py`
on stories that the reader was not trained on, and kept as data in `calibration.json`
with the models it holds for. Scores of other models mean something else, so a calibration is
refused for any but its own.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import TYPE_CHECKING, Literal

from bot.errors import ConfigError
from bot.ranking import UNREAD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bot.answer import Verdict
    from bot.ranking import Candidate

Strictness = Literal["relaxed", "balanced", "strict"]

FEATURES = frozenset(("margin", "support"))
"""What `features` returns, by name."""


@dataclass(frozen=True)
class Calibration:
    """Coefficients of the regression and the thresholds of the verdicts.

    `model` and `reader` are the fingerprints of those it was fitted for. `answered_from` is the
    least confidence at which the quote is called an answer; below it the closest passages are
    shown, unless nothing is near: the best cosine is under `near_dense` and the best word coverage
    under `near_coverage`, or the best cosine is under `read_dense` and the reader finds nothing
    either (`support` under `read_support`, in logits). `thresholds` is `answered_from` of each strictness.
    """

    model: str
    reader: str
    intercept: float
    coefficients: Mapping[str, float]
    answered_from: float
    near_dense: float
    near_coverage: float
    read_dense: float
    read_support: float
    thresholds: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def load(
        cls, model: str, reader: str, *, strictness: Strictness = "balanced", path: Path | None = None
    ) -> Calibration:
        """Return the calibration of the file at `path`, or the one that ships, if it was fitted for these models.

        Raises:
            ConfigError: it cannot be read, or it was fitted for another embedding model or reader.
        """
        try:
            shipped = resources.files("bot").joinpath("calibration.json")
            values = json.loads((path or shipped).read_text("utf-8"))
            thresholds = values.pop("answered_from")
            taken = {"answered_from": thresholds[strictness], "thresholds": thresholds}
            kept = {name: values[name] for name in cls.__dataclass_fields__ if name not in taken}
            calibration = cls(**kept, **taken)
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"The calibration {path or 'that ships'} cannot be read: {error!r}."
            raise ConfigError(message) from None
        if unknown := set(calibration.coefficients) - FEATURES:
            message = f"The calibration {path or 'that ships'} weighs {', '.join(sorted(unknown))}; fit it again."
            raise ConfigError(message)
        for name, wanted, found in (
            ("embedding model", model, calibration.model),
            ("reader", reader, calibration.reader),
        ):
            if wanted != found:
                message = (
                    f"The answers' calibration was fitted for another {name}; fit one, in a checkout, with `python -m "
                    "bench.calibrate --model NAME --reader NAME --output FILE`, name the file in "
                    "[answers] calibration, or use the bundled models."
                )
                raise ConfigError(message)
        return calibration

    def at(self, strictness: Strictness | None) -> Calibration:
        """Return the same calibration at another strictness; None changes nothing."""
        return self if strictness is None else replace(self, answered_from=self.thresholds[strictness])

    def is_sure(self, confidence: float) -> bool:
        """Say whether an answer of this confidence would be called one at every strictness."""
        return confidence >= self.thresholds.get("strict", 1.0)

    def confidence(self, candidates: Sequence[Candidate]) -> float:
        """Return the probability, in [0, 1], that the first candidate answers the question."""
        if not candidates:
            return 0.0
        found = features(candidates)
        total = self.intercept + sum(weight * found[name] for name, weight in self.coefficients.items())
        return 1 / (1 + math.exp(-total))

    def verdict(self, confidence: float, candidates: Sequence[Candidate]) -> Verdict:
        """Return what to call a reply of this confidence."""
        dense = max((candidate.hit.dense for candidate in candidates), default=0.0)
        coverage = max((candidate.hit.coverage for candidate in candidates), default=0.0)
        support = max((candidate.support for candidate in candidates if candidate.support is not None), default=UNREAD)
        if (dense < self.near_dense and coverage < self.near_coverage) or (
            dense < self.read_dense and support < self.read_support
        ):
            return "silent"
        return "answered" if confidence >= self.answered_from else "closest"


def features(candidates: Sequence[Candidate]) -> dict[str, float]:
    """Return what the regression looks at, of candidates in their order, at least one.

    `margin` is how far the first leads, and `support` what the reader finds in it, in tens of
    logits; an unread passage counts as one that it finds nothing in. Cosine, words covered and the
    asked kind are left out: a near miss has them all, and with them it looked better (AUROC on
    SQuAD 2 .70 instead of .71).
    """
    best = candidates[0]
    runner_up = candidates[1].score if len(candidates) > 1 else best.score
    return {
        "margin": best.score - runner_up,
        "support": (best.support if best.support is not None else UNREAD) / 10,
    }
