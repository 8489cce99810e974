"""What members bring, before it is a story: too large, of no kind we read, or nothing at all."""

from __future__ import annotations

import pytest

from bot.errors import LargeStoryError, RefusedStoryError
from bot.intake import Intake
from bot.phrase import apology
from bot.sandbox import read_safely
from index.load import MOST_BYTES
from index.story import Story


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


@pytest.mark.parametrize("name", ["cats.md", "CATS.Markdown", "cats.txt", "cats.html", "cats"])
async def test_every_file_is_read_in_a_child_process(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    async def safely(content: bytes, name: str) -> Story:
        read.append(name)
        return await read_safely(content, name)

    monkeypatch.setattr("bot.intake.read_safely", safely)
    await Intake().file(name, 25, _cats)
    assert read == [name]


async def test_what_is_no_story_is_refused_with_its_cause_escaped() -> None:
    assert apology(RefusedStoryError("no *story*"), "0") == "I cannot take that: no \\*story\\*"
    with pytest.raises(RefusedStoryError, match="damaged"):
        await Intake().file("cats.pdf", 1, _damaged)
    with pytest.raises(RefusedStoryError):
        Intake().pasted("Cats", "  \n ")
