"""One frozen event per question, one per error that a member is told of, and one hook that takes them.

The log is the first adapter, `bot.prometheus` the second. Events have no guild and no member; the
question's text is in one only where the operator asked for it (`log.question_text`), so that
otherwise nothing members write reaches a log or a metric. The log adds request and guild itself.
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
    question: str | None = None
    """Its text, only where the operator wants it in the log."""

    @property
    def total_seconds(self) -> float:
        """Return how long it took from coming to the desk to the reply."""
        return self.waited_seconds + self.worked_seconds


@dataclass(frozen=True, slots=True)
class ErrorTold:
    """An error that a member was told of: its class, and whether it is the member who can help it."""

    kind: str
    is_refusal: bool


QuestionHook = Callable[[QuestionAnswered], None]
Hook = Callable[[QuestionAnswered | ErrorTold], None]


def all_of(*hooks: Hook) -> Hook:
    """Return a hook that gives each event to all of `hooks`."""

    def tell(event: QuestionAnswered | ErrorTold) -> None:
        for hook in hooks:
            hook(event)

    return tell


def log_event(event: QuestionAnswered | ErrorTold) -> None:
    """Write a question to the log; errors are written where they are told, with their traceback."""
    if isinstance(event, ErrorTold):
        return
    text = "" if event.question is None else f" text={event.question!r}"
    fields = {
        "verdict": event.verdict,
        "confidence": round(event.confidence, 3),
        "characters": event.question_characters,
        "waited": round(event.waited_seconds, 4),
        "worked": round(event.worked_seconds, 4),
        "total": round(event.total_seconds, 4),
        "repeated": event.is_repeated,
    } | ({} if event.question is None else {"question": event.question})
    _log.info(
        "question verdict=%s confidence=%.2f characters=%d waited=%.3fs worked=%.3fs total=%.3fs%s",
        event.verdict,
        event.confidence,
        event.question_characters,
        event.waited_seconds,
        event.worked_seconds,
        event.total_seconds,
        text,
        extra={"fields": fields},
    )
