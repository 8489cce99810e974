"""Which numbers answer "how fast", "how far" or "how tall": those with a unit of that measure beside them."""

from __future__ import annotations

import re
from typing import Final

from index.kinds import NUMBER, UNIT_OF_TIME

_LENGTH: Final = (
    r"(?:kilomet(?:er|re)s?|met(?:er|re)s?|centimet(?:er|re)s?|millimet(?:er|re)s?|miles?|yards?|feet|foot|ft|inch(?:es)?"
    r"|km|cm|mm|mi|m|fathoms?|light[- ]years?|stor(?:ey|y|ie)s?|floors?|blocks?|laps?)"
)
_WEIGHT: Final = r"(?:kilo(?:gram(?:me)?)?s?|gram(?:me)?s?|tonn?es?|tons?|pounds?|ounces?|stone|kg|lbs?|g|oz)"
_AMOUNT: Final = rf"(?:(?<![\d.,]){NUMBER}|\b(?:an?|half)\b)"
_SPEED: Final = rf"(?:km/?h|kmh|kph|mph|m/s|knots?|percent|per cent|%|mach|(?:per|an?|every|each)\s+{UNIT_OF_TIME})"

_MEASURED: Final = tuple(
    (
        re.compile(rf"\bhow {asked}\b", re.IGNORECASE),
        re.compile(rf"{_AMOUNT}.{{0,40}}?(?<![^\W\d_]){units}(?![^\W\d_])|\b(?:twice|half) as\b", re.IGNORECASE),
    )
    for asked, units in (
        (r"fast (?:do|does|did|can|could|will|would)", rf"(?:{_SPEED}|{UNIT_OF_TIME})"),
        (r"fast", _SPEED),
        (r"far", rf"(?:{_LENGTH}|{UNIT_OF_TIME})"),
        (r"(?:deep|tall|wide)", _LENGTH),
        (r"heavy", _WEIGHT),
    )
)
"""What asks for a measure, and what an amount in it looks like; "how fast did she run" is told as a time too."""


def measure_of(question: str) -> re.Pattern[str] | None:
    """Return what finds an amount in the measure that `question` asks for; None where it asks for no such measure."""
    return next((amount for asked, amount in _MEASURED if asked.search(question)), None)
