"""The `storydesk` command. Each command imports what it needs, so that `--help` stays quick.

Errors that we raise on purpose are told in one line on standard error and end with exit code 1;
`--debug` shows the traceback. Wrong usage ends with 2, which Typer sees to.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path  # noqa: TC003 - Typer looks at it
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_eval import evaluate
from bot.cli_stories import stories
from bot.edge import (
    ConfigOption,
    JsonOption,
    State,
    StoryOption,
    console,
    guarded,
    print_json,
    read_config,
    with_status,
)
from bot.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.config import Config
    from bot.desk import Desk
    from index.story import Story

app = typer.Typer(
    name="storydesk",
    help="Answers questions about a news story in the story's own words, or says that it does not say.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(stories, name="stories")


@app.callback()
def main_options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,  # noqa: FBT002
) -> None:
    """Take the options that stand before the command."""
    State.debug = debug


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    story: StoryOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - Typer's way to declare a flag
    config: ConfigOption = None,
) -> None:
    """Answer a question with exact quotes of the story."""

    async def work(desk: Desk) -> None:
        from bot.wire import reply_object

        await desk.wait_ready()
        began = time.perf_counter()
        reply = await desk.ask(question)
        elapsed_ms = 1000 * (time.perf_counter() - began)
        if as_json:
            print_json(reply_object(reply, elapsed_ms))
        else:
            from bot.terminal import show_reply

            show_reply(console(), reply, await desk.story())

    _at_desk(work, story, config)


@app.command()
def lookup(
    query: Annotated[str, typer.Argument(help="Words, a question or a claim.")],
    story: StoryOption = None,
    count: Annotated[int, typer.Option("-k", "--count", min=1, max=100, help="How many passages.")] = 5,
    as_json: JsonOption = False,  # noqa: FBT002 - Typer's way to declare a flag
    config: ConfigOption = None,
) -> None:
    """Print the closest passages with their scores."""

    async def work(desk: Desk) -> None:
        quotes = await desk.lookup(query, count)
        if as_json:
            from bot.wire import quote_object

            print_json({"query": query, "passages": [quote_object(quote) for quote in quotes]})
        else:
            from bot.terminal import show_passages

            show_passages(console(), quotes, await desk.story())

    _at_desk(work, story, config)


@app.command()
def chat(story: StoryOption = None, config: ConfigOption = None) -> None:
    """Hold a conversation at the terminal; arrow keys bring earlier questions back."""

    async def work(desk: Desk) -> None:
        from bot.chat import converse

        await converse(desk, console())

    _at_desk(work, story, config)


@app.command()
def index(
    story: StoryOption = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Build it even if the saved one is good.")] = False,  # noqa: FBT002
    config: ConfigOption = None,
) -> None:
    """Build the index of a story, or check that the saved one is good."""

    def work() -> None:
        from bot.opening import find_story, index_folder, load_embedder
        from index.errors import SavedIndexError
        from index.story_index import StoryIndex

        settings = read_config(config)
        found = find_story(story, settings)
        folder = index_folder(settings, found.id)
        embedder = with_status("Loading the embedding model", lambda: load_embedder(settings))
        try:
            saved = None if rebuild else StoryIndex.load(folder, embedder, story=found)
        except SavedIndexError:
            saved = None
        if saved is not None:
            typer.echo(f"The index of “{found.title}” is good: {len(saved)} passages in {folder}.")
        else:
            with Progress("Embedding") as advance:
                built = StoryIndex.build(found, embedder, progress=advance)
            built.save(folder)
            typer.echo(f"Indexed “{found.title}”: {len(built)} passages in {folder}. Its id is {found.id}.")

    guarded(work)


app.command(name="eval")(evaluate)


@app.command()
def doctor(
    discord: Annotated[bool, typer.Option("--discord", help="Ask Discord too; needs the token.")] = False,  # noqa: FBT002
    config: ConfigOption = None,
) -> None:
    """Say in plain words whether the model, the story, the index, the settings and the token are in order."""

    def work() -> None:
        from bot.doctor import examine

        findings = examine(config)
        if discord:
            from bot.doctor_discord import examine_discord

            findings += examine_discord(read_config(config))
        for finding in findings:
            typer.echo(f"{'ok ' if finding.is_good else 'BAD'}  {finding.subject}: {finding.text}")
        if not all(finding.is_good for finding in findings):
            raise typer.Exit(1)

    guarded(work)


@app.command()
def run(config: ConfigOption = None) -> None:
    """Start the bot on Discord; the token comes from DISCORD_TOKEN or DISCORD_TOKEN_FILE."""

    def work() -> None:
        from bot.config import discord_token
        from bot.opening import find_story

        settings = read_config(config)
        token = discord_token()
        story = find_story(None, settings)
        from bot.running import run_bot

        run_bot(settings, story, token)

    guarded(work)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The ZIP file to write.")], config: ConfigOption = None) -> None:
    """Back up the database and the stories, while the bot runs or not."""

    def work() -> None:
        from bot.backup import back_up, check_backed_up_here

        settings = read_config(config)
        check_backed_up_here(settings)
        count = back_up(settings.data_folder, file)
        typer.echo(f"{file}: the database and {count} {'story' if count == 1 else 'stories'}.")

    guarded(work)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A ZIP file that `backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace what is there; stop the bot first.")] = False,  # noqa: FBT002
    config: ConfigOption = None,
) -> None:
    """Bring back a backup; indexes are built anew when they are needed."""

    def work() -> None:
        from bot.backup import check_backed_up_here
        from bot.backup import restore as bring_back

        settings = read_config(config)
        check_backed_up_here(settings)
        count = bring_back(file, settings.data_folder, replaces=replace)
        typer.echo(f"Restored: the database and {count} {'story' if count == 1 else 'stories'}.")

    guarded(work)


@app.command()
def preview(
    story: StoryOption = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on loopback; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,  # noqa: FBT002
    config: ConfigOption = None,
) -> None:
    """Try the same bot in the browser, on a simulated Discord, without a token."""

    def work() -> None:
        from bot.opening import find_story

        settings = read_config(config)
        found = find_story(story, settings)
        try:
            from bot.preview import run_preview
        except ImportError as error:
            from bot.errors import MissingExtraError

            message = (
                f"The preview needs {error.name}; install it in Storydesk's folder with "
                "`pip install -c constraints.txt '.[preview]'`."
            )
            raise MissingExtraError(message) from None
        run_preview(settings, found, port=port, open_browser=browser)

    guarded(work)


def main() -> None:
    """Run the command line."""
    app()


def _at_desk(work: Callable[[Desk], Coroutine[Any, Any, None]], story: str | None, config: Path | None) -> None:
    """Open a desk for a story, let `work` do its part, and close it."""

    def opened() -> None:
        from bot.opening import desk_for, find_story

        settings = read_config(config)
        found = find_story(story, settings)
        asyncio.run(_opened(work, desk_for, settings, found))

    guarded(opened)


async def _opened(
    work: Callable[[Desk], Coroutine[Any, Any, None]],
    desk_for: Callable[..., Desk],
    settings: Config,
    story: Story,
) -> None:
    with Progress("Embedding the story") as advance:
        async with desk_for(settings, story, progress=advance) as desk:
            await desk.wait_ready()
            advance.close()
            await work(desk)


if __name__ == "__main__":
    main()
