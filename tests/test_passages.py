from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.passages import Passage, passages_of
from index.sentences import sentence_spans
from index.settings import IndexSettings
from index.story import Span, Story

STORY = Story.from_text("One left. Two ran. Three hid. Four won.\n\nFive sat.\n\nSix ate. Seven slept.", title="T")


def contexts(settings: IndexSettings) -> list[str]:
    return [STORY.text(passage.context) for passage in passages_of(STORY, settings)]


def test_a_passage_is_a_sentence_with_its_neighbours_and_its_paragraph() -> None:
    assert passages_of(STORY, IndexSettings())[1] == Passage(Span(10, 18), Span(0, 29), 1)


def test_passages_are_the_sentences_in_their_order() -> None:
    assert [STORY.text(passage.span) for passage in passages_of(STORY, IndexSettings())] == [
        "One left.",
        "Two ran.",
        "Three hid.",
        "Four won.",
        "Five sat.",
        "Six ate.",
        "Seven slept.",
    ]


def test_passages_know_the_number_of_their_paragraph() -> None:
    assert [passage.paragraph for passage in passages_of(STORY, IndexSettings())] == [1, 1, 1, 1, 2, 3, 3]


def test_a_context_has_one_sentence_on_each_side_and_never_leaves_its_paragraph() -> None:
    assert contexts(IndexSettings()) == [
        "One left. Two ran.",
        "One left. Two ran. Three hid.",
        "Two ran. Three hid. Four won.",
        "Three hid. Four won.",
        "Five sat.",
        "Six ate. Seven slept.",
        "Six ate. Seven slept.",
    ]


def test_without_neighbours_a_context_is_the_sentence() -> None:
    assert contexts(IndexSettings(context_sentences=0))[:3] == ["One left.", "Two ran.", "Three hid."]


def test_a_wide_context_is_the_whole_paragraph() -> None:
    assert set(contexts(IndexSettings(context_sentences=9))) == {
        "One left. Two ran. Three hid. Four won.",
        "Five sat.",
        "Six ate. Seven slept.",
    }


def test_sentences_are_cut_at_the_length_that_the_settings_name() -> None:
    passages = passages_of(STORY, IndexSettings(max_sentence_characters=9))
    assert [STORY.text(passage.span) for passage in passages][2:4] == ["Three", "hid."]


@given(st.text(st.sampled_from("aB.?\n -1é\u00a0"), max_size=200), st.integers(min_value=0, max_value=4))
def test_every_passage_stands_in_its_context_and_that_in_its_paragraph(text: str, reach: int) -> None:
    story = Story.from_text(f"a{text}", title="T")
    passages = passages_of(story, IndexSettings(context_sentences=reach))
    assert [passage.span for passage in passages] == sentence_spans(story)
    for passage in passages:
        assert passage.context.contains(passage.span)
        assert story.paragraphs[passage.paragraph - 1].span.contains(passage.context)
