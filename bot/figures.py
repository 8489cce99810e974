"""What `storydesk eval` reports: the figures over questions that were asked, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.metrics import auroc, auroc_interval, calibration_error, exact_match, mean_interval, risk_coverage, token_f1

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.evaluate import Outcome

_TOP = 3
_WITH_INTERVALS = ("hit_at_1", "f1", "precision", "recall", "refused")


@dataclass(frozen=True, slots=True)
class Report:
    """Figures over many cases; shares in [0, 1], None where nothing was counted.

    `exact_match` and `f1` are of `short`, over the answerable cases. `auroc_near` and
    `auroc_foreign`: how well confidence tells answerable questions from unanswerable ones about
    the story, and from those about something else. `precision`: of the replies called answered,
    those whose first quote is right. `recall`: of the answerable questions, those answered rightly.
    `refused`: of the unanswerable ones, those not called answered. `risk_area`: the area under the
    risk-coverage curve over all cases. `calibration_error`: how far confidence is from the share
    that is right. `intervals`: bootstrap 95 % intervals of the figures they are named for.
    """

    cases: int
    answerable: int
    hit_at_1: float | None
    hit_at_3: float | None
    mrr: float | None
    exact_match: float | None
    f1: float | None
    auroc_near: float | None
    auroc_foreign: float | None
    precision: float | None
    recall: float | None
    refused: float | None
    risk_area: float | None
    calibration_error: float | None
    median_ms: float | None
    intervals: Mapping[str, tuple[float, float]]


def report(outcomes: Sequence[Outcome]) -> Report:
    """Return the figures over `outcomes`; ranks count only cases with a known gold place."""
    counted = _counted(outcomes)
    sure = [[o.reply.confidence for o in part] for part in _parts(outcomes)]
    intervals = {name: mean_interval(counted[name]) for name in _WITH_INTERVALS}
    intervals["auroc_near"] = auroc_interval(sure[0], sure[1])
    confidence, right = curves(outcomes)
    times = sorted(outcome.elapsed_ms for outcome in outcomes)
    return Report(
        cases=len(outcomes),
        answerable=len(sure[0]),
        auroc_near=auroc(sure[0], sure[1]),
        auroc_foreign=auroc(sure[0], sure[2]),
        risk_area=_mean(list(risk_coverage(confidence, right)[1])),
        calibration_error=calibration_error(confidence, right) if outcomes else None,
        median_ms=times[len(times) // 2] if times else None,
        intervals={name: found for name, found in intervals.items() if found is not None},
        **{name: _mean(values) for name, values in counted.items()},
    )


def _counted(outcomes: Sequence[Outcome]) -> dict[str, list[float]]:
    """Return, for each figure that is a mean, the values that it is the mean of."""
    placed = [outcome for outcome in outcomes if outcome.case.answerable and outcome.case.spans]
    told = [outcome for outcome in outcomes if outcome.case.answerable and outcome.case.answers]
    ranks = [outcome.rank for outcome in placed]
    return {
        "hit_at_1": [float(rank == 1) for rank in ranks],
        "hit_at_3": [float(rank is not None and rank <= _TOP) for rank in ranks],
        "mrr": [1 / rank if rank else 0.0 for rank in ranks],
        "exact_match": [exact_match(outcome.reply.short, outcome.case.answers) for outcome in told],
        "f1": [token_f1(outcome.reply.short, outcome.case.answers) for outcome in told],
        "precision": [float(o.answers_right) for o in outcomes if o.reply.verdict == "answered"],
        "recall": [float(outcome.answers_right) for outcome in placed],
        "refused": [float(o.reply.verdict != "answered") for o in outcomes if not o.case.answerable],
    }


def _parts(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome], list[Outcome]]:
    """Return the answerable cases, the near misses, and those about something else."""
    answerable = [outcome for outcome in outcomes if outcome.case.answerable]
    near = [outcome for outcome in outcomes if not outcome.case.answerable and not outcome.case.is_foreign]
    return answerable, near, [outcome for outcome in outcomes if outcome.case.is_foreign]


def curves(outcomes: Sequence[Outcome]) -> tuple[list[float], list[bool]]:
    """Return the confidence of each case, and whether its best sentence is right."""
    return [outcome.reply.confidence for outcome in outcomes], [outcome.rank == 1 for outcome in outcomes]


def risk_table(outcomes: Sequence[Outcome]) -> list[tuple[float, float]]:
    """Return ten points of the risk-coverage curve: the surest share of the cases, and the share of it wrong."""
    coverage, risk = risk_coverage(*curves(outcomes))
    places = [len(coverage) * tenth // 10 - 1 for tenth in range(1, 11)]
    return [(round(float(coverage[at]), 4), round(float(risk[at]), 4)) for at in places if at >= 0]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
