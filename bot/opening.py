"""Opens what a desk needs, in one place for the terminal, the preview and Discord."""

from __future__ import annotations

import contextlib
import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING

from bot.calibration import Calibration
from bot.desk import Desk
from bot.errors import UnknownStoryError
from bot.reader import Reader
from bot.shelf import Shelf
from bot.store.database import FILE, Database
from bot.store.store import Store
from bot.story_files import StoryFiles
from bot.telemetry import log_event
from index.bundled import BUNDLED_MODEL, BundledEmbedder
from index.embed import SentenceTransformerEmbedder
from index.errors import UnreadableStoryError
from index.load import SHIPPED_STORY, load_story, shipped_story
from index.settings import FILE_KINDS
from index.story import Story
from index.story_index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.config import Config
    from bot.shelf import OpenIndex
    from bot.telemetry import QuestionHook
    from index.embed import Embedder
    from index.story_index import Progress


def find_story(name: str | None, config: Config) -> Story:
    """Return the story that `name` means: a file, the id of an indexed story, or by default the configured one.

    Raises:
        LoadError: the file cannot be read as a story.
        UnknownStoryError: there is neither a file nor an indexed story of that name.
    """
    if not name:
        return load_story(config.story_path) if config.story_path else shipped_story()
    path = Path(name).expanduser()
    if path.exists() or path.suffix:
        return load_story(path)
    shipped = shipped_story()
    if name in (SHIPPED_STORY, shipped.id):
        return shipped
    with contextlib.suppress(UnknownStoryError):
        return StoryFiles(config.data_folder).load(name)
    try:
        saved = index_folder(config, name) / "story.json"
        return Story(**json.loads(saved.read_text("utf-8")))
    except (UnreadableStoryError, OSError, ValueError, TypeError):
        message = (
            f"There is no story {name!r}: give the path of a {FILE_KINDS} file, or the id of an indexed story, as "
            "`storydesk stories list` shows it."
        )
        raise UnknownStoryError(message) from None


def index_folder(config: Config, story_id: str) -> Path:
    """Return where the index of a story is saved."""
    if not story_id.isalnum():
        message = f"{story_id!r} is no id of a story."
        raise UnreadableStoryError(message, reason="no-file")
    return config.data_folder / "indexes" / story_id


def database_for(config: Config) -> Database:
    """Return the configured database, without one the file in the data folder.

    Raises:
        StorageError: `storage.url` is no address, or of a database that is not supported.
    """
    if not config.storage.url.get_secret_value():
        return Database.of_file(config.data_folder / FILE)
    return Database.of_url(config.storage.url, config.base_folder)


def store_for(config: Config) -> Store:
    """Return the store that is configured; it is to be opened.

    Raises:
        StorageError: as `database_for`.
    """
    return Store(config.data_folder, database_for(config))


def load_embedder(config: Config) -> Embedder:
    """Return the configured embedding model; takes seconds the first time.

    Raises:
        ModelError: it is missing or damaged.
    """
    if config.model.name == BUNDLED_MODEL:
        return BundledEmbedder.load(cache=config.data_folder)
    return SentenceTransformerEmbedder.load(config.model.name)


def load_shelf(config: Config, story: Story, *, progress: Progress | None = None) -> Shelf:
    """Return a shelf with one story, whose index is read from the data folder or built.

    Raises:
        StoryError, StorydeskError: a model, the index or the calibration cannot be used.
    """
    embedder = load_embedder(config)
    reader, calibration = load_reader(config, embedder)
    index = StoryIndex.open(story, index_folder(config, story.id), embedder, progress=progress)
    shelf = Shelf(
        [index],
        embedder,
        reader,
        calibration,
        open_index=open_index_in(config.data_folder),
        most_sentences=config.library.most_sentences_loaded,
    )
    gc.freeze()  # all this stays; looking through it for garbage stopped the event loop for .14 s
    return shelf


def open_index_in(data_folder: Path) -> OpenIndex:
    """Return what reads or builds the index of a story of the library by the story's id."""
    files = StoryFiles(data_folder)

    def open_index(
        story_id: str, embedder: Embedder, progress: Progress | None = None, *, builds: bool = True
    ) -> StoryIndex:
        story, folder = files.load(story_id), data_folder / "indexes" / story_id
        if builds:
            return StoryIndex.open(story, folder, embedder, progress=progress)
        return StoryIndex.load(folder, embedder, story=story)

    return open_index


def load_shelf_of(config: Config, stories: Sequence[Story], *, progress: Progress | None = None) -> Shelf:
    """Return a shelf with many stories whose indexes are built in memory and not saved, for measuring.

    Raises:
        StoryError, StorydeskError: as `load_shelf`.
    """
    embedder = load_embedder(config)
    reader, calibration = load_reader(config, embedder)
    indexes = [StoryIndex.build(story, embedder, progress=progress) for story in stories]
    return Shelf(indexes, embedder, reader, calibration)


def open_reader(name: str, embedder: Embedder) -> Reader:
    """Return the reader called `name`, on the tensors of `embedder` where these are those of the bundled model.

    Raises:
        ModelError: it is missing or damaged.
    """
    return Reader.open(name, embedder.bert if isinstance(embedder, BundledEmbedder) else None)


def load_reader(config: Config, embedder: Embedder) -> tuple[Reader, Calibration]:
    """Return the configured reader, and the calibration of answers for it and `embedder`.

    Raises:
        ModelError: the reader is missing, damaged, or made for another embedding model.
        ConfigError: the calibration was fitted for other models.
    """
    reader = open_reader(config.model.reader, embedder)
    calibration = Calibration.load(
        embedder.fingerprint, reader.fingerprint, strictness=config.answers.strictness, path=config.calibration_path
    )
    return reader, calibration


def desk_for(config: Config, story: Story, *, progress: Progress | None = None, hook: QuestionHook = log_event) -> Desk:
    """Return a desk for one story; it loads when it is opened."""
    return Desk(
        lambda: load_shelf(config, story, progress=progress),
        max_question_characters=config.answers.max_question_characters,
        most_waiting=config.answers.most_waiting,
        closest=config.answers.closest,
        hook=hook,
        tells_questions=config.log.question_text,
    )
