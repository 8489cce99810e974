"""Lists are paged: no row is lost or cut, and every page fits into one message."""

from __future__ import annotations

import discord
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.changes import Change
from bot.lists import changes_page, kept_page, library_page
from bot.markdown import escape
from bot.phrase import TEXT_LIMIT
from bot.store.records import FollowRecord, Kept, StoryRecord, Unanswered
from bot.ui.layouts import TextLayout

_COMPONENTS = 40
_HOSTILE = st.text("*_`|<[]>#\\\n\u2028-1. ab", max_size=120)


def record_of(number: int = 1, name: str = "Bridge") -> StoryRecord:
    return StoryRecord(number, 1, f"{number:016x}", name, None, None, None, 3, 300, None, 1_700_000_000)


def followed_of(number: int, url: str, problem: str | None = None) -> FollowRecord:
    return FollowRecord(number, 1, url, None, 3600, None, None, None, None, 0, problem)


def buttons() -> list[discord.ui.Button[discord.ui.LayoutView]]:
    return [discord.ui.Button(label=str(number), custom_id=str(number)) for number in range(5)]


def assert_fits(texts: list[str]) -> None:
    assert sum(map(len, texts)) <= TEXT_LIMIT
    assert TextLayout(texts, buttons=buttons()).total_children_count <= _COMPONENTS


async def test_any_number_of_texts_becomes_a_message_that_discord_takes() -> None:
    for count in (1, 24, 25, 26, 200):
        layout = TextLayout([f"text {number}" for number in range(count)], buttons=buttons())
        assert layout.total_children_count <= _COMPONENTS
        shown = [item.content for item in layout.walk_children() if isinstance(item, discord.ui.TextDisplay)]
        assert "\n".join(shown).split("\n") == [f"text {number}" for number in range(count)]


async def test_sixty_changed_sentences_take_twelve_pages() -> None:
    found = [Change(f"Number {number} was here.", f"Number {number} is here.") for number in range(60)]
    shown = [changes_page(record_of(), found, page) for page in range(12)]
    assert {page.pages for page in shown} == {12}
    text = "\n".join(line for page in shown for line in page.texts)
    assert all(f"> Number {number} **is** here." in text for number in range(60))
    assert shown[3].texts[-1] == "-# Page 4 of 12"
    assert changes_page(record_of(), found, 99) == shown[-1]


async def test_a_sentence_as_long_as_one_can_be_is_shown_whole_and_without_marks_where_these_do_not_fit() -> None:
    old, new = "*a " * 299 + "*a", "*b " * 299 + "*b"
    texts = changes_page(record_of(), [Change(old, new)]).texts
    assert_fits(texts)
    assert texts[1:] == [f"-# before\n> {escape(old)}", f"-# now\n> {escape(new)}"]


@settings(max_examples=60, deadline=None)
@given(
    sentences=st.lists(st.tuples(_HOSTILE, _HOSTILE, st.integers(1, 8)), min_size=1, max_size=40),
    name=st.text("*_[]ab ", max_size=300),
)
async def test_every_page_of_changes_fits_and_none_is_lost(sentences: list[tuple[str, str, int]], name: str) -> None:
    found = []
    for old, new, times in sentences:
        gone, come = (" ".join(f"{text}x ".split())[: 900 // times] * times for text in (old, new))
        found.append(Change(gone, come))
    shown = 0
    for number in range(changes_page(record_of(name=name), found).pages):
        page = changes_page(record_of(name=name), found, number)
        assert_fits(page.texts)
        shown += sum(text.startswith("-# before") for text in page.texts)
    assert shown == len(found)


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.text("*_[]ab ", max_size=300), max_size=60),
    paths=st.lists(st.tuples(st.integers(0, 600), _HOSTILE), max_size=30),
)
async def test_every_page_of_the_library_fits_and_none_is_lost(names: list[str], paths: list[tuple[int, str]]) -> None:
    records = [record_of(number, name) for number, name in enumerate(names)]
    followed = [
        followed_of(number, f"https://news.example/{'x' * length}", problem)
        for number, (length, problem) in enumerate(paths)
    ]
    rows: list[str] = []
    for number in range(library_page(records, followed).pages):
        page = library_page(records, followed, number)
        assert_fits(page.texts)
        rows += [line for text in page.texts for line in text.split("\n") if not line.startswith(("#", "-#"))]
    assert [row.partition(".")[0] for row in rows[: len(names)]] == [str(at + 1) for at in range(len(names))]
    assert len(rows) == len(names) + len(paths)


@settings(max_examples=30, deadline=None)
@given(st.lists(_HOSTILE, max_size=50))
async def test_every_page_of_what_is_kept_fits_and_none_is_lost(questions: list[str]) -> None:
    kept = Kept(1, 2, 3, 4, tuple(Unanswered(question, "silent", 0) for question in questions))
    rows = 0
    for number in range(kept_page(kept).pages):
        page = kept_page(kept, number)
        assert_fits(page.texts)
        rows += page.texts[1].count("\n") + 1 if questions else 0
    assert rows == len(questions)
