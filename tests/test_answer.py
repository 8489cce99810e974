from __future__ import annotations

import re
from dataclasses import replace

import pytest
from bot_fakes import ANSWERS, IS_SILENT, SHOWS_CLOSEST, STORY, shelf_of
from fakes import WordReader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.answer import Answer, NoAnswer, Reply, answer_question
from bot.calibration import Calibration
from bot.ranking import Ranking
from index.story import Story


def reply_to(question: str, calibration: Calibration = ANSWERS, story: Story = STORY, *, closest: int = 3) -> Reply:
    return shelf_of(story, calibration=calibration).answer(question, None, closest)


def test_an_answer_quotes_one_sentence_with_the_answering_words_in_bold() -> None:
    reply = reply_to("How many troops are stationed there?")
    assert isinstance(reply, Answer)
    (quote,) = reply.quotes
    assert quote.text == "More than 1,000 American troops are stationed there at present."
    assert (quote.paragraph, quote.story_id) == (2, STORY.id)
    assert [STORY.text(span) for span in quote.bold] == ["More than 1,000"]
    assert reply.short == "More than 1,000"


def test_an_answer_without_such_words_is_a_quote_without_bold() -> None:
    reply = reply_to("Tell me of the pact with Burkina Faso and Mali")
    assert (reply.verdict, reply.short, reply.quotes[0].bold) == ("answered", None, ())


def test_without_a_number_how_many_is_answered_only_where_it_is_very_sure() -> None:
    asked = "How many days was it closed?"
    assert reply_to(asked, ANSWERS).verdict == "closest"
    assert reply_to(asked, replace(ANSWERS, thresholds={"strict": 0.5})).verdict == "answered"


@pytest.mark.parametrize("closest", [1, 2, 5])
def test_where_the_story_does_not_say_the_closest_passages_are_shown(closest: int) -> None:
    reply = reply_to("How many troops?", SHOWS_CLOSEST, closest=closest)
    assert isinstance(reply, NoAnswer)
    assert (reply.verdict, reply.short, len(reply.quotes)) == ("closest", None, closest)
    assert not any(quote.bold for quote in reply.quotes)
    scores = [quote.score for quote in reply.quotes]
    assert scores == sorted(scores, reverse=True)


def test_where_nothing_is_near_nothing_is_quoted() -> None:
    reply = reply_to("How many troops?", IS_SILENT)
    assert (reply.verdict, reply.quotes, reply.short, reply.further) == ("silent", (), None, ())


@pytest.mark.parametrize("calibration", [ANSWERS, SHOWS_CLOSEST])
def test_further_passages_are_the_next_in_the_ranking(calibration: Calibration) -> None:
    found = shelf_of(STORY).ranking("How many troops?", None, 10)
    reply = answer_question("How many troops?", found, STORY.id, calibration, closest=2)
    ranking = [candidate.hit.number for candidate in found.candidates]
    shown = [quote.number for quote in reply.quotes]
    assert reply.further
    assert [*shown, *reply.further] == ranking[: len(shown) + len(reply.further)]


def test_a_question_without_any_hit_is_met_with_silence() -> None:
    calibration = Calibration(
        "counting-1",
        "words-1",
        5.0,
        {},
        answered_from=0.5,
        near_dense=0.2,
        near_coverage=0.3,
        read_dense=0.0,
        read_support=0.0,
    )
    reply = answer_question("Why?", Ranking("Why?", ()), STORY.id, calibration)
    assert (reply.verdict, reply.confidence, reply.quotes) == ("silent", 0.0, ())


_QUESTIONS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["How many troops?", "Who?", "Where is the base?", "When?", "Why?", "How much did it cost?"]),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_WORDS = ["The troops left Niger", "$1.5 million", "Mr. Smith said", "“No”", " in April 2024", "because it cost"]
_BREAKS = [".", "!", " ", "  ", "\n", "\n\n", "\r\n", "\u2028", "\u00a0"]
_ODDITIES = ["- 12 men", "1,000", "👍🏽", "é", "e\u0301", "*x*", "https://a.b/c"]
_PIECES = st.sampled_from([*_WORDS, *_BREAKS, *_ODDITIES])
_BODIES = st.one_of(st.lists(_PIECES, min_size=1, max_size=25).map("".join), st.text(max_size=150)).filter(
    lambda body: any(character.isalnum() for character in body) and not _CONTROL.search(body)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(body=_BODIES, question=_QUESTIONS, calibration=st.sampled_from([ANSWERS, SHOWS_CLOSEST, IS_SILENT]))
def test_quotes_are_exact_whatever_the_story_and_the_question(
    body: str, question: str, calibration: Calibration
) -> None:
    story = Story(body=body, title="Any")
    reply = reply_to(question, calibration, story)
    assert reply.question == question
    assert 0 <= reply.confidence <= 1
    for quote in reply.quotes:
        assert quote.text
        assert quote.text == body[quote.span.start : quote.span.end]
        assert all(quote.span.contains(span) and len(span) for span in quote.bold)
    if reply.short is not None:
        assert reply.short in [story.text(span) for span in reply.quotes[0].bold]
    assert (reply.verdict == "silent") == (not reply.quotes)


def test_a_sentence_without_a_number_does_not_answer_how_many() -> None:
    body = "Russian instructors came to Niger. They stayed. Two trucks stood at the gate."
    story = Story.from_text(body, title="T")
    reply = reply_to("How many Russian instructors came to Niger?", story=story)
    assert (reply.verdict, reply.quotes[0].text) == ("closest", "Russian instructors came to Niger.")
    assert reply_to("What about the Russian instructors who came to Niger?", story=story).verdict == "answered"


_TALK = """The base of the Americans will close. It cost $100 million to build, according to state media.

Mali joined the pact. Niger joined the pact as well."""
TALK = Story(body=_TALK, title="Talk")


def talk(question: str, **scores: float) -> Reply:
    reader = WordReader({words.replace("_", " "): score for words, score in scores.items()})
    return shelf_of(TALK, reader=reader).answer(question, None, 3)


def test_the_words_that_were_read_are_the_short_answer() -> None:
    reply = talk("Who joined the pact?", Niger=8.0)
    assert (reply.quotes[0].text, reply.short) == ("Niger joined the pact as well.", "Niger")


def test_a_claim_keeps_whose_it_is_in_bold_beside_the_answer() -> None:
    reply = talk("How much did it cost to build the place?", **{"$100 million": 8.0})
    assert reply.short == "$100 million"
    assert [TALK.text(span) for span in reply.quotes[0].bold] == ["$100 million", "according to state media"]


@pytest.mark.parametrize("strict", [0.5, 1.0])
def test_the_holder_of_another_office_is_no_answer_however_sure_it_is(strict: float) -> None:
    story = Story(body="The pact was signed by Ana Lima, the prime minister of Niger.", title="Pact")
    desk = shelf_of(
        story,
        reader=WordReader({"Ana Lima": 12.0}),
        calibration=replace(ANSWERS, thresholds={"strict": strict}),
    )
    assert desk.answer("Who is the prime minister of Mali?", None, 3).verdict == "closest"
    assert desk.answer("Who is the prime minister of Niger?", None, 3).verdict == "answered"


def test_a_sentence_that_refers_back_is_quoted_with_the_one_before_it() -> None:
    reply = talk("How much did it cost to build the place?", **{"$100 million": 8.0})
    assert [quote.text for quote in reply.quotes][1:] == ["The base of the Americans will close."]
    assert reply.quotes[1].number not in reply.further


def test_a_question_for_several_things_gets_every_sentence_that_reads_as_an_answer() -> None:
    several = talk("Which two countries joined the pact?", Niger=8.0, Mali=7.0)
    assert {quote.text for quote in several.quotes} == {"Mali joined the pact.", "Niger joined the pact as well."}
    assert len(talk("Which country joined the pact?", Niger=8.0, Mali=7.0).quotes) == 1


def test_words_that_read_badly_are_left_to_the_rules() -> None:
    reply = talk("How much did it cost to build the place?", build=-5.0)
    assert reply.short == "$100 million"


def test_of_many_words_that_were_read_the_name_in_them_answers() -> None:
    body = "The talks were held between Kurt Campbell and the men who rule the country."
    reader = WordReader({"held between Kurt Campbell and the men who rule": 5.0})
    reply = shelf_of(Story(body=body, title="T"), reader=reader).answer("Who held the talks?", None, 3)
    assert reply.short == "Kurt Campbell"


def test_of_how_many_the_number_answers_and_not_all_of_them() -> None:
    body = "More than 1,000 troops are stationed there, and all of them have to go."
    reader = WordReader({"all of them": 5.0})
    reply = shelf_of(Story(body=body, title="T"), reader=reader).answer("How many troops have to go?", None, 3)
    assert reply.short == "More than 1,000"


RUMOURS = """Police said nobody was hurt.

Neighbours claimed that a gas pipe had burst. But the gas company said there is no pipe there.

Posts on social media blamed a drone.

The army denied that a drone was involved. It has none in the region. It rained."""


@pytest.mark.parametrize(
    ("question", "read", "quotes"),
    [
        ("What burst?", "gas pipe", ["Neighbours claimed", "But the gas company"]),
        ("What was blamed?", "a drone", ["Posts on social media", "The army denied"]),
        ("Who has none?", "none in", ["It has none", "The army denied"]),
        ("Who was hurt?", "nobody", ["Police said"]),
    ],
)
def test_a_claim_is_never_shown_without_the_sentence_that_takes_it_back(
    question: str, read: str, quotes: list[str]
) -> None:
    story = Story(body=RUMOURS, title="Blast")
    reply = shelf_of(story, reader=WordReader({read: 12.0})).answer(question, None, 3)
    assert [quote.text.startswith(begins) for quote, begins in zip(reply.quotes, quotes, strict=True)] == [True] * len(
        quotes
    )


def test_who_somebody_is_is_answered_by_the_sentence_that_introduces_them() -> None:
    body = "Ana Lima spoke first. Ana Lima spoke again.\n\nThen came Ana Lima, a pilot from Bergen. Ana Lima left."
    story = Story(body=body, title="Talk")
    for calibration, verdict in ((SHOWS_CLOSEST, "answered"), (IS_SILENT, "silent")):
        reply = shelf_of(story, calibration=calibration).answer("who is ana lima", None, 3)
        assert reply.verdict == verdict
    shown = shelf_of(story, calibration=SHOWS_CLOSEST).answer("who is ana lima", None, 3)
    assert (shown.quotes[0].text, shown.short) == ("Then came Ana Lima, a pilot from Bergen.", "a pilot from Bergen")
    assert shelf_of(story, calibration=SHOWS_CLOSEST).answer("what about ana lima", None, 3).verdict == "closest"


def test_who_somebody_is_is_not_answered_with_who_shares_a_name_is() -> None:
    story = Story("“The tower burnt down,” said fire chief Tom Reyes. Nobody was hurt.", "Fire")
    shelf = shelf_of(story, reader=WordReader({"Tom Reyes": 12.0, "fire chief": 12.0}))
    assert shelf.answer("Who is Tom Reyes?", None, 3).verdict == "answered"
    assert shelf.answer("Who is Sarah Reyes?", None, 3).verdict != "answered"
