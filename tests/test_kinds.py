from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.kinds import Kind, KindIndex, kind_of, spans_of_kind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who signed it?", Kind.PERSON),
        ("Whose base is it?", Kind.PERSON),
        ("With whom did they talk?", Kind.PERSON),
        ("Which company built it?", Kind.PERSON),
        ("What is the name of the pact?", Kind.PERSON),
        ("When did they leave?", Kind.TIME),
        ("What year was it built?", Kind.TIME),
        ("On which day was the coup?", Kind.TIME),
        ("How soon will they go?", Kind.TIME),
        ("Where is the base?", Kind.PLACE),
        ("which country left", Kind.PLACE),
        ("What desert is it in?", Kind.PLACE),
        ("How many troops are there?", Kind.COUNT),
        ("how far is it?", Kind.COUNT),
        ("What is the number of soldiers?", Kind.COUNT),
        ("How much water fell?", Kind.COUNT),
        ("How much did the base cost?", Kind.MONEY),
        ("What did the base cost?", Kind.MONEY),
        ("How expensive was it?", Kind.MONEY),
        ("What percentage agreed?", Kind.PERCENT),
        ("What share of voters agreed?", Kind.PERCENT),
        ("How many percent agreed?", Kind.PERCENT),
        ("How long did it take?", Kind.DURATION),
        ("How old is the base?", Kind.DURATION),
        ("Why do they leave?", Kind.REASON),
        ("What was the reason?", Kind.REASON),
        ("What caused the fire?", Kind.REASON),
        ("How come they left?", Kind.REASON),
        ("What happened?", Kind.OTHER),
        ("Tell me about the pact", Kind.OTHER),
        ("", Kind.OTHER),
    ],
)
def test_a_question_asks_for_a_kind_of_thing(question: str, kind: Kind) -> None:
    assert kind_of(question) is kind


def test_the_earliest_asking_word_decides() -> None:
    assert kind_of("Who came, and when?") is Kind.PERSON
    assert kind_of("When, and who came?") is Kind.TIME


def test_letter_case_does_not_matter() -> None:
    assert kind_of("HOW MANY TROOPS?") is Kind.COUNT


@pytest.mark.parametrize("question", ["Is the whole army there?", "Tell me nowhere near whenever", "Show me it"])
def test_an_asking_word_inside_another_word_is_none(question: str) -> None:
    assert kind_of(question) is Kind.OTHER


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        (
            Kind.MONEY,
            "It cost $1.5 million, or about 200 euros, not £3bn.",
            ["$1.5 million", "about 200 euros", "£3bn"],
        ),
        (Kind.MONEY, "The base cost US$100 million.", ["US$100 million"]),
        (Kind.MONEY, "They have 5 bases and 20 percent.", []),
        (Kind.PERCENT, "About 12.5% agreed and 40 per cent did not.", ["About 12.5%", "40 per cent"]),
        (Kind.DURATION, "More than three weeks of two-hour talks", ["More than three weeks", "two-hour"]),
        (Kind.TIME, "She left on Monday, April 22, 2024.", ["on Monday, April 22, 2024"]),
        (Kind.TIME, "On 5 May he left; in 1999 she came, three days ago.", ["On 5 May", "in 1999", "three days ago"]),
        (Kind.TIME, "After a coup last year they will go within days.", ["last year", "within days"]),
        (Kind.TIME, "It may work.", []),
        (
            Kind.COUNT,
            "More than 1,000 troops, twenty-one bases and dozens of pacts",
            ["More than 1,000", "twenty-one", "dozens"],
        ),
        (Kind.COUNT, "Two of the 12 men got $5 in 2020, 3% of it, for three weeks.", ["Two", "12"]),
        (Kind.PLACE, "The base near Agadez in the Sahara Desert closes.", ["Agadez", "Sahara Desert"]),
        (Kind.PLACE, "the base in ruins", []),
        (Kind.PLACE, "the harbour of Århus, near Ísafjörður", ["Århus", "Ísafjörður"]),
        (
            Kind.PERSON,
            "The deputy Kurt Campbell met Ali Mahaman Lamine Zeine.",
            ["Kurt Campbell", "Ali Mahaman Lamine Zeine"],
        ),
        (Kind.PERSON, "The Alliance of Sahel States stays.", ["Alliance of Sahel States"]),
        (Kind.PERSON, "In Washington he spoke.", ["Washington"]),
        (Kind.PERSON, "He left.", []),
        (Kind.PERSON, "then Élodie Ørsted spoke", ["Élodie Ørsted"]),
        (Kind.REASON, "They left because it rained.", ["because it rained"]),
        (Kind.REASON, "They left.", []),
        (Kind.OTHER, "Kurt Campbell paid $5 in 2020 because he could.", []),
    ],
)
def test_a_sentence_has_things_of_a_kind(kind: Kind, text: str, found: list[str]) -> None:
    assert [text[span.start : span.end] for span in spans_of_kind(kind, text)] == found


@given(st.sampled_from(Kind), st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_things_of_a_kind_stand_in_order_inside_the_text_and_are_never_empty(kind: Kind, text: str) -> None:
    position = 0
    for span in spans_of_kind(kind, text):
        assert position <= span.start < span.end <= len(text)
        position = span.end


TEXTS = ["He met Kurt Campbell.", "There were 5 men.", "It cost $5.", "nothing here"]


@pytest.mark.parametrize(
    ("question", "matches"),
    [
        ("Who was met?", [True, False, False, False]),
        ("Who is Kurt Campbell?", [False, False, False, False]),
        ("How many men?", [False, True, False, False]),
        ("How many of the 5 men?", [False, False, False, False]),
        ("How much did it cost?", [False, False, True, False]),
        ("What happened?", [False, False, False, False]),
    ],
)
def test_a_text_matches_when_it_has_something_asked_for_that_the_question_does_not_say(
    question: str, matches: list[bool]
) -> None:
    assert KindIndex(TEXTS).matches(question).tolist() == matches


def test_matches_are_the_same_when_asked_again() -> None:
    kinds = KindIndex(TEXTS)
    assert kinds.matches("Who was met?").tolist() == kinds.matches("Who was met?").tolist()
    assert kinds.matches("How many men?").tolist() == [False, True, False, False]


def test_no_texts_match_nothing() -> None:
    assert KindIndex([]).matches("Who?").shape == (0,)


def test_what_somebody_did_when_something_happened_asks_for_no_time() -> None:
    assert kind_of("What did the driver think when the lights went out?") is Kind.OTHER
    assert kind_of("and when did the lights go out") is Kind.TIME
    assert kind_of("what happened there and when") is Kind.TIME
