"""The bot's lists as pages: stories, what is followed, what an update changed, what is kept; knows no discord.

A page holds as many rows as are read at a glance and fit into a message, and no row is ever cut or
left out: whoever wants to see them all turns the pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from bot.causes import Cause
from bot.language import ENGLISH, Phrases
from bot.markdown import escape, shortened
from bot.phrase import QUESTION_CHARACTERS, ROOM, TITLE_CHARACTERS, address, cause_text, story_name
from index.story import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.changes import Change
    from bot.store.records import FollowRecord, Kept, StoryRecord

_ROWS = 15  # of one line
_CHANGES = 5


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its texts, its number (from 0), and how many pages there are."""

    texts: list[str]
    number: int = 0
    pages: int = 1


def library_page(
    records: Sequence[StoryRecord], followed: Sequence[FollowRecord], page: int = 0, say: Phrases = ENGLISH
) -> Page:
    """Return a row for each story, and after them one for each page and feed that is followed."""
    rows = [(say("stories"), _story_row(number, record, say)) for number, record in enumerate(records, start=1)]
    rows += [(say("follows"), _follow_row(record, say)) for record in followed]
    shown, number, pages = _cut([len(row) for _, row in rows], page, _ROWS)
    groups = groupby(rows[shown], key=lambda row: row[0])
    return _page(["\n".join([heading, *(row for _, row in group)]) for heading, group in groups], number, pages, say)


def changes_page(record: StoryRecord, found: Sequence[Change], page: int = 0, say: Phrases = ENGLISH) -> Page:
    """Return changed sentences, the old one above the new, with the words that differ in bold where that fits."""
    plain = [_sides(change, say, is_marked=False) for change in found]
    shown, number, pages = _cut([sum(map(len, sides)) for sides in plain], page, _CHANGES)
    texts = plain[shown]
    spare = ROOM - sum(len(text) for sides in texts for text in sides)
    for at, change in enumerate(found[shown]):
        marked = _sides(change, say, is_marked=True)
        more = sum(map(len, marked)) - sum(map(len, texts[at]))
        if more <= spare:
            texts[at] = marked
            spare -= more
    heading = say("changes", title=story_name(record))
    return _page([heading, *(text for sides in texts for text in sides)], number, pages, say)


def kept_page(kept: Kept, page: int = 0, say: Phrases = ENGLISH) -> Page:
    """Return what is kept about a member: how much of each kind, and the kept questions."""
    counts = say(
        "privacy-mine",
        answers=kept.answers,
        votes=kept.votes,
        changes=kept.settings_changes,
        stories=kept.stories,
        unanswered=len(kept.unanswered),
    )
    rows = [f"- {escape(shortened(row.question, QUESTION_CHARACTERS))}" for row in kept.unanswered]
    shown, number, pages = _cut([len(row) for row in rows], page, _ROWS)
    return _page([counts, "\n".join(rows[shown])] if rows else [counts], number, pages, say)


def _cut(sizes: Sequence[int], page: int, most: int) -> tuple[slice, int, int]:
    """Return which rows of these lengths a page shows, its number, and how many pages there are.

    A page that does not exist is the last one.
    """
    starts = [0]
    room = ROOM
    for at, size in enumerate(sizes):
        if at > starts[-1] and (size > room or at - starts[-1] == most):
            starts.append(at)
            room = ROOM
        room -= size + 1
    number = min(page, len(starts) - 1)
    return slice(starts[number], [*starts[1:], len(sizes)][number]), number, len(starts)


def _page(texts: list[str], number: int, pages: int, say: Phrases) -> Page:
    foot = [f"-# {say('page', page=number + 1, pages=pages)}"] if pages > 1 else []
    return Page([*texts, *foot], number, pages)


def _story_row(number: int, record: StoryRecord, say: Phrases) -> str:
    shared = f" · {say('story-shared')}" if record.guild_id is None else ""
    name = story_name(record)
    return say("story-line", number=number, title=name, paragraphs=record.paragraphs, added=record.added_at) + shared


def _follow_row(record: FollowRecord, say: Phrases) -> str:
    looked = say("follow-looked", at=record.looked_at) if record.looked_at else say("follow-soon")
    row = say("follow-line", address=address(record.url), hours=record.every // 3600, looked=looked)
    if record.problem is None:
        return row
    cause = Cause(record.problem_key, record.problem_values or {}) if record.problem_key else None
    return f"{row} · {cause_text(cause, shortened(record.problem, TITLE_CHARACTERS), say)}"


def _sides(change: Change, say: Phrases, *, is_marked: bool) -> list[str]:
    """Return the old sentence and the new one, each below a word that says which it is."""
    marks = change.marks() if is_marked else ((), ())
    sides = (("changes-old", change.old, marks[0]), ("changes-new", change.new, marks[1]))
    return [f"-# {say(key)}\n> {_marked(text, spans)}" for key, text, spans in sides if text]


def _marked(text: str, spans: Sequence[Span]) -> str:
    """Return one line with places in it in bold; neighbouring places are one."""
    parts: list[str] = []
    at = 0
    for span in _joined(text, spans):
        parts += [escape(text[at : span.start]), f"**{escape(text[span.start : span.end])}**"]
        at = span.end
    return "".join([*parts, escape(text[at:])])


def _joined(text: str, spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if joined and not text[joined[-1].end : span.start].strip():
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined
