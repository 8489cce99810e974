"""What a guild's admins see of its questions: as text with a small chart, and as CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.phrase import escape, shortened

if TYPE_CHECKING:
    from bot.language import Phrases
    from bot.store.records import Insights

_DAY = 86_400  # seconds
_BAR = 24  # blocks of the longest bar
_MOST_DAYS = 14
_MOST_QUESTIONS = 15
_VERDICTS = ("answered", "closest", "silent")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def texts(insights: Insights, days: int, say: Phrases, *, keeps_unanswered: bool) -> list[str]:
    """Return the counts, a bar for each of the last days, and the newest questions without an answer."""
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
        _chart(insights, say),
    ]
    if not keeps_unanswered:
        return [*parts, f"-# {say('insights-unanswered-off')}"]
    questions = [f"- {escape(shortened(row.question, 120))}" for row in insights.unanswered[:_MOST_QUESTIONS]]
    if questions:
        parts.append("\n".join([f"**{say('insights-unanswered')}**", *questions]))
    return parts


def _chart(insights: Insights, say: Phrases) -> str:
    """Return a bar for each day with questions, with the answered ones filled."""
    days = sorted(insights.days)[-_MOST_DAYS:]
    most = max(sum(insights.days[day].values()) for day in days)
    lines = []
    for day in days:
        total = sum(insights.days[day].values())
        length = max(1, round(_BAR * total / most))
        filled = round(length * insights.days[day].get("answered", 0) / total)
        lines.append(f"{_date(day)} {'█' * filled}{'░' * (length - filled)} {total}")
    return "\n".join(["```", *lines, "```", f"-# {say('insights-legend')}"])


def csv_of(insights: Insights) -> str:
    """Return a line for each day, and one for each question without an answer, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["date", *_VERDICTS, "question", "verdict"])
    for day in sorted(insights.days):
        writer.writerow([_date(day), *(insights.days[day].get(verdict, 0) for verdict in _VERDICTS), "", ""])
    for row in insights.unanswered:
        writer.writerow([_date(row.asked_at // _DAY), "", "", "", _harmless(row.question), row.verdict])
    return out.getvalue()


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY, UTC).date().isoformat()


def _harmless(text: str) -> str:
    """Return a member's words so that no spreadsheet takes them for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text
