"""Looks at everything the bot needs and says in plain words what is in order and what to do."""

from __future__ import annotations

import shutil
import socket
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from bot.backup import leftovers
from bot.config import Config, discord_token, load_config
from bot.errors import ConfigError, StorydeskError
from bot.opening import database_for, find_story, index_folder, load_embedder, load_reader
from bot.remedies import with_remedy
from bot.serving import refusal
from bot.store.database import migrate
from index.errors import MissingIndexError, SavedIndexError, StoryError
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from index.embed import Embedder
    from index.story import Story


_T = TypeVar("_T")

_PROBE_BYTES = 1_000_000
_LITTLE_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one subject."""

    subject: str
    is_good: bool
    text: str


def examine(config_path: Path | None) -> list[Finding]:
    """Return the findings on settings, story, model, index, database, folder, port and token, in this order."""
    try:
        config = load_config(config_path)
    except ConfigError as error:
        return [Finding("settings", is_good=False, text=str(error))]
    findings = [Finding("settings", is_good=True, text="every setting is known and right.")]
    story = _examined(findings, "story", lambda: find_story(None, config))
    if story is not None:
        findings.append(Finding("story", is_good=True, text=f"“{story.title}”, {len(story.paragraphs)} paragraphs."))
    embedder = _examined(findings, "model", lambda: load_embedder(config))
    if embedder is not None:
        findings.append(Finding("model", is_good=True, text=f"{embedder.name} loads and its weights are as expected."))
        if _examined(findings, "reader", lambda: load_reader(config, embedder)) is not None:
            findings.append(Finding("reader", is_good=True, text="it loads, and the calibration is fitted for both."))
    if story is not None and embedder is not None:
        findings.append(_index_finding(config, story, embedder))
    if (name := _examined(findings, "database", lambda: _migrated(config))) is not None:
        findings.append(Finding("database", is_good=True, text=f"{name} is up to date."))
    findings += [_folder_finding(config.data_folder), _server_finding(config), _token_finding()]
    return findings


def _migrated(config: Config) -> str:
    """Bring the database to the present form, as every start does; return its name."""
    database = database_for(config)
    migrate(database)
    return database.name


def _examined(findings: list[Finding], subject: str, look: Callable[[], _T]) -> _T | None:
    """Return what `look` finds; where it fails, note why and return None."""
    try:
        return look()
    except (StorydeskError, StoryError) as error:
        findings.append(Finding(subject, is_good=False, text=str(error)))
        return None


def _index_finding(config: Config, story: Story, embedder: Embedder) -> Finding:
    folder = index_folder(config, story.id)
    try:
        index = StoryIndex.load(folder, embedder, story=story)
    except MissingIndexError:
        return Finding(
            "index", is_good=True, text="none yet; it is built at the first question, or by `storydesk index`."
        )
    except SavedIndexError as error:
        return Finding("index", is_good=True, text=f"{error} That happens by itself at the next start.")
    return Finding("index", is_good=True, text=f"{len(index)} passages in {folder}.")


def _folder_finding(folder: Path) -> Finding:
    """Say whether the data folder can be written and has room."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE_BYTES))
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding("data folder", is_good=False, text=with_remedy(f"{folder} cannot be used: {error}", error))
    if left := leftovers(folder):
        text = (
            f"a restore did not come to its end; what was there before lies in {left[0]}: move it back, or delete it."
        )
        return Finding("data folder", is_good=False, text=text)
    text = f"{folder} can be written, {free // 1_000_000:,} MB are free"
    if free < _LITTLE_BYTES:
        return Finding("data folder", is_good=False, text=f"{text}: free some space before it is full.")
    return Finding("data folder", is_good=True, text=f"{text}.")


def _server_finding(config: Config) -> Finding:
    """Say whether the port for /healthz, /readyz and /metrics is free."""
    server = config.server
    if not server.port:
        return Finding("server", is_good=True, text="none; server.port opens /healthz, /readyz and /metrics.")
    try:
        family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
        with socket.create_server((server.host, server.port), family=family):
            return Finding("server", is_good=True, text=f"{server.host}:{server.port} is free.")
    except OSError as error:
        return Finding("server", is_good=False, text=f"{refusal(server, error)} (Does the bot run already?)")


def _token_finding() -> Finding:
    """Say whether there is a token; without one everything but `run` works."""
    try:
        discord_token()
    except ConfigError as error:
        return Finding("token", is_good=True, text=f"{error} Only `storydesk run` needs it.")
    return Finding("token", is_good=True, text="there is one; whether Discord takes it shows `storydesk run`.")
