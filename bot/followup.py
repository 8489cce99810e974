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
    r"\b(?:it|its|they|them|their|theirs)\b|\b(?:these|those)$"
    r"|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )\bthere$"
    r"|\b(?:this|that)(?=$|\s+(?:happen|cost|work|mean|start|end)\b)",
    re.IGNORECASE,
)
_BE_LATER = re.compile(r"^(?P<subject>\S.*?)\s+(?P<verb>is|are|was|were|will|would|can|could)\s+", re.IGNORECASE)
_BE = frozenset(("is", "are", "was", "were"))
_FINITE = re.compile(r"\b(?:is|are|was|were|has|have|had|will|would|can|could|did|does|do)\b", re.IGNORECASE)
_SEVERAL = frozenset(("they", "them", "their", "theirs"))
_IS_QUESTION = re.compile(
    rf"^(?:then\s+)?(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must)\b"
    rf"|^(?:the|a|an|we|you|i|these|those|this|that)\b|\b(?:{_ASKS})\b",
    re.IGNORECASE,
)
"""What follows "and" or "what about" and is a question of its own, or no name that could take another's place."""
_EMPTY = re.compile(
    r"\b(?:is|was) it (?:true|possible|likely|legal|illegal|ok|\w+ing)\b|\btime is it\b|\bit takes? (?!to\b|so\b)\w",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"^(?:how many|which|what)\s+(?!(?:is|are|was|were|do|does|did|has|have|had)\b)\w", re.IGNORECASE)
_NOUN = re.compile(r"\b(?:the|a|an|any|some|all|most|every|each|no)\s+\w", re.IGNORECASE)
_PREPOSITION = re.compile(r"\b(?:of|about|for|in|on|at|to|with|from|by|behind|near|around|into)\s+$", re.IGNORECASE)
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
    bare = _BARE.match(asked)
    if bare and bare["asks"].lower() != "what":
        return _sentence(_asked_anew(bare, last))
    about = _ABOUT.match(question.strip(_ENDS))
    if about and not _IS_QUESTION.search(about["subject"]):
        return _sentence(_with_other_subject(last.question, about["subject"]))
    he = _PERSON.search(asked)
    if he and not _has_name(asked[: he.start()]) and (person := _person(turns)):
        return _sentence(_PERSON.sub(lambda found: _in_place_of(found, asked, person), asked))
    it = _THING.search(asked)
    if it and not _stands_for_something(asked, it) and (topic := _topic(last)):
        return _sentence(_THING.sub(lambda found: _in_place_of(found, asked, topic), asked, count=1))
    return question


def _has_name(words: str) -> bool:
    """Say whether there is a name beyond the first word, which has a capital whatever it is."""
    return NAME.search(words.partition(" ")[2]) is not None


def _stands_for_something(asked: str, pronoun: re.Match[str]) -> bool:
    """Say whether a pronoun needs no earlier turn: it stands for something in its own question, or for nothing."""
    before, after = asked[: pronoun.start()], asked[pronoun.end() :]
    if _has_name(before) or _EMPTY.search(f"{before}it{after}"):
        return True
    of_several = pronoun.group().lower() in _SEVERAL
    return bool((of_several and _COUNTED.match(before)) or (_NOUN.search(before) and not _PREPOSITION.search(before)))


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
        return _BE_LATER.sub(r"\g<verb> \g<subject> ", rest) if not _AUXILIARY.match(rest) else rest
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
    before = asked[: last.start()]
    if _PREPOSITION.match(f"{subject.partition(' ')[0]} "):
        if not _PREPOSITION.search(before):
            return f"{asked} {subject}"
        before = _PREPOSITION.sub("", before)
    return f"{before}{subject}{asked[last.end() :]}"


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
    """Return what a turn was about: the thing that its question names first, or nothing where that is hard to tell."""
    question = turn.question.strip(_ENDS)
    whole = _WHOLE.match(question)
    rest = whole["rest"] if whole else question
    verb = rest.partition(" ")[0]
    topic = _AUXILIARY.sub("", rest)
    if topic != rest and verb.lower() not in _BE:  # "did Niger sign": what is left begins with who did it
        name = NAME.match(topic)
        return name.group() if name else ""
    if topic == rest and as_asked(verb):  # "met Kurt Campbell"
        return ""
    return _FINITE.split(topic, maxsplit=1)[0].strip() or (turn.short or "")


def _in_place_of(found: re.Match[str], question: str, name: str) -> str:
    """Return a name in the form of the pronoun it replaces."""
    word = found.group().lower()
    follows = question[found.end() :].strip(_ENDS)
    is_possessive = word in _POSSESSIVE or (word == "her" and bool(follows))
    return f"{name}'s" if is_possessive else name
