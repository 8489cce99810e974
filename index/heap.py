"""The memory that the C library holds back after work on a long text; only glibc can give it back."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def give_back() -> bool:
    """Give what is free back to the system; say whether there was any (`malloc_trim(3)`)."""
    return bool(_malloc_trim()(0))


@cache
def _malloc_trim() -> Callable[[int], int]:
    try:
        return ctypes.CDLL(None).malloc_trim  # of the C library that runs us
    except (AttributeError, OSError, TypeError):  # another library than glibc, or another system
        return lambda _: 0
