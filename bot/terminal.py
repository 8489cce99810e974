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
    from bot.figures import Report
    from index.story import Story


def show_reply(console: Console, reply: Reply, story: Story) -> None:
    """Print a reply: first what it is worth, then the quotes and where they stand."""
    if reply.verdict == "silent":
        console.print("The story says nothing about that.", style="yellow")
        return
    if reply.verdict == "closest":
        console.print("I find no answer to this in the story. The closest passages are:", style="yellow")
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


_FIGURES = {
    "hit_at_1": "right sentence first (hit@1)",
    "hit_at_3": "right sentence among three (hit@3)",
    "mrr": "mean reciprocal rank",
    "exact_match": "short answer, exact match",
    "f1": "short answer, F1",
    "auroc_near": "AUROC answerable against near miss",
    "auroc_foreign": "AUROC answerable against off-topic",
    "precision": "precision of answered",
    "recall": "recall of answered",
    "refused": "unanswerable not called answered",
    "risk_area": "area under risk-coverage",
    "calibration_error": "expected calibration error",
}


def show_report(console: Console, report: Report, name: str = "") -> None:
    """Print the figures of an evaluation, with their intervals where they have one."""
    table = Table(title=Text(f"Evaluation: {name}" if name else "Evaluation"), title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    table.add_row("questions", str(report.cases), "")
    table.add_row("of them answerable", str(report.answerable), "")
    for key, label in _FIGURES.items():
        value: float | None = getattr(report, key)
        bounds = report.intervals.get(key)
        within = f"{bounds[0]:.3f} to {bounds[1]:.3f}" if bounds else ""
        table.add_row(label, "-" if value is None else f"{value:.3f}", within)
    table.add_row("median time", "-" if report.median_ms is None else f"{report.median_ms:.1f} ms", "")
    console.print(table)


def show_risk(console: Console, points: Sequence[tuple[float, float]]) -> None:
    """Print the risk-coverage curve: of the surest share of all questions, how many are answered wrongly."""
    table = Table(title="Risk and coverage", title_justify="left")
    table.add_column("surest share of the questions", justify="right")
    table.add_column("of them wrong", justify="right")
    for coverage, risk in points:
        table.add_row(f"{coverage:.0%}", f"{risk:.3f}")
    console.print(table)


def _panel(quote: Quote, story: Story) -> RenderableType:
    text = Text(quote.text)
    for span in quote.bold:
        text.stylize("bold", span.start - quote.span.start, span.end - quote.span.start)
    place = Text(f"¶ {quote.paragraph} · {story.title}", style="dim")
    return Panel(text, subtitle=place, subtitle_align="left", padding=(0, 1))
