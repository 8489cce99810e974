"""Several pieces of work in step: each text and pair reaches the models once, and each work gets its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import CountingEmbedder, WordReader

from bot.together import Pairs, Texts, alone, together

if TYPE_CHECKING:
    from bot.together import Work


def work(text: str, *passages: str) -> Work[tuple[float, list[float]]]:
    """Embed a text, then read passages where there are any."""
    vectors = yield Texts((text,))
    readings = (yield Pairs(tuple((text, passage) for passage in passages))) if passages else []
    return float(vectors[0][0]), [reading.score for reading in readings]


def fails(text: str) -> Work[tuple[float, list[float]]]:
    yield Texts((text,))
    message = f"no {text}"
    raise LookupError(message)


def test_what_all_want_is_done_in_one_go_and_comes_back_to_each() -> None:
    embedder, reader = CountingEmbedder(), WordReader({"base": 3.0})
    made = together([work("troops", "a base", "x"), work("cost"), work("troops", "a base")], embedder, reader)
    assert made == [(1.0, [3.0, float("-inf")]), (0.0, []), (1.0, [3.0])]
    assert embedder.seen == ["troops", "cost"]
    assert reader.seen == [("troops", "a base"), ("troops", "x")]


def test_the_trouble_of_one_is_not_that_of_the_others() -> None:
    first, second, third = together([work("troops"), fails("luck"), work("cost")], CountingEmbedder(), WordReader())
    assert (first, third) == ((1.0, []), (0.0, []))
    assert isinstance(second, LookupError)
    with pytest.raises(LookupError, match="no luck"):
        alone(fails("luck"), CountingEmbedder(), WordReader())


def test_nothing_is_made_of_nothing() -> None:
    assert together([], CountingEmbedder(), WordReader()) == []
    assert np.isclose(alone(work("base"), CountingEmbedder(), WordReader())[0], 0)
