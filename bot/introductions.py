"""Who somebody is: the name that a question asks about, and what a sentence says beside it."""

from __future__ import annotations

import re
from typing import Final

from bot.roles import HEADS, WORKERS
from index.letters import CAPITAL
from index.story import Span

_WHO_IS = re.compile(r"who(?:['’]s|\s+is|\s+was)\s+(?!the\b|an?\b)([^?,.]+?)\s*[?.!]*", re.IGNORECASE)
_NOT_ONE = r"(?!\s+(?:same|next|following|two|three|four|five|men|women|pair|others?)\b(?![-'’]))"
_APPOSITION = re.compile(
    rf",\s+(?:\d+,\s+)?((?:(?:an?|the{_NOT_ONE}|who)\b|{CAPITAL}[\w-]*['’]s\b|[a-z]+\s+(?:of|at|for)\b)[^,;.]+)"
)
_IS = re.compile(r"\s+(?:is|was)\s+((?:an?|the)\s+(?!(?:first|last|only|next|same|one|best|worst)\b)[^,;.]+)")
_CALLED = re.compile(r"\b((?:an?|the)(?:\s+[^,;.\s]+){1,8}?)\s+(?:named|called)\s+$", re.IGNORECASE)
_SAYS = re.compile(r"(?!who\b).*\b(?:said|says|told|is|are|was|were|has|have|had)\b", re.IGNORECASE)
_NO_TITLE = (
    r"(?!(?:On|In|At|By|For|After|Before|When|While|As|And|But|With|From|Since|Until|Yesterday|Mr|Mrs|Ms|Dr|\w+day"
    r"|Only|Even|Then|Now|Today|Later|Like|Unlike|If|Because|Both|Neither|Nobody|Meanwhile|Also|That|This|Once)\b)"
)
_TITLE = re.compile(
    rf"(?<!\b[Ii]n )(?<!\b[Aa]t )(?<!rom )(?<!ear )(?<!\b[Oo]f )\b"
    rf"((?:{_NO_TITLE}{CAPITAL}[\w’'.-]*\s+(?:(?:of|for|the)\s+){{0,2}}){{0,6}}{_NO_TITLE}{CAPITAL}[\w’'.-]*)\s+$"
)
_ROLE = re.compile(rf"(?<![\w'’-])({HEADS.replace(' ', '|')}|{WORKERS.replace(' ', '|')})\s+$")
_KINDS_OF_ROLE: Final = frozenset(
    (
        "acting affairs agency agriculture air airline airport armed army art assistant associate bank book bus "
        "business caretaker chief city civil climate club co-founder coast company county court creative crime "
        "culture defence defense deputy development district economy education election emergency energy "
        "environment event ex executive federal federation finance fire fish flight food football forces foreign "
        "former founding general government guard guild harbor harbour health highway hockey home hospital hotel "
        "human industry information intelligence interim interior junior justice labor labour law lead local "
        "longtime managing marine medical military mission municipal museum national navy news opera opposition "
        "party peace police port presiding press prime prison program programme project provincial public race "
        "rail regional rescue research retired rights rugby safety school science security senior shadow sports "
        "staff star state station store supreme team tennis tourism trade train transport treasury truck union "
        "university veteran vice village water youth "
    ).split()
)
"""Words in small letters that say which minister or chief somebody is; before any other the role stands alone."""
_WORD = re.compile(r"[^\W\d_][\w’'-]*(?=\s+$)")
_MOST_WORDS: Final = 4
_DENIED = re.compile(
    r"\b(?:not|never|whether|if|unless|nor|neither|no longer|den\w+)\s+(?:(?:an?|the)\s+)?$", re.IGNORECASE
)
_PARTICLES: Final = frozenset(
    "de da di du del della der den des van von zu bin ibn al el la le dos das ten ter af av".split()
)
_FULL_NAME = re.compile(rf"{CAPITAL}[\w’'-]*(?:\s+(?:(?:{'|'.join(sorted(_PARTICLES))})\s+)*{CAPITAL}[\w’'-]*)*")
_PRESENTED = re.compile(
    rf"\b((?:(?i:the|his|her|its|their)|(?:{CAPITAL}[\w-]+\s+){{0,3}}{CAPITAL}[\w-]+['’]s)"
    rf"\s+\w(?:(?!\b(?:with|met|and|by|in|at|to|his|her|its|their)\b)[^,;.:“”\"]){{2,50}}),\s+$"
)


def introduces(question: str, sentence: str) -> bool:
    """Say whether `question` asks who somebody named is, and `sentence` says it beside the name."""
    name = name_asked_about(question, sentence)
    return name is not None and description(sentence, name) is not None


def name_asked_about(question: str, sentence: str) -> Span | None:
    """Return where `sentence` has the name that `question` asks about, if it asks who or what somebody named is."""
    asked = _WHO_IS.fullmatch(question.strip())
    found = asked and re.search(rf"(?<!\w){re.escape(asked[1])}(?!\w)", sentence, re.IGNORECASE)
    name = Span(*found.span()) if found else None
    return name if name and is_name(sentence, name) else None


def is_name(sentence: str, words: Span) -> bool:
    """Say whether all of some words of a sentence have a capital, or are as small as "de" and "van" in a name."""
    said = sentence[words.start : words.end].split()
    return all(word[:1].isupper() or (at > 0 and word in _PARTICLES) for at, word in enumerate(said))


def is_of_another_person(question: str, sentence: str) -> bool:
    """Say whether `question` asks for somebody by first and last name, and `sentence` has one of the two with another.

    Where it has the whole name too, or one part alone, it may be about the one that is asked for.
    """
    asked = _WHO_IS.fullmatch(question.strip())
    words = asked[1].split() if asked else []
    if len(words) < 2 or not all(word[:1].isupper() or word in _PARTICLES for word in words):  # noqa: PLR2004 - a first and a last name
        return False
    wanted = set(words) - _PARTICLES
    names = [set(re.sub(r"['’]s?(?=\s|$)", "", name).split()) for name in _FULL_NAME.findall(sentence)]
    of_some = [name for name in names if name & wanted]
    return bool(of_some) and all(len(name) > 1 and not wanted <= name for name in of_some)


def description(sentence: str, name: Span) -> Span | None:
    """Return what `sentence` says beside `name` of who that is: an apposition, or a title before it."""
    after = _APPOSITION.match(sentence, name.end)
    is_told = after is not None and not _SAYS.match(after[1])
    said, ahead = sentence[: name.start], sentence[name.end : name.end + 1]
    is_whole = " " in sentence[name.start : name.end]  # no first name, behind which another may stand
    if after and is_told and not after[1].startswith("who"):
        return Span(*after.span(1))
    if is_whole and (role := _role(said)):
        return role
    if after and is_told:
        return Span(*after.span(1))
    found = (
        (_IS.match(sentence, name.end) if not said.strip() else None)  # else somebody may doubt or deny it
        or _CALLED.search(said)
        or (_PRESENTED.search(said) if ahead in ",.;" else None)
        or (_TITLE.search(said) if is_whole else None)
    )
    return Span(*found.span(1)) if found else None


def _role(said: str) -> Span | None:
    """Return the role in small letters that `said` ends with, "the Italian surgeon" without its article."""
    found = _ROLE.search(said)
    if found is None:
        return None
    start, is_capital = found.start(1), False
    for _ in range(_MOST_WORDS):
        word = _WORD.search(said[:start])
        if word is None or not _says_which(
            word[0], is_first=not re.search(r"\w", said[: word.start()]) and not is_capital
        ):
            break
        start, is_capital = word.start(), word[0][0].isupper()
    return None if _DENIED.search(said[:start]) else Span(start, found.end(1))


def _says_which(word: str, *, is_first: bool) -> bool:
    """Say whether a word before a role belongs to it: a name, unless it only begins the sentence, or a kind of role."""
    if word.lower() in ("the", "a", "an"):
        return False
    return word.lower() in _KINDS_OF_ROLE or (not is_first and re.match(rf"{_NO_TITLE}{CAPITAL}", word) is not None)
