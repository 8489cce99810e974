"""Replies for people at a terminal, through Rich; quotes are shown byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.phrase import certainty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from bot.answer import Quote, Reply
    from bot.evaluate import Report
    from index.story import Story


def show_reply(console: Console, reply: Reply, story: Story) -> None:
    """Print a reply: first what it is worth, then the quotes and where they stand."""
    if reply.verdict == "silent":
        console.print("The story says nothing about that.", style="yellow")
        return
    if reply.verdict == "closest":
        console.print("The story does not say this. The closest passages are:", style="yellow")
    for quote in reply.quotes:
        console.print(_panel(quote, story))
    if reply.verdict == "answered":
        console.print(Text(f"{certainty(reply.confidence)} ({reply.confidence:.0%})", style="dim"))


def show_passages(console: Console, quotes: Sequence[Quote], story: Story) -> None:
    """Print the result of a lookup as a table, best first."""
    table = Table(title=Text(story.title), title_justify="left", expand=True)
    table.add_column("score", justify="right")
    table.add_column("¶", justify="right")
    table.add_column("passage", ratio=1)
    for quote in quotes:
        table.add_row(f"{quote.score:.2f}", str(quote.paragraph), Text(quote.text))
    console.print(table)


def show_report(console: Console, report: Report) -> None:
    """Print the figures of an evaluation."""
    table = Table(title="Evaluation", title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    rows: list[tuple[str, float | None]] = [
        ("right sentence first (hit@1)", report.hit_at_1),
        ("right sentence among three (hit@3)", report.hit_at_3),
        ("mean reciprocal rank", report.mrr),
        ("precision of answered", report.precision),
        ("recall of answered", report.recall),
        ("unanswerable not called answered", report.refused),
    ]
    table.add_row("questions", str(report.cases))
    table.add_row("of them answerable", str(report.answerable))
    for name, value in rows:
        table.add_row(name, "-" if value is None else f"{value:.3f}")
    table.add_row("median time", "-" if report.median_ms is None else f"{report.median_ms:.1f} ms")
    console.print(table)


def _panel(quote: Quote, story: Story) -> RenderableType:
    text = Text(quote.text)
    for span in quote.bold:
        text.stylize("bold", span.start - quote.span.start, span.end - quote.span.start)
    place = Text(f"¶ {quote.paragraph} · {story.title}", style="dim")
    return Panel(text, subtitle=place, subtitle_align="left", padding=(0, 1))
