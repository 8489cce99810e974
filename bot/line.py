"""The line in which questions wait for the desk's worker thread; no more than so many are let in.

Questions are answered in the order in which they came, and those that wait in one turn together,
which costs a third less. Lookups and claims count among those let in and work alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import BusyError
from bot.together import Spent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from bot.answer import Reply
    from bot.shelf import Asked, Shelf

_TOGETHER = 16  # questions that are answered at once


@dataclass(slots=True)
class Waiting:
    """A question that waits: the future of its reply, when its turn began, and what the models took for that turn."""

    asked: Asked
    reply: asyncio.Future[Reply]
    began: float = 0.0
    spent: Spent | None = None


class Line:
    """Questions are let in and join in the event loop, and are answered in the worker thread."""

    def __init__(self, worker: Executor, *, most: int) -> None:
        """Let up to `most` in at a time; `worker` works on one thing at a time."""
        self._worker = worker
        self._most = most
        self._waiting: deque[Waiting] = deque()
        self.under_way = 0

    @contextlib.contextmanager
    def admitted(self) -> Iterator[None]:
        """Count a question, a lookup or a claim among those under way, until the block is left.

        Raises:
            BusyError: too many are.
        """
        if self.under_way >= self._most:
            message = f"I am busy: {self.under_way} questions wait already. Please try again in a minute."
            raise BusyError(message, waiting=self.under_way)
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def join(self, asked: Asked, shelf: Shelf, closest: int) -> Waiting:
        """Let a question wait for its turn, in which `shelf` answers, with `closest` passages where it cannot."""
        waiting = Waiting(asked, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._worker.submit(self._answer_turn, shelf, closest)
        return waiting

    def cancel(self) -> None:
        """Cancel the questions whose turn has not begun."""
        while self._waiting:
            self._waiting.popleft().reply.cancel()

    def _answer_turn(self, shelf: Shelf, closest: int) -> None:
        """Answer the questions that wait, in the worker thread; whoever gave up waiting is passed over."""
        turn: list[Waiting] = []
        with contextlib.suppress(IndexError):
            while len(turn) < _TOGETHER:
                waiting = self._waiting.popleft()
                if not waiting.reply.cancelled():
                    turn.append(waiting)
        began, spent = time.perf_counter(), Spent()
        replies: list[Reply | Exception]
        try:
            replies = shelf.answer_all([one.asked for one in turn], closest, spent)
        except Exception as error:  # noqa: BLE001 - whatever it is, all who wait are told
            replies = [error] * len(turn)
        for waiting, made in zip(turn, replies, strict=True):
            waiting.began, waiting.spent = began, spent
            waiting.reply.get_loop().call_soon_threadsafe(_settle, waiting.reply, made)


def _settle(future: asyncio.Future[Reply], made: Reply | Exception) -> None:
    if future.done():
        return  # whoever asked has given up
    if isinstance(made, Exception):
        future.set_exception(made)
    else:
        future.set_result(made)
