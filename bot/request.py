"""What a member asked for and has not got yet: its short id, and how many of them are under way.

A request lasts as long as the task that works on it. Its id is a context variable, so that it
stands in every log line of that task and of those that it starts, and in the apology if there is one.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Request:
    """A question, a command or a press of a button; `guild_id` is None in direct messages."""

    id: str
    guild_id: int | None


_current: ContextVar[Request | None] = ContextVar("storydesk_request", default=None)


def current_request() -> Request | None:
    """Return the request that the running task works on."""
    return _current.get()


def error_code() -> str:
    """Return the code by which a member's apology is found in the log: the request's id, else a new one."""
    request = _current.get()
    return request.id if request else secrets.token_hex(_ID_BYTES)


class Requests:
    """The requests under way."""

    def __init__(self) -> None:
        """Begin with none."""
        self.is_draining = False
        self._tasks: set[asyncio.Task[Any]] = set()

    def enter(self, guild_id: int | None) -> None:
        """Count the running task as a request until it ends; a task that is one already stays the same."""
        if _current.get() is None:
            _current.set(Request(secrets.token_hex(_ID_BYTES), guild_id))
        task = asyncio.current_task()
        if task is not None and task not in self._tasks:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._tasks)

    async def drain(self, seconds: float) -> int:
        """Let no more questions in and give those under way so many seconds; return how many are left."""
        self.is_draining = True
        until = time.monotonic() + seconds
        while self._tasks and (left := until - time.monotonic()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        return len(self._tasks)
