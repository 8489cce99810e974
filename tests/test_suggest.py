from __future__ import annotations

from bot.suggest import suggested_questions
from index.story import Story


def suggestions(body: str) -> list[str]:
    return list(suggested_questions(Story(body=body, title="Any")))


def test_things_that_are_counted_are_asked_about_first() -> None:
    assert suggestions("Kurt Campbell spoke. More than 1,000 American troops are stationed there.")[:2] == [
        "How many American troops are there?",
        "What does the story say about Kurt Campbell?",
    ]


def test_the_past_is_asked_about_in_the_past() -> None:
    assert suggestions("There 12 villages were burnt.")[0] == "How many villages were there?"


def test_full_names_come_before_single_words_and_frequent_ones_before_rare_ones() -> None:
    found = suggestions("Niger waits. Niger hopes. Anna Berg left. Carl Dahl met Carl Dahl.")
    assert found == [f"What does the story say about {name}?" for name in ("Carl Dahl", "Anna Berg", "Niger")]


def test_nothing_is_suggested_twice() -> None:
    found = suggestions("Here 12 soldiers were killed. There 30 soldiers were hurt. Niger waits. Niger hopes.")
    assert len(found) == len(set(found))
    assert "How many soldiers were there?" in found


def test_a_suggestion_is_one_line_however_the_story_is_wrapped() -> None:
    found = suggestions(
        "This is a long line of text that was wrapped by hand and which ends with Kurt\n"
        "Campbell and goes on in the next line until at last more than 1,000 American\n"
        "troops are named.\n"
    )
    assert "How many American troops are there?" in found
    assert "What does the story say about Kurt Campbell?" in found
    assert not any("\n" in question for question in found)


def test_a_headline_in_capitals_makes_no_endless_question() -> None:
    assert all(len(question) <= 120 for question in suggestions("TROOPS " * 40 + "LEFT.\n\nAnna Berg left."))


def test_a_story_of_nothing_but_small_words_suggests_nothing() -> None:
    assert suggestions("and so on and so forth.") == []


def test_a_name_has_its_article_where_the_story_mostly_gives_it_one_and_owns_nothing() -> None:
    found = suggestions(
        "In the United States it rains. The United States waits. United States aid came. Mali’s rains too."
    )
    assert found == ["What does the story say about the United States?", "What does the story say about Mali?"]
