"""Why something failed, as the name of a phrase and its values: it can be kept, and told later in any language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import AskError, FetchError, RefusedStoryError
from index.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Cause:
    """The phrase called `key`, with `values` in it, which are not escaped."""

    key: str
    values: Mapping[str, object]


def cause_of(error: BaseException) -> Cause | None:
    """Return why something failed; None for a story that is refused for a reason that has no phrase.

    What is wrong with the bot itself is one cause: the details are for whoever runs it.
    """
    if isinstance(error, RefusedStoryError):
        return _of_text(error.__cause__)
    if isinstance(error, AskError):
        return Cause(error.key, error.values)
    return Cause("cause-ours", {})


def _of_text(error: BaseException | None) -> Cause | None:
    """Return why a text that someone brought cannot be fetched or read."""
    if isinstance(error, LoadError):
        return Cause(f"cause-{error.reason}", error.values)
    if isinstance(error, FetchError) and error.key:
        return Cause(error.key, error.values)
    return None
