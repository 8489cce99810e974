"""Several pieces of work in step: each text and pair reaches the models once, and each work gets its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes import CountingEmbedder, WordReader

from bot.together import Pairs, Spent, Texts, alone, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bot.reader import Reading
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


def test_what_each_model_took_is_added_up_over_all_batches() -> None:
    class Patient(CountingEmbedder):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            time.sleep(0.02)
            return super().encode(texts)

    class Slow(WordReader):
        def read_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Reading]:
            time.sleep(0.05)
            return super().read_pairs(pairs)

    def twice() -> Work[None]:
        yield Texts(("cost",))
        yield Pairs((("cost", "a base"),))
        yield Pairs((("cost", "a pact"),))

    spent, began = Spent(), time.perf_counter()
    together([work("troops", "a base"), twice()], Patient(), Slow(), spent)
    assert spent.embedding >= 0.02
    assert spent.reading >= 0.1  # two batches of pairs
    assert spent.embedding + spent.reading <= time.perf_counter() - began


def test_nothing_is_made_of_nothing() -> None:
    assert together([], CountingEmbedder(), WordReader()) == []
    assert np.isclose(alone(work("base"), CountingEmbedder(), WordReader())[0], 0)
