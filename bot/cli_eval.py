"""`storydesk eval`: measures the answers on labelled questions."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path  # noqa: TC003 - Typer looks at it
from typing import TYPE_CHECKING, Annotated

import typer

from bot.edge import ConfigOption, JsonOption, console, guarded, print_json, read_config
from bot.progress import Progress

if TYPE_CHECKING:
    from bot.config import Config
    from bot.evaluate import Outcome


def evaluate(  # noqa: PLR0917 - Typer's way to declare options
    stories: Annotated[list[Path], typer.Option("--stories", metavar="STORIES.jsonl", help="One story a line.")],
    cases: Annotated[list[Path], typer.Option("--cases", metavar="CASES.jsonl", help="One labelled question a line.")],
    predictions: Annotated[
        Path | None, typer.Option("--predictions", metavar="OUT.jsonl", help="Write what was answered.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.png", help="Draw risk, coverage and reliability.")
    ] = None,
    foreign: Annotated[
        int, typer.Option("--foreign", min=0, help="Ask each story so many questions of the others, too.")
    ] = 0,
    as_json: JsonOption = False,  # noqa: FBT002 - Typer's way to declare a flag
    config: ConfigOption = None,
) -> None:
    """Measure the answers on labelled questions; give --stories and --cases again for each further set."""

    def work() -> None:
        from bot.errors import CasesError
        from bot.evaluate import write_predictions

        if len(stories) != len(cases):
            message = "Give as many --stories as --cases: they belong together in their order."
            raise CasesError(message)
        sets = dict(zip(_set_names(cases), zip(stories, cases, strict=True), strict=True))
        found = asyncio.run(_evaluated(sets, foreign, read_config(config)))
        if predictions is not None:
            write_predictions([outcome for outcomes in found.values() for outcome in outcomes], predictions)
        _report(found, plot, as_json=as_json)

    guarded(work)


def _set_names(cases: list[Path]) -> list[str]:
    """Return a name for each file of cases: that of its folder, with a number where two have the same."""
    names = [path.resolve().parent.name for path in cases]
    if len(set(names)) == len(names):
        return names
    return [f"{name} {number}" for number, name in enumerate(names, start=1)]


def _report(found: dict[str, list[Outcome]], plot: Path | None, *, as_json: bool) -> None:
    from dataclasses import asdict

    from bot.figures import curves, report, risk_table

    pooled = [outcome for outcomes in found.values() for outcome in outcomes]
    sets = found if len(found) == 1 else found | {"all": pooled}
    if plot is not None:
        from bot.plot import save_plot

        save_plot({name: curves(outcomes) for name, outcomes in sets.items()}, plot)
    if as_json:
        each = {name: asdict(report(outcomes)) for name, outcomes in found.items()}
        print_json(asdict(report(pooled)) | {"risk_coverage": risk_table(pooled), "sets": each})
        return
    from bot.terminal import show_report, show_risk

    for name, outcomes in sets.items():
        show_report(console(), report(outcomes), name)
    show_risk(console(), risk_table(pooled))


async def _evaluated(sets: dict[str, tuple[Path, Path]], foreign: int, settings: Config) -> dict[str, list[Outcome]]:
    """Return what one desk makes of every set's cases, by the set's name."""
    from bot.cases import read_cases, read_stories, with_foreign
    from bot.desk import Desk
    from bot.evaluate import run_cases
    from bot.opening import load_shelf_of

    known = {name: read_stories(stories) for name, (stories, _) in sets.items()}
    wanted = {name: with_foreign(read_cases(cases), foreign) for name, (_, cases) in sets.items()}
    asked = {name: {case.story_id for case in cases} for name, cases in wanted.items()}
    texts = {story.id: story for name in sets for key, story in known[name].items() if key in asked[name]}
    total = sum(map(len, wanted.values()))
    with Progress("Embedding the stories") as embedding:
        shelf = partial(load_shelf_of, settings, list(texts.values()), progress=embedding)
        async with Desk(shelf, hook=lambda _: None) as desk:
            await desk.wait_ready()
            embedding.close()
            with Progress("Asking") as asking:
                return {
                    name: await run_cases(desk, cases, known[name], progress=lambda: asking(1, total))
                    for name, cases in wanted.items()
                }
