from __future__ import annotations

import numpy as np
import pytest

from bot.metrics import (
    auroc,
    auroc_interval,
    calibration_error,
    exact_match,
    mean_interval,
    normalised,
    reliability,
    risk_coverage,
    token_f1,
)


def test_texts_are_compared_as_squad_does() -> None:
    assert normalised("  The “U.S.” Army, an  ally ") == "“us” army ally"
    assert exact_match("the $100 million", ["$100 million.", "x"]) == 1.0
    assert exact_match(None, ["x"]) == 0.0


@pytest.mark.parametrize(
    ("found", "answers", "f1"),
    [
        ("more than 1,000 troops", ["1,000"], 0.4),
        ("near Agadez", ["x", "Agadez"], 2 / 3),
        (None, ["x"], 0.0),
        ("x", [], 0.0),
    ],
)
def test_f1_is_of_the_words_that_both_have(found: str | None, answers: list[str], f1: float) -> None:
    assert token_f1(found, answers) == pytest.approx(f1)


def test_auroc_counts_pairs_in_the_right_order_and_ties_half() -> None:
    assert auroc([0.9, 0.5], [0.5, 0.1]) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert auroc([0.9], []) is None


def test_auroc_is_what_scikit_learn_says() -> None:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(1)
    scores, labels = random.integers(0, 20, 200), random.integers(0, 2, 200).astype(bool)
    assert auroc(list(scores[labels]), list(scores[~labels])) == pytest.approx(roc_auc_score(labels, scores))


def test_risk_grows_with_the_wrong_answers_that_are_let_in() -> None:
    coverage, risk = risk_coverage([0.2, 0.9, 0.5], [False, True, False])
    assert coverage == pytest.approx([1 / 3, 2 / 3, 1])
    assert risk == pytest.approx([0, 1 / 2, 2 / 3])


def test_confidence_is_compared_with_the_share_right_in_each_tenth() -> None:
    sure, right = [0.91, 0.99, 0.12, 1.0], [True, False, False, True]
    low, high = reliability(sure, right)
    assert low == pytest.approx((0.12, 0.0, 1))
    assert high == pytest.approx(((0.91 + 0.99 + 1.0) / 3, 2 / 3, 3))
    assert calibration_error(sure, right) == pytest.approx((0.12 + 3 * abs(2.9 / 3 - 2 / 3)) / 4)


def test_intervals_hold_the_figure_and_are_the_same_every_time() -> None:
    values = [1.0] * 30 + [0.0] * 10
    found = mean_interval(values)
    assert found is not None
    assert found[0] < 0.75 < found[1]
    assert found == mean_interval(values)
    assert mean_interval([]) is None
    between = auroc_interval([0.9, 0.8, 0.2], [0.3, 0.1])
    assert between is not None
    assert between[0] <= (auroc([0.9, 0.8, 0.2], [0.3, 0.1]) or 0) <= between[1]
    assert auroc_interval([], [0.1]) is None
