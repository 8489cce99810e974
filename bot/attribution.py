"""Where a sentence says whose claim it tells: "according to …", "… said", "is seen as".

An answer sets these words in bold with the answering ones, so that nobody reads a claim as the
story's own; and a claim that the next sentence takes back is never shown without that.
"""

from __future__ import annotations

import re

from index.letters import CAPITAL
from index.story import Span

_NAME = r"(?: [^,;:()“”\"]{1,60}?(?=[,;:()”\"]|\.?$))?"
_SPEAKER = rf"(?:{CAPITAL}[\w’'.-]*|he|she|they|it|officials?|analysts?|experts?|researchers?|media|police)"
_SAYS = (
    r"(?:said|says|told|tells|claimed|claims|argued|argues|believes?|believed|thinks?|thought|warned|warns|"
    r"denied|denies|suggested|suggests|insisted|insists|estimated|estimates|reported|alleged|alleges|accused|"
    r"accuses|predicted|predicts|announced|announces|stated|states|called|calls|hopes?|hoped|fears?|feared)"
)
_CLAIM = re.compile(
    rf"\b(?:[Aa]ccording to|[Aa]s (?:reported|told|stated|claimed|described) by|[Ii]n the (?:view|words|opinion) of|"
    rf"reports? by|an estimate by){_NAME}"
    r"|\b[Ii]n (?:his|her|its|their) (?:view|words|opinion)\b"
    r"|\b(?:is|are|was|were) (?:widely )?(?:viewed|seen|regarded|considered|described|believed|thought|said|"
    r"reported|alleged|understood|expected|rumou?red) (?:as|to)\b"
    rf"|\b(?:{_SPEAKER} ){{1,4}}{_SAYS}\b"
    r"|\b(?:[Rr]eportedly|allegedly|supposedly|apparently|purportedly)\b"
)

_RUMOUR = re.compile(
    r"\b(?:rumou?r\w*|speculat\w+|unconfirmed|alleg\w+|claim(?:s|ed|ing)?|reports? that|social media|online|posts?"
    r"|gossip)\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:denial|false(?:ly)?|untrue|(?:not|nothing|isn['’]t|wasn['’]t) (?:\w+ )?true|no (?:evidence|truth|such)"
    r"|(?:is|was|are|were) (?:incorrect|wrong|misleading)|refut(?:es|ed)|debunk(?:s|ed)|hoax|never happened|baseless"
    r"|unfounded|groundless|fabricated|(?:den(?:y|ies|ied)|reject(?:s|ed)|dismiss(?:es|ed)|disput(?:es|ed)|retract(?:s|ed))"
    r"(?=[.,;]|$|\s+(?:it|that|this|them|any|all|having|being|\w+ing|(?:the|those|these|his|her|its|their)\s+(?:\w+\s+)?"
    r"(?:claims?|reports?|rumou?rs?|allegations?|accusations?|charges?|stor(?:y|ies)|suggestions?|theor(?:y|ies)|statements?))\b))",
    re.IGNORECASE,
)
_TURN = re.compile(
    r"[“\"‘']?(?:But|However|Yet|In fact|In truth|In reality)\b.*(?:\b(?:not?|never|nothing|nobody|none)\b|n['’]t\b)",
    re.DOTALL,
)


def attribution(sentence: str) -> Span | None:
    """Return where `sentence` first says whose claim it tells; None where it tells it as its own."""
    match = _CLAIM.search(sentence)
    return Span(match.start(), match.end()) if match else None


def is_taken_back(sentence: str, following: str, *, in_paragraph: bool) -> bool:
    """Say whether `sentence` tells a claim that the `following` one denies, or turns from in the same paragraph."""
    if attribution(sentence) is None and not _RUMOUR.search(sentence):
        return False
    return _DENIAL.search(following) is not None or (in_paragraph and _TURN.match(following) is not None)
