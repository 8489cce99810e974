from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from discord_desk import said
from discord_fixtures import *  # noqa: F403 - fixtures come by name

from bot.language import ENGLISH
from index.load import shipped_story

if TYPE_CHECKING:
    import simcord

    from bot.shelf import Shelf

CLAIMS = tomllib.loads((Path(__file__).parent / "claims.toml").read_text("utf-8"))


def test_most_of_what_is_mentioned_is_found_with_an_exact_quote(shelf: Shelf) -> None:
    found = [shelf.find(claim, 3) for claim in CLAIMS["mentioned"]]
    assert sum(mention.is_found for mention in found) >= 10
    for mention in found:
        assert len(mention.quotes) == 1 if mention.is_found else 3
        for quote in mention.quotes:
            assert shipped_story().text(quote.span) == quote.text


@pytest.mark.parametrize("claim", CLAIMS["unmentioned"])
def test_what_is_not_mentioned_is_never_called_found(shelf: Shelf, claim: str) -> None:
    assert not shelf.find(claim, 3).is_found


async def test_the_apps_menu_shows_a_claim_beside_the_quote(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    message = await alice.send(channel, "there are **over** 1,000 american troops in niger")
    text = said((await alice.context_menu(channel, "Find this in the story", message)).response)
    assert r"> there are \*\*over\*\* 1,000 american troops in niger" in text
    assert ENGLISH("found") in text
    assert "> More than 1,000 American troops" in text
    assert "true" not in text.lower()
    assert "false" not in text.lower()


async def test_the_apps_menu_says_when_a_claim_is_not_mentioned(
    alice: simcord.MemberActor, channel: simcord.ChannelHandle
) -> None:
    message = await alice.send(channel, "There are 5,000 American troops in Niger")
    text = said((await alice.context_menu(channel, "Find this in the story", message)).response)
    assert ENGLISH("not-mentioned") in text
    assert text.count("\n-# ¶") == 3
