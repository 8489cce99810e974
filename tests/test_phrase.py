from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
import regex
from bot_fakes import BODY, STORY, quote_of
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answer import Answer, NoAnswer, Quote
from bot.errors import EmptyQuestionError, InexactQuoteError, MissingExtraError, QuestionTooLongError, StorageError
from bot.language import ENGLISH, LANGUAGES, Language, phrases
from bot.markdown import escape, shortened
from bot.phrase import (
    TEXT_LIMIT,
    address,
    apology,
    certainty,
    linked_title,
    passages_page,
    place,
    quoted,
    reply_texts,
    story_texts,
    welcome_texts,
)
from bot.store.records import StoryRecord
from index.errors import ModelError
from index.story import Span, Story

FRAGMENT = "#:~:text=More%20than%201%2C000%20American%20troops%20are%20stationed%20there%20at%20present."
SENTENCE = "More than 1,000 American troops are stationed there at present."

_ADDRESS = re.compile(r"https?://[^\s<>()\[\]|`*~\\]+")
_BEGINS_BLOCK = re.compile(r"(?:[>#+-]|\d+\.\s)")
_LINE_ENDS = "\n\r\u2028\u2029"


def shown(markdown: str, *, may_be_bold: bool = False) -> str:
    """Return what Discord shows of `markdown`, whose only markup may be one run of bold words.

    A reader of its own: it shares no code with what it checks.
    """
    out: list[str] = []
    bold_marks = 0
    at, line_begins = 0, True
    while at < len(markdown):
        if address := _ADDRESS.match(markdown, at):
            out.append(address.group())
            at, line_begins = address.end(), False
            continue
        mark = markdown[at]
        if mark == "\\":
            following = markdown[at + 1]
            assert unicodedata.category(following)[0] in "PS", f"{following!r} cannot be escaped"
            out.append(following)
            at, line_begins = at + 2, False
            continue
        if may_be_bold and markdown.startswith("**", at):
            bold_marks += 1
            at, line_begins = at + 2, False
            continue
        assert mark not in "*_~`|<[]", f"{mark!r} is markup in {markdown!r}"
        assert not (line_begins and _BEGINS_BLOCK.match(markdown, at)), f"a block begins in {markdown!r}"
        out.append(mark)
        line_begins = mark in _LINE_ENDS or (line_begins and mark.isspace())
        at += 1
    assert bold_marks in (0, 2)
    return "".join(out)


_MARKS = [
    "**",
    "__",
    "_",
    "~~",
    "||",
    "`",
    "```",
    "\\",
    "[",
    "](",
    ")",
    "<@1>",
    "<",
    "<t:0:R>",
    "</ask:1>",
    "@everyone",
]
_LINES = ["> ", ">>> ", "# ", "-# ", "- ", "+ ", "* ", "1. ", "12.", "\n", "\r\n", "\r", "\u2028", "\n  "]
_TEXTS = [" ", "a", "é", ".", "5", "https://a.b/_c_", "http://", "https://a.b/(x)"]
_HOSTILE = st.lists(
    st.sampled_from([*_MARKS, *_LINES, *_TEXTS]) | st.characters(exclude_categories=["Cs", "Cc"]), max_size=30
).map("".join)


@settings(max_examples=400, deadline=None)
@given(_HOSTILE)
def test_no_mark_survives_and_the_text_is_shown_as_it_is(text: str) -> None:
    assert shown(escape(text)) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain text, with 3.5% & (brackets) #5 - 6 + 7", "plain text, with 3.5% & (brackets) #5 - 6 + 7"),
        ("**bold** _it_ ~~no~~ ||spoiler||", r"\*\*bold\*\* \_it\_ \~\~no\~\~ \|\|spoiler\|\|"),
        ("```py\nx```", "\\`\\`\\`py\nx\\`\\`\\`"),
        ("# Heading\n-# small\n> quote", "\\# Heading\n\\-# small\n\\> quote"),
        ("- item\n  + item\n1. item\n2024 was", "\\- item\n  \\+ item\n1\\. item\n2024 was"),
        ("[masked](https://a.b)", r"\[masked\](https://a.b)"),
        ("<@1> <@&2> <#3> <:e:4>", r"\<@1> \<@&2> \<#3> \<:e:4>"),
        (r"back\slash", r"back\\slash"),
    ],
)
def test_marks_get_a_backslash_and_nothing_else_does(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_a_web_address_stays_whole() -> None:
    assert escape("see https://a.b/x_y_z?q=1#h-2 and _that_") == r"see https://a.b/x_y_z?q=1#h-2 and \_that\_"


def test_everyone_is_left_to_allowed_mentions() -> None:
    assert escape("@everyone @here") == "@everyone @here"


def test_a_quote_is_a_block_quote_with_its_answering_words_in_bold() -> None:
    assert quoted(quote_of(SENTENCE, bold="More than 1,000"), STORY) == (
        "> **More than 1,000** American troops are stationed there at present."
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\u2028", "\u2029"])
def test_every_line_of_a_quote_stands_in_the_block_quote(line_end: str) -> None:
    story = Story(body=f"one{line_end}- two{line_end}three", title="t")
    assert quoted(quote_of(story.body, story, bold="three"), story) == "> one\n> \\- two\n> **three**"


def test_marks_in_the_story_cannot_end_the_bold_words() -> None:
    story = Story(body="about **5** men", title="t")
    assert quoted(quote_of(story.body, story, bold="*5*"), story) == r"> about \***\*5\***\* men"


def test_bold_words_that_touch_or_overlap_are_one() -> None:
    quote = quote_of(SENTENCE)
    start = quote.span.start
    spans = (Span(start + 5, start + 15), Span(start, start + 6), Span(start + 15, start + 20))
    marked = Quote(quote.story_id, quote.span, quote.text, quote.paragraph, 1.0, 0, spans)
    assert quoted(marked, STORY) == "> **More than 1,000 Amer**ican troops are stationed there at present."


def test_no_mark_is_put_into_a_web_address() -> None:
    story = Story(body="It says so on https://a.b/2024/x in 2023.", title="t")
    assert quoted(quote_of(story.body, story, bold="2024"), story) == "> It says so on https://a.b/2024/x in 2023."
    assert quoted(quote_of(story.body, story, bold="2023"), story) == "> It says so on https://a.b/2024/x in **2023**."


@pytest.mark.parametrize("change", ["text", "span", "story"])
def test_a_quote_that_is_not_in_its_story_is_never_shown(change: str) -> None:
    good = quote_of(SENTENCE)
    text = good.text.replace("1,000", "2,000") if change == "text" else good.text
    span = good.span.shifted(1) if change == "span" else good.span
    bad = Quote("0" * 16 if change == "story" else good.story_id, span, text, good.paragraph, 1.0, 0)
    with pytest.raises(InexactQuoteError):
        quoted(bad, STORY)
    with pytest.raises(InexactQuoteError):
        reply_texts(Answer("?", 0.9, (bad,), None), STORY)
    with pytest.raises(InexactQuoteError):
        reply_texts(NoAnswer("?", 0.1, (good, bad)), STORY)
    with pytest.raises(InexactQuoteError):
        passages_page("Closest:", [bad], STORY, scores=True)


@settings(max_examples=200, deadline=None)
@given(body=_HOSTILE.map(lambda text: f"a{text}"), cuts=st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_a_hostile_quote_is_shown_byte_for_byte_wherever_the_bold_words_stand(body: str, cuts: tuple[int, int]) -> None:
    story = Story(body=body, title="t")
    start, end = sorted(min(cut, len(body)) for cut in cuts)
    quote = Quote(story.id, Span(0, len(body)), body, 1, 1.0, 0, (Span(start, end),) if start < end else ())
    lines = quoted(quote, story).split("\n")
    assert all(line.startswith("> ") for line in lines)
    markdown = "\n".join(line[2:] for line in lines)
    assert shown(markdown, may_be_bold=True) == re.sub(r"\r\n|[\r\u2028\u2029]", "\n", body)


def test_the_place_links_to_the_story() -> None:
    assert place(quote_of(SENTENCE), STORY) == f"-# ¶ 2 · [Troops leave Niger](https://news.example/niger{FRAGMENT})"


@pytest.mark.parametrize(
    ("title", "url", "link"),
    [
        ("A *new* [pact]", None, r"A \*new\* \[pact\]"),
        ("A pact", "javascript:alert(1)", "A pact"),
        ("A pact", "https://a.b/x) [evil](https://c.d", "A pact"),
        ("A pact", "https://a.b/" + "x" * 600, "A pact"),
        ("Go](https://evil.example) now", "https://a.b/", r"Go\](https://evil.example) now"),
        ("A\npact", "https://a.b/", "[A pact](https://a.b/)"),
        ("A pact", "https://a.b/Mercury_(planet)", "[A pact](https://a.b/Mercury_%28planet%29)"),
        ("A pact", "https://a.b/x)[evil](https://c.d", "[A pact](https://a.b/x%29[evil]%28https://c.d)"),
    ],
)
def test_a_title_links_only_where_the_link_is_safe(title: str, url: str | None, link: str) -> None:
    assert linked_title(Story(body="x", title=title, url=url)) == link


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one  two\nthree", 20, "one two three"),
        ("onetwothree", 5, "onet…"),
        ("one two three", 8, "one two…"),
        ("eins zweidreivier", 12, "eins…"),
        ("日本語の見出しはここで終わる", 6, "日本語の見…"),
        ("NHK 日本語の見出しはここで終わる", 8, "NHK 日本語…"),
        ("ก่อนเริ่มต้น", 4, "ก่อ…"),
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 12, "👩‍👩‍👧‍👦…"),
        ("e\u0301e\u0301e\u0301", 4, "e\u0301…"),
        ("👩‍👩‍👧‍👦", 3, "…"),
        ("see https://a.example/long/path", 20, "see…"),
        ("https://a.example/long/path", 20, "a.example/long/path"),
        ("https://a.example/long/path", 15, "a.example/long…"),
        (r"a \* b", 4, r"a…"),
        ("http://http://0", 8, "0"),
        ("0http://*0", 9, "…"),  # the mark would make a link of what is none
    ],
)
def test_text_is_shortened_between_words(text: str, limit: int, short: str) -> None:
    assert shortened(text, limit) == short


@settings(deadline=None)
@given(st.text(max_size=80) | _HOSTILE, st.integers(2, 40))
def test_shortened_text_is_one_line_within_the_limit_and_cut_between_characters(text: str, limit: int) -> None:
    found = shortened(text, limit)
    line = " ".join(text.split())
    assert len(found) <= limit
    assert not set("\n\r\u2028") & set(found)
    assert shown(escape(found)) == found, "a mark was cut into"
    if len(line) > limit and "http" not in line:
        kept = found[:-1]
        assert line.startswith(kept)
        assert kept.rstrip() in {line[: edge.end()].rstrip() for edge in regex.finditer(r"\X", line)} | {""}
    for link in _ADDRESS.findall(found):
        assert link in line
        assert link in _ADDRESS.findall(line), "an address was cut and leads elsewhere"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://a.example/x", "<https://a.example/x>"),
        ("https://a.example/" + "x/" * 300, "a.example/" + "x/" * 39 + "x…"),
        ("https://a.example/one two" + " three" * 30, "a.example/one two" + " three" * 12 + "…"),
        ("not *an* address", r"not \*an\* address"),
    ],
)
def test_an_address_is_whole_or_no_link(url: str, told: str) -> None:
    assert address(url) == told


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_and_labels_of_forms_are_as_short_as_discord_wants(language: Language) -> None:
    say = phrases(language)
    for key in ("setting-cooldown_seconds", "form-seconds", "form-questions", "form-story", "form-title", "form-text"):
        assert len(say(key)) <= 45, key


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(1.0, "very likely"), (0.8, "very likely"), (0.79, "probably"), (0.6, "probably"), (0.59, "possibly")],
)
def test_certainty_is_told_in_words(confidence: float, words: str) -> None:
    assert certainty(confidence) == f"{words} the answer"


def test_an_answer_is_its_quote_with_its_place_and_how_sure_it_is() -> None:
    texts = reply_texts(
        Answer("How many?", 0.9, (quote_of(SENTENCE, bold="More than 1,000"),), "More than 1,000"), STORY
    )
    lines = "\n".join(texts).split("\n")
    assert len(texts) == 2
    assert lines == [
        "> **More than 1,000** American troops are stationed there at present.",
        f"-# ¶ 2 · [Troops leave Niger](https://news.example/niger{FRAGMENT})",
        "-# very likely the answer",
    ]


@pytest.mark.parametrize(
    "published",
    [
        ("2026-06-12", "2026-05-04 14:00", "2026-05-04", "2024-03-03", None),
        ("2026-06-12", "2026-05", "2024", "Spring 2031"),
    ],
)
def test_stories_that_differ_are_shown_the_newest_first_and_the_undated_last(published: tuple[str | None, ...]) -> None:
    stories = [replace(STORY, title=f"T{at}", published=date) for at, date in enumerate(published)]
    answers = [(Answer("?", 0.9, (quote_of(SENTENCE, story),), None), story) for story in stories]
    for turn in range(len(stories)):
        (first, story), *rivals = answers[turn:] + answers[:turn]
        texts = reply_texts(first, story, rivals=rivals)
        assert [re.findall(r"\[T(\d)\]", text) for text in texts[1:-1]] == [[str(at)] for at in range(len(stories))]


def test_the_closest_passages_are_said_not_to_answer() -> None:
    texts = reply_texts(NoAnswer("How many?", 0.1, (quote_of(SENTENCE),)), STORY)
    assert texts[0] == "I find no answer to this in the story. The closest passages are:"
    assert texts[1].startswith("> More than 1,000 American")
    assert len(texts) == 2


def test_silence_is_one_line_and_questions_to_try() -> None:
    text, tries = reply_texts(NoAnswer("Why?", 0.0, (), verdict="silent"), STORY, ["Who *left*?", "When?"])
    assert tries == "Try:\n- Who \\*left\\*?\n- When?"
    assert reply_texts(NoAnswer("Why?", 0.0, (), verdict="silent"), STORY) == [text]
    assert text.startswith("“[Troops leave Niger](https://news.example/niger)” says nothing about that. ")
    assert "\n" not in text


def test_passages_have_their_scores_where_wanted() -> None:
    quote = quote_of(SENTENCE, score=0.714)
    assert passages_page("Closest:", [quote], STORY, scores=True)[0][1].endswith(" · score 0.71")
    assert "score" not in passages_page("Further:", [quote], STORY)[0][1]


def test_passages_are_paged_and_none_is_lost() -> None:
    quote = quote_of(SENTENCE)
    (heading, *first), pages = passages_page("Further:", [quote] * 7, STORY)
    assert (heading, len(first), pages) == ("Further:", 6, 2)
    assert first[-1] == "-# Page 1 of 2"
    second, _ = passages_page("Further:", [quote] * 7, STORY, 1)
    assert len(second) == 4
    assert passages_page("Further:", [quote] * 7, STORY, 9) == (second, 2)


def test_long_passages_take_more_pages() -> None:
    story = Story(body="word " * 300, title="t")
    long = quote_of(story.body.strip(), story)
    shown = [passages_page("Further:", [long] * 5, story, page) for page in range(5)]
    assert [pages for _, pages in shown] == [3] * 5
    assert [sum(text.startswith("> ") for text in texts) for texts, _ in shown] == [2, 2, 1, 1, 1]


@settings(max_examples=100, deadline=None)
@given(
    sentence=st.text("*_`|<[]>#\\\n\u2028-1. ab", min_size=1, max_size=900),
    repeats=st.integers(1, 900),
    title=st.text("*_[]ab ", max_size=300).map(lambda text: f"a{text}"),
    path=st.integers(0, 3000),
    count=st.integers(1, 10),
)
def test_whatever_the_story_a_reply_fits_into_one_message(
    sentence: str, repeats: int, title: str, path: int, count: int
) -> None:
    longest = (sentence * repeats)[:900]
    story = Story(body=f"{longest}a", title=title, url=f"https://a.b/{'x' * path}")
    quote = Quote(story.id, Span(0, len(longest)), longest, 1, 1.0, 0, (Span(0, len(longest)),))
    for texts in (
        reply_texts(Answer("?", 0.9, (quote,) * count, None), story),
        reply_texts(NoAnswer("?", 0.1, (quote,) * count), story),
        passages_page("x" * 400, (quote,) * count, story, scores=True)[0],
    ):
        assert sum(map(len, texts)) <= TEXT_LIMIT
        quotes = [text for text in texts if text.startswith("> ")]
        assert quotes
        assert set(quotes) == {quotes[0]}, "a quote was cut"


def test_quotes_that_do_not_fit_are_left_out_whole() -> None:
    story = Story(body="word " * 199, title="t")
    text = story.body.strip()
    texts = reply_texts(NoAnswer("?", 0.1, (quote_of(text, story),) * 5), story)
    assert [len(part) for part in texts[1:]] == [len(f"> {text}\n-# ¶ 1 · t")] * 3


def test_the_greeting_names_the_story_and_questions_to_try() -> None:
    texts = welcome_texts(STORY, ["How many *troops*?", "Who?"])
    assert texts[0] == "### Ask me about: [Troops leave Niger](https://news.example/niger)"
    assert texts[-1] == "Try:\n- How many \\*troops\\*?\n- Who?"
    assert len(welcome_texts(STORY, [])) == 2


def test_a_members_mistake_is_told_as_it_is() -> None:
    assert apology(EmptyQuestionError("Ask."), "c0de") == ENGLISH("empty-question")
    too_long = QuestionTooLongError("Too long.", length="600", limit="500")
    assert apology(too_long, "c0de") == ENGLISH("question-too-long", length="600", limit="500")
    assert "questions of up to 500" in apology(too_long, "c0de")


@pytest.mark.parametrize("error", [ModelError("No model."), MissingExtraError("No model.")])
def test_what_we_foresaw_is_told_with_a_code(error: Exception) -> None:
    for language in LANGUAGES:
        assert apology(error, "c0de", phrases(language)) == phrases(language)("cannot", code="c0de")


@pytest.mark.parametrize("error", [ModelError, StorageError])
def test_where_the_operators_files_lie_is_not_told(error: type[Exception]) -> None:
    assert "srv" not in apology(error("The database /srv/x.db cannot be used"), "c0de")


@pytest.mark.parametrize("error", [KeyError("secret"), InexactQuoteError("secret"), RuntimeError("secret")])
def test_a_bug_is_owned_and_its_details_stay_in_the_log(error: Exception) -> None:
    found = apology(error, "c0de")
    assert "on my side" in found
    assert "`c0de`" in found
    assert "secret" not in found


def test_the_story_itself_is_not_changed_by_showing_it() -> None:
    assert STORY.body == BODY


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://news.example/a`b||c||_d_", "<https://news.example/a`b||c||_d_>"),
        ("https://news.example/" + "a" * 3000, None),
        (None, None),
    ],
)
def test_a_storys_address_is_shown_as_it_is_or_not_at_all(url: str | None, shown: str | None) -> None:
    record = StoryRecord(1, 1, f"{1:016x}", "Bridge", url, None, None, 3, 300, None, 1_700_000_000)
    _, details = story_texts(record)
    assert [line for line in details.splitlines() if "https" in line] == ([shown] if shown else [])
