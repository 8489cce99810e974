from __future__ import annotations

import math

import pytest

from bot.calibration import Calibration, features
from bot.errors import ConfigError
from index.embed import BUNDLED_SHA256
from index.passages import Passage
from index.story import Span
from index.story_index import Hit


def hit(score: float = 0.0, *, dense: float = 0.0, coverage: float = 0.0, kind: bool = False) -> Hit:
    passage = Passage(Span(0, 1), Span(0, 1), 1)
    return Hit(0, passage, "x", score, dense=dense, bm25=0.0, coverage=coverage, context=0.0, kind=kind)


def calibration(intercept: float = 0.0, **coefficients: float) -> Calibration:
    return Calibration("model", intercept, coefficients, answered_from=0.6, near_dense=0.2, near_coverage=0.3)


def test_the_calibration_that_ships_is_of_the_bundled_model() -> None:
    assert Calibration.load(BUNDLED_SHA256).model == BUNDLED_SHA256


def test_it_is_refused_for_any_other_model() -> None:
    with pytest.raises(ConfigError, match=r"fitted for another embedding model; refit it .*or use the bundled model"):
        Calibration.load("another")


def test_confidence_is_the_logistic_function_of_the_weighted_features() -> None:
    found = calibration(0.5, dense=2.0).confidence([hit(dense=0.75)])
    assert found == pytest.approx(1 / (1 + math.exp(-2.0)))


def test_without_hits_there_is_no_confidence() -> None:
    assert calibration(9.0).confidence([]) == 0.0


def test_the_margin_is_how_far_the_second_is_behind() -> None:
    assert features([hit(0.9), hit(0.6)])["margin"] == pytest.approx(0.3)
    assert features([hit(0.9)])["margin"] == 0.0


@pytest.mark.parametrize(
    ("confidence", "dense", "coverage", "verdict"),
    [
        (0.6, 0.5, 0.0, "answered"),
        (0.59, 0.5, 0.0, "closest"),
        (0.0, 0.2, 0.0, "closest"),
        (0.0, 0.0, 0.3, "closest"),
        (0.0, 0.19, 0.29, "silent"),
        (0.99, 0.19, 0.29, "silent"),
    ],
)
def test_the_verdict_follows_from_the_thresholds(
    confidence: float, dense: float, coverage: float, verdict: str
) -> None:
    assert calibration().verdict(confidence, [hit(), hit(dense=dense, coverage=coverage)]) == verdict
