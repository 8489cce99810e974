from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.followup import Turn, understood
from bot.persons import persons

MET = Turn("Who met Kurt Campbell?", "Ali Mahaman Lamine Zeine", "Ali Mahaman Lamine Zeine met Kurt Campbell.")
SOLDIERS = Turn("How many US soldiers are in Niger?", "1,000")
RESIGNED = Turn("When did Joe Biden resign?", "on Tuesday")
BASE = Turn("Where is the drone base?", "near Agadez", "The drone base is near Agadez.")
LEAVE = Turn("Will the troops leave Niger?")


@pytest.mark.parametrize(
    ("question", "turn", "meant"),
    [
        ("and when?", MET, "When did Ali Mahaman Lamine Zeine meet Kurt Campbell?"),
        ("Why?", LEAVE, "Why will the troops leave Niger?"),
        ("when was that?", MET, "When did Ali Mahaman Lamine Zeine meet Kurt Campbell?"),
        ("who is he?", MET, "Who is Ali Mahaman Lamine Zeine?"),
        ("what is his job?", MET, "What is Ali Mahaman Lamine Zeine's job?"),
        ("how much did it cost?", BASE, "How much did the drone base cost?"),
        ("who paid for its runway", BASE, "Who paid for the drone base's runway?"),
        ("who works there?", BASE, "Who works the drone base?"),
        ("what about Mali?", LEAVE, "Will the troops leave Mali?"),
        ("why not?", LEAVE, "Why won't the troops leave Niger?"),
        ("why not?", Turn("Is the base open?"), "Why isn't the base open?"),
        ("how come?", LEAVE, "Why will the troops leave Niger?"),
        ("how come", MET, "Why did Ali Mahaman Lamine Zeine meet Kurt Campbell?"),
        ("when will that be?", LEAVE, "When will the troops leave Niger?"),
        ("and where would it be?", LEAVE, "Where will the troops leave Niger?"),
        ("and where", MET, "Where did Ali Mahaman Lamine Zeine meet Kurt Campbell?"),
        ("and when?", Turn("Who leads the army?", "Lena Ortiz"), "When does Lena Ortiz lead the army?"),
        ("when?", Turn("Who was appointed?", "Lena Ortiz"), "When was Lena Ortiz appointed?"),
        ("why?", Turn("What did Niger sign?", "a pact"), "Why did Niger sign a pact?"),
        ("why?", Turn("Who is the mayor?", "Lena Ortiz"), "Why is the mayor Lena Ortiz?"),
        ("why?", Turn("Who met Kurt Campbell?"), "Why met Kurt Campbell?"),
        ("why?", Turn("Which soldiers left first?", "the Germans"), "Why did the Germans leave first?"),
        ("when?", Turn("What country did Mali leave?", "Ecowas"), "When did Mali leave Ecowas?"),
        ("when?", Turn("Which country is quitting?", "Mali"), "When is Mali quitting?"),
        ("and in Chad?", SOLDIERS, "How many US soldiers are in Chad?"),
        ("and in Chad?", RESIGNED, "When did Joe Biden resign in Chad?"),
        ("can they stay?", SOLDIERS, "Can US soldiers stay?"),
        ("how come?", SOLDIERS, "Why are US soldiers in Niger?"),
        ("who paid for it?", BASE, "Who paid for the drone base?"),
        ("why did he go?", RESIGNED, "Why did Joe Biden go?"),
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
        "And did the junta agree?",
        "And was anyone hurt?",
        "and does France still have troops?",
        "And then what happened?",
        "What about the drones?",
        "So what?",
        "Why did Niger end its agreement?",
        "Did Niger say why it left?",
        "When did Macron lose his majority?",
        "What did Merkel say about her successor?",
        "How many people lost their homes?",
        "When did the protesters begin their march?",
        "Which countries sent their troops?",
        "Who are those people?",
        "What are these talks about?",
        "Is it legal to protest?",
        "What time is it in Niger?",
        "How long did it take Niger to decide?",
        "is there a pact?",
        "?",
    ],
)
def test_a_question_that_stands_alone_stays_as_it_is(question: str) -> None:
    assert [understood(question, [turn]) for turn in (MET, SOLDIERS, RESIGNED)] == [question] * 3


WORDS = st.lists(
    st.sampled_from("and when why not who what which how many was did met signed he it there Niger is leaving".split())
    | st.text(max_size=8),
    max_size=9,
).map(" ".join)


@settings(deadline=None)
@given(WORDS, WORDS, st.none() | WORDS)
def test_whatever_is_asked_after_whatever_one_line_is_understood_or_what_was_said(
    question: str, before: str, short: str | None
) -> None:
    meant = understood(question, [Turn(before, short, before)])
    assert meant == question or (meant.endswith("?") and meant == " ".join(meant.split()))


def test_without_a_turn_before_nothing_is_guessed() -> None:
    assert understood("who is he?", []) == "who is he?"


def test_a_person_is_looked_for_further_back_than_the_last_turn() -> None:
    assert (
        understood("who is he?", [Turn("how much was it?", "$100 million"), MET]) == "Who is Ali Mahaman Lamine Zeine?"
    )


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("How many US troops have to go?", "More than 1,000"),
        ("How many American troops are in Niger?", None),
        ("Did the United Nations ask Burkina Faso?", None),
        ("Which country signed it?", "Niger"),
        ("Who pays for it?", "NATO"),
        ("When is it?", "on Tuesday or in March"),
        ("Is the base near Agadez?", None),
    ],
)
def test_countries_bodies_and_places_are_no_persons(question: str, short: str | None) -> None:
    turn = Turn(question, short, "The United States has 1,000 American troops there, the European Union none.")
    assert understood("who is he?", [turn]) == "who is he?"
    assert understood("who is he?", [turn, MET]) == "Who is Ali Mahaman Lamine Zeine?"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("What did Campbell say in Washington?", ["What", "Campbell"]),
        ("US President Joe Biden's plan", ["President Joe Biden"]),
        ("the U.S. envoy Kurt Campbell", ["Kurt Campbell"]),
        ("Lena Ortiz of Port Alder met the British", ["Lena Ortiz of Port Alder"]),
    ],
)
def test_names_of_people_are_told_from_other_names(text: str, named: list[str]) -> None:
    assert persons(text) == named
