from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.sentences import sentence_spans, split_sentences
from index.settings import MAX_SENTENCE_CHARACTERS
from index.story import Span, Story

MARKER = re.compile(r"[-*•‣▪◦–—·]|\(?(\d{1,3}|[a-z])[.)]|\(?[A-Z]\)")
PIECES = st.sampled_from(
    [
        *(
            "Mr.",
            "Dr. Smith",
            "U.S.",
            "U.S. troops",
            "e.g.",
            "p.m.",
            "$1.5 million.",
            "Inc.",
            "No.",
            "5.",
            "J. K.",
            "I.",
        ),
        *("He left.", "she ran.", "Why?", "Stop!", "Wait...", "Wait…", "“Go.”", '"Go."', "(Late.)", "[3]", "end.[3]"),
        *(
            "- item",
            "1. item",
            "(a) item",
            "A. item",
            "— he",
            "•",
            "1.",
            "。",
            "他来了。",
            "1,000",
            ";",
            ":",
            ",",
            "\u00a0",
        ),
        *(
            "\n",
            "\n\n",
            "\r\n",
            "\r\n\r\n",
            "\u2028",
            "\t",
            " ",
            "  ",
            "x" * 40,
            "naïve",
            "İ",
            "\u0301",
            "\U0001f600",
            "\x85",
        ),
    ]
)
ANYTHING = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60)
BODIES = st.lists(PIECES | PIECES | PIECES | ANYTHING, min_size=4, max_size=30).flatmap(
    lambda parts: st.sampled_from([" ", "", "\n"]).map(lambda glue: "a " + glue.join(parts))
)
LIMITS = st.integers(min_value=2, max_value=80)


def sentences(text: str, limit: int = MAX_SENTENCE_CHARACTERS) -> list[str]:
    story = Story.from_text(text, title="T")
    return [story.text(span) for span in sentence_spans(story, max_characters=limit)]


@pytest.mark.parametrize(
    "parts",
    [
        ["The troops left.", "Nobody stayed.", "Why?", "Nobody knows!"],
        ["He lives in the U.S. Army barracks.", "It is far."],
        ["He lives in the U.S.", "The army left."],
        ["He lives in the U.S."],
        ["The talks at the U.N. Security Council failed.", "They went home."],
        ["WASHINGTON, D.C. — The United States leaves.", "It said so."],
        ["Washington, D.C., USA — The United States leaves.", "It said so."],
        ["SPOKANE, Wash. — The river rose.", "It fell."],
        ["Mr. Smith met Mrs. Jones and Dr. Brown.", "They talked."],
        ["Gen. Michael Langley and Lt. Col. Jane Doe spoke to Sen. Paul.", "He nodded."],
        ["St. Paul is cold.", "Mt. Everest is colder."],
        ["It cost $1.5 million.", "Nobody paid."],
        ["It grew 3.5 percent.", "The price is 3.5.", "Fine."],
        ["It cost 1,000.50 euros.", "No. 5 won.", "No.", "That is wrong."],
        ["See pp. 5 and Fig. 3 for more.", "It is there."],
        ["On Jan. 5 it was cold.", "In Feb. 2024 it was not."],
        ["The train left at 5 p.m.", "The bus left at 6 a.m. on Monday."],
        ["It began at 6 a.m.", "Eleven people were hurt."],
        ["He said “Stop.”", "Then he left."],
        ['He said "Stop."', "Then he left."],
        ["“I can’t go,” he said.", "“Not now.”", "She nodded."],
        ['"Why?" she asked.', "He ran."],
        ["“Why?” she asked.", "He ran."],
        ["He came (too late.)", "She did not."],
        ["It is so.[3]", "It was said.[4][5]", "He left."],
        ["J. K. Rowling wrote it.", "It sold."],
        ["J. Edgar Hoover knew."],
        ["A. Smith said so.", "B. Jones did not."],
        ["George W. Bush won.", "He smiled."],
        ["It was John F. Kennedy.", "He smiled."],
        ["So did I.", "Then he went."],
        ["He waited… and waited… then left.", "Done!"],
        ["He waited...", "Then he left."],
        ["He waited... then left."],
        ["It failed?!", "It did."],
        ["Smith Inc. Ltd. grew.", "It hired."],
        ["He works for Smith Inc.", "The company grew."],
        ["Some nations, e.g. Mali and i.e. Niger, left.", "Others stayed."],
        ["He has a Ph.D.", "He works."],
        ["Sales of the iPhone rose.", "20 people came."],
        ["他来了。", "她走了！", "为什么？"],
        ["Visit example.com or v2.0 of it.", "Done."],
        ["¿Por qué?", "¡No!", "Sí."],
        ["One. two. three.", "Four."],
        ["It ends without a full stop"],
    ],
    ids=lambda parts: parts[0],
)
def test_sentences_end_where_a_reader_ends_them(parts: list[str]) -> None:
    assert sentences(" ".join(parts)) == parts


def test_full_width_marks_end_sentences_without_a_space_after_them() -> None:
    assert sentences("他来了。她走了！“为什么？”没人知道。") == ["他来了。", "她走了！", "“为什么？”", "没人知道。"]


@pytest.mark.parametrize("gap", [" ", "  ", "\u00a0", "\u202f", "\t"])
def test_any_white_space_parts_sentences(gap: str) -> None:
    assert sentences(f"He left.{gap}She stayed.") == ["He left.", "She stayed."]


def test_a_wrapped_line_goes_on_inside_its_sentence() -> None:
    body = "The quick brown fox jumps over the lazy dog. It runs away from\nthe hunters. Nobody knows why."
    assert sentences(body) == [
        "The quick brown fox jumps over the lazy dog.",
        "It runs away from\nthe hunters.",
        "Nobody knows why.",
    ]


@pytest.mark.parametrize("marker", ["-", "*", "•", "–", "—", "1.", "12)", "(3)", "a.", "b)", "(c)", "D)"])
def test_a_list_marker_belongs_to_no_sentence(marker: str) -> None:
    body = f"They agreed:\n\n{marker} Troops leave. They go home.\n\n{marker} bases close"
    assert sentences(body) == ["They agreed:", "Troops leave.", "They go home.", "bases close"]


@pytest.mark.parametrize(
    "body", ["1.5 million went.", "-5 degrees it was.", "2024. was a year", "(Late) he came.", "1."]
)
def test_what_only_looks_like_a_list_marker_stays(body: str) -> None:
    assert sentences(body) == [body]


def test_a_headline_without_a_full_stop_is_a_sentence_of_its_own() -> None:
    assert sentences("Troops leave Niger\n\nThe army said so. It left.") == [
        "Troops leave Niger",
        "The army said so.",
        "It left.",
    ]


def test_spans_count_from_the_start_of_the_body() -> None:
    story = Story.from_text("  One left.  Two stayed.\r\n\r\n- Three ran.", title="T")
    assert sentence_spans(story) == [Span(2, 11), Span(13, 24), Span(30, 40)]


def test_only_the_given_part_of_a_body_is_split() -> None:
    body = "No. One left. Two stayed. No."
    assert split_sentences(body, Span(4, 25)) == [Span(4, 13), Span(14, 25)]
    assert split_sentences("One left. Two stayed.") == [Span(0, 9), Span(10, 21)]


def test_white_space_alone_has_no_sentence() -> None:
    assert split_sentences(" \n\u00a0") == []


def test_a_sentence_at_the_limit_is_whole_and_one_over_it_is_cut() -> None:
    text = "abcd efgh, ijkl mnop"
    assert sentences(text, len(text)) == [text]
    assert sentences(text, len(text) - 1) == ["abcd efgh,", "ijkl mnop"]


def test_a_long_sentence_is_cut_after_the_last_clause_that_fits() -> None:
    assert sentences("One two; three four, five six seven eight", 30) == [
        "One two; three four,",
        "five six seven eight",
    ]


def test_a_long_sentence_is_not_cut_inside_a_number() -> None:
    assert sentences("They sent about more than 1,000 soldiers 12:30 home", 33) == [
        "They sent about more than 1,000",
        "soldiers 12:30 home",
    ]


def test_a_long_sentence_without_a_clause_is_cut_at_a_space() -> None:
    assert sentences("one two three four five six", 12) == ["one two", "three four", "five six"]


def test_a_long_word_is_cut_at_the_limit() -> None:
    assert sentences("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


def test_no_sentence_is_longer_than_900_characters_unless_told_otherwise() -> None:
    assert [len(sentence) for sentence in sentences("x" * 2000)] == [900, 900, 200]


@settings(max_examples=300)
@given(BODIES, LIMITS)
def test_sentences_hold_every_character_that_is_neither_white_space_nor_a_list_marker(body: str, limit: int) -> None:
    story = Story.from_text(body, title="T")
    spans = sentence_spans(story, max_characters=limit)
    for paragraph in story.paragraphs:
        within = [span for span in spans if paragraph.span.contains(span)]
        before = body[paragraph.span.start : within[0].start].strip()
        assert not before or MARKER.fullmatch(before)
        edges = [*within, Span(paragraph.span.end, paragraph.span.end)]
        for left, right in pairwise(edges):
            assert not body[left.end : right.start].strip()


@settings(max_examples=300)
@given(BODIES, LIMITS)
def test_sentences_never_overlap_and_stand_in_order(body: str, limit: int) -> None:
    spans = sentence_spans(Story.from_text(body, title="T"), max_characters=limit)
    assert all(left.end <= right.start for left, right in pairwise(spans))


@settings(max_examples=300)
@given(BODIES, LIMITS)
def test_sentences_never_cross_a_paragraph(body: str, limit: int) -> None:
    story = Story.from_text(body, title="T")
    for span in sentence_spans(story, max_characters=limit):
        assert sum(paragraph.span.overlap(span) > 0 for paragraph in story.paragraphs) == 1
        assert story.paragraph_at(span.start).span.contains(span)


@settings(max_examples=300)
@given(BODIES, LIMITS)
def test_sentences_are_never_empty_nor_over_the_limit_nor_edged_with_white_space(body: str, limit: int) -> None:
    for sentence in sentences(body, limit):
        assert 0 < len(sentence) <= limit
        assert sentence == sentence.strip()


def test_a_book_without_a_line_break_is_split_in_no_time() -> None:
    """Looking at the whole paragraph for each full stop in it took over two minutes."""
    sentence = "The committee met in Geneva and Mr. Smith told them about the 1,000 troops in the U.S. Army today."
    started = time.process_time()
    assert sentences(" ".join([sentence] * 5_600)) == [sentence] * 5_600
    assert time.process_time() - started < 10


def test_a_dateline_belongs_to_its_sentence_and_no_other_dash_joins_two() -> None:
    story = Story.from_text("SPOKANE, Wash. — The river rose. It fell. — Nobody knows why.", title="T")
    assert [story.text(span) for span in sentence_spans(story)] == [
        "SPOKANE, Wash. — The river rose.",
        "It fell.",
        "— Nobody knows why.",
    ]
