"""One event per question and one hook that takes it; the log is the first adapter.

The event has no question text, so that nothing members write reaches a log or a metric.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

_log = logging.getLogger("storydesk.questions")


@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """What happened to one question; times are in seconds."""

    verdict: str
    confidence: float
    question_characters: int
    waited_seconds: float
    worked_seconds: float
    is_repeated: bool = False
    """Whether the same question had just been answered, and was not worked on again."""


Hook = Callable[[QuestionAnswered], None]


def log_question(event: QuestionAnswered) -> None:
    """Write the event to the log."""
    _log.info(
        "question verdict=%s confidence=%.2f characters=%d waited=%.3fs worked=%.3fs",
        event.verdict,
        event.confidence,
        event.question_characters,
        event.waited_seconds,
        event.worked_seconds,
    )
