"""Measures the desk on labelled questions: reads cases, asks, writes predictions, reports.

A ranked sentence is right when it holds a gold span, lies within one, or shares half of the
shorter of the two: gold spans are words in some sets and sentences in others.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

from bot.errors import CasesError
from bot.metrics import auroc, auroc_interval, calibration_error, exact_match, mean_interval, risk_coverage, token_f1
from bot.wire import hit_object, reply_object
from index.errors import StoryError
from index.story import Span, Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bot.answer import Quote, Reply
    from bot.desk import Desk

_RANKED = 10
_TOP = 3
_SEED = 20261124
_FOREIGN = ("foreign", "chat")
_WITH_INTERVALS = ("hit_at_1", "f1", "precision", "recall", "refused")


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled question; `spans` are the gold places in the story's text, none if unanswerable.

    `kind` says of an unanswerable one whether it is about the story ("near", the default) or not
    ("foreign", "chat").
    """

    id: str
    story_id: str
    question: str
    answerable: bool
    answers: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    kind: str = ""

    @property
    def is_foreign(self) -> bool:
        """Say whether the question is about something else than its story."""
        return not self.answerable and self.kind in _FOREIGN


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the desk made of a case; `elapsed_ms` is its time at the desk in milliseconds."""

    case: Case
    reply: Reply
    ranked: tuple[Quote, ...]
    elapsed_ms: float

    @property
    def rank(self) -> int | None:
        """Return the place, from 1, of the first right sentence in the ranking."""
        places = (place for place, quote in enumerate(self.ranked, start=1) if is_right(quote, self.case.spans))
        return next(places, None)

    @property
    def answers_right(self) -> bool:
        """Say whether the reply speaks up and its first quote is right."""
        return self.reply.verdict == "answered" and is_right(self.reply.quotes[0], self.case.spans)


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


def is_right(quote: Quote, gold: Sequence[Span]) -> bool:
    """Say whether a quote stands where a gold span does."""
    return any(2 * quote.span.overlap(span) >= min(len(quote.span), len(span)) for span in gold if len(span))


def read_stories(path: Path) -> dict[str, Story]:
    """Return the stories of a JSON Lines file by their ids in that file.

    Raises:
        CasesError: a line is no story.
    """
    stories = {}
    for number, row in _rows(path):
        try:
            text, name = str(row["text"]), str(row["id"])
            stories[name] = Story(
                body=text, title=str(row.get("title") or name), url=row.get("url"), published=row.get("date"),
                source=row.get("source"),
            )  # fmt: skip
        except (KeyError, StoryError) as error:
            message = f"{path}, line {number}: not a story with id and text: {error}."
            raise CasesError(message) from None
    return stories


def read_cases(path: Path) -> list[Case]:
    """Return the cases of a JSON Lines file.

    Raises:
        CasesError: a line is no case.
    """
    cases = []
    for number, row in _rows(path):
        try:
            spans = tuple(Span(int(start), int(end)) for start, end in row.get("spans") or [])
            answers = tuple(map(str, row.get("answers") or []))
            cases.append(
                Case(
                    str(row["id"]),
                    str(row["story_id"]),
                    str(row["question"]),
                    bool(row["answerable"]),
                    answers,
                    spans,
                    str(row.get("kind") or ""),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            message = f"{path}, line {number}: not a case with id, story_id, question and answerable: {error}."
            raise CasesError(message) from None
    return cases


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}."
        raise CasesError(message) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            message = f"{path}, line {number}: not a JSON object."
            raise CasesError(message)
        yield number, row


def with_foreign(cases: Sequence[Case], count: int) -> list[Case]:
    """Return `cases` and, for each story, `count` answerable questions of the others that it is asked as well."""
    random = Random(_SEED)  # noqa: S311 - a sample, nothing secret
    added = []
    for story_id in dict.fromkeys(case.story_id for case in cases):
        others = [case for case in cases if case.answerable and case.story_id != story_id]
        added += [
            Case(f"{story_id}/{case.id}", story_id, case.question, answerable=False, kind="foreign")
            for case in random.sample(others, min(count, len(others)))
        ]
    return [*cases, *added]


def with_gold_spans(case: Case, story: Story) -> Case:
    """Return `case` with spans: where none are given, every place at which an answer stands in the story."""
    if case.spans or not case.answerable:
        return case
    found = tuple(Span(at, at + len(answer)) for answer in case.answers for at in _occurrences(story.body, answer))
    return replace(case, spans=found)


def _occurrences(body: str, answer: str) -> Iterator[int]:
    at = body.find(answer) if answer else -1
    while at >= 0:
        yield at
        at = body.find(answer, at + 1)


async def run_cases(
    desk: Desk, cases: Iterable[Case], stories: Mapping[str, Story], *, progress: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """Ask every case of its own story, one after the other.

    Raises:
        CasesError: a case names a story that is not among `stories`.
    """
    outcomes = []
    for case in cases:
        story = stories.get(case.story_id)
        if story is None:
            message = f"Case {case.id} asks about story {case.story_id!r}, which is not among the stories."
            raise CasesError(message)
        began = time.perf_counter()
        reply, ranked = await desk.ask_with_ranking(case.question, story.id, _RANKED)
        elapsed = 1000 * (time.perf_counter() - began)
        outcomes.append(Outcome(with_gold_spans(case, story), reply, tuple(ranked), elapsed))
        progress()
    return outcomes


def prediction(outcome: Outcome) -> dict[str, Any]:
    """Return a line of the predictions file; stories have the ids of the stories file there."""
    found = {"id": outcome.case.id} | reply_object(outcome.reply, outcome.elapsed_ms)
    found["hits"] = [hit_object(quote) for quote in outcome.ranked]
    for quote in [*found["quotes"], *found["hits"]]:
        quote["story"] = outcome.case.story_id
    return found


def write_predictions(outcomes: Iterable[Outcome], path: Path) -> None:
    """Write one prediction a line.

    Raises:
        CasesError: the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(json.dumps(prediction(outcome), ensure_ascii=False) + "\n" for outcome in outcomes)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}."
        raise CasesError(message) from None


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
