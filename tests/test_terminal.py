from __future__ import annotations

import io

import pytest
from bot_fakes import STORY, quote_of
from rich.console import Console

from bot.answer import Answer, NoAnswer
from bot.figures import Report
from bot.terminal import show_passages, show_reply, show_report
from index.story import Story

SENTENCE = "More than 1,000 American troops are stationed there at present."


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=100, file=io.StringIO(), highlight=False, force_terminal=True)


def test_an_answer_shows_the_quote_its_paragraph_and_title_and_how_sure_it_is(console: Console) -> None:
    reply = Answer("How many?", 0.87, (quote_of(SENTENCE, bold="More than 1,000"),), "More than 1,000")
    show_reply(console, reply, STORY)
    text = console.export_text()
    assert SENTENCE in text
    assert "¶ 2 · Troops leave Niger" in text
    assert "very likely the answer (87%)" in text


def test_the_answering_words_and_no_others_are_bold(console: Console) -> None:
    reply = Answer("How many?", 0.87, (quote_of(SENTENCE, bold="1,000"),), "1,000")
    show_reply(console, reply, STORY)
    assert "More than \x1b[1m1,000\x1b[0m American" in console.export_text(styles=True)


def test_the_closest_passages_are_said_not_to_answer(console: Console) -> None:
    show_reply(console, NoAnswer("Why?", 0.1, (quote_of(SENTENCE),)), STORY)
    text = console.export_text()
    assert text.startswith("I find no answer to this in the story. The closest passages are:\n")
    assert SENTENCE in text
    assert "%" not in text


def test_silence_is_one_line(console: Console) -> None:
    show_reply(console, NoAnswer("Why?", 0.0, (), verdict="silent"), STORY)
    assert console.export_text() == "The story says nothing about that.\n"


def test_brackets_in_a_story_are_text_and_no_styles(console: Console) -> None:
    story = Story(body="It is [bold]not[/bold] [red]bold :smile: [/]", title="[red]Title[/]")
    quote = quote_of(story.body, story)
    show_reply(console, Answer("?", 0.9, (quote,), None), story)
    show_passages(console, [quote], story)
    text = console.export_text()
    assert text.count(story.body) == 2
    assert text.count(story.title) == 2


def test_a_lookup_is_a_table_of_scores_paragraphs_and_passages(console: Console) -> None:
    quotes = [quote_of(SENTENCE, score=0.716), quote_of("The base near Agadez cost $100 million.", score=0.5)]
    show_passages(console, quotes, STORY)
    lines = console.export_text().splitlines()
    assert lines[0].strip() == "Troops leave Niger"
    first = next(line for line in lines if SENTENCE in line)
    second = next(line for line in lines if "Agadez" in line)
    assert first.split("│")[1:3] == ["  0.72 ", " 2 "]
    assert second.split("│")[1:3] == ["  0.50 ", " 3 "]
    assert lines.index(first) < lines.index(second)


def test_a_report_has_every_figure_and_a_dash_for_what_was_not_counted(console: Console) -> None:
    figures = Report(
        cases=12, answerable=8, hit_at_1=0.75, hit_at_3=0.875, mrr=0.8125, exact_match=0.5, f1=0.625,
        auroc_near=0.7, auroc_foreign=None, precision=None, recall=0.5, refused=1.0, risk_area=0.1,
        calibration_error=0.05, median_ms=12.34, intervals={"f1": (0.5, 0.75)},
    )  # fmt: skip
    show_report(console, figures)
    rows = [line.split("│")[1:4] for line in console.export_text().splitlines() if line.startswith("│")]
    assert [tuple(cell.strip() for cell in row) for row in rows] == [
        ("questions", "12", ""),
        ("of them answerable", "8", ""),
        ("right sentence first (hit@1)", "0.750", ""),
        ("right sentence among three (hit@3)", "0.875", ""),
        ("mean reciprocal rank", "0.812", ""),
        ("short answer, exact match", "0.500", ""),
        ("short answer, F1", "0.625", "0.500 to 0.750"),
        ("AUROC answerable against near miss", "0.700", ""),
        ("AUROC answerable against off-topic", "-", ""),
        ("precision of answered", "-", ""),
        ("recall of answered", "0.500", ""),
        ("unanswerable not called answered", "1.000", ""),
        ("area under risk-coverage", "0.100", ""),
        ("expected calibration error", "0.050", ""),
        ("median time", "12.3 ms", ""),
    ]
