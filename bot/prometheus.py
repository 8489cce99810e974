"""The Prometheus adapter of telemetry: counts and times in a registry of its own.

No label names a guild, a member or a story: there would be too many, and a metric is no place for them.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import aiohttp
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from bot.telemetry import KINDS, ErrorTold, QuestionAnswered

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_FIRST_FAILURE = 400  # HTTP


class Prometheus:
    """A telemetry hook."""

    def __init__(self) -> None:
        """Count from zero."""
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        asked = "Questions, lookups and claims by verdict"
        self._questions = Counter("storydesk_questions", asked, ["kind", "verdict"], registry=registry)
        for kind, verdict in product(KINDS, ("answered", "closest", "silent")):
            self._questions.labels(kind, verdict)
        times = "Seconds that what was asked waited, was worked on (embedded, searched, read), and took in total"
        labels = ["kind", "stage"]
        self._seconds = Histogram("storydesk_question_seconds", times, labels, buckets=_SECONDS, registry=registry)
        hits = "Questions answered from the cache of replies"
        self._hits = Counter("storydesk_reply_cache_hits", hits, registry=registry)
        told = "Errors and refusals that members were told, by class"
        self._errors = Counter("storydesk_errors", told, ["kind", "refusal"], registry=registry)
        http = "Discord's answers from 400 on, and requests without an answer, by status"
        self._http = Counter("storydesk_discord_http_failures", http, ["status"], registry=registry)

    def __call__(self, event: QuestionAnswered | ErrorTold) -> None:
        """Count an event."""
        if isinstance(event, ErrorTold):
            self._errors.labels(event.kind, str(event.is_refusal).lower()).inc()
            return
        self._questions.labels(event.kind, event.verdict).inc()
        for stage, seconds in event.stages.items():
            self._seconds.labels(event.kind, stage).observe(seconds)
        self._hits.inc(event.is_repeated)

    def watch(self, name: str, documentation: str, look: Callable[[], float]) -> None:
        """Add a gauge whose value is looked up whenever it is asked for."""
        Gauge(f"storydesk_{name}", documentation, registry=self.registry).set_function(look)

    def http_trace(self) -> aiohttp.TraceConfig:
        """Return what counts the failures of Discord's HTTP API."""

        async def ended(_: object, __: SimpleNamespace, end: aiohttp.TraceRequestEndParams) -> None:
            if end.response.status >= _FIRST_FAILURE:
                self._http.labels(str(end.response.status)).inc()

        async def broke(*_: object) -> None:
            self._http.labels("none").inc()

        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(ended)
        trace.on_request_exception.append(broke)
        return trace
