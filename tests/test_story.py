from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import BinaryStoryError, EmptyStoryError, StoryTooLongError, UntitledStoryError
from index.settings import MAX_STORY_CHARACTERS
from index.story import Paragraph, Span, Story, stripped

WRAPPED = (
    "The quick brown fox jumps over the lazy dog and runs away from\n"
    "the hunters, who are many and who have brought their dogs along.\n"
    "Nobody knows why."
)


def paragraphs_of(body: str) -> list[str]:
    story = Story.from_text(body, title="T")
    return [story.text(paragraph.span) for paragraph in story.paragraphs]


def test_a_span_is_half_open() -> None:
    assert "abcdef"[Span(1, 3).start : Span(1, 3).end] == "bc"
    assert len(Span(1, 3)) == 2


@pytest.mark.parametrize(
    ("other", "contained", "shared"),
    [
        (Span(2, 5), True, 3),
        (Span(3, 4), True, 1),
        (Span(1, 3), False, 1),
        (Span(4, 9), False, 1),
        (Span(5, 9), False, 0),
        (Span(0, 2), False, 0),
        (Span(0, 9), False, 3),
    ],
)
def test_a_span_knows_what_it_contains_and_shares(other: Span, contained: bool, shared: int) -> None:  # noqa: FBT001 - a column of the table
    assert Span(2, 5).contains(other) is contained
    assert Span(2, 5).overlap(other) == shared
    assert other.overlap(Span(2, 5)) == shared


def test_spans_are_ordered_by_where_they_begin_and_then_by_where_they_end() -> None:
    assert sorted([Span(3, 4), Span(1, 9), Span(1, 2)]) == [Span(1, 2), Span(1, 9), Span(3, 4)]


def test_a_shifted_span_keeps_its_length() -> None:
    assert Span(2, 5).shifted(10) == Span(12, 15)


def test_stripping_leaves_out_white_space_of_any_kind_at_both_ends() -> None:
    body = "x \u00a0\t ab c\r\n y"
    assert stripped(body, Span(1, len(body) - 1)) == Span(5, 9)
    assert body[5:9] == "ab c"


def test_stripping_white_space_alone_leaves_an_empty_span_inside_it() -> None:
    assert stripped("a   b", Span(1, 4)) == Span(4, 4)


def test_blank_lines_part_paragraphs_however_many_and_whatever_white_space_they_hold() -> None:
    assert paragraphs_of("One.\n\nTwo.\n \t\n\u00a0\nThree.\n") == ["One.", "Two.", "Three."]


def test_each_line_is_a_paragraph_where_lines_end_in_full_stops() -> None:
    assert paragraphs_of("One is short.\nTwo is short.\nThree.") == ["One is short.", "Two is short.", "Three."]


def test_a_headline_without_a_full_stop_is_a_paragraph_of_its_own() -> None:
    assert paragraphs_of("Troops leave Niger\nThe army said so on Monday.") == [
        "Troops leave Niger",
        "The army said so on Monday.",
    ]


def test_hard_wrapped_text_is_one_paragraph_a_block() -> None:
    assert paragraphs_of(f"{WRAPPED}\n\n{WRAPPED}") == [WRAPPED, WRAPPED]


def test_long_lines_are_not_taken_for_wrapped_text() -> None:
    first = "A sentence that is far longer than any mail program would let it get before it wrapped " * 2 + "ends."
    assert paragraphs_of(f"{first}\n{first}\nShort.") == [first, first, "Short."]


def test_a_line_that_goes_on_in_lower_case_belongs_to_the_line_above() -> None:
    assert paragraphs_of("The troops\nwill leave.\nThen\nnobody stays.") == [
        "The troops\nwill leave.",
        "Then\nnobody stays.",
    ]


def test_a_line_in_lower_case_after_a_full_stop_is_a_paragraph_of_its_own() -> None:
    assert paragraphs_of("The troops left.\niPhones stayed.") == ["The troops left.", "iPhones stayed."]


@pytest.mark.parametrize("bullet", ["- ", "* ", "• ", "– ", "1. ", "12) ", "(3) "])
def test_each_bullet_is_a_paragraph(bullet: str) -> None:
    body = f"They agreed on\n{bullet}troops and\n{bullet}bases"
    assert paragraphs_of(body) == ["They agreed on", f"{bullet}troops and", f"{bullet}bases"]


def test_a_bullet_in_a_wrapped_block_begins_a_paragraph() -> None:
    above = "The quick brown fox jumps over the lazy dog and runs away from"
    item = "- The hunters, who are many and who have brought their dogs and"
    assert paragraphs_of(f"{above}\n{item}\ngo.") == [above, f"{item}\ngo."]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029"])
def test_every_kind_of_line_end_parts_lines_and_blank_lines(end: str) -> None:
    assert paragraphs_of(f"One.{end}Two.{end}{end}Three.") == ["One.", "Two.", "Three."]


def test_crlf_stays_in_the_body_and_outside_the_paragraphs() -> None:
    story = Story.from_text("One.\r\nTwo.\r\n", title="T")
    assert story.body == "One.\r\nTwo.\r\n"
    assert [paragraph.span for paragraph in story.paragraphs] == [Span(0, 4), Span(6, 10)]


def test_no_break_spaces_stay_inside_a_paragraph() -> None:
    assert paragraphs_of("1\u00a0000 men.\n\n\u00a0indented") == ["1\u00a0000 men.", "indented"]


def test_paragraphs_are_numbered_from_one() -> None:
    story = Story.from_text("One.\n\nTwo.", title="T")
    assert story.paragraphs == (Paragraph(1, Span(0, 4)), Paragraph(2, Span(6, 10)))


@pytest.mark.parametrize(
    ("offset", "number"), [(0, 1), (1, 1), (2, 1), (5, 1), (6, 1), (7, 1), (8, 2), (11, 2), (12, 2), (99, 2)]
)
def test_a_place_belongs_to_the_paragraph_that_holds_it_or_to_the_one_before(offset: int, number: int) -> None:
    assert Story.from_text("  One.\n\nTwo.", title="T").paragraph_at(offset).number == number


TEXTS = st.text(
    st.sampled_from("ab A.\n\r\t-*1)“” \u00a0\u2028…é") | st.characters(exclude_categories=["Cc", "Cs"]), max_size=300
)


@given(TEXTS)
def test_paragraphs_hold_all_that_is_not_white_space_once_and_in_order(text: str) -> None:
    story = Story.from_text(f"a{text}", title="T")
    position = 0
    for number, paragraph in enumerate(story.paragraphs, start=1):
        assert paragraph.number == number
        assert not story.body[position : paragraph.span.start].strip()
        assert story.text(paragraph.span) == story.text(paragraph.span).strip() != ""
        position = paragraph.span.end
    assert not story.body[position:].strip()


@given(TEXTS)
def test_no_paragraph_spans_a_blank_line(text: str) -> None:
    story = Story.from_text(f"a{text}", title="T")
    for paragraph in story.paragraphs:
        lines = story.text(paragraph.span).replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
        assert all(line.strip() for line in lines.replace("\u2029", "\n").split("\n"))


@pytest.mark.parametrize("body", ["", "   \n\t\u00a0", "…", "--- *** ---", "!?"])
def test_a_body_without_a_letter_or_digit_is_refused(body: str) -> None:
    with pytest.raises(EmptyStoryError, match=r"^The story is empty.*Give a file"):
        Story.from_text(body, title="T")


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x08", "\x0e", "\x1b", "\x1f", "\x7f"])
def test_a_body_with_a_control_character_is_refused(character: str) -> None:
    with pytest.raises(BinaryStoryError, match=r"control characters. Give a \.md, .* or \.docx file\.$"):
        Story.from_text(f"Text {character} text", title="T")


@pytest.mark.parametrize("character", ["\t", "\n", "\x0b", "\x0c", "\r", "\x85"])
def test_white_space_among_the_control_characters_is_fine(character: str) -> None:
    assert Story.from_text(f"Text{character}text", title="T").body == f"Text{character}text"


def test_a_body_at_the_limit_is_read_and_one_character_more_is_refused() -> None:
    assert len(Story.from_text("a" * MAX_STORY_CHARACTERS, title="T").body) == 2_000_000
    with pytest.raises(StoryTooLongError, match=r"2,000,001 characters; at most 2,000,000 .* Split it"):
        Story.from_text("a" * (MAX_STORY_CHARACTERS + 1), title="T")


def test_the_id_depends_on_title_and_body_and_on_nothing_else() -> None:
    story = Story(body="Body", title="Title")
    assert (
        story.id == Story(body="Body", title="Title", url="u", published="p", source="s", author="a", language="de").id
    )
    assert len({story.id, Story(body="Body.", title="Title").id, Story(body="Body", title="Title.").id}) == 3
    assert Story(body="ab", title="c").id != Story(body="b", title="ca").id


def test_the_id_is_the_same_in_every_release() -> None:
    """The first 16 digits of the SHA-256 of title, zero byte and body, as sha256sum tells it."""
    assert Story(body="Body", title="Title").id == "00f2f2dac8eaaabb"


@pytest.mark.parametrize(
    "line",
    ["The quick brown fox jumps over the lazy dog and runs away from", "the quick brown fox was there and"],
    ids=["hard-wrapped", "going on in lower case"],
)
def test_a_book_without_a_blank_line_is_one_paragraph_found_in_no_time(line: str) -> None:
    """Looking at the whole paragraph for each line of it took most of a minute."""
    started = time.process_time()
    body = "\n".join([line] * 16_000)
    assert paragraphs_of(body) == [body]
    assert time.process_time() - started < 5


@pytest.mark.parametrize("title", ["", " ", "\u00a0", "\u200b", "\u3164", "\ufeff\u2060", "\n\t"])
def test_a_title_that_cannot_be_seen_is_refused(title: str) -> None:
    with pytest.raises(UntitledStoryError, match=r"^The story has no title that can be seen\. [^\n]+$"):
        Story(body="Body", title=title)


@pytest.mark.parametrize("title", ["A", "?", "日本", "\u200bA", "👍", "e\u0301"])
def test_a_title_that_can_be_seen_is_taken(title: str) -> None:
    assert Story(body="Body", title=title).title == title
