"""How many of the machine's cores are ours."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Return how many cores this process may use, which a container or `taskset` may have limited."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
