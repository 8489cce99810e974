"""Settings: defaults, then `config.toml`, then environment variables, each checked on reading.

Nothing is read at import. Every setting has a default that works without a file; a key that does
not exist or has the wrong type is refused with the file, the key and what would be right.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from bot.errors import ConfigError, TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

CONFIG_FILE = "config.toml"
DISCORD_API = "https://discord.com/api/v10"
_SECRET = ("storage", "storage.url")  # whose value is not repeated where it is wrong


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StorySettings(_Section):
    """Which story the desk answers from."""

    path: str = Field(
        default="",
        description="A Markdown, text, HTML, PDF or Word file; empty means the story that ships with Storydesk.",
    )


class ModelSettings(_Section):
    """Which model embeds the story and the questions."""

    name: str = Field(
        default="all-MiniLM-L6-v2",
        description="The bundled model; any other sentence-transformers model is fetched from the hub.",
        min_length=1,
    )
    reader: str = Field(
        default="storydesk-reader",
        description="The bundled reader; any other extractive question-answering model is fetched from the hub.",
        min_length=1,
    )


class AnswerSettings(_Section):
    """How questions are answered."""

    max_question_characters: int = Field(
        default=500, description="Longer questions are refused with a hint.", ge=20, le=4000
    )
    closest: int = Field(default=3, description="Passages shown when the story does not say.", ge=1, le=5)
    lookup_count: int = Field(default=5, description="Passages that /lookup shows unless told otherwise.", ge=1, le=10)
    most_waiting: int = Field(default=100, description="Questions that may wait; who asks then is told so.", ge=1)
    strictness: Literal["relaxed", "balanced", "strict"] = Field(
        default="balanced", description="How sure it must be to call a passage an answer."
    )
    calibration: str = Field(default="", description="A file of bench.calibrate; empty means the one that ships.")


class DiscordSettings(_Section):
    """Where the bot listens."""

    answer_mentions: bool = Field(default=True, description="Answer when the bot is @mentioned or replied to.")
    answer_direct_messages: bool = Field(default=True, description="Answer in direct messages.")
    read_all_messages: bool = Field(
        default=False,
        description="Ask Discord for the text of all messages, which listening in channels and threads needs.",
    )
    drain_seconds: int = Field(
        default=20, description="Seconds that questions under way get when the bot is told to stop.", ge=0, le=600
    )


class LibrarySettings(_Section):
    """How much each server may bring; the operator's own stories are not counted."""

    most_stories: int = Field(default=100, description="Stories of one server.", ge=0)
    most_characters: int = Field(default=5_000_000, description="Characters of all stories of one server.", ge=0)
    fetches_an_hour: int = Field(default=60, description="Pages that one server may have fetched in an hour.", ge=0)
    files_an_hour: int = Field(default=200, description="Files and texts that one server may bring in an hour.", ge=0)
    most_followed: int = Field(default=20, description="Pages and feeds that one server may follow.", ge=0)
    most_sentences_loaded: int = Field(
        default=100_000, description="Sentences of stories that are kept in memory.", ge=0
    )


class StorageSettings(_Section):
    """Where indexes and state are kept."""

    folder: str = Field(default="", description="A folder, relative to this file; empty means the user's data folder.")
    url: SecretStr = Field(
        default=SecretStr(""), description="Another database; empty means an SQLite file in the folder."
    )
    keep_days: int = Field(default=90, description="Answers, votes and unanswered questions are kept so long.", ge=1)


class ServerSettings(_Section):
    """Where the bot tells how it is: /healthz, /readyz and /metrics."""

    host: str = Field(default="127.0.0.1", description="The address to listen on.", min_length=1)
    port: int = Field(default=0, description="The port to listen on; 0 opens none.", ge=0, le=65535)


class LogSettings(_Section):
    """What the log says."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    format: Literal["human", "json"] = Field(default="human", description="Lines for people, or JSON for machines.")
    question_text: bool = Field(default=False, description="Write the text of members' questions to the log.")

    @field_validator("level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


class Config(BaseSettings):
    """Everything that can be set; `STORYDESK_SECTION__KEY` in the environment overrides the file."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="STORYDESK_", env_nested_delimiter="__", env_ignore_empty=True
    )

    story: StorySettings = StorySettings()
    model: ModelSettings = ModelSettings()
    answers: AnswerSettings = AnswerSettings()
    discord: DiscordSettings = DiscordSettings()
    library: LibrarySettings = LibrarySettings()
    storage: StorageSettings = StorageSettings()
    server: ServerSettings = ServerSettings()
    log: LogSettings = LogSettings()

    discord_api: str = Field(default=DISCORD_API, exclude=True, pattern=r"^https?://[^\s/]+(/\S*)?$")
    base_folder: Path = Field(default=Path(), exclude=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, whose contents come as initial values."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @property
    def story_path(self) -> Path | None:
        """Return the configured story's file, or None for the story that ships."""
        return self.base_folder / self.story.path if self.story.path else None

    @property
    def calibration_path(self) -> Path | None:
        """Return the file of the calibration, or None for the one that ships."""
        return self.base_folder / self.answers.calibration if self.answers.calibration else None

    @property
    def data_folder(self) -> Path:
        """Return the folder for indexes and state."""
        if self.storage.folder:
            return self.base_folder / self.storage.folder
        return Path(platformdirs.user_data_dir("storydesk", appauthor=False))


def load_config(path: Path | None = None) -> Config:
    """Return the settings of the file at `path`; without one, of `config.toml` here if it exists.

    Raises:
        ConfigError: the file is missing or no TOML, or a setting is unknown or wrong.
    """
    file = path or Path(CONFIG_FILE)
    if path is None and not file.is_file():
        return _with_environment({})
    try:
        found = tomllib.loads(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        message = f"There is no configuration file at {file}; copy config.example.toml there, or leave --config out."
        raise ConfigError(message) from None
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {error}."
        raise ConfigError(message) from None
    except tomllib.TOMLDecodeError as error:
        message = f"{file} is not valid TOML: {error}."
        raise ConfigError(message) from None
    complaints = [complaint for name, values in found.items() for complaint in _file_complaints(file, name, values)]
    if complaints:
        raise ConfigError("; ".join(complaints))
    return _with_environment(found | {"base_folder": file.resolve().parent})


def _file_complaints(file: Path, name: str, values: object) -> list[str]:
    """Return what is wrong with a section of the file; types are taken strictly there, since TOML has them."""
    field = Config.model_fields.get(name)
    if field is None or field.exclude:
        return [f"{file}: {name}: unknown setting. {_known(())}"]
    if not isinstance(values, dict):
        is_now = "" if name == "storage" else f" (it is {values!r})"  # it may be an address with a password
        return [f"{file}: {name}: a section is expected, that is [{name}] and its settings below{is_now}."]
    try:
        type(field.default).model_validate(values, strict=True)
    except ValidationError as error:
        return [_complaint(str(file), (name, *detail["loc"]), detail) for detail in error.errors()]
    return []


def _with_environment(values: Mapping[str, Any]) -> Config:
    """Return the settings; `values` are right in themselves, so what is wrong now stands in the environment."""
    try:
        return Config(**values)
    except SettingsError as error:
        message = f"the environment: {error}; set STORYDESK_SECTION__KEY, for instance STORYDESK_STORY__PATH."
        raise ConfigError(message) from None
    except ValidationError as error:
        complaints = [_complaint("the environment", detail["loc"], detail) for detail in error.errors()]
        raise ConfigError("; ".join(complaints)) from None


def _complaint(origin: str, location: tuple[int | str, ...], detail: ErrorDetails) -> str:
    """Return one line: where, which key, what is wrong, what would be right."""
    names = tuple(map(str, location))
    key = ".".join(names)
    if detail["type"] == "extra_forbidden":
        return f"{origin}: {key}: unknown setting. {_known(names[:-1])}"
    message = detail["msg"][:1].lower() + detail["msg"][1:]
    if key in _SECRET:
        return f"{origin}: {key}: {message}."
    return f"{origin}: {key}: {message} (it is {detail['input']!r})."


def _known(section: tuple[str, ...]) -> str:
    """Return the names that may stand where an unknown one stood."""
    model: type[BaseModel] = Config
    for name in section:
        field = model.model_fields.get(name)
        if field is None or not isinstance(field.default, BaseModel):
            return ""
        model = type(field.default)
    names = [name for name, field in model.model_fields.items() if not field.exclude]
    return f"Known here: {', '.join(names)}."


def discord_token(environment: Mapping[str, str] = os.environ) -> SecretStr:
    """Return the token from `DISCORD_TOKEN`, or from the file that `DISCORD_TOKEN_FILE` names.

    Raises:
        TokenError: neither is set, or the file cannot be read or is empty.
    """
    if token := environment.get("DISCORD_TOKEN", "").strip():
        return SecretStr(token)
    file = environment.get("DISCORD_TOKEN_FILE", "").strip()
    if not file:
        message = (
            "There is no Discord token: set DISCORD_TOKEN or DISCORD_TOKEN_FILE. "
            "To try the bot without one, run `storydesk preview`."
        )
        raise TokenError(message)
    try:
        token = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        message = f"DISCORD_TOKEN_FILE names {file}, which cannot be read."
        raise TokenError(message) from None
    if not token:
        message = f"DISCORD_TOKEN_FILE names {file}, which is empty."
        raise TokenError(message)
    return SecretStr(token)
