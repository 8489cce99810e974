"""What the log looks like: a line for people, or a JSON object a line for machines.

Both name the request and the guild that a line belongs to, and neither shows a token: not the
bot's own, nor those in the addresses of interactions and webhooks, which let anyone reply.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.request import current_request

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.config import LogSettings

_WITH_TOKEN = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?'\"]+")
_HIDDEN = "[hidden]"


class _Discreet(logging.Formatter):
    """A formatter that leaves tokens out."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        text = _WITH_TOKEN.sub(rf"\g<1>{_HIDDEN}", self.written(record))
        return text.replace(self._token, _HIDDEN) if self._token else text

    def written(self, record: logging.LogRecord) -> str:
        raise NotImplementedError

    def trace(self, record: logging.LogRecord) -> str:
        """Return the traceback of a record, if it has one."""
        return self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""


class HumanFormatter(_Discreet):
    """Time, level, logger, the request and its guild, and the message, on one line; a traceback below."""

    def written(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        request = current_request()
        guild = f" guild {request.guild_id}" if request and request.guild_id else ""
        belongs = f"[{request.id}{guild}] " if request else ""
        line = f"{time} {record.levelname:<8} {record.name}: {belongs}{record.getMessage()}"
        return "\n".join(filter(None, (line, self.trace(record))))


class JsonFormatter(_Discreet):
    """An object on one line: `time` (UTC), `level`, `logger`, `message`, and what else there is.

    That is `request`, `guild`, `exception`, and what the record brings, such as `kind`, `verdict`, `waited`,
    `worked`, `total` and what the work consists of (seconds), or `code` and `error`.
    """

    def written(self, record: logging.LogRecord) -> str:
        """Return the object on one line."""
        request = current_request()
        found: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request": request.id if request else None,
            "guild": str(request.guild_id) if request and request.guild_id else None,
            **getattr(record, "fields", {}),
            "exception": self.trace(record) or None,
        }
        return json.dumps({name: value for name, value in found.items() if value is not None}, ensure_ascii=False)


def set_up_logging(settings: LogSettings, token: SecretStr) -> None:
    """Log to standard error: ours from the configured level on, libraries only from warnings on."""
    formatter = JsonFormatter if settings.format == "json" else HumanFormatter
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(token.get_secret_value()))
    level = logging.getLevelNamesMapping()[settings.level]
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger("storydesk").setLevel(level)
    # Some libraries set a level of their own; they are not asked for it.
    least = root.level
    handler.addFilter(lambda record: record.levelno >= least or record.name.partition(".")[0] == "storydesk")
    handler.addFilter(_is_trouble)


def _is_trouble(record: logging.LogRecord) -> bool:
    """Say whether a record tells of more than a connection whose task was cancelled while it was let go of.

    A bot that stops in the middle of a look at the database does that; the connection is closed all the same.
    """
    of_pool = record.name.startswith("sqlalchemy.pool")
    return not (of_pool and record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
