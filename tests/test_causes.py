"""Why a story is refused is told in the member's language, wherever it was found out; in the terminal in English."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import simcord
from discord_desk import said
from discord_fixtures import *  # noqa: F403 - fixtures come by name
from documents import docx_of, pdf_of, zip_bomb
from test_language import fields
from test_stories import add, own_bot  # noqa: F401 - fixtures

import index
from bot.causes import Cause, cause_of
from bot.errors import FeedStoryError, FetchError, QuotaError, RefusedStoryError, StorageError
from bot.fetch import FEED, Page
from bot.intake import Intake
from bot.language import ENGLISH, LANGUAGES, Language, phrases
from bot.phrase import apology, cause_text
from bot.sandbox import read_safely
from bot.store.follows import FollowStore
from bot.store.records import FollowRecord
from index.errors import LoadError, ModelError
from index.feeds import read_feed
from index.load import MOST_BYTES, load_story, read_story
from index.settings import MAX_STORY_CHARACTERS
from index.story import Story

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.app import StorydeskBot

OTHERS: list[Language] = [language for language in LANGUAGES if language != "en"]
WEB = "https://news.example/story"


def refusals() -> dict[str, set[str]]:
    """Return the reasons for which a story is refused anywhere in the sources, each with the names of its values."""
    found: dict[str, set[str]] = {}
    for folder in (Path(index.__file__).parent, Path(cause_of.__code__.co_filename).parent):
        for file in folder.rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(call, ast.Call):
                    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
                    if isinstance(reason := named.pop("reason", None), ast.Constant):
                        found.setdefault(str(reason.value), set()).update(named)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_for_which_a_story_is_refused_has_a_phrase_with_its_values(language: Language) -> None:
    say = phrases(language)
    found = refusals()
    assert len(found) > 25
    for reason, values in found.items():
        own, english = (one(f"cause-{reason}", **dict.fromkeys(values, "7")) for one in (say, ENGLISH))
        assert (own == english) is (language == "en"), reason
        assert own.count("7") == len(values), reason
        assert fields(say._phrases[f"cause-{reason}"]) == values, reason


def read_page(text: str) -> Story:
    return read_story(f"<html><body>{text}</body></html>".encode(), "page.html", url=WEB)


@pytest.mark.parametrize(
    ("content", "name", "reason", "values"),
    [
        (b"a" * (MAX_STORY_CHARACTERS + 1), "a.txt", "too-long", {"characters": "2,000,001", "limit": "2,000,000"}),
        (b"a" * (MOST_BYTES + 1), "a.txt", "too-big", {"limit": "8,000,000"}),
        (b" \n", "a.txt", "empty", {}),
        (b"a\x01b", "a.txt", "not-text", {}),
        (b"%PDF-1.7", "a.txt", "other-format", {"format": "PDF"}),
        (b"\xff\xd8\xff\xe0", "a.md", "other-format", {"format": "JPEG"}),
        (b"\x81\x8d", "a.txt", "encoding", {}),
        (b"---\na: b\nc: d: e\n---\nBody.", "a.md", "front-matter-line", {"line": 3}),
        (b"---\na: &b c\nd: *b\n---\nBody.", "a.md", "front-matter", {}),
        (b"---\na: " + b"b" * 20_001 + b"\n---\nBody.", "a.md", "front-matter-long", {}),
        (b"<html><body></body></html>", "a.html", "empty-page", {}),
        (b"damaged", "a.pdf", "pdf-damaged", {"kind": "PdfStreamError"}),
        (pdf_of(""), "a.pdf", "pdf-no-text", {}),
        (pdf_of("words", password="x"), "a.pdf", "pdf-locked", {}),  # noqa: S106 - of a test's own file
        (b"damaged", "a.docx", "word-damaged", {"kind": "BadZipFile"}),
        (docx_of(), "a.docx", "word-no-text", {}),
        (zip_bomb(), "a.docx", "word-unpacked", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_story_says_why_in_every_language(
    content: bytes, name: str, reason: str, values: dict[str, str | int]
) -> None:
    with pytest.raises(LoadError) as caught:
        read_story(content, name)
    assert caught.value.reason == reason
    assert {key: caught.value.values[key] for key in values} == values
    told_in_every_language(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<script>x()</script>", "scripted-page"),
        ("<p>Subscribe to continue reading.</p>", "wall-pay"),
        ("<p>Please accept cookies to see this page.</p>", "wall-consent"),
        ("<p>Enable JavaScript.</p>", "wall-check"),
    ],
)
def test_a_page_that_is_no_story_says_why_in_every_language(text: str, reason: str) -> None:
    with pytest.raises(LoadError) as caught:
        read_page(text)
    assert caught.value.reason == reason
    told_in_every_language(caught.value)


def test_what_is_no_feed_and_a_title_that_cannot_be_seen_say_why_in_every_language() -> None:
    with pytest.raises(LoadError) as no_feed:
        read_feed(b"no feed")
    with pytest.raises(LoadError) as untitled:
        Story("Nine cats sleep.", "\u200b")
    assert (no_feed.value.reason, untitled.value.reason) == ("no-feed", "untitled")
    told_in_every_language(no_feed.value)
    told_in_every_language(untitled.value)


def told_in_every_language(error: LoadError) -> None:
    refused = RefusedStoryError(str(error))
    refused.__cause__ = error
    told = {apology(refused, "c0de", phrases(language)) for language in LANGUAGES}
    assert len(told) == len(LANGUAGES)
    assert not [text for text in told - {apology(refused, "c0de")} if str(error) in text]


def test_in_the_terminal_it_stays_in_english_with_the_name_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_bytes(b"%PDF-1.7")
    with pytest.raises(LoadError) as caught:
        load_story(file)
    assert str(caught.value) == f"{file}: The file is a PDF, not text. Give a .md, .txt, .html, .pdf or .docx file."
    assert (caught.value.reason, caught.value.values) == ("other-format", {"format": "PDF"})


async def test_why_comes_through_the_child_process() -> None:
    with pytest.raises(LoadError) as damaged:
        await read_safely(b"damaged", "a.pdf")
    assert (damaged.value.reason, damaged.value.values) == ("pdf-damaged", {"kind": "PdfStreamError"})
    with pytest.raises(LoadError) as slow:
        await read_safely(b"x", "x.pdf", seconds=0.2, command=(sys.executable, "-c", "import time; time.sleep(60)"))
    with pytest.raises(LoadError) as silent:
        await read_safely(b"x", "x.pdf", command=(sys.executable, "-c", ""))
    assert (slow.value.reason, silent.value.reason) == ("takes-long", "takes-much")


async def test_a_feed_that_is_brought_as_a_story_is_told_in_the_members_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fetched(url: str, **_: object) -> Page:
        return Page(url, b'<rss version="2.0"><channel><title>News</title></channel></rss>', FEED, None)

    monkeypatch.setattr("bot.intake.fetch_if_changed", fetched)
    with pytest.raises(FeedStoryError) as caught:
        await Intake().page("https://news.example/feed")
    for language in LANGUAGES:
        say = phrases(language)
        assert apology(caught.value, "c0de", say) == say("story-is-feed")


def test_what_failed_on_our_side_is_one_cause_and_tells_no_path() -> None:
    for error in (StorageError("The story cannot be kept in /srv/data"), ModelError("No model in /srv/data")):
        assert cause_of(error) == Cause("cause-ours", {})
    assert cause_of(QuotaError("Full.", stories="1", characters="2")) == Cause(
        "quota", {"stories": "1", "characters": "2"}
    )


@pytest.mark.parametrize("cause", [None, Cause("cause-of-a-later-version", {}), Cause("cause-status", {})])
def test_a_cause_that_no_phrase_says_is_told_as_it_was_kept(cause: Cause | None) -> None:
    assert cause_text(cause, "The *page* is gone.", phrases("de")) == "The \\*page\\* is gone."


def test_the_values_of_a_cause_are_shown_as_they_are() -> None:
    assert "im\\*age" in cause_text(Cause("cause-kind", {"kind": "im*age"}), "", phrases("fr"))


@pytest.mark.parametrize("language", OTHERS)
async def test_a_file_that_is_no_story_is_refused_in_the_guilds_language(
    env: simcord.Env, bot: StorydeskBot, chief: simcord.MemberActor, channel: simcord.ChannelHandle, language: Language
) -> None:
    await bot.store.change_guild_settings(env.guild.id, 1, {"language": language})
    say = phrases(language)
    assert await add(chief, channel, "damaged", "a.pdf") == say(
        "story-refused", cause=say("cause-pdf-damaged", kind="PdfStreamError")
    )


@pytest.mark.parametrize("language", LANGUAGES)
async def test_why_what_is_followed_could_not_be_looked_at_is_listed_in_the_guilds_language(
    env: simcord.Env,
    bot: StorydeskBot,
    alice: simcord.MemberActor,
    channel: simcord.ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
    language: Language,
) -> None:
    """What an older version kept is said as it was kept."""
    await bot.store.change_guild_settings(env.guild.id, 1, {"language": language})
    follows = FollowStore(bot.store)
    refused = RefusedStoryError("The page answers HTTP 503.")
    refused.__cause__ = FetchError("The page answers HTTP 503.", key="cause-status", status=503)
    empty = RefusedStoryError("The story is empty.")
    empty.__cause__ = LoadError("The story is empty.", reason="empty")
    for number, error in enumerate((refused, empty, StorageError("No space in /srv/data"))):
        followed = await follows.follow(followed_page(env, f"https://news.example/{number}"))
        monkeypatch.setattr(bot.intake, "look", failing(error))
        await bot.follower.look(followed)
    await follows.follow(replace(followed_page(env, "https://news.example/old"), problem="It was *so*."))
    say = phrases(language)
    listed = said((await alice.slash(channel, "story list")).response)
    for told in (say("cause-status", status=503), say("cause-empty"), say("cause-ours"), "It was \\*so\\*."):
        assert f" · {told}" in listed
    assert "srv" not in listed


def followed_page(env: simcord.Env, url: str) -> FollowRecord:
    return FollowRecord(0, env.guild.id, url, None, 3600, None, None, None, 0, 0, None)


def failing(error: Exception) -> Callable[..., Awaitable[None]]:
    async def look(*_: object, **__: object) -> None:
        raise error

    return look
