"""Fit the calibration of answers on labelled questions and write it down.

    python -m bench.calibrate --data ../shared/eval/dev [--model NAME] [--reader NAME] [--output FILE]

A logistic regression on `bot.calibration.features`: does the first quote answer the question? The
data must be stories that the reader was not trained on, else its scores are too good. The figures
printed are cross-validated by story. Answerable questions of a set count together as much as those
of any other; unanswerable ones, of one set only, count half as much as all answerable ones.
`answered_from` is the least confidence from which on 85, 90 and 95 of 100 quotes shown for
answerable questions are right (relaxed, balanced, strict).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.answer import Quote
from bot.calibration import Calibration, features
from bot.config import Config
from bot.desk import Shelf
from bot.evaluate import is_right, read_cases, read_stories, with_gold_spans
from bot.opening import load_embedder
from bot.reader import Reader
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from index.embed import SentenceTransformerEmbedder

_SEED = 20261123
_PRECISION = {"relaxed": 0.85, "balanced": 0.9, "strict": 0.95}
_FOLDS = 8
_HITS = 10
_NEAR_DENSE, _NEAR_COVERAGE = 0.22, 0.34
_SETS = ("squad2", "newwiki", "wikinews")


def examples(
    folder: Path, sample: int, embedder: SentenceTransformerEmbedder, reader: Reader
) -> tuple[list[dict[str, float]], list[bool], list[bool], list[str]]:
    """Return, a question each: features, whether the first hit is right, whether it is answerable, its story."""
    nothing = Calibration("", "", 0.0, {}, 0.5, 0.0, 0.0)
    rows: list[dict[str, float]] = []
    right: list[bool] = []
    answerable: list[bool] = []
    groups: list[str] = []
    for name in _SETS:
        stories = read_stories(folder / name / "stories.jsonl")
        cases = read_cases(folder / name / "cases.jsonl")
        chosen = np.random.default_rng(_SEED).permutation(len(cases))[:sample]
        wanted = [cases[at] for at in sorted(chosen)]
        used = [stories[key] for key in dict.fromkeys(case.story_id for case in wanted)]
        shelf = Shelf([StoryIndex.build(story, embedder) for story in used], embedder, reader, nothing)
        for case in wanted:
            story = stories[case.story_id]
            candidates = shelf.ranking(case.question, story.id, _HITS).candidates
            rows.append(features(candidates))
            right.append(is_right(Quote.of(candidates[0], story.id), with_gold_spans(case, story).spans))
            answerable.append(case.answerable)
            groups.append(f"{name}/{case.story_id}")
        print(f"{name}: {len(wanted)} questions on {len(used)} stories", flush=True)
    return rows, right, answerable, groups


def threshold(confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float) -> float:
    """Return the least confidence from which on at least `precision` of the quotes are right."""
    order = np.argsort(-confidence)
    found = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(found >= precision)
    return float(confidence[order[good[-1]]]) if len(good) else 1.0


def weights(answerable: NDArray[np.bool_], sets: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return how much each question counts, (n,) float64."""
    found = np.zeros(len(answerable))
    for name in np.unique(sets):
        of_set = answerable & (sets == name)
        found[of_set] = 1 / max(of_set.sum(), 1)
    found[~answerable] = found.sum() / 2 / max((~answerable).sum(), 1)
    return np.asarray(found * len(answerable) / found.sum())


def digest(folder: Path) -> str:
    """Return the SHA-256 of the cases that the fit is made on."""
    found = hashlib.sha256()
    for name in _SETS:
        found.update((folder / name / "cases.jsonl").read_bytes())
    return found.hexdigest()


def main() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import brier_score_loss, roc_auc_score
    from sklearn.model_selection import GroupKFold

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/eval/dev"))
    parser.add_argument("--sample", type=int, default=2000, help="questions a set")
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--reader", default="storydesk-reader")
    parser.add_argument("--output", type=Path, default=Path("bot/calibration.json"))
    arguments = parser.parse_args()
    embedder = load_embedder(Config(model={"name": arguments.model}))
    reader = Reader.open(arguments.reader, embedder.model)
    rows, right_list, answerable_list, groups = examples(arguments.data, arguments.sample, embedder, reader)
    names = list(rows[0])
    table = np.array([[row[name] for name in names] for row in rows])
    right, answerable = np.array(right_list), np.array(answerable_list)
    sets = np.array([group.partition("/")[0] for group in groups])
    counted = weights(answerable, sets)
    regression = LogisticRegression(C=10.0)
    unseen = np.zeros(len(right))
    for fitted, held in GroupKFold(_FOLDS).split(table, right, groups):
        regression.fit(table[fitted], right[fitted], sample_weight=counted[fitted])
        unseen[held] = regression.predict_proba(table[held])[:, 1]
    print(f"AUROC right against wrong {roc_auc_score(right, unseen):.3f}, Brier {brier_score_loss(right, unseen):.3f}")
    for name in _SETS:
        of_set = sets == name
        if not answerable[of_set].all():
            separation = roc_auc_score(answerable[of_set], unseen[of_set])
            print(f"AUROC answerable against near miss ({name}) {separation:.3f}")
    answered_from = {}
    for strictness, precision in _PRECISION.items():
        from_here = threshold(unseen[answerable], right[answerable], precision)
        answered_from[strictness] = round(from_here, 3)
        called = unseen >= from_here
        print(
            f"{strictness}: from {from_here:.3f} on, of the answerable {called[answerable].mean():.3f} answered, "
            f"{right[answerable & called].mean():.3f} of them rightly; of the others {called[~answerable].mean():.3f}"
        )
    regression.fit(table, right, sample_weight=counted)
    values = {
        "model": embedder.fingerprint,
        "reader": reader.fingerprint,
        "intercept": round(float(regression.intercept_[0]), 4),
        "coefficients": dict(zip(names, [round(float(weight), 4) for weight in regression.coef_[0]], strict=True)),
        "answered_from": answered_from,
        "near_dense": _NEAR_DENSE,
        "near_coverage": _NEAR_COVERAGE,
        "fitted_on": digest(arguments.data),
    }
    arguments.output.write_text(json.dumps(values, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
