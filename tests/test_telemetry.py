from __future__ import annotations

import logging
from dataclasses import FrozenInstanceError, fields

import pytest

from bot.telemetry import QuestionAnswered, log_event
from bot.together import Spent

EVENT = QuestionAnswered("answered", 0.87654, 42, 0.0125, 1.5)


def test_the_log_has_one_line_with_the_figures(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "storydesk.questions"):
        log_event(EVENT)
    assert caplog.messages == [
        "question verdict=answered confidence=0.88 characters=42 waited=0.013s worked=1.500s total=1.512s"
    ]


def test_a_lookup_and_a_claim_are_logged_as_such_and_without_a_confidence(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "storydesk.questions"):
        log_event(QuestionAnswered("closest", None, 4, 0.25, 0.5, kind="lookup"))
        log_event(QuestionAnswered("answered", None, 19, 0.25, 0.5, kind="claim"))
    assert caplog.messages == [
        "lookup verdict=closest characters=4 waited=0.250s worked=0.500s total=0.750s",
        "claim verdict=answered characters=19 waited=0.250s worked=0.500s total=0.750s",
    ]


def test_the_event_has_what_a_member_wrote_only_where_it_is_put_there() -> None:
    assert {field.name: field.type for field in fields(QuestionAnswered)} == {
        "verdict": "str",
        "confidence": "float | None",
        "question_characters": "int",
        "waited_seconds": "float",
        "worked_seconds": "float",
        "is_repeated": "bool",
        "question": "str | None",
        "kind": "Kind",
        "spent": "Spent | None",
    }
    assert EVENT.question is None


def test_the_stages_of_the_work_are_what_the_models_took_and_the_rest() -> None:
    event = QuestionAnswered("answered", 0.5, 42, 0.25, 1.5, spent=Spent(embedding=0.25, reading=1.0))
    assert event.stages == {
        "waited": 0.25, "worked": 1.5, "total": 1.75, "embedded": 0.25, "searched": 0.25, "read": 1.0,
    }  # fmt: skip
    assert list(EVENT.stages) == ["waited", "worked", "total"]


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        EVENT.confidence = 1.0  # type: ignore[misc]
