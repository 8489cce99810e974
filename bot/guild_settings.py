"""What the admins of a guild have set; every field has the value of a guild that never set anything."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot.calibration import Strictness  # noqa: TC001 - pydantic looks at it
from bot.language import Language  # noqa: TC001 - as above

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
