"""The bare answer is of the asked kind, and says no more than the story does."""

from __future__ import annotations

import pytest
from bot_fakes import shelf_of
from fakes import WordReader

from bot.bare import answering_words, bare_answer, may_answer, whole
from bot.introductions import description, introduces, is_of_another_person
from bot.question import asks_for_names
from index.story import Span, Story


@pytest.mark.parametrize(
    ("question", "sentence", "short"),
    [
        ("How many troops are there?", "More than 1,000 American troops are stationed there.", "More than 1,000"),
        ("Who agreed to it?", "Kurt Campbell agreed to it with the prime minister in Washington.", "Kurt Campbell"),
        ("Where did they agree?", "Kurt Campbell agreed to it with the prime minister in Washington.", "Washington"),
        ("How much did the base cost?", "The base near Agadez cost $100 million six years ago.", "$100 million"),
        ("When was the base closed?", "The base was closed on April 5.", "on April 5"),
        ("What percentage of the troops left?", "Nearly 40 percent of the troops left.", "Nearly 40 percent"),
        ("Why was it closed?", "It was closed because the junta wanted it.", "because the junta wanted it"),
        ("How long did the talks last?", "The talks lasted two weeks.", "two weeks"),
        ("How many of the 12 troops left?", "Of the 12 troops, 7 left.", "7"),
    ],
)
def test_the_short_answer_is_of_the_asked_kind(question: str, sentence: str, short: str) -> None:
    place = answering_words(question, sentence)
    assert place is not None
    assert sentence[place.start : place.end] == short


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Is the base big?", "The base is big."),
        ("Who is Kurt Campbell?", "Kurt Campbell spoke."),
        ("How many troops are there?", "The troops are leaving."),
        ("", "The troops are leaving."),
    ],
)
def test_there_is_no_short_answer_where_nothing_new_of_the_kind_stands(question: str, sentence: str) -> None:
    assert answering_words(question, sentence) is None


@pytest.mark.parametrize(("counted", "short"), [("doctors", "300"), ("soldiers", "45")])
def test_of_two_numbers_the_one_nearest_to_the_questions_words_answers(counted: str, short: str) -> None:
    sentence = "The 300 doctors and teachers met 45 soldiers."
    place = answering_words(f"How many {counted}?", sentence)
    assert place is not None
    assert sentence[place.start : place.end] == short


@pytest.mark.parametrize(
    ("question", "sentence", "words", "shown"),
    [
        ("how many troops are there", "More than 1,000 troops stay.", "1,000", "More than 1,000"),
        ("How much did it cost?", "It cost an estimated $500 million to build.", "500", "an estimated $500 million"),
        ("How many came?", "Only 22 came.", "22", "22"),
        ("What percent left?", "Just under 40 percent left.", "40", "under 40 percent"),
        ("How long were the talks?", "The talks took at least two weeks.", "two weeks", "at least two weeks"),
        ("How much profit was there?", "It made a profit of about $30 million.", "30", "about $30 million"),
        ("When did they land?", "They landed on Monday, about two hours late.", "Monday", "Monday"),
        (
            "Which states got it?",
            "It went to Ohio, Indiana and West Virginia.",
            "Ohio",
            "Ohio, Indiana and West Virginia",
        ),
        ("Who were the two?", "The pilots were Ruth Hall and Ben Ito.", "Ben Ito", "Ruth Hall and Ben Ito"),
        ("Which countries warned?", "In March, Spain and France warned of it.", "Spain", "Spain and France"),
        ("Which state got it first?", "It went to Ohio and then Indiana.", "Ohio", "Ohio"),
        ("Which states got it?", "It went to Columbus, Ohio.", "Ohio", "Ohio"),
        ("Who met them?", "Ruth Hall and Ben Ito met them.", "Ruth Hall", "Ruth Hall"),
    ],
)
def test_words_that_were_read_get_what_they_say_too_much_without(
    question: str, sentence: str, words: str, shown: str
) -> None:
    start = sentence.index(words)
    found = whole(question, sentence, Span(start, start + len(words)))
    assert sentence[found.start : found.end] == shown


@pytest.mark.parametrize(
    "question",
    [
        "Which countries left?",
        "what were the names of the pilots",
        "who were the victims",
        "Which two other states are hit?",
    ],
)
def test_several_are_asked_for_by_name(question: str) -> None:
    assert asks_for_names(question)


@pytest.mark.parametrize(
    "question", ["What was the reason?", "which country left", "Who was it?", "What is his name?", "What does she say?"]
)
def test_one_is_asked_for(question: str) -> None:
    assert not asks_for_names(question)


@pytest.mark.parametrize(
    ("question", "sentence", "short"),
    [
        (
            "who is kurt campbell",
            "Kurt Campbell, the US deputy secretary of state, met Ali Zeine.",
            "the US deputy secretary of state",
        ),
        ("Who is Ali Zeine?", "Kurt Campbell met Ali Zeine, Niger’s prime minister.", "Niger’s prime minister"),
        ("who was Ruth Hall?", "Capt. Ruth Hall, 52, a pilot from Bergen, landed.", "a pilot from Bergen"),
        ("who's joe biden", "It is a setback for President Joe Biden.", "President"),
        ("Who is Mira?", "On Monday Mira met Ali Zeine.", None),
        ("Who is Susan Hall?", "Ali Zeine's wife, Susan Hall, was there.", "Ali Zeine's wife"),
        ("who is rui alves", "Praised were Rui Alves, Ana Lima of the Red Cross and Jorge Pinto.", None),
        ("who is ann lee", "It was seen by Ann Lee, the police said.", None),
        ("who is wanjiru", "Health Minister Grace Wanjiru rejected that.", None),
        ("who is bob ray", "It was Bob Ray, mayor of Hull, who left.", "mayor of Hull"),
        ("Who is in charge?", "Nobody is in charge but Ali Zeine.", "Ali Zeine"),
        ("Who is Willem de Boer?", "Said mayor Willem de Boer: no.", "mayor"),
    ],
)
def test_who_somebody_is_is_told_by_what_stands_beside_the_name(
    question: str, sentence: str, short: str | None
) -> None:
    story = Story(body=sentence, title="Story")
    best = (
        shelf_of(story, reader=WordReader({"Ali Zeine's wife": 9.0, "Ali Zeine": 9.0}))
        .ranking(question, None, 1)
        .candidates[0]
    )
    words = bare_answer(question, best)
    assert (story.text(words) if words else None) == short


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How much profit was expected?", "Analysts had expected a profit of $30 million."),
        ("What did the research cost?", "It cost 31 million kroner."),
        ("When was she sent off?", "She was sent off in the 70th minute."),
        ("how old is he now", "He is now 33 and works in Oslo."),
        ("Who met them?", "Nobody met them."),
        ("how many were killed", "Nobody was killed."),
        ("how many clinics lack power", "Nearly a third of them do."),
        ("how long will schools be closed", "They stay closed until Friday."),
    ],
)
def test_a_number_that_fits_may_answer(question: str, sentence: str) -> None:
    assert may_answer(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How fast was the plane?", "It took him about 11 minutes to reach the plane."),
        ("How many soldiers are there?", "French soldiers used the base, which was built by them."),
        ("When did they leave?", "They left with their families."),
    ],
)
def test_where_a_number_is_asked_for_a_sentence_without_a_fitting_one_is_no_answer(
    question: str, sentence: str
) -> None:
    assert not may_answer(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How fast was the plane?", "It flew at 900 kilometres an hour."),
        ("how fast did she run", "She ran it in 3 hours and 12 minutes."),
        ("How fast is it growing?", "It grows by five percent."),
        ("how far is it from the coast", "It lies 40km inland."),
        ("How far is the camp?", "The camp is a two-hour drive away."),
        ("How heavy was the stone?", "It weighed nine tonnes."),
        ("How tall is the tower?", "The tower has 40 storeys."),
        ("How high is unemployment?", "It stands at 4 percent."),
    ],
)
def test_a_number_in_a_unit_of_what_is_asked_may_answer(question: str, sentence: str) -> None:
    assert may_answer(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How fast was the train going?", "The train carried 212 passengers."),
        ("How far did the ferry drift?", "The ferry carried 212 passengers and 40 cars."),
        ("How heavy is the statue?", "The statue is 12 metres tall."),
        ("how tall is she", "She weighs 54 kilograms."),
        ("How deep is the lake?", "It cost $12 million."),
    ],
)
def test_a_number_in_another_unit_may_not(question: str, sentence: str) -> None:
    assert not may_answer(question, sentence)


@pytest.mark.parametrize(
    ("name", "sentence", "said"),
    [
        ("Gladys", "The bird, a female named Gladys, escaped.", "a female"),
        ("Rosa Díaz", "On Monday the environment minister, Rosa Díaz, said no.", "the environment minister"),
        ("Fermín Ruiz", "Fermín Ruiz was a notary until 2019.", "a notary until 2019"),
        ("Øyvind Berg", "It was Øyvind Berg, a pilot from Bergen, who saw it.", "a pilot from Bergen"),
        ("Ana Lima", "Élodie’s sister, Ana Lima, was there.", "Élodie’s sister"),
        ("Ben Ito", "“It burnt,” said village fire chief Ben Ito.", "village fire chief"),
        ("Ben Ito", "Foreign minister Ben Ito spoke.", "Foreign minister"),
        ("Ben Ito", "Both saw the retired Italian judge Ben Ito there.", "retired Italian judge"),
        ("Ben Ito", "The bank, whose president Ben Ito is ill, dismissed lawyer Ana Lima.", "president"),
        ("Ana Lima", "The bank, whose president Ben Ito is ill, dismissed lawyer Ana Lima.", "lawyer"),
        ("Ben Ito", "She met the doctor and Ben Ito.", None),
        ("Ann Lee", "United Nations spokesman Ann Lee said so.", "United Nations spokesman"),
        ("Ann Lee", "Manchester United captain Ann Lee left.", "Manchester United captain"),
        ("Ann Lee", "Five were detained, including mayor Ann Lee.", "mayor"),
        ("Ann Lee", "He spoke through lawyer Ann Lee.", "lawyer"),
        ("Ann Lee", "The party wants to replace negotiator Ann Lee.", "negotiator"),
        ("Ann Lee", "On Monday captain Ann Lee left.", "captain"),
        ("Ann Lee", "Because coach Ann Lee left, they lost.", "coach"),
        ("Ann Lee", "Fans blame manager Ann Lee.", "manager"),
        ("Ann Lee", "It was not coach Ann Lee.", None),
        ("Ann Lee", "Nobody knows whether mayor Ann Lee left.", None),
        ("Ann Lee", "The Italian surgeon Ann Lee, who was on holiday, helped.", "Italian surgeon"),
        ("Nadia Rahman", "Nadia Rahman, the women's rights activist, spoke.", "the women's rights activist"),
        ("Goran Ilic", "It was Goran Ilic, the two-time world champion.", "the two-time world champion"),
        ("Jean Blanc", "On Monday he met Jean Blanc, the two men shook hands.", None),
        ("Rosa Díaz", "With the mayor, Rosa Díaz and Ben Ito left.", None),
        ("Ana Lima", "She called Ana Lima.", None),
        ("Nora Quist", "Israel denied that Nora Quist was a spy.", None),
        ("Lea Stone", "Lea Stone was the first to call.", None),
        ("Anna Bell", "Only Anna Bell survived.", None),
        ("Anna Bell", "In Paris Anna Bell spoke.", None),
        (
            "Keiko Mori",
            "She sang at her concert in Tokyo with the Japanese prime minister, Keiko Mori.",
            "the Japanese prime minister",
        ),
    ],
)
def test_a_name_is_described_by_what_stands_right_beside_it(name: str, sentence: str, said: str | None) -> None:
    start = sentence.index(name)
    found = description(sentence, Span(start, start + len(name)))
    assert (sentence[found.start : found.end] if found else None) == said


@pytest.mark.parametrize(
    "asked", ["How far is the lake?", "How fast did it go?", "How deep is it?", "How heavy is it?"]
)
def test_a_long_row_of_digits_is_looked_through_in_no_time(asked: str) -> None:
    assert not may_answer(asked, "9" * 20_000)


def test_a_long_gap_before_a_name_is_looked_through_in_no_time() -> None:
    assert not introduces("Who is Ann Lee?", f"a{' ' * 100_000}Ann Lee")


def test_a_long_row_of_capitals_is_looked_through_in_no_time() -> None:
    sentence = "The " * 40_000 + "of Ana Lima spoke."
    start = sentence.index("Ana Lima")
    assert description(sentence, Span(start, start + 8)) is None


@pytest.mark.parametrize(
    ("question", "sentence", "is_others"),
    [
        ("Who is Sarah Reyes?", "“It burnt,” said fire chief Tom Reyes.", True),
        ("Who is Helen Smit?", "Helen Marsh met Jan Smit.", True),
        ("Who is Tom Reyes?", "“It burnt,” said fire chief Tom Reyes.", False),
        ("Who is Tom Reyes?", "Reyes was not there.", False),
        ("Who is Sarah Reyes?", "Reyes met Sarah O'Neill.", False),
        ("Who is President Biden?", "President Joe Biden’s men left.", False),
        ("Who is Willem de Boer?", "Mayor Willem de Boer left.", False),
        ("who is leaving west africa?", "West Africa is poor.", False),
        ("Who is Madonna?", "Madonna Ciccone sang.", False),
    ],
)
def test_somebody_with_another_first_name_is_somebody_else(question: str, sentence: str, *, is_others: bool) -> None:
    assert is_of_another_person(question, sentence) is is_others


@pytest.mark.parametrize(
    ("question", "sentence", "read", "short"),
    [
        ("Where is the wreck?", "It lies in Danish waters north of Ana.", "in Danish waters north of Ana", None),
        (
            "Where is it now?",
            "It lies in a basin of the old port of Bergen today.",
            "in a basin of the old port of Bergen",
            None,
        ),
        (
            "Who found it?",
            "It was found by a farmer from Hull, the mayor Rosa Ito said.",
            "by a farmer from Hull, the mayor Rosa Ito",
            "Rosa Ito",
        ),
        (
            "who met ana lima",
            "It was settled between Ana Lima, the mayor of Hull, and Ben Ito Ray.",
            "the mayor of Hull",
            "Ben Ito Ray",
        ),
        (
            "Who wants it?",
            "A South-Korean maker of large machines wants it.",
            "A South-Korean maker of large machines",
            None,
        ),
    ],
)
def test_words_that_name_nobody_give_way_to_a_full_name_and_to_nothing_else(
    question: str, sentence: str, read: str, short: str | None
) -> None:
    story = Story(body=sentence, title="Story")
    best = shelf_of(story, reader=WordReader({read: 9.0})).ranking(question, None, 1).candidates[0]
    words = bare_answer(question, best)
    assert words is not None
    assert story.text(words) == (short or read)
