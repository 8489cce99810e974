"""What members bring, before it is a story: too large, of no kind we read, or nothing at all."""

from __future__ import annotations

import pytest

from bot.errors import LargeStoryError, RefusedStoryError
from bot.intake import Intake
from bot.phrase import apology
from index.load import MOST_BYTES


async def _untouched() -> bytes:
    pytest.fail("a file over the limit is not downloaded")


async def _cats() -> bytes:
    return b"# Cats\n\nCats sleep a lot."


async def _damaged() -> bytes:
    return b"x"


async def test_a_large_file_is_refused_before_it_is_downloaded() -> None:
    with pytest.raises(LargeStoryError) as refused:
        await Intake().file("book.pdf", MOST_BYTES + 1, _untouched)
    assert apology(refused.value, "0") == "That file has 9 MB; I take up to 8 MB."


async def test_a_text_is_read_as_it_is() -> None:
    story = await Intake().file("cats.md", 25, _cats)
    assert (story.title, story.body) == ("Cats", "Cats sleep a lot.")


async def test_what_is_no_story_is_refused_with_its_cause_escaped() -> None:
    assert apology(RefusedStoryError("no *story*"), "0") == "I cannot take that: no \\*story\\*"
    with pytest.raises(RefusedStoryError, match="damaged"):
        await Intake().file("cats.pdf", 1, _damaged)
    with pytest.raises(RefusedStoryError):
        Intake().pasted("Cats", "  \n ")
