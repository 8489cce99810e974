"""A conversation at the terminal, with a prompt and a history that outlives it."""

from __future__ import annotations

import contextlib
import readline
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from bot.errors import AskError
from bot.terminal import show_passages, show_reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from bot.desk import Desk

_HISTORY_LINES = 500
_HELP = "Ask about the story. :more shows further passages, :help this line, :quit (or Ctrl-D) ends."


async def converse(desk: Desk, console: Console) -> None:
    """Read questions until the end of input and print the replies."""
    story = await desk.story()
    console.print(f"Storydesk: {story.title}", style="bold", markup=False)
    console.print(_HELP, style="dim", markup=False)
    further: tuple[int, ...] = ()
    with _history():
        while (line := _read_line()) is not None:
            if line in (":quit", ":q"):
                return
            if line == ":help":
                console.print(_HELP, style="dim", markup=False)
            elif line == ":more" and not further:
                console.print("There is nothing more to show; ask something first.", style="dim")
            elif line == ":more":
                show_passages(console, await desk.passages(further), story)
            elif line:
                further = await _answer(desk, console, line)


async def _answer(desk: Desk, console: Console, question: str) -> tuple[int, ...]:
    try:
        reply = await desk.ask(question)
    except AskError as error:
        console.print(str(error), style="yellow", markup=False)
        return ()
    show_reply(console, reply, await desk.story())
    return reply.further


def _read_line() -> str | None:
    """Return the next line, or None at the end of input or on Ctrl-C.

    It waits in the main thread and so holds up the event loop, in which nothing else runs here: a
    thread that waits for input goes on waiting after Ctrl-C, and the terminal with it.
    """
    interrupted = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return input("? ").strip()
    except (EOFError, KeyboardInterrupt):
        return None
    finally:
        signal.signal(signal.SIGINT, interrupted)


@contextlib.contextmanager
def _history() -> Iterator[None]:
    """Keep the questions of earlier conversations within reach of the arrow keys."""
    file = Path(platformdirs.user_state_dir("storydesk", appauthor=False)) / "history"
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        readline.read_history_file(file)
    try:
        yield
    finally:
        readline.set_history_length(_HISTORY_LINES)
        with contextlib.suppress(OSError):
            readline.write_history_file(file)
