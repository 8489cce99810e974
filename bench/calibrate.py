"""Fit the calibration of answers on labelled questions and write `bot/calibration.json`.

    python -m bench.calibrate --data ../shared/eval/train [--model NAME]

A logistic regression on the features of `bot.calibration.features`, cross-validated by story: the
figures printed are of stories that a fold has not seen. `answered_from` is the least confidence
from which, of the answerable questions, at least nine in ten shown quotes are right.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.answer import Quote
from bot.calibration import features
from bot.config import Config
from bot.evaluate import is_right, read_cases, read_stories
from bot.opening import load_embedder
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEED = 20261123
_PRECISION = 0.9
_FOLDS = 5
_HITS = 10
_NEAR_DENSE, _NEAR_COVERAGE = 0.22, 0.34
_SETS = ("squad2", "newwiki", "wikinews")


def examples(
    folder: Path, sample: int, config: Config
) -> tuple[list[dict[str, float]], list[bool], list[bool], list[str]]:
    """Return, a question each: features, whether the first hit is right, whether it is answerable, its story."""
    embedder = load_embedder(config)
    rows: list[dict[str, float]] = []
    right: list[bool] = []
    answerable: list[bool] = []
    groups: list[str] = []
    for name in _SETS:
        stories = read_stories(folder / name / "stories.jsonl")
        cases = read_cases(folder / name / "cases.jsonl")
        chosen = np.random.default_rng(_SEED).permutation(len(cases))[:sample]
        wanted = [cases[at] for at in sorted(chosen)]
        indexes = {key: StoryIndex.build(stories[key], embedder) for key in {case.story_id for case in wanted}}
        for case in wanted:
            index = indexes[case.story_id]
            hits = index.search(case.question, _HITS)
            rows.append(features(hits))
            right.append(is_right(Quote.from_hit(hits[0], index.story.id), case.spans))
            answerable.append(case.answerable)
            groups.append(f"{name}/{case.story_id}")
        print(f"{name}: {len(wanted)} questions on {len(indexes)} stories", flush=True)
    return rows, right, answerable, groups


def threshold(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the least confidence from which on at least `_PRECISION` of the quotes are right."""
    order = np.argsort(-confidence)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= _PRECISION)
    return float(confidence[order[good[-1]]]) if len(good) else 1.0


def digest(folder: Path) -> str:
    """Return the SHA-256 of the cases that the fit is made on."""
    found = hashlib.sha256()
    for name in _SETS:
        found.update((folder / name / "cases.jsonl").read_bytes())
    return found.hexdigest()


def main() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import brier_score_loss, roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/eval/train"))
    parser.add_argument("--sample", type=int, default=1200, help="questions a set")
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--output", type=Path, default=Path("bot/calibration.json"))
    arguments = parser.parse_args()
    config = Config(model={"name": arguments.model})
    rows, right_list, answerable_list, groups = examples(arguments.data, arguments.sample, config)
    names = list(rows[0])
    table = np.array([[row[name] for name in names] for row in rows])
    right, answerable = np.array(right_list), np.array(answerable_list)
    regression = LogisticRegression(C=10.0)
    unseen = cross_val_predict(regression, table, right, groups=groups, cv=GroupKFold(_FOLDS), method="predict_proba")[
        :, 1
    ]
    answered_from = threshold(unseen[answerable], right[answerable])
    called = unseen >= answered_from
    print(f"AUROC right against wrong {roc_auc_score(right, unseen):.3f}, Brier {brier_score_loss(right, unseen):.3f}")
    first_set = slice(0, arguments.sample)
    separation = roc_auc_score(answerable[first_set], unseen[first_set])
    print(f"AUROC answerable against near miss (squad2) {separation:.3f}")
    shown, good = called[answerable].mean(), right[answerable & called].mean()
    print(f"from {answered_from:.3f} on: of the answerable {shown:.3f} answered, {good:.3f} of them rightly")
    print(f"of the unanswerable {called[~answerable].mean():.3f} answered")
    regression.fit(table, right)
    values = {
        "model": load_embedder(config).fingerprint,
        "intercept": round(float(regression.intercept_[0]), 4),
        "coefficients": dict(zip(names, [round(float(weight), 4) for weight in regression.coef_[0]], strict=True)),
        "answered_from": round(answered_from, 3),
        "near_dense": _NEAR_DENSE,
        "near_coverage": _NEAR_COVERAGE,
        "fitted_on": digest(arguments.data),
    }
    arguments.output.write_text(json.dumps(values, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
