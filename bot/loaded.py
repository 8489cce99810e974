"""What is kept in memory of what can be had again: the things used last, up to a size, and those in use."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_T = TypeVar("_T")


class Loaded(Generic[_T]):
    """Things by their keys, used by several threads.

    Those that were used longest ago go first, once all together are larger than `most`. What is held
    stays until it is let go of, whatever its size, and what is pinned stays for good and is not counted.
    """

    def __init__(self, most: int) -> None:
        """Keep things of up to `most` in size together."""
        self._most = most
        self._things: OrderedDict[str, tuple[_T, int]] = OrderedDict()
        self._held: Counter[str] = Counter()
        self._unwanted: set[str] = set()
        self._lock = threading.Lock()

    def __contains__(self, key: str) -> bool:
        """Say whether a thing is here."""
        return key in self._things

    @property
    def size(self) -> int:
        """Return the size of all things that are not pinned."""
        with self._lock:
            return self._size()

    def things(self) -> list[_T]:
        """Return all things."""
        with self._lock:
            return [thing for thing, _ in self._things.values()]

    def get(self, key: str) -> _T | None:
        """Return a thing, which counts as used, or None where it is not here."""
        with self._lock:
            if key not in self._things:
                return None
            self._things.move_to_end(key)
            return self._things[key][0]

    def pin(self, key: str, thing: _T) -> None:
        """Keep a thing for good."""
        with self._lock:
            self._held[key] += 1
            self._things[key] = (thing, 0)

    def add(self, key: str, thing: _T, size: int) -> None:
        """Keep a thing that is not here yet; others that are not in use go, where there is no room."""
        with self._lock:
            self._unwanted.discard(key)
            self._things[key] = (thing, size)
            self._make_room(newest=key)

    def drop(self, key: str) -> None:
        """Keep a thing no longer than it is held."""
        with self._lock:
            if self._held[key]:
                self._unwanted.add(key)
            else:
                self._things.pop(key, None)

    @contextlib.contextmanager
    def holding(self, keys: Iterable[str]) -> Iterator[None]:
        """Let none of these go, those among them neither that are added meanwhile."""
        held = list(keys)
        with self._lock:
            self._held.update(held)
        try:
            yield
        finally:
            with self._lock:
                self._held.subtract(held)
                free = [key for key in held if not self._held[key]]
                for key in free:
                    del self._held[key]
                    if key in self._unwanted:
                        self._unwanted.discard(key)
                        self._things.pop(key, None)
                self._make_room()

    def _make_room(self, newest: str | None = None) -> None:
        excess = self._size() - self._most
        for key, (_, size) in list(self._things.items()):
            if excess <= 0:
                return
            if key != newest and not self._held.get(key):
                del self._things[key]
                excess -= size

    def _size(self) -> int:
        return sum(size for _, size in self._things.values())
