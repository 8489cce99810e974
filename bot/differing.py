"""Whether two answers give different figures or dates for the same question; pure.

"About 900" and "900 troops" agree, and so do "Tuesday" and "Tuesday, 3 March": one only says more.
They differ where each has a figure that the other has not.
"""

from __future__ import annotations

import re

from index.kinds import Kind

_FIGURES = frozenset((Kind.COUNT, Kind.MONEY, Kind.PERCENT, Kind.DURATION, Kind.TIME))
_SMALL = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
        " eighteen nineteen".split(),
        start=1,
    )
} | {
    word: 10 * number
    for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "billion": 1e9, "bn": 1e9}
_SCALES |= {"trillion": 1e12} | {f"{word}s": scale for word, scale in _SCALES.items() if len(word) > 2}  # noqa: PLR2004 - not of k, m and bn
_NAMES = frozenset(
    "jan feb mar apr may jun jul aug sep oct nov dec monday tuesday wednesday thursday friday saturday sunday".split()
)
_UNITS = frozenset("second minute hour day night week month year decade century".split())
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[a-z]+")


def figures_differ(kind: Kind, first: str, second: str) -> bool:
    """Say whether two answers to a question of this kind give different figures."""
    if kind not in _FIGURES:
        return False
    one, other = figures(first), figures(second)
    return bool(one - other) and bool(other - one)


def figures(text: str) -> frozenset[float | str]:
    """Return the figures of a text: numbers with their scale, and names of months, weekdays and units of time."""
    found: set[float | str] = set()
    number: float | None = None
    for token in _TOKEN.findall(text.casefold()):
        value = _number(token)
        scale = _SCALES.get(token)
        if value is not None:
            is_compound = number is not None and number % 10 == 0 and number < 100 and value < 10 and token.isalpha()  # noqa: PLR2004 - as in "twenty-five"
            if number is not None and not is_compound:
                found.add(number)
            number = number + value if is_compound and number is not None else value
        elif scale is not None:
            number = (1 if number is None else number) * scale
        else:
            found |= {name for name in (token, token[:3], token.removesuffix("s")) if name in _NAMES | _UNITS}
    return frozenset(found if number is None else {*found, number})


def _number(token: str) -> float | None:
    """Return what a token counts; commas part thousands, a point decimals."""
    if token in _SMALL:
        return _SMALL[token]
    if not token[0].isdigit():
        return None
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", token).replace(",", ".")
    try:
        return float(plain)
    except ValueError:  # as in 3.4.2026
        return None
