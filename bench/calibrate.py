"""Fit the calibration of answers on labelled questions and write it down.

    python -m bench.calibrate --data ../shared/eval/dev [--model NAME] [--reader NAME] [--output FILE]

A logistic regression on `bot.calibration.features`: does the first quote answer the question? The
data must be stories that the reader was not trained on, else its scores are too good. The figures
printed are cross-validated by story. Answerable questions of a set count together as much as those
of any other; near misses half as much as all answerable ones, each set that has some alike, and
questions of other stories 0.15 times as much. Beside the sets of `--data`, those of them that are
there, it uses the news of our own telling that was kept from training, which every checkout has.
`answered_from` is the least confidence from which on 83, 86 and 93 of 100 quotes shown for
answerable questions are right (relaxed, balanced, strict).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.calibration import features
from bot.cases import is_right, read_cases, read_stories, with_foreign, with_gold_spans
from bot.config import Config
from bot.opening import load_embedder, open_reader
from bot.ranking import rank
from bot.together import together
from index.spelling import Speller
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bot.reader import Reader
    from index.embed import Embedder

_SEED = 20261123
_PRECISION = {"relaxed": 0.83, "balanced": 0.86, "strict": 0.93}
_FOLDS = 8
_AT_ONCE = 64
_HITS = 10
_FOREIGN = 20  # questions of other stories that each story is asked
_NEAR_DENSE, _NEAR_COVERAGE = 0.22, 0.34
_READ_DENSE, _READ_SUPPORT = 0.35, -6.0
_SETS = ("squad2", "newwiki", "wikinews")
_NEWS = "news"


def write_news(folder: Path) -> Path:
    """Write the news that was kept from training into a folder, in the form of the other sets, and return it."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tools" / "reader"))
    from news import rows

    for name, told in zip(("stories", "cases"), rows(dev=True), strict=True):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told), "utf-8")
    return folder


def parts_of(folder: Path, own: Path) -> list[tuple[str, Path]]:
    """Return the sets to fit on, each with its folder: those of `folder` that are there, and our own news in `own`."""
    found = [(name, folder / name) for name in _SETS if (folder / name / "cases.jsonl").exists()]
    if missing := sorted(set(_SETS) - {name for name, _ in found}):
        print(f"{folder} has no {', '.join(missing)}: fitted without", flush=True)
    return [*found, (_NEWS, write_news(own))]


def examples(
    parts: Sequence[tuple[str, Path]], sample: int, embedder: Embedder, reader: Reader
) -> tuple[list[dict[str, float]], list[bool], list[str], list[str]]:
    """Return, a question each: features, whether the first hit is right, its kind, its story.

    `parts` are the sets and their folders. The kind is "answerable", "near" (unanswerable, about the
    story) or "foreign".
    """
    rows: list[dict[str, float]] = []
    right: list[bool] = []
    kinds: list[str] = []
    groups: list[str] = []
    for name, part in parts:
        stories = read_stories(part / "stories.jsonl")
        cases = read_cases(part / "cases.jsonl")
        chosen = np.random.default_rng(_SEED).permutation(len(cases))[:sample]
        wanted = with_foreign([cases[at] for at in sorted(chosen)], _FOREIGN)
        used = dict.fromkeys(case.story_id for case in wanted)
        indexes = {key: StoryIndex.build(stories[key], embedder) for key in used}
        spellers = {key: Speller(stories[key].body, reader.knows) for key in used}
        works = [rank(case.question, indexes[case.story_id], _HITS, spellers[case.story_id]) for case in wanted]
        rankings = [
            found
            for at in range(0, len(works), _AT_ONCE)
            for found in together(works[at : at + _AT_ONCE], embedder, reader)
        ]
        for case, ranking in zip(wanted, rankings, strict=True):
            if isinstance(ranking, Exception):
                raise ranking
            candidates = ranking.candidates
            rows.append(features(candidates))
            gold = with_gold_spans(case, stories[case.story_id]).spans
            right.append(is_right(candidates[0].hit.passage.span, gold))
            kinds.append("answerable" if case.answerable else "foreign" if case.is_foreign else "near")
            groups.append(f"{name}/{case.story_id}")
        print(f"{name}: {len(wanted)} questions on {len(used)} stories", flush=True)
    return rows, right, kinds, groups


def threshold(confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float) -> float:
    """Return the least confidence from which on at least `precision` of the quotes are right."""
    order = np.argsort(-confidence)
    found = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(found >= precision)
    return float(confidence[order[good[-1]]]) if len(good) else 1.0


def weights(kinds: NDArray[np.str_], sets: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return how much each question counts, (n,) float64, on average 1."""
    found = np.zeros(len(kinds))
    for name in np.unique(sets):
        of_set = (kinds == "answerable") & (sets == name)
        found[of_set] = 1 / max(of_set.sum(), 1)
    answerable = found.sum()
    for kind, share in (("near", 0.5), ("foreign", 0.15)):
        with_some = [name for name in np.unique(sets) if ((kinds == kind) & (sets == name)).any()]
        for name in with_some:
            of_kind = (kinds == kind) & (sets == name)
            found[of_kind] = answerable * share / len(with_some) / of_kind.sum()
    return np.asarray(found * len(kinds) / found.sum())


def digest(parts: Sequence[tuple[str, Path]]) -> str:
    """Return the SHA-256 of the cases that the fit is made on."""
    found = hashlib.sha256()
    for _, part in parts:
        found.update((part / "cases.jsonl").read_bytes())
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
    parser.add_argument("--keep", type=Path, help="write the features to this .npz file")
    parser.add_argument("--output", type=Path, default=Path("bot/calibration.json"))
    arguments = parser.parse_args()
    embedder = load_embedder(Config(model={"name": arguments.model}))
    reader = open_reader(arguments.reader, embedder)
    with tempfile.TemporaryDirectory() as own:
        parts = parts_of(arguments.data, Path(own))
        rows, right_list, kind_list, groups = examples(parts, arguments.sample, embedder, reader)
        fitted_on = digest(parts)
    names = list(rows[0])
    table = np.array([[row[name] for name in names] for row in rows])
    right, kinds = np.array(right_list), np.array(kind_list)
    answerable, near, foreign = (kinds == kind for kind in ("answerable", "near", "foreign"))
    sets = np.array([group.partition("/")[0] for group in groups])
    counted = weights(kinds, sets)
    if arguments.keep is not None:
        np.savez(arguments.keep, names=names, table=table, right=right, kinds=kinds, groups=np.array(groups))
    regression = LogisticRegression(C=10.0)
    unseen = np.zeros(len(right))
    for fitted, held in GroupKFold(_FOLDS).split(table, right, groups):
        regression.fit(table[fitted], right[fitted], sample_weight=counted[fitted])
        unseen[held] = regression.predict_proba(table[held])[:, 1]
    print(f"AUROC right against wrong {roc_auc_score(right, unseen):.3f}, Brier {brier_score_loss(right, unseen):.3f}")
    for name, _ in parts:
        for kind, others in (("near miss", near), ("foreign", foreign)):
            of_set = (sets == name) & (answerable | others)
            if not answerable[of_set].all():
                separation = roc_auc_score(answerable[of_set], unseen[of_set])
                print(f"AUROC answerable against {kind} ({name}) {separation:.3f}")
    answered_from = {}
    for strictness, precision in _PRECISION.items():
        from_here = threshold(unseen[answerable], right[answerable], precision)
        answered_from[strictness] = round(from_here, 3)
        called = unseen >= from_here
        print(
            f"{strictness}: from {from_here:.3f} on, of the answerable {called[answerable].mean():.3f} answered, "
            f"{right[answerable & called].mean():.3f} of them rightly; "
            f"of the near misses {called[near].mean():.3f}, of the foreign {called[foreign].mean():.3f}"
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
        "read_dense": _READ_DENSE,
        "read_support": _READ_SUPPORT,
        "fitted_on": fitted_on,
    }
    arguments.output.write_text(json.dumps(values, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
