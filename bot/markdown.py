"""Strangers' text as Discord's Markdown: escaped, so that it is shown and not interpreted, quoted and shortened.

Web addresses stay whole in all of it: Discord links them as they stand, and a mark or a cut inside one
would lead elsewhere.
"""

from __future__ import annotations

import re
from itertools import chain

import regex

ADDRESS = re.compile(r"https?://[^\s<>()\[\]|`*~\\]+")
"""What Discord takes for a web address within a text."""

_ADDRESS_CHARACTERS = 2048
_SCHEME = re.compile(r"(?:https?)?://")
_MARKS = re.compile(
    r"[\\*_~`|<\[\]]"  # what has a meaning anywhere
    r"|(?:^|(?<=[\n\r\u2028\u2029]))[^\S\n\r\u2028\u2029]*(?:[>#+-]|\d+(?=\.\s))",  # where a line begins
)
_LINE_BREAK = re.compile(r"\r\n|[\r\n\u2028\u2029]")
_CHARACTER = regex.compile(r"\X")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


def escape(text: str) -> str:
    """Return `text` so that Discord shows it as it is; web addresses stay whole."""
    parts: list[str] = []
    at = 0
    for address in ADDRESS.finditer(text):
        parts += [_MARKS.sub(_escaped, text[at : address.start()]), address.group()]
        at = address.end()
    return "".join([*parts, _MARKS.sub(_escaped, text[at:])])


def _escaped(mark: re.Match[str]) -> str:
    """Put a backslash before a mark, or behind the number of what would be a list item."""
    found = mark.group()
    return f"{found}\\" if found[-1].isdigit() else f"{found[:-1]}\\{found[-1]}"


def block_quote(text: str) -> str:
    """Return `text`, which is Markdown, as a block quote that none of its lines ends."""
    return "> " + _LINE_BREAK.sub("\n> ", text)


def shortened(text: str, limit: int) -> str:
    """Return `text` on one line, cut between words and marked where it is over `limit` characters.

    A word that is longer than that, or a text in a script without spaces, is cut between what
    readers see as characters; an address that is cut, or that the mark would stick to, is no link any more.
    """
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    line = line[: limit + _ADDRESS_CHARACTERS]
    while True:
        at = line.rfind(" ", 0, limit)
        if at <= 0 or _UNSPACED.search(line, at, limit):
            at = max((cut.start() for cut in _CHARACTER.finditer(line) if cut.start() < limit), default=0)
        short = f"{line[:at].rstrip()}…"
        links = chain(ADDRESS.finditer(line), ADDRESS.finditer(short))
        torn = next((link for link in links if link.start() < at <= link.end()), None)
        if torn is None:
            return short
        if torn.start() > 0:
            limit = torn.start()
        elif len(line := _SCHEME.sub("", line)) <= limit and not ADDRESS.search(line):
            return line
