from __future__ import annotations

import pytest

from bot.attribution import attribution


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
