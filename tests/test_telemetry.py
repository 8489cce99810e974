from __future__ import annotations

import logging
from dataclasses import FrozenInstanceError, fields

import pytest

from bot.telemetry import QuestionAnswered, log_question

EVENT = QuestionAnswered("answered", 0.87654, 42, 0.0125, 1.5)


def test_the_log_has_one_line_with_the_figures(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "storydesk.questions"):
        log_question(EVENT)
    assert caplog.messages == ["question verdict=answered confidence=0.88 characters=42 waited=0.013s worked=1.500s"]


def test_the_event_has_no_room_for_what_a_member_wrote() -> None:
    assert {field.name: field.type for field in fields(QuestionAnswered)} == {
        "verdict": "str",
        "confidence": "float",
        "question_characters": "int",
        "waited_seconds": "float",
        "worked_seconds": "float",
        "is_repeated": "bool",
    }


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        EVENT.confidence = 1.0  # type: ignore[misc]
