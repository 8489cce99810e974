"""One frozen event per question, lookup or claim, one per error that a member is told of, and one hook for all.

The log is the first adapter, `bot.prometheus` the second. Events have no guild and no member; the
question's text is in one only where the operator asked for it (`log.question_text`), so that
otherwise nothing members write reaches a log or a metric. The log adds request and guild itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from bot.together import Spent

Kind = Literal["question", "lookup", "claim"]
"""What members ask: a question, a lookup, or whether the story mentions a claim."""
KINDS: tuple[Kind, ...] = get_args(Kind)

_log = logging.getLogger("storydesk.questions")


@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """What happened to one question, lookup or claim; times are in seconds."""

    verdict: str
    """A lookup finds the `closest` passages; a claim that the story mentions is `answered`."""
    confidence: float | None
    """None for what is not calibrated: lookups and claims."""
    question_characters: int
    waited_seconds: float
    worked_seconds: float
    is_repeated: bool = False
    """Whether the same question had just been answered, and was not worked on again."""
    question: str | None = None
    """Its text, only of a question and where the operator wants it in the log."""
    kind: Kind = "question"
    spent: Spent | None = None
    """What the models took for it and those answered with it; only of a question that was worked on."""

    @property
    def total_seconds(self) -> float:
        """Return how long it took from coming to the desk to the reply."""
        return self.waited_seconds + self.worked_seconds

    @property
    def stages(self) -> dict[str, float]:
        """Return the seconds of each stage; what no model did of the work on a question is `searched`."""
        stages = {"waited": self.waited_seconds, "worked": self.worked_seconds, "total": self.total_seconds}
        if self.spent is not None:
            embedded, read = self.spent.embedding, self.spent.reading
            stages |= {"embedded": embedded, "searched": self.worked_seconds - embedded - read, "read": read}
        return stages


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
    """Write what was asked to the log; errors are written where they are told, with their traceback."""
    if isinstance(event, ErrorTold):
        return
    sure = "" if event.confidence is None else f" confidence={event.confidence:.2f}"
    text = "" if event.question is None else f" text={event.question!r}"
    fields = {
        "kind": event.kind,
        "verdict": event.verdict,
        "confidence": None if event.confidence is None else round(event.confidence, 3),
        "characters": event.question_characters,
        "repeated": event.is_repeated,
        "question": event.question,
        **{stage: round(seconds, 4) for stage, seconds in event.stages.items()},
    }
    _log.info(
        "%s verdict=%s%s characters=%d waited=%.3fs worked=%.3fs total=%.3fs%s",
        event.kind,
        event.verdict,
        sure,
        event.question_characters,
        event.waited_seconds,
        event.worked_seconds,
        event.total_seconds,
        text,
        extra={"fields": fields},
    )
