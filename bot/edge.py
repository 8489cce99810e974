"""What every command shares: its options, the console, and where errors become a line and an exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Never, TypeVar

import typer

from index.settings import FILE_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from bot.config import Config

_T = TypeVar("_T")

StoryOption = Annotated[
    str | None, typer.Option("--story", metavar="PATH_OR_ID", help=f"A {FILE_KINDS} file, or an indexed story.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings; config.toml here if there is one.")
]


class State:
    """What the options before the command said."""

    debug = False


def read_config(path: Path | None) -> Config:
    """Return the settings."""
    from bot.config import load_config

    return load_config(path)


def console() -> Console:
    """Return a console as wide as the terminal."""
    from rich.console import Console

    return Console(highlight=False)


def print_json(found: dict[str, Any]) -> None:
    """Print one object on one line."""
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")


def with_status(label: str, work: Callable[[], _T]) -> _T:
    """Return what `work` makes, with a label while it works."""
    from rich.console import Console

    with Console(stderr=True).status(f"{label} …"):
        return work()


def guarded(work: Callable[[], None]) -> None:
    """Run `work`; tell an error that was raised on purpose in one line and end with exit code 1."""
    from bot.errors import StorydeskError
    from index.errors import StoryError

    try:
        work()
    except BrokenPipeError:
        raise  # whoever read our output has gone; Typer ends quietly
    except (StorydeskError, StoryError, OSError) as error:
        _fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _fail(error: Exception) -> Never:
    if State.debug:
        raise error
    from bot.remedies import with_remedy

    text = with_remedy(str(error), error) if isinstance(error, OSError) else str(error)
    typer.echo(f"storydesk: {' '.join(text.split())}", err=True)
    raise typer.Exit(1)
