from __future__ import annotations

import hashlib
import json
import math
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from bot.calibration import FEATURES, Calibration, Strictness, features
from bot.errors import ConfigError
from bot.ranking import Candidate
from index.bundled import BUNDLED_SHA256
from index.passages import Passage
from index.story import Span
from index.story_index import Hit


def hit(
    score: float = 0.0, *, dense: float = 0.0, coverage: float = 0.0, kind: bool = False, support: float | None = None
) -> Candidate:
    passage = Passage(Span(0, 1), Span(0, 1), 1)
    found = Hit(0, passage, "x", score, dense=dense, bm25=0.0, coverage=coverage, context=0.0, kind=kind)
    return Candidate(found, score, support, support=support)


def calibration(intercept: float = 0.0, **coefficients: float) -> Calibration:
    return Calibration(
        "model", "reader", intercept, coefficients, answered_from=0.6, near_dense=0.2, near_coverage=0.3,
        read_dense=0.35, read_support=-6.0,
    )  # fmt: skip


def shipped() -> dict[str, Any]:
    found = json.loads(resources.files("bot").joinpath("calibration.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def test_the_calibration_that_ships_is_of_the_bundled_models() -> None:
    weights = resources.files("bot").joinpath("reader_model", "reader.safetensors").read_bytes()
    reader = hashlib.sha256(weights).hexdigest()
    found = Calibration.load(BUNDLED_SHA256, reader)
    assert (found.model, found.reader) == (BUNDLED_SHA256, reader)


@pytest.mark.parametrize("other", ["embedding model", "reader"])
def test_it_is_refused_for_any_other_model(other: str) -> None:
    model, reader = shipped()["model"], shipped()["reader"]
    named = ("another", reader) if other == "embedding model" else (model, "another")
    with pytest.raises(ConfigError, match=rf"fitted for another {other}; fit one, .*or use the bundled models"):
        Calibration.load(*named)


def test_the_stricter_the_surer_it_must_be() -> None:
    model, reader = shipped()["model"], shipped()["reader"]
    levels: tuple[Strictness, ...] = ("relaxed", "balanced", "strict")
    thresholds = [Calibration.load(model, reader, strictness=level).answered_from for level in levels]
    assert thresholds == sorted(set(thresholds))


def test_a_calibration_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps(shipped() | {"model": "mine", "reader": "too"}), "utf-8")
    assert Calibration.load("mine", "too", path=own).model == "mine"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"answered_from": 1}'])
def test_a_file_that_is_no_calibration_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"own\.json cannot be read"):
        Calibration.load("mine", "too", path=tmp_path / "own.json")


def test_a_calibration_that_weighs_what_no_longer_exists_is_refused(tmp_path: Path) -> None:
    old = shipped() | {"coefficients": {"coverage": 1.0}}
    (tmp_path / "own.json").write_text(json.dumps(old), "utf-8")
    with pytest.raises(ConfigError, match="weighs coverage; fit it again"):
        Calibration.load(old["model"], old["reader"], path=tmp_path / "own.json")


def test_the_features_are_those_that_are_named() -> None:
    assert set(features([hit()])) == FEATURES


def test_the_reader_counts_by_what_it_finds_in_the_first() -> None:
    assert features([hit(support=-3.0), hit(support=5.0)])["support"] == -0.3
    assert features([hit()])["support"] == -1.2


def test_confidence_is_the_logistic_function_of_the_weighted_features() -> None:
    found = calibration(0.5, support=2.0).confidence([hit(support=7.5)])
    assert found == pytest.approx(1 / (1 + math.exp(-2.0)))


def test_without_hits_there_is_no_confidence() -> None:
    assert calibration(9.0).confidence([]) == 0.0


def test_the_margin_is_how_far_the_second_is_behind() -> None:
    assert features([hit(0.9), hit(0.6)])["margin"] == pytest.approx(0.3)
    assert features([hit(0.9)])["margin"] == 0.0


@pytest.mark.parametrize(
    ("confidence", "dense", "coverage", "support", "verdict"),
    [
        (0.6, 0.5, 0.0, 0.0, "answered"),
        (0.59, 0.5, 0.0, 0.0, "closest"),
        (0.0, 0.2, 0.0, 0.0, "closest"),
        (0.0, 0.0, 0.3, 0.0, "closest"),
        (0.0, 0.19, 0.29, 0.0, "silent"),
        (0.99, 0.19, 0.29, 0.0, "silent"),
        (0.0, 0.34, 0.9, -6.0, "closest"),
        (0.0, 0.34, 0.9, -6.1, "silent"),
        (0.0, 0.35, 0.0, -6.1, "closest"),
        (0.0, 0.34, 0.9, None, "silent"),
    ],
)
def test_the_verdict_follows_from_the_thresholds(
    confidence: float, dense: float, coverage: float, support: float | None, verdict: str
) -> None:
    candidates = [hit(support=support), hit(dense=dense, coverage=coverage)]
    assert calibration().verdict(confidence, candidates) == verdict
