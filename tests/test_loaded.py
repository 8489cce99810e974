from __future__ import annotations

from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from bot.loaded import Loaded

MOST = 10
KEYS = st.sampled_from("abcdefgh")
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("use"), KEYS, st.integers(1, 6)),
        st.tuples(st.just("hold"), KEYS, st.just(0)),
        st.tuples(st.just("release"), KEYS, st.just(0)),
        st.tuples(st.just("drop"), KEYS, st.just(0)),
    ),
    max_size=60,
)


def loaded() -> Loaded[str]:
    made: Loaded[str] = Loaded(MOST)
    made.pin("first", "First")
    return made


@given(DEEDS)
def test_it_is_bounded_but_for_what_is_held_and_never_loses_that(deeds: list[tuple[str, str, int]]) -> None:
    things, holds = loaded(), dict[str, list[ExitStack]]()
    with ExitStack() as everything:
        for deed, key, size in deeds:
            if deed == "use" and things.get(key) is None:
                things.add(key, key.upper(), size)
                assert things.get(key) == key.upper()
            elif deed == "hold":
                hold = everything.enter_context(ExitStack())
                hold.enter_context(things.holding([key]))
                holds.setdefault(key, []).append(hold)
            elif deed == "release" and holds.get(key):
                holds[key].pop().close()
            elif deed == "drop":
                was_there = key in things
                things.drop(key)
                assert (key in things) == (was_there and bool(holds.get(key)))
            free = [name for name in "abcdefgh" if name in things and not holds.get(name)]
            assert things.size <= MOST or len(free) <= 1  # what was added last stays, whatever its size
            assert things.get("first") == "First"
    assert things.size <= MOST


@given(DEEDS)
def test_what_is_held_stays(deeds: list[tuple[str, str, int]]) -> None:
    things = loaded()
    with things.holding(["a", "b"]):
        things.add("a", "A", 8)
        things.add("b", "B", 8)
        for deed, key, size in deeds:
            if deed == "drop":
                things.drop(key)
            elif things.get(key) is None:
                things.add(key, key.upper(), size)
            assert things.get("a") == "A"
            assert things.get("b") == "B"


def test_what_was_used_longest_ago_goes_first() -> None:
    things = loaded()
    for key in "abc":
        things.add(key, key, 3)
    things.get("a")
    things.add("d", "d", 3)
    assert [key for key in "abcd" if key in things] == ["a", "c", "d"]


def test_what_is_dropped_while_it_is_held_goes_when_it_is_let_go_unless_it_came_again() -> None:
    things = loaded()
    things.add("a", "A", 1)
    with things.holding(["a"]), things.holding(["a"]):
        things.drop("a")
        assert "a" in things
    assert "a" not in things
    with things.holding(["a"]):
        things.add("a", "A", 1)
        things.drop("a")
        things.add("a", "A", 1)
    assert "a" in things
