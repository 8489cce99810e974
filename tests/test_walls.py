"""What stands at an address instead of a story is told apart from it, and from stories that speak of such things."""

from __future__ import annotations

import pytest

from index.errors import EmptyStoryError
from index.load import read_story
from index.story import Story

TEASER = (
    "The harbour bridge of Port Alder closes on Monday for nine weeks, as the town council decided last night.",
    "Engineers found cracks in 14 steel cables. Mayor Lena Ortiz called the repair long overdue.",
    "Buses will cross the river at Quay Street, where the ferry used to land.",
)
WHOLE = tuple(
    f"In week {number} of the repair the crews replaced {number * 2} cables, while the buses carried {number}00 people "
    "a day across the river at Quay Street and the shops on the far side sold less than they had a year before."
    for number in range(1, 14)
)
LOCKED = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": %s%s}</script>'


def page(paragraphs: tuple[str, ...], after: str = "", head: str = "", before: str = "") -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<html><head><title>Bridge closes</title>{head}</head><body><nav><a href='/s'>Subscribe now</a></nav>{before}"
        f"<article><h1>Bridge closes</h1>{text}{after}</article>"
        "<footer>Cookies. Sign in. Subscribe.</footer></body></html>"
    )


def read(text: str) -> Story:
    return read_story(text.encode(), "page.html", url="https://www.pilot.example/bridge")


def test_a_page_that_calls_its_story_locked_and_shows_the_beginning_is_refused() -> None:
    wall = "<div class='paywall'><p>Subscribe to continue reading</p></div>"
    with pytest.raises(EmptyStoryError, match=r"only the beginning .* Save the article's text and add that\.$"):
        read(page(TEASER, wall, LOCKED % ("false", "")))


@pytest.mark.parametrize("flag", ["false", '"False"', '"false"'])
def test_the_flag_alone_is_enough_for_a_teaser(flag: str) -> None:
    with pytest.raises(EmptyStoryError, match="only the beginning"):
        read(page(TEASER, head=LOCKED % (flag, "")))
    graph = (
        '<script type="application/ld+json">{"@graph": [{"@type": ["Article"], "isAccessibleForFree": %s}]}</script>'
    )
    with pytest.raises(EmptyStoryError, match="only the beginning"):
        read(page(TEASER, head=graph % flag))
    for meta in ("itemprop='isAccessibleForFree' content='false'", "property='article:content_tier' content='locked'"):
        with pytest.raises(EmptyStoryError, match="only the beginning"):
            read(page(TEASER, head=f"<meta {meta}>"))


def test_the_flag_counts_at_any_length_where_the_page_says_that_there_is_more() -> None:
    with pytest.raises(EmptyStoryError, match="only the beginning"):
        read(page(WHOLE, head=LOCKED % ("false", ', "wordCount": 2000')))
    with pytest.raises(EmptyStoryError, match="only the beginning"):
        read(page((*WHOLE, "And then it turned out that the mayor …"), head=LOCKED % ("false", "")))


def test_a_story_that_is_evidently_whole_is_taken_though_its_page_calls_it_locked() -> None:
    assert "week 13" in read(page(WHOLE, head=LOCKED % ("false", ""))).body
    count = sum(len(paragraph.split()) for paragraph in TEASER)
    assert "Quay" in read(page(TEASER, head=LOCKED % ("false", f', "wordCount": {count}'))).body


def test_a_flag_on_something_else_does_not_count() -> None:
    assert "Quay" in read(page(TEASER, head=LOCKED % ("true", ""))).body
    other = '"itemListElement": [{"@type": "NewsArticle", "isAccessibleForFree": false}]'
    assert "Quay" in read(page(TEASER, head=LOCKED % ("true", f", {other}"))).body
    assert "Quay" in read(page(TEASER, head='<script type="application/ld+json">{[not JSON</script>')).body


@pytest.mark.parametrize(
    "wall",
    [
        "Subscribe to continue reading",
        "Already a subscriber? Log in.",
        "This article is for subscribers only.",
        "You have reached your limit of free articles.",
        "Jetzt abonnieren",
        "Dieser Artikel ist nur für Abonnenten lesbar.",
        "Weiterlesen mit Plus",
        "Sie sind bereits Abonnent? Hier anmelden",
        "Cet article est réservé aux abonnés.",
        "Il vous reste 75 % de cet article à lire.",
        "Abonnez-vous pour lire la suite",
        "Suscríbete para seguir leyendo",
        "Contenido exclusivo para suscriptores",
        "¿Ya eres suscriptor? Inicia sesión",
        "Assine para continuar lendo",
        "Conteúdo exclusivo para assinantes",
        "Já é assinante? Faça login",
    ],
)
@pytest.mark.parametrize("tag", ["p", "div", "button", "h3"])
def test_a_teaser_with_an_offer_below_is_refused_in_five_languages(wall: str, tag: str) -> None:
    with pytest.raises(EmptyStoryError, match="only the beginning"):
        read(page(TEASER, f"<{tag}>{wall}</{tag}>"))


@pytest.mark.parametrize(
    "wall",
    [
        "Subscribe to continue reading.",
        "Dieser Artikel ist nur für Abonnenten lesbar.",
        "Il vous reste 40% de cet article à lire.",
        "Suscríbete para seguir leyendo.",
        "Assine para continuar lendo.",
    ],
)
def test_a_long_text_whose_last_paragraph_is_a_wall_is_refused(wall: str) -> None:
    with pytest.raises(EmptyStoryError, match="only the beginning"):
        read(page((*WHOLE, wall)))


CONSENT = {
    "en": (
        "We value your privacy",
        "We and our 842 partners store and/or access information on a device, such as cookies, and use personal data.",
        "You may consent to our and our partners’ processing, or refuse to consent. Your preferences apply here.",
        "Some processing of your personal data may not require your consent, but you have a right to object.",
    ),
    "de": (
        "Wir und unsere 214 Partner speichern Informationen auf einem Gerät und verarbeiten personenbezogene Daten.",
        "Mit Ihrer Einwilligung nutzen wir genaue Standortdaten. Sie können Ihre Zustimmung jederzeit widerrufen.",
    ),
    "fr": (
        "Nous et nos 310 partenaires stockons des informations sur votre appareil, telles que les cookies.",
        "Vous pouvez accepter ou refuser ce traitement de vos données. Votre consentement vaut pour ce site.",
    ),
    "es": (
        "Nosotros y nuestros 128 socios almacenamos información en un dispositivo, como las cookies.",
        "Puede aceptar o rechazar el tratamiento de sus datos personales. Su consentimiento vale solo aquí.",
    ),
    "pt": (
        "Nós e os nossos 77 parceiros armazenamos informações num dispositivo, como cookies.",
        "Pode aceitar ou recusar o tratamento dos seus dados pessoais. O seu consentimento vale só aqui.",
    ),
}


@pytest.mark.parametrize("language", CONSENT)
@pytest.mark.parametrize("named", ["content", "cookie-banner"])
def test_a_page_that_asks_for_consent_is_refused_in_five_languages(language: str, named: str) -> None:
    text = "".join(f"<p>{line}</p>" for line in CONSENT[language])
    with pytest.raises(
        EmptyStoryError, match=r"asks for consent to cookies .* save the article's text and add that\.$"
    ):
        read(f"<html><head><title>The Pilot</title></head><body><div class='{named}'>{text}</div></body></html>")


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("pilot.example", "Verify you are human by completing the action below."),
        ("Just a moment...", "pilot.example needs to review the security of your connection before proceeding."),
        ("Attention Required! | Shield", "Why have I been blocked? This website protects itself from attacks."),
        ("The Pilot", "Please enable JavaScript and cookies to go on."),
        ("Robot check", "Our systems have detected unusual traffic from your computer network."),
        ("Der Pilot", "Bitte bestätigen Sie, dass Sie ein Mensch sind."),
        ("Le Pilote", "Veuillez confirmer que vous êtes humain."),
        ("El Piloto", "Verifique que es humano para continuar."),
        ("O Piloto", "Confirme que você é humano."),
    ],
)
def test_a_page_that_wants_a_human_is_refused_in_five_languages(title: str, text: str) -> None:
    with pytest.raises(EmptyStoryError, match=r"asks for a human .* save the article's text and add that\.$"):
        read(f"<html><head><title>{title}</title></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>")


STORIES = {
    "subscriptions": (
        "The Pilot will make readers subscribe to continue reading after three articles, its owner said on Monday.",
        "“Subscribe now” will stand below every text. A subscription costs $12, and subscribers may log in twice.",
        "Already a subscriber is every third household of Port Alder, which is why the owner expects no fall in sales.",
    ),
    "cookies": (
        "The data authority fined an advertising firm $4 million on Tuesday because its banner left no choice.",
        "“We and our 842 partners value your privacy” stood there, above a button to accept all cookies.",
        "The firm and its partners asked for consent 40 times a day. It will appeal, its lawyer Ada Prince said.",
        "Users had to scroll for nine minutes to find the way out, a court in Port Alder heard.",
    ),
    "captchas": (
        "A student of 19 has built a program that solves nine of ten captchas, her university said on Friday.",
        "“Verify you are human” is what such puzzles say. Her program clicks on traffic lights faster than people do.",
        "“I am not a robot,” she told reporters, and laughed. The firms that make the puzzles want to hire her.",
    ),
    "a bakery": ("The bakery on Mill Lane sells cookies again.", "Mira Holt took it over in May with her two sons."),
    "abos": (
        "Das Theater von Hinterau verkauft wieder Abonnements, nachdem es im Vorjahr keine gegeben hatte.",
        "Wer jetzt abonnieren will, muss bis Freitag kommen. Der Platz ist nur für Abonnenten des Vorjahres billiger.",
    ),
}


@pytest.mark.parametrize("about", STORIES)
def test_a_story_about_walls_is_a_story(about: str) -> None:
    body = read(page(STORIES[about])).body
    for paragraph in STORIES[about]:
        assert paragraph in body


@pytest.mark.parametrize("about", STORIES)
def test_a_story_keeps_being_one_beside_a_banner_a_box_and_a_newsletter(about: str) -> None:
    banner = "<div id='cookie-banner'>" + "".join(f"<p>{line}</p>" for line in CONSENT["en"]) + "</div>"
    box = "<div class='newsletter'><p>Sign up to read our news every morning.</p><button>Subscribe now</button></div>"
    hidden = "<div style='display: none'><p>Subscribe to continue reading</p></div>"
    body = read(page(STORIES[about], box + hidden, before=banner)).body
    assert STORIES[about][0] in body
    assert "842 partners store" not in body


def test_a_whole_story_may_end_in_an_offer_of_more() -> None:
    after = "<p>Subscribe</p><p>Already a subscriber? Log in.</p>"
    assert "week 13" in read(page(WHOLE, after)).body
