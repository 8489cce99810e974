"""When a story was published, as ISO 8601, so that two stories can be put in order.

Pages and authors write dates in many ways and languages; dateparser reads them. What is no date, has
no year or could be two days ("03/04/2026") stays as it was written, and counts as undated.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_ISO = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?: \d{2}:\d{2})?)?)?")
_SETTINGS = {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["year"]}
_MOST_CHARACTERS = 80
_FORMATS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


def dated(published: str | None, language: str = "en") -> str | None:
    """Return a date as `2026-05-04`, with ` 12:30` (UTC) where a time is told, `2026-05` or `2026`; else as it was."""
    text = (published or "").strip()
    if not text or _ISO.fullmatch(text) or len(text) > _MOST_CHARACTERS:
        return published
    try:
        return _shown(datetime.fromisoformat(text))
    except ValueError:
        found = {_parsed(text, language, order) for order in ("DMY", "MDY")}
    return found.pop() or published if len(found) == 1 else published


def day_of(published: str | None) -> str:
    """Return a date so that it sorts, the empty text where there is none: a story without one is the oldest."""
    return published if published and _ISO.fullmatch(published) else ""


def _parsed(text: str, language: str, order: str) -> str | None:
    from dateparser.date import DateDataParser

    languages = list(dict.fromkeys((language.partition("-")[0].lower(), "en")))
    try:
        found = DateDataParser(languages=languages, settings={**_SETTINGS, "DATE_ORDER": order}).get_date_data(text)
    except ValueError:  # a language that dateparser does not know
        return _parsed(text, "en", order) if language != "en" else None
    if found.date_obj is None:
        return None
    return _shown(found.date_obj) if found.period == "day" else found.date_obj.strftime(_FORMATS[found.period])


def _shown(moment: datetime) -> str:
    if moment.time() == datetime.min.time():
        return moment.strftime(_FORMATS["day"])
    universal = moment.astimezone(UTC) if moment.tzinfo else moment
    return universal.strftime(f"{_FORMATS['day']} %H:%M")
