"""What members bring, before it is a story: too large, of no kind we read, or nothing at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import fetch as fetch_module
from bot import phrase
from bot.errors import FetchError, LargeStoryError, RefusedStoryError
from bot.intake import Intake
from bot.language import LANGUAGES, Language, phrases
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_of_a_page_that_cannot_be_fetched_is_told_in_every_language(language: Language) -> None:
    """The keys are those that `bot.fetch` names; a member reads no English in another language."""
    source = Path(fetch_module.__file__).read_text("utf-8")
    raised = source.count("raise FetchError(")
    keys = re.findall(r'raise FetchError\(\s*message,\s*key="(cause-[a-z]+)"', source)
    assert len(keys) == raised
    say = phrases(language)
    for key in set(keys):
        refused = RefusedStoryError("English.")
        values = {"seconds": 20, "kind": "im*age", "status": 503, "encoding": "zstd", "size": 8}
        refused.__cause__ = FetchError("English.", key=key, **values)  # type: ignore[arg-type]
        told = phrase.apology(refused, "code", say)
        assert told.startswith(say("story-refused", cause=""))
        assert "English" not in told
        assert "im*age" not in told
        others = {phrases(other)(key, **values) for other in LANGUAGES}
        assert len(others) == len(LANGUAGES)
