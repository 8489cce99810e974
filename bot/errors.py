"""What can go wrong between a question and its reply.

    StorydeskError
    ├── ConfigError          the configuration cannot be used
    │   └── TokenError       there is no Discord token, or Discord refuses it
    ├── CasesError           a file of labelled questions cannot be read
    ├── MissingExtraError    a command needs a package that is not installed
    ├── ConnectionFailedError  Discord cannot be reached
    ├── StorageError         the database cannot be used
    ├── InexactQuoteError    a quote is not in its story: a bug of ours, never shown as a quote
    └── AskError             a question cannot be answered; the message is for its member
        ├── EmptyQuestionError
        ├── QuestionTooLongError
        └── UnknownStoryError

The message is one line that says what to do. `index.errors.StoryError` is the other tree; the
command line and Discord each catch both roots in one place.
"""


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
    """A question cannot be answered; the message is written for the member who asked."""


class EmptyQuestionError(AskError):
    """There is no word in the question."""


class QuestionTooLongError(AskError):
    """The question is longer than the configured limit."""


class UnknownStoryError(AskError):
    """No story of that name or id is on the desk."""
