"""The bot's own phrases in the languages it speaks; the story's words are never translated.

A phrase that is missing in one language is taken from English.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["en", "fr", "de", "es", "pt"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Phrases:
    """The phrases of one language."""

    def __init__(self, language: Language, phrases: Mapping[str, str], commands: Mapping[str, str]) -> None:
        """Speak `language`; `commands` are names and descriptions of commands by their English words."""
        self.language = language
        self._phrases = phrases
        self._commands = commands

    def __call__(self, key: str, **values: object) -> str:
        """Return a phrase with `values` in it, which must be escaped where they are not ours.

        Raises:
            KeyError: there is no such phrase, or a value for it is missing.
        """
        return self._phrases[key].format(**values)

    def command(self, english: str) -> str | None:
        """Return the name or description of a command or an option, if it is translated."""
        return self._commands.get(english)


@cache
def phrases(language: Language) -> Phrases:
    """Return the phrases of a language."""
    english, own = (
        tomllib.loads(resources.files("bot.languages").joinpath(f"{name}.toml").read_text("utf-8"))
        for name in ("en", language)
    )
    return Phrases(language, english["phrases"] | own["phrases"], own["commands"])


def language_of(locale: str) -> Language:
    """Return the language for one of Discord's locales, such as "pt-BR"; English where we do not speak it."""
    code = locale.partition("-")[0]
    return next((language for language in LANGUAGES if language == code), "en")


ENGLISH = phrases("en")
