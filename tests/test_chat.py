from __future__ import annotations

import io
import os
import readline
import signal
import time
from typing import TYPE_CHECKING

import pytest
from bot_fakes import STORY, shelf_of
from rich.console import Console

from bot.chat import converse
from bot.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELP = ":more shows further passages"


@pytest.fixture(autouse=True)
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep the history in a folder of its own, and the terminal's own history clean."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    readline.clear_history()
    yield tmp_path / "storydesk" / "history"
    readline.clear_history()


async def conversation(monkeypatch: pytest.MonkeyPatch, *typed: str) -> str:
    """Return what is shown where these lines are typed and then the input ends."""
    waiting = iter(typed)

    def read(prompt: str) -> str:
        assert prompt == "? "
        line = next(waiting, None)
        if line is None:
            raise EOFError
        if line:
            readline.add_history(line)
        return line

    monkeypatch.setattr("builtins.input", read)
    console = Console(record=True, width=100, file=io.StringIO(), highlight=False)
    async with Desk(shelf_of) as desk:
        await converse(desk, console)
    assert list(waiting) == [], "the conversation ended before all was read"
    return console.export_text()


async def test_it_greets_with_the_storys_title_and_ends_with_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    text = await conversation(monkeypatch)
    assert text.splitlines()[0] == f"Storydesk: {STORY.title}"
    assert text.count(HELP) == 1


async def test_questions_are_answered_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    text = await conversation(monkeypatch, "How many troops are stationed there?", "  ", "How much did the base cost?")
    assert text.index("More than 1,000 American troops") < text.index("The base near Agadez cost $100 million.")


async def test_more_shows_the_passages_that_were_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    text = await conversation(monkeypatch, "How many troops are stationed there?", ":more")
    assert text.count("More than 1,000 American troops") == 1
    assert "The base near Agadez cost $100 million." in text
    assert "score" in text


async def test_help_is_shown_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await conversation(monkeypatch, ":help")).count(HELP) == 2


@pytest.mark.parametrize("word", [":quit", ":q", "  :quit  "])
async def test_quit_ends_it(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match="before all was read"):
        await conversation(monkeypatch, word, "never read")


async def test_ctrl_c_ends_it_while_it_waits_for_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: str) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
        return "never typed"

    monkeypatch.setattr("builtins.input", interrupted)
    handler = signal.getsignal(signal.SIGINT)
    console = Console(record=True, file=io.StringIO())
    async with Desk(shelf_of) as desk:
        await converse(desk, console)
    assert signal.getsignal(signal.SIGINT) is handler
    assert "never typed" not in console.export_text()


async def test_a_bad_question_is_told_and_the_conversation_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    text = await conversation(monkeypatch, "?!", "x" * 501, "How many troops are stationed there?")
    assert "There is no question in that." in text
    assert "That is 501 characters" in text
    assert "More than 1,000 American troops" in text


async def test_the_history_outlives_the_conversation(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await conversation(monkeypatch, "Who agreed?", ":quit")
    assert "Who agreed?" in history.read_text("utf-8")  # noqa: ASYNC240 - a test may wait for its file
    readline.clear_history()
    await conversation(monkeypatch)
    assert readline.get_history_item(1) == "Who agreed?"


@pytest.fixture
def _a_file_where_the_folder_should_be(history: Path) -> None:
    history.parent.write_text("in the way", "utf-8")


@pytest.mark.usefixtures("_a_file_where_the_folder_should_be")
async def test_a_history_that_cannot_be_kept_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "1,000" in await conversation(monkeypatch, "How many troops are stationed there?")
