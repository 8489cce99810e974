"""`storydesk stories`: the operator's stories, which every guild sees and none can change."""

from __future__ import annotations

import re
from pathlib import Path  # noqa: TC003 - Typer looks at it
from typing import TYPE_CHECKING, Annotated

import typer

from bot.edge import ConfigOption, JsonOption, console, guarded, print_json, read_config
from bot.operator_stories import find_record, keep_text, read_source, with_records
from index.settings import FILE_KINDS

if TYPE_CHECKING:
    from bot.store.records import StoryRecord
    from index.story import Story

stories = typer.Typer(
    help="Stories for all servers, beside those that each server brings itself.", no_args_is_help=True
)

_MARK = re.compile(r"[\\`*_\[\]<>#~|]|&(?=#?\w+;)")  # what Markdown takes for a mark anywhere
_AT_THE_START = re.compile(r"^(\d*)([-+=:.)])")  # a list, a rule, an underlined heading
_SOURCE = f"A {FILE_KINDS} file, or the address of a public page."

StoryArgument = Annotated[str, typer.Argument(metavar="STORY", help="The number, the id or the name of a story.")]


@stories.command()
def add(
    sources: Annotated[list[str], typer.Argument(metavar="FILE_OR_URL ...", help=_SOURCE)], config: ConfigOption = None
) -> None:
    """Add stories and index them; one that is there already is left as it is."""

    def work() -> None:
        settings = read_config(config)
        for story in [read_source(source) for source in sources]:  # a wrong one is told before any is added
            keep_text(settings, story)
            record, is_new = with_records(settings, lambda records, story=story: records.add(None, story))  # type: ignore[misc]
            state = "added" if is_new else "there already"
            typer.echo(f"{record.id}  {record.name}: {state}, {record.paragraphs} paragraphs, id {record.story_id}")

    guarded(work)


@stories.command()
def update(
    story: StoryArgument,
    source: Annotated[
        str | None, typer.Argument(metavar="FILE_OR_URL", help=f"{_SOURCE} Without one, the story's page anew.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Put a new text in the place of a story's; the old one is kept for comparison."""

    def work() -> None:
        from bot.errors import NoAddressError

        settings = read_config(config)
        found = find_record(settings, story)
        if (wanted := source or found.url) is None:
            message = f"“{found.name}” has no address to fetch it from; name a file or an address."
            raise NoAddressError(message)
        text = read_source(wanted)
        keep_text(settings, text)
        record, is_changed = with_records(settings, lambda records: records.update(None, found.id, text))
        state = f"updated, {record.paragraphs} paragraphs, id {record.story_id}" if is_changed else "nothing changed"
        typer.echo(f"{record.id}  {record.name}: {state}")

    guarded(work)


@stories.command()
def use(
    story: Annotated[
        str | None, typer.Argument(metavar="STORY", help="Number, id or name; without one, all are asked again.")
    ] = None,
    guild: Annotated[int | None, typer.Option(min=1, help="Only on the server with this id.")] = None,
    channel: Annotated[int | None, typer.Option(min=1, help="Only in this channel of the server.")] = None,
    config: ConfigOption = None,
) -> None:
    """Choose the story that is asked in direct messages and on servers that have none of their own and chose none.

    With --guild, a server is put on a story as `/story use` does; with --channel too, one of its channels.
    """
    if channel is not None and guild is None:
        message = "a channel needs its server: give --guild too."
        raise typer.BadParameter(message)

    def work() -> None:
        from bot.store.stories import ALL_GUILDS, WHOLE_GUILD

        settings = read_config(config)
        found = find_record(settings, story, guild) if story is not None else None
        number = found.id if found else None
        place = (guild or ALL_GUILDS, channel or WHOLE_GUILD)
        with_records(settings, lambda records: records.use(*place, number))
        where = (
            f"in channel {channel}" if channel else f"on server {guild}" if guild else "where nothing else is chosen"
        )
        typer.echo(f"{found.id}  {found.name}: asked {where}" if found else f"All stories are asked {where}.")

    guarded(work)


@stories.command(name="list")
def list_all(as_json: JsonOption = False, config: ConfigOption = None) -> None:  # noqa: FBT002 - Typer's way to declare a flag
    """List the operator's stories, the newest first."""

    def work() -> None:
        from rich.table import Table
        from rich.text import Text

        settings = read_config(config)
        records = with_records(settings, lambda records: records.visible(None))
        default = with_records(settings, lambda records: records.default())
        if as_json:
            print_json({"stories": [_object(record) | {"default": record.id == default} for record in records]})
            return
        if not records:
            typer.echo("There are none yet; `storydesk stories add FILE_OR_URL` brings one.")
            return
        table = Table("number", "id", "name", "paragraphs", "default")
        for record in records:
            mark = "✔" if record.id == default else ""
            table.add_row(str(record.id), record.story_id, Text(record.name), str(record.paragraphs), mark)
        console().print(table)

    guarded(work)


@stories.command()
def show(story: StoryArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:  # noqa: FBT002 - as above
    """Show what is known about a story."""

    def work() -> None:
        found = _object(find_record(read_config(config), story))
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
        number = find_record(settings, story).id
        record = with_records(settings, lambda records: records.rename(None, number, name))
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
        found = find_record(settings, story)
        if not yes:
            typer.confirm(f"Remove “{found.name}”?", abort=True)
        record = with_records(settings, lambda records: records.remove(None, found.id))
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
        record = find_record(settings, story)
        text = _markdown(StoryFiles(settings.data_folder).load(record.story_id), record)
        if file is None:
            typer.echo(text, nl=False)
        else:
            file.write_text(text, "utf-8", newline="")

    guarded(work)


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
    """Return a story with what is known about it as front matter; the body is unchanged where Markdown leaves it so."""
    import frontmatter

    from index.errors import LoadError
    from index.markdown import from_markdown

    known = {
        "title": story.title,
        "url": record.url,
        "published": record.published,
        "source": record.source,
        "author": story.author,
        "language": story.language,
    }
    front = frontmatter.dumps(frontmatter.Post("", **{key: value for key, value in known.items() if value}))
    try:
        is_markdown = from_markdown(story.body, fallback_title=story.title).body == story.body
    except LoadError:  # it looks like front matter, or like nothing but a heading
        is_markdown = False
    paragraphs = (story.text(paragraph.span) for paragraph in story.paragraphs)
    body = story.body if is_markdown else "\n\n".join(map(_as_markdown, paragraphs))
    return f"{front.rstrip()}\n\n{body}"


def _as_markdown(paragraph: str) -> str:
    """Return a paragraph so that Markdown takes no mark in it for its own."""
    escaped = _MARK.sub(r"\\\g<0>", " ".join(paragraph.split()))
    return _AT_THE_START.sub(r"\1\\\2", escaped)
