"""What the admins of a guild have set; every field has the value of a guild that never set anything."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.calibration import Strictness  # noqa: TC001 - pydantic looks at it
from bot.language import Language  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger("storydesk")

MOST_PLACES = 50
_Places = Annotated[tuple[int, ...], Field(max_length=MOST_PLACES)]


class GuildSettings(BaseModel):
    """The settings of one guild; ids are Discord's.

    Fields that a later version added or took away are filled in or left out, so that a stored
    document of another version is still read.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    channels: _Places = ()
    """Channels, and categories of them, where the bot answers; empty means everywhere."""
    roles: _Places = ()
    """Roles whose members may ask; empty means everyone."""
    librarians: _Places = ()
    """Roles whose members may add, rename and remove stories, beside those who manage the guild."""
    listens: _Places = ()
    """Channels and forums where every message is a question."""
    threads: bool = False
    """Whether each question in a channel of `listens` is answered in a thread of its own."""
    private: bool = False
    """Whether slash commands answer to the member alone unless told otherwise."""
    marks_outdated: bool = True
    """Whether answers whose quotes an update took away are marked."""
    strictness: Strictness | None = None
    """How sure it must be to call a passage an answer; None means as the operator configured."""
    cooldown_seconds: int = Field(default=0, ge=0, le=3600)
    """Seconds that a member waits between two questions."""
    questions_a_minute: int = Field(default=0, ge=0, le=600)
    """Questions that the whole guild may ask within a minute; 0 means any number."""
    language: Language | None = None
    """The language of the bot's own phrases; None means each member's."""
    feedback_channel: int | None = None
    """Where votes against an answer are told."""
    keeps_unanswered: bool = False
    """Whether questions without an answer are kept, in their words, for the admins."""

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """Return the settings of a stored document; a setting in it that cannot be is left out, and logged.

        The others stay: a language that nobody speaks must not open a channel that the admins closed.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            wrong = {str(problem["loc"][0]) for problem in error.errors()}
            _log.error("stored settings that cannot be are left out: %s", ", ".join(sorted(wrong)))
            return cls.model_validate({name: value for name, value in document.items() if name not in wrong})
