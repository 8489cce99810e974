from __future__ import annotations

import pytest

from bot.followup import Turn, understood

MET = Turn("Who met Kurt Campbell?", "Ali Mahaman Lamine Zeine", "Ali Mahaman Lamine Zeine met Kurt Campbell.")
BASE = Turn("Where is the drone base?", "near Agadez", "The drone base is near Agadez.")
LEAVE = Turn("Will the troops leave Niger?")


@pytest.mark.parametrize(
    ("question", "turn", "meant"),
    [
        ("and when?", MET, "When Ali Mahaman Lamine Zeine met Kurt Campbell?"),
        ("Why?", LEAVE, "Why will the troops leave Niger?"),
        ("when was that?", MET, "When Ali Mahaman Lamine Zeine met Kurt Campbell?"),
        ("who is he?", MET, "Who is Ali Mahaman Lamine Zeine?"),
        ("what is his job?", MET, "What is Ali Mahaman Lamine Zeine's job?"),
        ("how much did it cost?", BASE, "How much did the drone base cost?"),
        ("who paid for its runway", BASE, "Who paid for the drone base's runway?"),
        ("who works there?", BASE, "Who works the drone base?"),
        ("what about Mali?", LEAVE, "Will the troops leave Mali?"),
        ("and Burkina Faso?", LEAVE, "Will the troops leave Burkina Faso?"),
    ],
)
def test_a_follow_up_is_made_to_stand_alone(question: str, turn: Turn, meant: str) -> None:
    assert understood(question, [turn]) == meant


@pytest.mark.parametrize(
    "question",
    [
        "Who signed the pact with Burkina Faso?",
        "How many troops are in Niger?",
        "What did the junta say about the base near Agadez and that it should be closed?",
        "thanks",
        "how many troops are there?",
        "is there a pact?",
        "?",
    ],
)
def test_a_question_that_stands_alone_stays_as_it_is(question: str) -> None:
    assert understood(question, [MET]) == question


def test_without_a_turn_before_nothing_is_guessed() -> None:
    assert understood("who is he?", []) == "who is he?"


def test_a_person_is_looked_for_further_back_than_the_last_turn() -> None:
    assert (
        understood("who is he?", [Turn("how much was it?", "$100 million"), MET]) == "Who is Ali Mahaman Lamine Zeine?"
    )
