"""What a guild's admins see of its questions: as text, as a chart, and as CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.markdown import escape, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.language import Phrases
    from bot.store.records import Insights

_DAY = 86_400  # seconds
_DATES = 10  # written below the chart
_DOTS = 120
_MOST_DAYS = 14
_DESCRIPTION = 1024  # characters that Discord takes as a picture's description
_MOST_QUESTIONS = 15
_COLOURS: Mapping[str, str] = {"answered": "#2f855a", "closest": "#d69e2e", "silent": "#a0aec0"}
_HATCHES: Mapping[str, str] = {"answered": "", "closest": "///", "silent": "..."}  # so that no colour need be told
_VERDICTS = tuple(_COLOURS)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def texts(insights: Insights, days: int, say: Phrases, *, keeps_unanswered: bool) -> list[str]:
    """Return the counts and the newest questions without an answer."""
    if not insights.questions:
        return [say("insights-none", days=days)]
    counts = {verdict: insights.verdicts.get(verdict, 0) for verdict in _VERDICTS}
    parts = [
        say(
            "insights",
            days=days,
            questions=insights.questions,
            members=insights.members,
            helpful=insights.helpful,
            unhelpful=insights.unhelpful,
            answered_share=f"{counts['answered'] / insights.questions:.0%}",
            **counts,
        ),
    ]
    if not keeps_unanswered:
        return [*parts, f"-# {say('insights-unanswered-off')}"]
    questions = [f"- {escape(shortened(row.question, 120))}" for row in insights.unanswered[:_MOST_QUESTIONS]]
    if questions:
        parts.append("\n".join([f"**{say('insights-unanswered')}**", *questions]))
    return parts


def chart(insights: Insights, say: Phrases) -> bytes:
    """Return a picture of the questions a day, stacked by verdict, as PNG; takes part of a second."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    first, last = min(insights.days), max(insights.days)
    days = list(range(first, last + 1))
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    below = [0] * len(days)
    for verdict, colour in _COLOURS.items():
        counts = [insights.days.get(day, {}).get(verdict, 0) for day in days]
        label = say(f"chart-{verdict}")
        axes.bar(
            range(len(days)),
            counts,
            bottom=below,
            color=colour,
            hatch=_HATCHES[verdict],
            edgecolor="white",
            label=label,
        )
        below = [total + count for total, count in zip(below, counts, strict=True)]
    every = -(-len(days) // _DATES)
    axes.set_xticks(range(0, len(days), every), [_date(day)[5:] for day in days[::every]])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(title=say("chart"))
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.legend(loc="upper left", ncols=len(_COLOURS), frameon=False)
    axes.margins(y=0.25)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DOTS)
    return picture.getvalue()


def chart_text(insights: Insights, say: Phrases) -> str:
    """Return what the picture shows in words, for whoever does not see it: of the last days, as many as fit."""
    told: list[str] = []
    room = _DESCRIPTION
    for day in sorted(insights.days, reverse=True)[:_MOST_DAYS]:
        counts = insights.days[day]
        parts = [f"{say(f'chart-{verdict}')} {counts[verdict]}" for verdict in _VERDICTS if counts.get(verdict)]
        told.insert(0, f"{_date(day)}: {', '.join(parts)}")
        room -= len(told[0]) + 2
        if room < 0:
            return "; ".join(told[1:])
    return "; ".join(told)


def csv_of(insights: Insights) -> str:
    """Return a line for each day and one for all of them, and one for each question without an answer.

    It is safe to open in a spreadsheet. Who asked on two days counts once in the line for all.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["date", *_VERDICTS, "helpful", "not helpful", "members", "question", "verdict"])
    for day in sorted(insights.days):
        votes, members = insights.votes.get(day, (0, 0)), insights.askers.get(day, 0)
        writer.writerow([_date(day), *_counts(insights.days[day]), *votes, members, "", ""])
    votes = (insights.helpful, insights.unhelpful)
    writer.writerow(["all", *_counts(insights.verdicts), *votes, insights.members, "", ""])
    for row in insights.unanswered:
        writer.writerow([_date(row.asked_at // _DAY), *[""] * 6, _harmless(row.question), row.verdict])
    return out.getvalue()


def _counts(verdicts: Mapping[str, int]) -> list[int]:
    return [verdicts.get(verdict, 0) for verdict in _VERDICTS]


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY, UTC).date().isoformat()


def _harmless(text: str) -> str:
    """Return a member's words so that no spreadsheet takes them for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text
