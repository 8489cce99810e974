"""Understands a follow-up such as "and when?" or "who is he?" from the turns before it; pure, and English.

A few rules, each of which rewrites the question into one that stands alone. Whoever asked sees
what became of it, so that a wrong guess is seen as one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.persons import NAME, persons
from bot.verbs import as_asked, is_participle

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_TURNS = 4
"""Turns that are looked at, the newest first."""

_MOST_WORDS = 9  # a longer question is taken to stand alone
_LEAD = re.compile(r"^(?:(?:and|but|so|ok|okay|then|also|oh|hm+)\b[,\s]*)+", re.IGNORECASE)
_ASKS = r"how (?:many|much|long|far|often|old|big)|when|where|why|how|who|whom|what|which"
_THAT = r"(?:that|it|this)(?:\s+(?:be|happen|so))?"
_BARE = re.compile(
    rf"^(?P<asks>how\s+come|{_ASKS})(?P<tail>\s+not|\s+(?:was|is|did|does|were|are|will|would)\s+{_THAT}|\s+so|\s+exactly)?$",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"^(?:(?:what|how) about|and)\s+(?P<subject>.+)$", re.IGNORECASE)
_WHOLE = re.compile(rf"^(?P<asks>{_ASKS})\b\s*(?P<rest>.*)$", re.IGNORECASE)
_AUXILIARY = re.compile(
    r"^(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must)\b\s*", re.IGNORECASE
)
_DENIED = {"will": "won't", "can": "can't"} | {
    word: f"{word}n't" for word in "is are was were do does did has have had would could should must".split()
}
_PERSON = re.compile(r"\b(?:he|she|him|his|her|hers)\b", re.IGNORECASE)
_THING = re.compile(
    r"\b(?:it|its|they|them|their|theirs|these|those)\b"
    r"|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )\bthere$"
    r"|\b(?:this|that)(?=$|\s+(?:happen|cost|work|mean|start|end)\b)",
    re.IGNORECASE,
)
_BE = frozenset(("is", "are", "was", "were"))
_POSSESSIVE = frozenset(("his", "its", "their"))
_ENDS = " \t\n?!.,;:"


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was asked before, as it was understood, and the bare answer it got, if any."""

    question: str
    short: str | None = None
    quote: str = ""


def understood(question: str, turns: Sequence[Turn]) -> str:
    """Return `question` so that it stands alone, or as it is; `turns` come newest first."""
    if not turns or len(question.split()) > _MOST_WORDS:
        return question
    last = turns[0]
    lead = _LEAD.match(question)
    asked = question[lead.end() if lead else 0 :].strip(_ENDS)
    if bare := _BARE.match(asked):
        return _sentence(_asked_anew(bare, last))
    about = _ABOUT.match(question.strip(_ENDS))
    if about and not _WHOLE.match(about["subject"]):
        return _sentence(_with_other_subject(last.question, about["subject"]))
    if _PERSON.search(asked) and (person := _person(turns)):
        return _sentence(_PERSON.sub(lambda found: _in_place_of(found, asked, person), asked))
    if _THING.search(asked) and (topic := _topic(last)):
        return _sentence(_THING.sub(lambda found: _in_place_of(found, asked, topic), asked, count=1))
    return question


def _sentence(text: str) -> str:
    """Return a question with a capital at its beginning and one mark at its end."""
    words = " ".join(text.split()).strip(_ENDS)
    return f"{words[:1].upper()}{words[1:]}?"


def _asked_anew(bare: re.Match[str], last: Turn) -> str:
    """Return what the last turn asked about, with the words that ask now in front."""
    asks = "why" if bare["asks"].lower().startswith("how come") else bare["asks"]
    rest = _without_asking(last)
    if (bare["tail"] or "").strip().lower() == "not":
        return f"{asks} {_denied(rest)}"
    return f"{asks} {rest}"


def _denied(rest: str) -> str:
    """Return an inversion that is denied: "won't the troops leave"; of a statement, its words after "not"."""
    auxiliary, _, subject = rest.partition(" ")
    denied = _DENIED.get(auxiliary.lower())
    return f"{denied} {subject}" if denied else f"not {rest}"


def _without_asking(turn: Turn) -> str:
    """Return what a turn asked about as a statement or an inversion, with its answer where it asked for that."""
    question = turn.question.strip(_ENDS)
    whole = _WHOLE.match(question)
    if whole is None:
        return f"{question[:1].lower()}{question[1:]}" if _AUXILIARY.match(question) else question
    rest, asks = whole["rest"], whole["asks"].lower()
    if asks not in ("who", "what", "which"):
        return rest
    return _inverted(_from_its_verb(asks, rest), turn.short) if turn.short else rest


def _from_its_verb(asks: str, rest: str) -> str:
    """Return what follows "which" or "what" from its verb on: "signed it" of "country signed it"."""
    noun, _, more = rest.partition(" ")
    is_noun = asks == "which" or (asks == "what" and not _starts_with_verb(noun))
    return more if is_noun and _starts_with_verb(more) else rest


def _starts_with_verb(text: str) -> bool:
    return bool(_AUXILIARY.match(text)) or as_asked(text.partition(" ")[0]) is not None


def _inverted(rest: str, answer: str) -> str:
    """Return what follows "who", "what" or "which" as an inversion, with what answered it in its place.

    "met Kurt Campbell" was asked of the subject, so it becomes "did Lena Ortiz meet Kurt Campbell"; "did Niger
    sign" asked for the object, which is put at its end.
    """
    verb, _, more = rest.partition(" ")
    if not _AUXILIARY.match(rest):
        asked = as_asked(verb)
        return f"{asked[0]} {answer} {asked[1]} {more}" if asked else f"{answer} {rest}"
    if verb.lower() in _BE and is_participle(more.partition(" ")[0]):
        return f"{verb} {answer} {more}"
    return f"{rest} {answer}"


def _with_other_subject(question: str, subject: str) -> str:
    """Return a question asked of something else: in place of its last name, or at its end."""
    asked = question.strip(_ENDS)
    names = [name for name in NAME.finditer(asked) if name.start() > 0]
    if not names:
        return f"{asked} {subject}"
    last = names[-1]
    return f"{asked[: last.start()]}{subject}{asked[last.end() :]}"


def _person(turns: Sequence[Turn]) -> str | None:
    """Return the name that was last spoken of: an answer first, then the names of its question and quote."""
    for turn in turns[:MOST_TURNS]:
        if turn.short and not any(map(str.isdigit, turn.short)) and (named := persons(turn.short)):
            return named[0]
        asked_of = turn.question.strip(_ENDS)
        first = asked_of.partition(" ")[0]  # which has a capital whatever it is
        named = persons(asked_of[len(first) :]) + [name for name in persons(turn.quote) if " " in name]
        if named:
            return named[0]
    return None


def _topic(turn: Turn) -> str:
    """Return what a turn was about: the words of its question after those that ask."""
    question = turn.question.strip(_ENDS)
    whole = _WHOLE.match(question)
    rest = whole["rest"] if whole else question
    return _AUXILIARY.sub("", rest) or (turn.short or "")


def _in_place_of(found: re.Match[str], question: str, name: str) -> str:
    """Return a name in the form of the pronoun it replaces."""
    word = found.group().lower()
    follows = question[found.end() :].strip(_ENDS)
    is_possessive = word in _POSSESSIVE or (word == "her" and bool(follows))
    return f"{name}'s" if is_possessive else name
