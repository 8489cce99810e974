"""Capital letters in regular expressions: Python's `re` has no class for them, and `[A-Z]` knows no É and no Ø."""

from __future__ import annotations

from typing import Final

_LATIN: Final = range(0x41, 0x250)  # up to the end of Latin Extended-B

CAPITAL: Final = "[" + "".join(filter(str.isupper, map(chr, _LATIN))) + "]"
"""A capital Latin letter, with or without marks."""
