"""`storydesk stories`: the operator's stories, which every guild sees and none can change."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path  # noqa: TC003 - Typer looks at it
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.edge import ConfigOption, JsonOption, console, guarded, print_json, read_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from bot.config import Config
    from bot.store.records import StoryRecord
    from bot.store.stories import StoryStore
    from index.story import Story

_T = TypeVar("_T")

stories = typer.Typer(
    help="Stories for all servers, beside those that each server brings itself.", no_args_is_help=True
)

StoryArgument = Annotated[str, typer.Argument(metavar="STORY", help="The number, the id or the name of a story.")]


@stories.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="Files: .md, .txt or .html.")], config: ConfigOption = None
) -> None:
    """Add stories and index them; one that is there already is left as it is."""

    def work() -> None:
        from bot.opening import index_folder, load_embedder
        from bot.progress import Progress
        from bot.story_files import StoryFiles
        from index.load import load_story
        from index.story_index import StoryIndex

        settings = read_config(config)
        found = [load_story(file) for file in files]  # a wrong one is told before any is added
        kept = StoryFiles(settings.data_folder)
        embedder = load_embedder(settings)
        for story in found:
            kept.save(story)
            with Progress("Embedding the story") as progress:
                StoryIndex.open(story, index_folder(settings, story.id), embedder, progress=progress)
            record, is_new = _with_records(settings, lambda records, story=story: records.add(None, story))  # type: ignore[misc]
            state = "added" if is_new else "there already"
            typer.echo(f"{record.id}  {record.name}: {state}, {record.paragraphs} paragraphs, id {record.story_id}")

    guarded(work)


@stories.command(name="list")
def list_all(as_json: JsonOption = False, config: ConfigOption = None) -> None:  # noqa: FBT002 - Typer's way to declare a flag
    """List the operator's stories, the newest first."""

    def work() -> None:
        from rich.table import Table
        from rich.text import Text

        records = _with_records(read_config(config), lambda records: records.visible(None))
        if as_json:
            print_json({"stories": [_object(record) for record in records]})
            return
        if not records:
            typer.echo("There are none yet; `storydesk stories add FILE` brings one.")
            return
        table = Table("number", "id", "name", "paragraphs")
        for record in records:
            table.add_row(str(record.id), record.story_id, Text(record.name), str(record.paragraphs))
        console().print(table)

    guarded(work)


@stories.command()
def show(story: StoryArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:  # noqa: FBT002 - as above
    """Show what is known about a story."""

    def work() -> None:
        found = _object(_found(read_config(config), story))
        if as_json:
            print_json(found)
        else:
            for name, value in found.items():
                typer.echo(f"{name}: {value if value is not None else '-'}")

    guarded(work)


@stories.command()
def rename(
    story: StoryArgument, name: Annotated[str, typer.Argument(help="The new name.")], config: ConfigOption = None
) -> None:
    """Give a story another name."""

    def work() -> None:
        settings = read_config(config)
        number = _found(settings, story).id
        record = _with_records(settings, lambda records: records.rename(None, number, name))
        typer.echo(f"{record.id}  {record.name}: renamed")

    guarded(work)


@stories.command()
def remove(
    story: StoryArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002 - as above
    config: ConfigOption = None,
) -> None:
    """Remove a story; its text is deleted by the bot, an hour later at the earliest."""

    def work() -> None:
        settings = read_config(config)
        found = _found(settings, story)
        if not yes:
            typer.confirm(f"Remove “{found.name}”?", abort=True)
        record = _with_records(settings, lambda records: records.remove(None, found.id))
        typer.echo(f"{record.id}  {record.name}: removed")

    guarded(work)


@stories.command()
def export(
    story: StoryArgument,
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output otherwise.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write a story as Markdown with front matter, which `add` reads again."""

    def work() -> None:
        from bot.story_files import StoryFiles

        settings = read_config(config)
        record = _found(settings, story)
        text = _markdown(StoryFiles(settings.data_folder).load(record.story_id), record)
        if file is None:
            typer.echo(text, nl=False)
        else:
            file.write_text(text, "utf-8", newline="")

    guarded(work)


def _found(settings: Config, name: str) -> StoryRecord:
    """Return the operator's story of this number, id or name.

    Raises:
        UnknownStoryError: there is none.
    """
    from bot.errors import UnknownStoryError

    for record in _with_records(settings, lambda records: records.visible(None)):
        if name in (str(record.id), record.story_id, record.name):
            return record
    message = f"There is no story {name!r}; `storydesk stories list` shows which there are."
    raise UnknownStoryError(message)


def _with_records(settings: Config, work: Callable[[StoryStore], Coroutine[Any, Any, _T]]) -> _T:
    """Return what `work` makes of the library's records, in an event loop of its own."""

    async def done() -> _T:
        async with _records(settings) as records:
            return await work(records)

    return asyncio.run(done())


@contextlib.asynccontextmanager
async def _records(settings: Config) -> AsyncIterator[StoryStore]:
    from bot.store.store import Store
    from bot.store.stories import StoryStore

    store = Store(settings.data_folder)
    await store.open()
    try:
        yield StoryStore(store)
    finally:
        await store.close()


def _object(record: StoryRecord) -> dict[str, object]:
    return {
        "number": record.id,
        "id": record.story_id,
        "name": record.name,
        "url": record.url,
        "source": record.source,
        "published": record.published,
        "paragraphs": record.paragraphs,
        "characters": record.characters,
        "added_at": record.added_at,
    }


def _markdown(story: Story, record: StoryRecord) -> str:
    """Return a story with what is known about it as front matter; the body is unchanged."""
    import frontmatter

    known = {
        "title": story.title,
        "url": record.url,
        "published": record.published,
        "source": record.source,
        "language": story.language,
    }
    front = frontmatter.dumps(frontmatter.Post("", **{key: value for key, value in known.items() if value}))
    return f"{front.rstrip()}\n\n{story.body}"
