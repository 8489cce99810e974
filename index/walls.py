"""What stands at an address instead of a story: an offer to subscribe, a question for consent, or for a human.

Told by what the page says of itself (`isAccessibleForFree`) and by sentences that begin as only walls do, in
five languages. A story that speaks of subscriptions, cookies or captchas has them inside its sentences.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from index.errors import EmptyStoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Characters: a teaser is shorter than _WHOLE; a story that is longer and ends as stories do is taken to be all of it.
_WHOLE = 2500
_TEASER = 1200
_NEAR = 4  # lines
_BUTTON_CHARACTERS = 80
_LONGEST_CONSENT = 4000
_LONGEST_CHECK = 1200
_LABEL_CHARACTERS = 220  # of the line that a wall is
_MOST_MISSING = 0.8  # of the words that a page says its article has
_START = r"(?:^|(?<=[.!?…:»”\"] )|(?<=[.!?…] [–—] ))[¡¿*→›»✔🔒\s]*"

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_JSON_LD = re.compile(r"<script[^>]+application/ld\+json[^>]*>(.*?)</script>", re.IGNORECASE | re.DOTALL)
_MARKED_LOCKED = re.compile(
    r"<meta[^>]+(?:itemprop=[\"']isAccessibleForFree[\"'][^>]+content=[\"']false"
    r"|article:content_tier[\"'][^>]+content=[\"']locked)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"Article|Posting|Report|WebPage$|Episode|^$")

_PAYS = (
    "That page shows only the beginning of its story, the rest to readers who subscribe or log in. "
    "Save the article's text and add that."
)
_AGREES = (
    "That page asks for consent to cookies instead of showing its story. "
    "Open it in your browser, save the article's text and add that."
)
_HUMAN = (
    "That page asks for a human or a browser with scripts instead of showing its story. "
    "Open it in your browser, save the article's text and add that."
)


@cache
def _patterns(kind: str) -> re.Pattern[str]:
    """Return what walls of a kind are known by."""
    ways = tomllib.loads(resources.files("index").joinpath("walls.toml").read_text("utf-8"))[kind]
    begins = "" if kind in ("offer", "about_consent") else _START
    ends = r"[.!?…»›→ ]*" if kind == "offer" else ""
    return re.compile(f"{begins}(?:{'|'.join(ways)}){ends}", re.IGNORECASE)


def check_for_walls(page: str, seen: Sequence[str], left: Sequence[str], title: str, body: str) -> None:
    """Let a page pass that shows its story: `body` is the text that was taken from it.

    `seen` are all of its visible lines, and `left` those that are neither menus nor boxes nor banners.

    Raises:
        EmptyStoryError: there is a wall in the place of the story, or of the rest of it; says which and what to do.
    """
    shown = [line for line in body.split("\n") if line.strip()]
    told = shown or [title, *seen]
    size = sum(map(len, told))
    short = [line for line in (title, *told) if len(line) <= _LABEL_CHARACTERS]
    if size <= _LONGEST_CHECK and any(_patterns("check").search(line) for line in short):
        raise EmptyStoryError(_HUMAN, reason="wall-check")
    if size <= _LONGEST_CONSENT and _asks_for_consent(told):
        raise EmptyStoryError(_AGREES, reason="wall-consent")
    if _is_locked(page, body, shown) or _ends_in_a_wall(left, told, size):
        raise EmptyStoryError(_PAYS, reason="wall-pay")


def _asks_for_consent(told: Sequence[str]) -> bool:
    """Say whether a text begins a sentence as consent banners do, and is about little else."""
    sentences = [sentence for line in told for sentence in _SENTENCE.split(line) if sentence.strip()]
    about_it = sum(1 for sentence in sentences if _patterns("about_consent").search(sentence))
    return any(_patterns("consent").search(line) for line in told) and about_it * 2 >= len(sentences)


def _ends_in_a_wall(left: Sequence[str], told: Sequence[str], size: int) -> bool:
    """Say whether a text, or the page right below a short one, ends in the offer of the rest."""
    if any(_patterns("paywall").search(line) for line in told[-2:] if len(line) <= _LABEL_CHARACTERS):
        return True
    if size >= _WHOLE:
        return False
    below = [line for line in _below(left, told) if len(line) <= _LABEL_CHARACTERS]
    if any(_patterns("paywall").search(line) for line in below):
        return True
    near = [line.strip() for line in [*told[-2:], *below[:_NEAR]] if len(line) <= _BUTTON_CHARACTERS]
    return size < _TEASER and any(_patterns("offer").fullmatch(line) for line in near)


def _below(left: Sequence[str], told: Sequence[str]) -> list[str]:
    """Return the lines of a page from the last one of the text on; all where that cannot be found."""
    last = " ".join(told[-1].split())[-40:] if told else ""
    places = [at for at, line in enumerate(left) if last and last in line]
    return list(left[places[-1] + 1 :]) if places else list(left)


def _is_locked(page: str, body: str, shown: Sequence[str]) -> bool:
    """Say whether a page calls its article locked, and does not show all of it nevertheless."""
    articles = [node for node in _nodes(page) if _ARTICLE.search(_type(node))]
    locked = [node for node in articles if str(node.get("isAccessibleForFree")).lower() in ("false", "no")]
    if not locked and not _MARKED_LOCKED.search(page):
        return False
    words = len(body.split())
    for node in locked:
        count = node.get("wordCount")
        whole = node.get("articleBody")
        said = int(str(count)) if str(count).isdecimal() else len(whole.split()) if isinstance(whole, str) else 0
        if said:
            return words < _MOST_MISSING * said
    ends = bool(shown) and shown[-1].rstrip("”\"'’»)").endswith((".", "!", "?")) and not shown[-1].endswith("...")
    return len(body) < _WHOLE or not ends


def _nodes(page: str) -> Iterator[dict[str, object]]:
    """Yield what a page says in JSON-LD of itself, without what its lists link to."""
    for found in _JSON_LD.finditer(page):
        try:
            said = json.loads(found.group(1))
        except (ValueError, RecursionError):
            continue
        graph = said.get("@graph") if isinstance(said, dict) else None
        for node in [said] if isinstance(said, dict) else said if isinstance(said, list) else ():
            if isinstance(node, dict):
                yield node
        for node in graph if isinstance(graph, list) else ():
            if isinstance(node, dict):
                yield node


def _type(node: dict[str, object]) -> str:
    kind = node.get("@type", "")
    return " ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
