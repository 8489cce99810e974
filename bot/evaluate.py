"""Asks the desk labelled questions, one after the other, and writes down what it made of them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.cases import is_right, with_gold_spans
from bot.errors import CasesError
from bot.wire import hit_object, reply_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from bot.answer import Quote, Reply
    from bot.cases import Case
    from bot.desk import Desk
    from index.story import Story

_RANKED = 10


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
        places = (place for place, quote in enumerate(self.ranked, start=1) if is_right(quote.span, self.case.spans))
        return next(places, None)

    @property
    def answers_right(self) -> bool:
        """Say whether the reply speaks up and its first quote is right."""
        return self.reply.verdict == "answered" and is_right(self.reply.quotes[0].span, self.case.spans)


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
