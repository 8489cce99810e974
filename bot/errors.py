"""What can go wrong between a question and its reply.

    StorydeskError
    ├── ConfigError          the configuration cannot be used
    │   └── TokenError       there is no Discord token, or Discord refuses it
    ├── CasesError           a file of labelled questions cannot be read
    ├── MissingExtraError    a command needs a package that is not installed
    ├── ConnectionFailedError  Discord cannot be reached
    ├── StorageError         the database cannot be used
    ├── FetchError           a page cannot be fetched
    ├── InexactQuoteError    a quote is not in its story: a bug of ours, never shown as a quote
    └── AskError             a question cannot be answered; the message is for its member
        ├── EmptyQuestionError
        ├── QuestionTooLongError
        ├── BusyError, RestartingError
        ├── NotHereError, NotForYouError, NotManagerError, NotLibrarianError
        ├── QuotaError, FetchQuotaError, FileQuotaError
        ├── RefusedStoryError
        │   └── NotDownloadedError, FeedStoryError
        ├── LargeStoryError, TooManyPlacesError, WrongNumbersError
        ├── NoAddressError, FollowQuotaError, UnknownFollowError
        ├── BlankNameError, SharedStoryError
        ├── CooldownError
        │   └── GuildCooldownError
        └── UnknownStoryError
            └── NoSuchStoryError

The message is one line that says what to do. `index.errors.StoryError` is the other tree; the
command line and Discord each catch both roots in one place.
"""

import math


class StorydeskError(Exception):
    """Anything that this package raises on purpose."""


class ConfigError(StorydeskError):
    """The configuration cannot be used."""


class TokenError(ConfigError):
    """There is no Discord token, or Discord refuses it."""


class CasesError(StorydeskError):
    """A file of labelled questions or stories cannot be read."""


class MissingExtraError(StorydeskError):
    """A command needs a package that is not installed."""


class ConnectionFailedError(StorydeskError):
    """Discord cannot be reached."""


class StorageError(StorydeskError):
    """The database cannot be read or written."""


class InexactQuoteError(StorydeskError):
    """A quote is not byte for byte in its story; it is a bug of ours and is never shown."""


class AskError(StorydeskError):
    """A question cannot be answered; the message is written for the member who asked.

    `key` names the phrase that says it in the member's language, with `values` in it.
    """

    key = "no-question"

    def __init__(self, message: str, **values: object) -> None:
        """Say `message`, or the phrase with `values`."""
        super().__init__(message)
        self.values = values


class EmptyQuestionError(AskError):
    """There is no word in the question."""

    key = "empty-question"


class QuestionTooLongError(AskError):
    """The question is longer than the configured limit."""

    key = "question-too-long"


class UnknownStoryError(AskError):
    """No story of that name or id is on the desk."""

    key = "unknown-story"


class BusyError(AskError):
    """Too many questions wait already."""

    key = "busy"


class RestartingError(AskError):
    """The bot was told to stop and takes no more questions."""

    key = "restarting"


class NotHereError(AskError):
    """The admins of a guild chose other channels."""

    key = "not-here"


class NotForYouError(AskError):
    """The admins of a guild chose roles that the member has none of."""

    key = "not-for-you"


class CooldownError(AskError):
    """A member has to wait; `until` is when to come back, in seconds since 1970."""

    key = "cooldown"

    def __init__(self, until: float) -> None:
        """Say when to come back."""
        super().__init__("Asked too often.", until=math.ceil(until))


class GuildCooldownError(CooldownError):
    """A whole guild has to wait."""

    key = "guild-cooldown"


class NotLibrarianError(AskError):
    """Only those who manage the guild, or have a role that these chose, may do that."""

    key = "not-librarian"


class NotManagerError(AskError):
    """Only those who manage the guild may do that."""

    key = "not-manager"


class FetchError(StorydeskError):
    """A page cannot be fetched; the message is for whoever named it.

    `retry_after` are the seconds after which its server wants to be asked again, `is_gone` says never.
    `key` names the phrase that says it in the member's language, with `values` in it.
    """

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        retry_after: int | None = None,
        is_gone: bool = False,
        **values: object,
    ) -> None:
        """Say `message`, or the phrase with `values`."""
        super().__init__(message)
        self.key = key
        self.values = values
        self.retry_after = retry_after
        self.is_gone = is_gone


class RefusedStoryError(AskError):
    """What a member brings is no story that can be taken; the message says why."""

    key = "story-refused"


class NotDownloadedError(RefusedStoryError):
    """Discord did not give the file that a member brings."""

    key = "story-not-downloaded"


class FeedStoryError(RefusedStoryError):
    """What a member brings as a story is a feed."""

    key = "story-is-feed"


class TooManyPlacesError(AskError):
    """A setting cannot hold so many channels or roles; `most` is how many it can."""

    key = "too-many-places"


class WrongNumbersError(AskError):
    """A form was filled in with something else than numbers, or with too large ones."""

    key = "form-wrong"


class NoAddressError(AskError):
    """A story that is to be followed has no address; `title` is its name, escaped."""

    key = "follow-no-link"


class FollowQuotaError(AskError):
    """A guild follows as many pages and feeds as it may."""

    key = "follow-quota"


class UnknownFollowError(AskError):
    """A guild does not follow that."""

    key = "follow-unknown"


class LargeStoryError(AskError):
    """A file that a member brings has more than `limit` megabytes."""

    key = "story-large"


class QuotaError(AskError):
    """A guild has brought as much as it may."""

    key = "quota"


class FileQuotaError(AskError):
    """A guild has brought as many files within the hour as it may."""

    key = "file-quota"


class FetchQuotaError(AskError):
    """A guild has had as many pages fetched as it may in an hour."""

    key = "fetch-quota"


class BlankNameError(AskError):
    """A name for a story has nothing that can be seen."""

    key = "blank-name"


class NoSuchStoryError(UnknownStoryError):
    """A story that is to be managed is not in the guild's library."""

    key = "no-such-story"


class SharedStoryError(AskError):
    """A story that is to be changed is the operator's."""

    key = "shared-story"
