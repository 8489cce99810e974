"""Every phrase in every language: it is there, takes the same values, and fits where it is shown."""

from __future__ import annotations

import re
import string
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

import discord
import pytest
import simcord
from discord_desk import said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from discord_fixtures import mention

from bot.language import LANGUAGES, Language, Phrases, language_of, phrases

if TYPE_CHECKING:
    from bot.app import StorydeskBot

TROOPS = "how many US troops have to go?"
TENNIS = "Who won the tennis in Paris?"
OWN_NAMES = {"language-en", "language-fr", "language-de", "language-es", "language-pt"}


def catalogue(language: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("bot.languages").joinpath(f"{language}.toml").read_text("utf-8"))


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


ENGLISH = catalogue("en")["phrases"]


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_phrase_is_translated_and_takes_the_same_values(language: Language) -> None:
    own = catalogue(language)["phrases"]
    assert set(ENGLISH) - set(own) == OWN_NAMES
    assert set(own) <= set(ENGLISH)
    for key, text in own.items():
        assert fields(text) == fields(ENGLISH[key]), key
        assert text.count("`") == ENGLISH[key].count("`"), key
        assert text.count("**") == ENGLISH[key].count("**"), key
        assert text == text.strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_can_be_said_and_fits(language: Language) -> None:
    say = phrases(language)
    values = dict.fromkeys(set().union(*map(fields, ENGLISH.values())), "7")
    for key in ENGLISH:
        text = say(key, **values)
        assert text
        assert "{" not in text
        if key.startswith("button-"):
            assert len(text) <= 80
        if key.startswith(("form-seconds", "form-questions")):
            assert len(text) <= 45
        assert len(text) <= 1500


def test_a_phrase_that_a_language_lacks_is_said_in_english() -> None:
    assert phrases("fr")("language-en") == "English"


@pytest.mark.parametrize(
    ("locale", "language"),
    [("en-US", "en"), ("fr", "fr"), ("de", "de"), ("es-ES", "es"), ("es-419", "es"), ("pt-BR", "pt"), ("ja", "en")],
)
def test_discords_locales_have_a_language(locale: str, language: str) -> None:
    assert language_of(locale) == language


@pytest.mark.parametrize("locale", ["fr", "de", "es-ES", "pt-BR"])
async def test_every_command_and_option_is_synced_in_every_language(env: simcord.Env, locale: str) -> None:
    (sync,) = [request for request in env.http_requests if request.method == "PUT"]
    assert isinstance(sync.json, list)
    names: list[str] = []

    def walk(item: Any) -> None:
        if isinstance(item, dict) and "name_localizations" in item:
            assert locale in item["name_localizations"], item["name"]
            names.append(item["name_localizations"][locale])
            if item.get("description"):
                assert item["description_localizations"][locale] != item["description"]
                assert len(item["description_localizations"][locale]) <= 100
            if item.get("type", 1) == 1:
                assert re.fullmatch(r"[-_\w]{1,32}", names[-1])
                assert names[-1] == names[-1].lower()
        for below in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
            walk(below)

    walk(sync.json)
    assert len(names) > 20
    top = [command["name_localizations"][locale] for command in sync.json]
    assert len(set(top)) == len(top)


async def test_the_members_language_is_spoken_and_the_storys_words_stay(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = simcord.interactions.base_payload

    def in_german(*args: Any, **options: Any) -> Any:
        record, payload = build(*args, **options)
        return record, payload | {"locale": "de"}

    monkeypatch.setattr(simcord.interactions, "base_payload", in_german)
    say = phrases("de")
    answer = (await alice.slash(channel, "ask", question=TROOPS)).response
    assert "More than 1,000" in said(answer)
    assert say("very-likely") in said(answer) or say("probably") in said(answer)
    assert "sagt dazu nichts" in said((await alice.slash(channel, "ask", question=TENNIS)).response)
    assert answer is not None
    assert said((await alice.click(answer, label=say("button-helpful"))).response) == say("vote-counted")


async def test_a_guilds_language_is_spoken_to_all_of_its_members(
    env: simcord.Env, alice: simcord.MemberActor, channel: simcord.ChannelHandle, bot: StorydeskBot
) -> None:
    await bot.store.change_guild_settings(env.guild.id, 1, {"language": "fr"})
    await alice.send(channel, f"{mention(env)} {TENNIS}")
    assert "ne dit rien à ce sujet" in said(channel.last_message)


async def test_messages_are_answered_in_the_guilds_preferred_locale(env: simcord.Env) -> None:
    guild = env.create_guild("Redacción", preferred_locale="es-ES")
    channel = guild.create_text_channel("general")
    bob = guild.add_member(env.create_user("bob"))
    await bob.send(channel, f"{mention(env)} {TENNIS}")
    assert "no dice nada de eso" in said(channel.last_message)


def test_the_translator_knows_every_locale_that_discord_has() -> None:
    spoken = {locale.value for locale in discord.Locale if language_of(locale.value) != "en"}
    assert spoken == {"fr", "de", "es-ES", "es-419", "pt-BR"}
    assert isinstance(phrases("pt"), Phrases)
