"""What can go wrong between a story and its passages.

    StoryError
    ├── LoadError            a file or text is no story we can read
    │   ├── EmptyStoryError
    │   ├── BinaryStoryError
    │   ├── StoryTooLongError
    │   ├── UntitledStoryError
    │   └── UnreadableStoryError
    ├── ModelError           the embedding model is missing or not the one expected
    └── SavedIndexError      a saved index cannot be used; build it again from the story
        ├── MissingIndexError
        ├── StaleIndexError
        └── DamagedIndexError

Every message is one line that says what to do, since it is shown to people as it is. Who says it in another language
finds in a `LoadError` which case it is, and what stands in the message.
"""


class StoryError(Exception):
    """Anything that this package raises on purpose."""


class LoadError(StoryError):
    """A file or text is no story that can be read; `reason` names the case, `values` are what the message tells."""

    def __init__(self, message: str, /, *, reason: str, **values: str | int) -> None:
        """Say `message`, which is of the case `reason`."""
        super().__init__(message)
        self.reason = reason
        self.values = values


class EmptyStoryError(LoadError):
    """There is no text in the story."""


class BinaryStoryError(LoadError):
    """The file holds something other than text."""


class StoryTooLongError(LoadError):
    """The story is over the limit that the settings state."""


class UntitledStoryError(LoadError):
    """The story's title has nothing that can be seen."""


class UnreadableStoryError(LoadError):
    """The file is absent, may not be read, or is of a kind that is not supported."""


class ModelError(StoryError):
    """The embedding model is missing or is not the one that was expected."""


class SavedIndexError(StoryError):
    """A saved index cannot be used; it is to be built again from the story."""


class MissingIndexError(SavedIndexError):
    """There is no saved index in the folder."""


class StaleIndexError(SavedIndexError):
    """The saved index belongs to another story, model, format or setting."""


class DamagedIndexError(SavedIndexError):
    """A file of the saved index is absent or differs from what was written."""


def reason_of(error: Exception) -> str:
    """Return the first line of what another library's error says, or its name where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
