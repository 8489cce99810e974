from __future__ import annotations

import pytest

from bot.attribution import attribution, is_taken_back


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("According to state media, instructors arrived.", "According to state media"),
        ("The base cost $100 million, as reported by Reuters.", "as reported by Reuters"),
        ("The withdrawal is seen as a setback.", "is seen as"),
        ("The force was dissolved because in their view it achieved little.", "in their view"),
        ("“I ruined it,” Rønne said.", "Rønne said"),
        ("“I ruined it,” Øystein said.", "Øystein said"),
        ("The junta reportedly agreed.", "reportedly"),
    ],
)
def test_the_words_that_say_whose_claim_it_is_are_found(sentence: str, claim: str) -> None:
    found = attribution(sentence)
    assert found is not None
    assert sentence[found.start : found.end] == claim


@pytest.mark.parametrize("sentence", ["The base cost $100 million.", "", "She is his aunt.", "They agreed in Niamey."])
def test_what_the_story_tells_as_its_own_has_no_attribution(sentence: str) -> None:
    assert attribution(sentence) is None


@pytest.mark.parametrize(
    ("claim", "following", "is_back"),
    [
        ("Neighbours claimed it was a bomb.", "The police denied it.", True),
        ("Posts on social media blamed a drone.", "The army denied that a drone was there.", True),
        ("Reports that he had died went round.", "He rejected the reports.", True),
        ("Ann Lee said the bridge was safe.", "But it was not.", True),
        ("Ann Lee said the bridge was safe.", "But the repairs cost $4 million.", False),
        ("Analysts said it was a triumph.", "China denied a visa to one of them.", False),
        ("Social media users sent flowers.", "Wrong addresses delayed them.", False),
        ("Witnesses said it began there.", "Firefighters rejected help from the army.", False),
        ("The bridge was safe.", "The mayor denied it.", False),
    ],
)
def test_a_claim_is_taken_back_by_a_sentence_about_the_claim(claim: str, following: str, is_back: bool) -> None:  # noqa: FBT001 - a parameter
    assert is_taken_back(claim, following, in_paragraph=True) == is_back
