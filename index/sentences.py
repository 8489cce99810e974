"""Where the sentences of a story begin and end.

Written here because it was measured against pysbd, syntok and NLTK's punkt on the labelled
stories (`bench/sentences.py`, figures in `bench/RESULTS.md`). A full stop ends a sentence unless
what stands before it is known to be an abbreviation or an initial, or what follows cannot begin a
sentence. Sentences never cross a paragraph, and every character that is not white space or a list
marker belongs to exactly one sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.settings import MAX_SENTENCE_CHARACTERS
from index.story import Span, Story, stripped

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSERS = r"[\"'”’»)\]]"
_OPENERS = "\"'“‘«([¿¡—–-"
_REFERENCES = r"(?:\[\d{1,3}\])*"
_END = re.compile(rf"(?:[.!?…]+{_CLOSERS}*{_REFERENCES}(?=\s))|[。！？]+[」』”]*")
_WORD_BEFORE = re.compile(r"[^\s\"'“”‘’(\[—–]+$")
_WORD_AFTER = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]\.?$|[A-Z][a-z]\.[A-Z]\.$")
_DATELINE = re.compile(r"\W*[^\Wa-z][^a-z,]+,\s*[A-Z][a-z]+$")  # "SPOKANE, Wash" before ". — The river"
_CLAUSE_END = re.compile(r"[;,:](?=\s)|\n")
_TEXT = re.compile(r"\S")
# A capital with a full stop is no marker: it begins a name, as in "J. Edgar Hoover".
_LIST_MARKER = re.compile(r"(?:[-*•‣▪◦–—·]|\(?(?:\d{1,3}|[a-z])[.)]|\(?[A-Z]\))\s+(?=\S)")

# Characters on each side of a full stop that decide about it. Looking at all of the paragraph would
# take minutes on a book without line breaks.
_NEARBY = 200

# Always followed by the rest of a name or a number, whatever its case.
_BEFORE_NAME = frozenset(
    "mr mrs ms messrs mx dr prof rev revd fr sr hon gen lt col sgt maj capt cmdr adm brig cpl pvt "
    "sen rep gov pres amb supt insp det st ste mt ft vs v cf viz al approx ca dept univ assn".split()
)
# Followed by a number.
_BEFORE_NUMBER = frozenset(
    "no nos vol pp p fig figs art sec ch para jan feb mar apr jun jul aug sep sept oct nov dec est c".split()
)
# May end a sentence too; they do when a word follows that commonly begins one.
_EITHER_WAY = frozenset("inc corp co ltd plc llc bros jr sr etc ave blvd rd ph.d b.a m.a e.g i.e eg ie".split())
_NEVER_LAST = frozenset(("e.g", "i.e", "eg", "ie"))
_STARTERS = frozenset(
    "a about according after again all also although among an and another any around as at because before "
    "both but by despite dozens during each eight eleven every five for four from he her here his how "
    "however hundreds i if in instead is it its just last like many meanwhile millions more most my "
    "nearly neither nine no none nor not now of officials on once one only or other others our over "
    "people police seven several she since six so some still such ten that the their then there these "
    "they this those though thousands three through to today twelve two under until we what when where "
    "whether which while who why with yes yet you your".split()
)


def sentence_spans(story: Story, *, max_characters: int = MAX_SENTENCE_CHARACTERS) -> list[Span]:
    """Return the sentences of `story` in their order, none longer than `max_characters`."""
    return [
        span
        for paragraph in story.paragraphs
        for span in split_sentences(story.body, paragraph.span, max_characters=max_characters)
    ]


def split_sentences(
    body: str, within: Span | None = None, *, max_characters: int = MAX_SENTENCE_CHARACTERS
) -> list[Span]:
    """Return the sentences of one paragraph of `body`, which is all of it unless `within` says where."""
    paragraph = stripped(body, within or Span(0, len(body)))
    marker = _LIST_MARKER.match(body, paragraph.start, paragraph.end)
    start = marker.end() if marker else paragraph.start
    spans: list[Span] = []
    for end in [*_ends(body, Span(start, paragraph.end)), paragraph.end]:
        span = stripped(body, Span(start, end))
        if len(span):
            spans.extend(_cut(body, span, max_characters))
        start = end
    return spans


def _ends(body: str, paragraph: Span) -> Iterator[int]:
    """Yield the offsets at which a sentence ends before the paragraph does."""
    for match in _END.finditer(body, paragraph.start, paragraph.end):
        following = _TEXT.search(body, match.end(), paragraph.end)
        if following is None:
            continue
        before = body[max(paragraph.start, match.start() - _NEARBY) : match.start()]
        after = body[following.start() : min(paragraph.end, following.start() + _NEARBY)]
        if _is_boundary(before, match.group(), after):
            yield match.end()


def _is_boundary(before: str, mark: str, after: str) -> bool:
    if mark[0] in "。！？":
        return True
    bare = after.lstrip(_OPENERS)
    if not bare or bare[0].islower():
        # A lower-case name may begin a sentence after a full stop in a line of its own, never
        # after a quoted question: "Why?" she asked.
        return False
    if mark[0] != "." or mark.startswith(".."):
        return True
    if after[0] in "—–" and _DATELINE.match(before):
        return False
    return _full_stop_ends(before, mark, bare)


def _full_stop_ends(before: str, mark: str, after: str) -> bool:
    """Say whether the single full stop `mark` after `before` ends a sentence that `after` follows."""
    found = _WORD_BEFORE.search(before)
    word = found.group() if found else ""
    following = _WORD_AFTER.match(after)
    starts = following is not None and following.group().lower() in _STARTERS
    key = word.lower()
    if len(mark.rstrip("0123456789[]")) > 1:
        ends = True  # a quote or bracket was closed after the full stop
    elif key in _NEVER_LAST or key in _BEFORE_NAME:
        ends = False
    elif key in _BEFORE_NUMBER:
        ends = not after[0].isdigit()
    elif key in _EITHER_WAY or _ACRONYM.search(f"{word}."):
        ends = starts
    elif len(word) == 1 and word.isupper():
        ends = word == "I" or (starts and not _after_name(before, word))
    else:
        is_item_number = word.isdigit() and len(before.strip()) == len(word)
        ends = not is_item_number  # "1. Open the box" in running text
    return ends


def _after_name(before: str, word: str) -> bool:
    """Say whether an initial stands behind another name, as in "George W. In" (a middle initial)."""
    words = before[: len(before) - len(word)].split()
    return bool(words) and words[-1][:1].isupper() and words[-1].lower() not in _STARTERS


def _cut(body: str, span: Span, limit: int) -> Iterator[Span]:
    """Yield `span`, or pieces of it that end at a clause or a word where it is over `limit` characters."""
    while len(span) > limit:
        window = body[span.start : span.start + limit]
        at = max((match.end() for match in _CLAUSE_END.finditer(window)), default=0)
        if at < limit // 2:
            at = max(window.rfind(" "), window.rfind("\n"))
        if at < limit // 2:
            at = limit
        yield stripped(body, Span(span.start, span.start + at))
        span = stripped(body, Span(span.start + at, span.end))
    if len(span):
        yield span
