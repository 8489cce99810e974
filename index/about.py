"""What a file says about its story: title, author, date and the like, made fit to be kept and shown.

All of it may come from strangers, so each is one line of bounded length; what is out of bounds is cut
between words, or left out where a part of it would be wrong.
"""

from __future__ import annotations

import re
from typing import TypedDict

from index.story import is_blank

_TITLE_CHARACTERS = 300
_NAME_CHARACTERS = 200  # of a source or an author
_DATE_CHARACTERS = 60
_URL_CHARACTERS = 2000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class About(TypedDict, total=False):
    """The fields of a `Story` beside its body and title; what is not known is left out."""

    url: str
    published: str
    source: str
    author: str
    language: str


def title_of(*found: object) -> str:
    """Return the first of several possible titles that is text and can be seen."""
    return next((line for title in found if not is_blank(line := one_line(title, _TITLE_CHARACTERS))), "")


def about(
    *,
    url: object = None,
    published: object = None,
    source: object = None,
    author: object = None,
    language: object = None,
) -> About:
    """Return what is known of a story; whatever is no text is left out."""
    found = About()
    if isinstance(url, str) and len(url.strip()) <= _URL_CHARACTERS and (line := one_line(url, _URL_CHARACTERS)):
        found["url"] = line
    if line := one_line(published, _DATE_CHARACTERS):
        found["published"] = line
    if line := one_line(source, _NAME_CHARACTERS):
        found["source"] = line
    if line := one_line(author, _NAME_CHARACTERS):
        found["author"] = line
    if isinstance(language, str) and _LANGUAGE.fullmatch(language.strip()):
        found["language"] = language.strip()
    return found


def one_line(text: object, limit: int) -> str:
    """Return text on one line, cut between words where it is over `limit` characters; empty for what is no text."""
    if not isinstance(text, str):
        return ""
    line = " ".join(_UNSEEN.sub(" ", text[: 4 * limit]).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rsplit(' ', 1)[0]}…"
