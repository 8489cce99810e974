"""A child process that reads one story: a page, a PDF or a Word file comes in, the story goes out as JSON.

    python -m bot.extract   (standard input: a line of JSON on the file, then its bytes)

Whatever a hostile file does, it does it here, within limits of memory and time that `bot.sandbox` sets.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

_MEMORY = 2_000_000_000  # bytes of address space
_SECONDS = 40  # of computing


def main() -> None:
    """Read the story and print it, or the line that says why it cannot be read."""
    _limit()
    about = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    from index.errors import LoadError
    from index.feeds import read_feed
    from index.load import read_story

    where = {"url": about.get("url"), "charset": about.get("charset")}
    answer: dict[str, Any]
    try:
        if about.get("is_feed"):
            answer = {"items": [asdict(item) for item in read_feed(content, **where)]}
        else:
            answer = {"story": asdict(read_story(content, about["name"], **where))}
    except LoadError as error:
        answer = {"refused": str(error), "reason": error.reason, "values": error.values}
    except (MemoryError, RecursionError):
        message = "The file is too large or too deeply nested to be read."
        answer = {"refused": message, "reason": "takes-much", "values": {}}
    sys.stdout.write(json.dumps(answer))


def _limit() -> None:
    """Bound memory and time, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
