from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING

import pytest
from fakes import CountingEmbedder

from index import heap
from index.story import Story
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _found_anew() -> Iterator[None]:
    heap._malloc_trim.cache_clear()
    yield
    heap._malloc_trim.cache_clear()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's")
def test_what_was_freed_goes_back_to_the_system() -> None:
    pieces = [ctypes.create_string_buffer(60_000) for _ in range(2_000)]  # below what is mapped of its own
    kept = ctypes.create_string_buffer(60_000)  # keeps the heap from shrinking from its end
    del pieces
    assert heap.give_back()
    del kept


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not heap.give_back()


def test_building_an_index_gives_back_what_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(heap, "give_back", lambda: given.append(True))
    StoryIndex.build(Story("The bridge is shut. The ferry runs.", "Bridge"), CountingEmbedder())
    assert given == [True]
