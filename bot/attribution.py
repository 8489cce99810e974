"""Where a sentence says whose claim it tells: "according to …", "… said", "is seen as".

An answer sets these words in bold with the answering ones, so that nobody reads a claim as the
story's own.
"""

from __future__ import annotations

import re

from index.story import Span

_NAME = r"(?: [^,;:()“”\"]{1,60}?(?=[,;:()”\"]|\.?$))?"
_SPEAKER = r"(?:[A-Z][\w’'.-]*|he|she|they|it|officials?|analysts?|experts?|researchers?|media|police)"
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


def attribution(sentence: str) -> Span | None:
    """Return where `sentence` first says whose claim it tells; None where it tells it as its own."""
    match = _CLAIM.search(sentence)
    return Span(match.start(), match.end()) if match else None
