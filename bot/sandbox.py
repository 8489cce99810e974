"""Reads what strangers send in a child process, so that no file can stop the bot or take its memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from index.errors import LoadError, UnreadableStoryError
from index.feeds import FeedItem
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS = 60.0
_COMMAND = (sys.executable, "-W", "ignore", "-m", "bot.extract")


async def read_safely(
    content: bytes,
    name: str,
    *,
    url: str | None = None,
    charset: str | None = None,
    seconds: float = SECONDS,
    command: Sequence[str] = _COMMAND,
) -> Story:
    """Return the story of a file, read in a child process; `name` says of which kind it is.

    Raises:
        LoadError: it is no story, is damaged, or takes more time or memory than it may.
    """
    about = {"name": name, "url": url, "charset": charset}
    return Story(**(await _child(about, content, seconds, command))["story"])


async def read_feed_safely(content: bytes, *, url: str | None = None, charset: str | None = None) -> list[FeedItem]:
    """Return the items of a feed, read in a child process.

    Raises:
        LoadError: it is no feed, or takes more time or memory than it may.
    """
    about = {"url": url, "charset": charset, "is_feed": True}
    return [FeedItem(**item) for item in (await _child(about, content, SECONDS, _COMMAND))["items"]]


async def _child(about: Mapping[str, object], content: bytes, seconds: float, command: Sequence[str]) -> dict[str, Any]:
    """Return what a child process makes of a file.

    Raises:
        LoadError: it refuses the file, or takes more time or memory than it may.
    """
    # Neither the token nor a database's password is in its environment, nor where systemd put the token.
    secret = ("DISCORD_", "STORYDESK_", "CREDENTIALS_DIRECTORY", "PG")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(secret)}
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await child.communicate(json.dumps(about).encode() + b"\n" + content)
    except TimeoutError:
        message = "The file takes too long to read. Save the article's text as .txt and give that."
        raise UnreadableStoryError(message, reason="takes-long") from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        message = "The file takes too much time or memory to read. Save the article's text as .txt and give that."
        raise UnreadableStoryError(message, reason="takes-much") from None
    if "refused" in answer:
        raise LoadError(answer["refused"], reason=answer["reason"], **answer["values"])
    return answer
