"""The story that ships: that it is found and that every fact of the report it retells stands in it."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from index.load import SHIPPED_STORY, shipped_story
from index.sentences import sentence_spans
from index.story import Story


@pytest.fixture(scope="module")
def story() -> Story:
    return shipped_story()


def sentences(story: Story) -> list[str]:
    return [story.text(span) for span in sentence_spans(story)]


def test_the_story_is_data_of_the_package() -> None:
    assert SHIPPED_STORY == "us-leaves-niger"
    assert resources.files("index").joinpath("stories", "us-leaves-niger.md").is_file()
    assert resources.files("index.stories").joinpath("us-leaves-niger.md").is_file()


def test_the_front_matter_tells_title_language_and_where_the_facts_come_from(story: Story) -> None:
    assert "Niger" in story.title
    assert story.language == "en"
    assert story.source is not None
    assert "news report" in story.source
    assert story.published is None


# Each row: the fact in a few words, and all that has to stand in one and the same sentence for it.
FACTS = [
    ("dateline", ["WASHINGTON, D.C."]),
    ("who withdraws whom from where", ["United States", "soldiers", "Niger"]),
    ("it is announced", ["United States says"]),
    ("end of the part in a fight", ["ends", "fight against Islamist insurgents", "region"]),
    ("the move follows a turn to Russia", ["after", "security partnership", "Russia"]),
    ("who rules since when", ["Military leaders", "coup last year"]),
    ("how many troops", ["More than 1,000 American troops", "Niger"]),
    ("they are there now", ["stationed in Niger at present"]),
    ("a delegation travels where", ["delegation", "United States", "Niamey"]),
    ("what Niamey is", ["Niamey", "capital"]),
    ("when the delegation comes", ["within days"]),
    ("what the delegation plans", ["delegation", "departure", "good order"]),
    ("what is shut", ["pullout", "shut", "major drone base"]),
    ("where the base is", ["base", "Agadez", "Sahara Desert"]),
    ("what the base cost", ["$100 million"]),
    ("when the base was built", ["built", "only six years ago"]),
    ("who used the base", ["American and French", "base"]),
    ("what for", ["watch and fight jihadist groups"]),
    ("and where", ["jihadist groups", "West Africa"]),
    ("what the closure means", ["big change", "US military strategy"]),
    ("where it was settled", ["settled", "talks in Washington"]),
    ("by whom on the American side", ["Kurt Campbell", "US deputy secretary of state"]),
    ("by whom on Niger's side", ["Ali Mahaman Lamine Zeine", "prime minister of Niger"]),
    ("what shows the closeness to Russia", ["Russia", "lately", "military instructors"]),
    ("and the systems", ["air defense systems"]),
    ("who reported it", ["Russian military instructors", "state media"]),
    ("the pivot is part of something wider", ["turn away from the West", "wider reordering", "region"]),
    ("with whom Niger is closer", ["closer ties", "Burkina Faso", "Mali"]),
    ("who rules those", ["Burkina Faso and Mali", "juntas"]),
    ("what all have left", ["All three", "left Ecowas"]),
    ("what Ecowas is", ["Ecowas", "regional body", "West Africa"]),
    ("what Ecowas opposed", ["Ecowas", "opposed", "military takeovers"]),
    ("what else they left", ["quit", "G5 Sahel force"]),
    ("who backs that force", ["G5 Sahel force", "France supports"]),
    ("why they left it", ["G5 Sahel", "because", "achieved little"]),
    ("and the other reason", ["G5 Sahel", "harmed African sovereignty"]),
    ("what replaces it", ["replace", "three founded", "Alliance of Sahel States"]),
    ("what the alliance is", ["Alliance of Sahel States", "new defense pact"]),
    ("what the alliance is for", ["security problems", "without Western intervention"]),
    ("for whom it is a setback", ["withdrawal", "setback", "administration of President Joe Biden"]),
    ("what that administration had done", ["Biden", "earlier resisted leaving Niger"]),
    ("what it may mean", ["may", "turning point", "West Africa", "political map"]),
    ("what governments rethink", ["governments", "rethink their foreign and security policies"]),
    ("while what happens", ["influence in the world shifts"]),
]


@pytest.mark.parametrize(("fact", "parts"), FACTS, ids=[fact for fact, _ in FACTS])
def test_the_fact_stands_in_one_sentence_of_the_body(story: Story, fact: str, parts: list[str]) -> None:
    assert any(all(part in sentence for part in parts) for sentence in sentences(story)), fact


def test_the_body_has_no_number_and_no_name_beyond_those_of_the_report(story: Story) -> None:
    assert re.findall(r"\d[\d,]*", story.body) == ["1,000", "100", "5"]
    inner = re.findall(r"(?<=[a-z,] )[A-Z][\w’]*", story.body)
    known = (
        "D United States Niger American Americans Islamist Russia Russian Niamey Nigerien Agadez Sahara Desert French "
        "West Africa African US Washington Kurt Campbell Ali Mahaman Lamine Zeine Burkina Faso Mali Ecowas G5 Sahel "
        "France Alliance States Western President Joe Biden"
    ).split()
    assert set(inner) <= set(known)


def test_the_story_is_as_long_as_the_report_or_somewhat_longer(story: Story) -> None:
    """The report has 322 words."""
    assert 322 <= len(story.body.split()) <= 475


def test_the_story_is_cut_where_a_reader_would_cut_it(story: Story) -> None:
    assert sentences(story)[:3] == [
        (
            "WASHINGTON, D.C. — The United States says it will pull its soldiers out of Niger, "
            "which ends the American part in the fight against Islamist insurgents in the region."
        ),
        "The announcement comes after Niger moved its security partnership towards Russia.",
        "Military leaders have run the country since a coup last year.",
    ]
    assert (len(story.paragraphs), len(sentences(story))) == (9, 17)


def test_the_body_has_no_markup(story: Story) -> None:
    assert not re.search(r"[*_#`<>\[\]]|https?:", story.body)
