"""How sure an answer is, as a probability, and at which certainty the bot speaks up.

A logistic regression on a handful of features of the best hits, fitted by `bench/calibrate.py` on
the training stories and kept as data in `calibration.json` with the model it holds for. Cosines of
another model mean something else, so a calibration is refused for any model but its own.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from bot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.answer import Verdict
    from index.story_index import Hit


@dataclass(frozen=True)
class Calibration:
    """Coefficients of the regression and the thresholds of the verdicts.

    `answered_from` is the least confidence at which the quote is called an answer; below it the
    closest passages are shown, unless the best cosine is under `near_dense` and the best word
    coverage under `near_coverage`: then nothing is near.
    """

    model: str
    intercept: float
    coefficients: Mapping[str, float]
    answered_from: float
    near_dense: float
    near_coverage: float

    @classmethod
    def load(cls, model_fingerprint: str) -> Calibration:
        """Return the calibration that ships, if it was fitted for this model.

        Raises:
            ConfigError: it was fitted for another model.
        """
        values = json.loads(resources.files("bot").joinpath("calibration.json").read_text("utf-8"))
        calibration = cls(**{name: values[name] for name in cls.__dataclass_fields__})
        if calibration.model != model_fingerprint:
            message = (
                "The answers' calibration was fitted for another embedding model; "
                "refit it with `python -m bench.calibrate`, or use the bundled model."
            )
            raise ConfigError(message)
        return calibration

    def confidence(self, hits: Sequence[Hit]) -> float:
        """Return the probability, in [0, 1], that the first hit answers the question."""
        if not hits:
            return 0.0
        found = features(hits)
        total = self.intercept + sum(weight * found[name] for name, weight in self.coefficients.items())
        return 1 / (1 + math.exp(-total))

    def verdict(self, confidence: float, hits: Sequence[Hit]) -> Verdict:
        """Return what to call a reply of this confidence."""
        if max((hit.dense for hit in hits), default=0.0) < self.near_dense and (
            max((hit.coverage for hit in hits), default=0.0) < self.near_coverage
        ):
            return "silent"
        return "answered" if confidence >= self.answered_from else "closest"


def features(hits: Sequence[Hit]) -> dict[str, float]:
    """Return what the regression looks at, of hits in their order, at least one."""
    best = hits[0]
    runner_up = hits[1].score if len(hits) > 1 else best.score
    return {
        "dense": best.dense,
        "coverage": best.coverage,
        "context": best.context,
        "kind": float(best.kind),
        "margin": best.score - runner_up,
    }
