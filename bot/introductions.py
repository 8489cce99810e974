"""Who somebody is: the name that a question asks about, and what a sentence says beside it."""

from __future__ import annotations

import re

from index.letters import CAPITAL
from index.story import Span

_WHO_IS = re.compile(r"who(?:['’]s|\s+is|\s+was)\s+(?!the\b|an?\b)([^?,.]+?)\s*[?.!]*", re.IGNORECASE)
_NOT_ONE = r"(?!\s+(?:same|next|following|two|three|four|five|men|women|pair|others?)\b)"
_APPOSITION = re.compile(
    rf",\s+(?:\d+,\s+)?((?:(?:an?|the{_NOT_ONE}|who)\b|{CAPITAL}[\w-]*['’]s\b|[a-z]+\s+(?:of|at|for)\b)[^,;.]+)"
)
_IS = re.compile(r"\s+(?:is|was)\s+((?:an?|the)\s+(?!(?:first|last|only|next|same|one|best|worst)\b)[^,;.]+)")
_CALLED = re.compile(r"\b((?:an?|the)\s+[^,;.]{3,60}?)\s+(?:named|called)\s+$", re.IGNORECASE)
_SAYS = re.compile(r"(?!who\b).*\b(?:said|says|told|is|are|was|were|has|have|had)\b", re.IGNORECASE)
_NO_TITLE = (
    r"(?!(?:On|In|At|By|For|After|Before|When|While|As|And|But|With|From|Since|Until|Yesterday|Mr|Mrs|Ms|Dr|\w+day"
    r"|Only|Even|Then|Now|Today|Later|Like|Unlike|If|Because|Both|Neither|Nobody|Meanwhile|Also|That|This|Once)\b)"
)
_TITLE = re.compile(
    rf"(?<!\b[Ii]n )(?<!\b[Aa]t )(?<!rom )(?<!ear )(?<!\b[Oo]f )\b"
    rf"((?:{_NO_TITLE}{CAPITAL}[\w’'.-]*\s+(?:(?:of|for|the)\s+){{0,2}}){{0,6}}{_NO_TITLE}{CAPITAL}[\w’'.-]*)\s+$"
)
_NO_ROLE = (
    r"(?!(?i:an?|the|this|that|these|those|his|her|its|their|whose|one|and|or|but|nor|as|if|so|of|to|by|from|with|without|for|in|on"
    r"|at|under|over|about|after|before|since|until|when|where|while|like|unlike|than|between|against|both|even|also|then|only"
    r"|said|says?|told|tells?|met|saw|sent|made|paid|beat|took|left|(?!retired)\w+ed)\b)"
)
_ROLE = re.compile(
    rf"(?<![\w'’-])((?:{_NO_ROLE}[^\W\d_][\w-]*['’]?\s+){{0,3}}"
    r"(?:actor|activist|analyst|architect|artist|athlete|attorney|author|biologist|captain|chair\w*|chief|coach|commander"
    r"|commissioner|coroner|curator|defender|deputy|detective|director|doctor|driver|economist|editor|engineer|executive|farmer"
    r"|fisherman|forward|founder|geologist|goalkeeper|governor|head|historian|hydrologist|inspector|investigator|journalist"
    r"|judge|lawmaker|lawyer|leader|manager|mayor|midfielder|minister|negotiator|nurse|officer|owner|photographer|physicist"
    r"|pilot|planner|player|politician|president|principal|prosecutor|professor|reporter|researcher|resident|rider|scientist"
    r"|seismologist|senator|sergeant|singer|skipper|spokes\w+|striker|student|superintendent|surgeon|surveyor|teacher|treasurer"
    r"|volunteer|writer))\s+$"
)
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
    """Say whether all of some words of a sentence have a capital."""
    return all(word[:1].isupper() for word in sentence[words.start : words.end].split())


def description(sentence: str, name: Span) -> Span | None:
    """Return what `sentence` says beside `name` of who that is: an apposition, or a title before it."""
    after = _APPOSITION.match(sentence, name.end)
    if after and not _SAYS.match(after[1]):
        return Span(*after.span(1))
    said, ahead = sentence[: name.start], sentence[name.end : name.end + 1]
    is_whole = " " in sentence[name.start : name.end]  # no first name, behind which another may stand
    found = (
        (_IS.match(sentence, name.end) if not said.strip() else None)  # else somebody may doubt or deny it
        or _CALLED.search(said)
        or (_PRESENTED.search(said) if ahead in ",.;" else None)
        or ((_ROLE.search(said) or _TITLE.search(said)) if is_whole else None)
    )
    return Span(*found.span(1)) if found else None
