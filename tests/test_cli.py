from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer
from bot_fakes import ANSWERS, BODY, IS_SILENT, STORY, shelf_of
from fakes import CountingEmbedder, WordReader
from typer.testing import CliRunner

from bot.cli import app
from index.load import load_story, shipped_story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.testing import Result

    from bot.config import Config
    from bot.shelf import Shelf
    from index.story import Story

COMMANDS = ["ask", "lookup", "chat", "index", "eval", "doctor", "run", "backup", "restore", "preview", "stories"]
QUESTION = "how many US troops have to go?"
ANSWER_KEYS = ["question", "verdict", "confidence", "short", "quotes", "elapsed_ms"]
QUOTE_KEYS = ["story", "start", "end", "text", "paragraph", "score", "bold"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test a home and a working folder of its own, and no token."""
    monkeypatch.chdir(tmp_path)
    for name, folder in (("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    for name in ("DISCORD_TOKEN", "DISCORD_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every desk answer by a model of four words that is there at once."""

    def load_shelf(config: Config, story: Story, *, progress: object = None) -> Shelf:
        del config, progress
        return shelf_of(story)

    def load_shelf_of(config: Config, stories: Sequence[Story], *, progress: object = None) -> Shelf:
        del config, progress
        return shelf_of(*stories)

    monkeypatch.setattr("bot.opening.load_shelf", load_shelf)
    monkeypatch.setattr("bot.opening.load_shelf_of", load_shelf_of)
    monkeypatch.setattr("bot.opening.load_embedder", lambda _: CountingEmbedder())


def called(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, arguments, input=stdin, prog_name="storydesk")


def told(*arguments: str) -> str:
    """Return the one line on standard error with which a command fails, and see that it does so decently."""
    result = called(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("storydesk: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    return result.stderr.removeprefix("storydesk: ").rstrip("\n")


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as people do, in a process of its own."""
    command = [str(Path(sys.executable).with_name("storydesk")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)


def is_answer(found: dict[str, object], story: Story) -> bool:
    """Check an object of `ask --json` against the contract and the story that it quotes."""
    assert list(found) == ANSWER_KEYS
    confidence, elapsed, quotes = found["confidence"], found["elapsed_ms"], found["quotes"]
    assert found["verdict"] in ("answered", "closest", "silent")
    assert isinstance(confidence, float)
    assert 0 <= confidence <= 1
    assert isinstance(elapsed, float)
    assert elapsed > 0
    assert isinstance(quotes, list)
    bold = []
    for quote in quotes:
        assert list(quote) == QUOTE_KEYS
        assert quote["story"] == story.id
        assert quote["text"] == story.body[quote["start"] : quote["end"]]
        assert quote["paragraph"] == story.paragraph_at(quote["start"]).number
        assert all(quote["start"] <= start < end <= quote["end"] for start, end in quote["bold"])
        bold += [story.body[start:end] for start, end in quote["bold"]]
    assert found["short"] is None or found["short"] in bold
    return found["verdict"] == "answered"


# ------------------------------------------------------------------------------------ help and usage


def test_help_lists_every_command() -> None:
    result = called("--help")
    assert result.exit_code == 0
    assert re.findall(r"^  (\w+)  ", result.stdout, re.MULTILINE) == COMMANDS


def test_every_command_and_every_option_has_a_line_of_help() -> None:
    group = typer.main.get_command(app)
    commands = getattr(group, "commands", {})
    assert list(commands) == COMMANDS
    for command in [*commands.values(), *commands["stories"].commands.values()]:
        assert command.get_short_help_str(), command.name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{command.name} {parameter.name}"


def test_without_a_command_the_help_is_shown() -> None:
    result = called()
    assert "Usage: storydesk" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["ask", "one", "two"],
        ["ask", "x", "--colour"],
        ["lookup", "x", "-k", "0"],
        ["lookup", "x", "-k", "many"],
        ["eval", "--stories", "a.jsonl"],
        ["preview", "--port", "70000"],
        ["run", "--token", "abc"],
        ["answer"],
        ["--loud", "ask", "x"],
    ],
)
def test_wrong_usage_ends_with_two(arguments: list[str]) -> None:
    result = called(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: storydesk" in result.stderr


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    heavy = (
        "torch",
        "transformers",
        "sentence_transformers",
        "discord",
        "pydantic",
        "faiss",
        "numpy",
        "sqlalchemy",
        "matplotlib",
    )
    script = (
        "import sys\n"
        "from bot.cli import main\n"
        "sys.argv = ['storydesk', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
    )
    root = str(Path(__file__).resolve().parent.parent)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "Usage: storydesk" in done.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


# ------------------------------------------------------------------------------------ failures


def test_an_empty_story_is_refused_in_one_line(home: Path) -> None:
    (home / "empty.txt").write_text(" \n", "utf-8")
    done = process("ask", "why?", "--story", "empty.txt")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "storydesk: empty.txt: The story is empty: there is no text in it to answer from. "
        "Give a file that has the story's text.\n"
    )


def test_debug_shows_the_traceback(home: Path) -> None:
    (home / "empty.txt").write_text(" \n", "utf-8")
    done = process("--debug", "ask", "why?", "--story", "empty.txt")
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert "EmptyStoryError: empty.txt: The story is empty" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", "x", "--story", "gone.txt"], r"^There is no story at gone\.txt; give the path"),
        (["lookup", "x", "--story", "no-such-thing"], r"^There is no story 'no-such-thing': give the path"),
        (["chat", "--story", "."], r"^\. is a folder"),
        (["ask", "x", "--config", "gone.toml"], r"^There is no configuration file at gone\.toml"),
        (["index", "--config", "wrong.toml"], r"^wrong\.toml: answers\.closets: unknown setting\. Known here: "),
        (["run", "--config", "wrong.toml"], r"^wrong\.toml: answers\.closets"),
        (["run"], r"^There is no Discord token: set DISCORD_TOKEN or DISCORD_TOKEN_FILE\."),
        (["eval", "--stories", "gone.jsonl", "--cases", "gone.jsonl"], r"^gone\.jsonl cannot be read: "),
        (["preview", "--story", "gone.txt"], r"^There is no story at gone\.txt"),
    ],
)
def test_a_failure_is_one_line_on_standard_error(arguments: list[str], message: str, home: Path) -> None:
    (home / "wrong.toml").write_text("[answers]\nclosets = 1\n", "utf-8")
    assert re.search(message, told(*arguments))


@pytest.mark.usefixtures("small")
def test_a_folder_that_cannot_be_written_is_one_line_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").write_text("in the way", "utf-8")
    monkeypatch.setenv("STORYDESK_STORAGE__FOLDER", str(home / "file"))
    assert "Not a directory" in told("index")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("question", "message"), [("?!", "There is no question"), ("x" * 501, "That is 501 characters")]
)
def test_a_question_that_cannot_be_asked_is_told(question: str, message: str) -> None:
    assert told("ask", question).startswith(message)


def test_an_installation_without_the_preview_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bot.preview", None)
    assert "pip install -c constraints.txt '.[preview]'" in told("preview")


# ------------------------------------------------------------------------------------ commands, with a small model


@pytest.fixture
def story(home: Path) -> str:
    """Write the small story down and return its file's name."""
    (home / "niger.txt").write_text(BODY, "utf-8")
    return "niger.txt"


@pytest.mark.usefixtures("small")
def test_ask_prints_the_quote_for_people(story: str) -> None:
    result = called("ask", "How many troops are stationed there?", "--story", story)
    assert result.exit_code == 0
    assert "More than 1,000 American troops are stationed there at present." in result.stdout
    assert "¶ 2" in result.stdout
    assert result.stderr == ""


@pytest.mark.usefixtures("small")
def test_ask_prints_one_object_for_programs(story: str) -> None:
    result = called("ask", "How many troops are stationed there?", "--story", story, "--json")
    assert result.stdout.count("\n") == 1
    found = json.loads(result.stdout)
    assert is_answer(found, load_story(Path(story)))
    assert (found["question"], found["short"]) == ("How many troops are stationed there?", "More than 1,000")


@pytest.mark.usefixtures("small")
def test_lookup_prints_as_many_passages_as_asked(story: str) -> None:
    for count in (1, 3):
        result = called("lookup", "base", "--story", story, "-k", str(count), "--json")
        found = json.loads(result.stdout)
        assert list(found) == ["query", "passages"]
        assert [list(passage) for passage in found["passages"]] == [QUOTE_KEYS] * count
    assert "Agadez" in called("lookup", "base", "--story", story).stdout


@pytest.mark.usefixtures("small")
def test_the_configured_story_is_asked(story: str, home: Path) -> None:
    (home / "config.toml").write_text(f"[story]\npath = '{story}'\n", "utf-8")
    assert "Agadez" in called("lookup", "base").stdout


@pytest.mark.usefixtures("small")
def test_chat_reads_until_the_end_of_input(story: str) -> None:
    result = called("chat", "--story", story, stdin="How much did the base cost?\n:more\n")
    assert result.exit_code == 0
    assert "The base near Agadez cost $100 million." in result.stdout
    assert "More than 1,000 American troops" in result.stdout


@pytest.mark.usefixtures("small")
def test_index_builds_once_and_then_says_that_it_is_good(story: str, home: Path) -> None:
    first = called("index", "--story", story)
    saved = load_story(Path(story))
    folder = home / "data" / "storydesk" / "indexes" / saved.id
    assert first.stdout == f"Indexed “{saved.title}”: 6 passages in {folder}. Its id is {saved.id}.\n"
    second = called("index", "--story", story)
    assert second.stdout == f"The index of “{saved.title}” is good: 6 passages in {folder}.\n"
    assert called("index", "--story", story, "--rebuild").stdout == first.stdout
    (folder / "vectors.faiss").unlink()
    assert called("index", "--story", story).stdout == first.stdout
    assert [first.stderr, second.stderr] == ["", ""]


@pytest.mark.usefixtures("small")
def test_an_indexed_story_can_be_asked_by_its_id(story: str, home: Path) -> None:
    called("index", "--story", story)
    saved = load_story(Path(story))
    (home / story).unlink()
    assert is_answer(json.loads(called("ask", "How many troops?", "--story", saved.id, "--json").stdout), saved)


def labelled(home: Path) -> list[str]:
    stories = [{"id": "niger", "title": STORY.title, "text": BODY}, {"id": "unasked", "text": "Nobody asks."}]
    cases = [
        {"id": "1", "story_id": "niger", "question": "How many troops are stationed there?", "answerable": True,
         "answers": ["More than 1,000"]},
        {"id": "2", "story_id": "niger", "question": "Who won?", "answerable": False, "answers": []},
    ]  # fmt: skip
    for name, rows in (("stories", stories), ("cases", cases)):
        (home / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return ["eval", "--stories", "stories.jsonl", "--cases", "cases.jsonl"]


@pytest.mark.usefixtures("small")
def test_eval_prints_its_figures_and_writes_predictions(home: Path) -> None:
    result = called(*labelled(home), "--predictions", "out.jsonl", "--json")
    figures = json.loads(result.stdout)
    assert (figures["cases"], figures["answerable"], figures["hit_at_1"], figures["recall"]) == (2, 1, 1.0, 1.0)
    assert (figures["precision"], figures["refused"]) == (0.5, 0.0)
    rows = [json.loads(line) for line in (home / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["1", "2"]
    assert all(list(row) == ["id", *ANSWER_KEYS, "hits"] for row in rows)
    assert "hit@1" in called(*labelled(home)).stdout


@pytest.mark.usefixtures("small")
def test_eval_reports_each_set_and_all_of_them_and_draws_a_plot(home: Path) -> None:
    sets = labelled(home)
    pooled = json.loads(called(*sets, *sets[1:], "--foreign", "1", "--plot", "risk.png", "--json").stdout)
    assert (pooled["cases"], [found["cases"] for found in pooled["sets"].values()]) == (4, [2, 2])
    assert (home / "risk.png").read_bytes().startswith(b"\x89PNG")
    shown = called(*sets, *sets[1:]).stdout
    assert "Evaluation: all" in shown
    assert "surest share of the questions" in shown


@pytest.mark.usefixtures("small")
def test_eval_wants_as_many_stories_as_cases(home: Path) -> None:
    result = called(*labelled(home), "--cases", "cases.jsonl")
    assert result.exit_code == 1
    assert "as many --stories as --cases" in result.stderr


def test_eval_asks_whatever_the_verdict_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load_shelf_of(config: Config, stories: Sequence[Story], *, progress: object = None) -> Shelf:
        del config, progress
        return shelf_of(*stories, calibration=IS_SILENT)

    monkeypatch.setattr("bot.opening.load_shelf_of", load_shelf_of)
    figures = json.loads(called(*labelled(home), "--json").stdout)
    assert (figures["hit_at_1"], figures["precision"], figures["recall"], figures["refused"]) == (1.0, None, 0.0, 1.0)


def test_doctor_ends_with_one_where_something_is_bad(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.doctor.load_embedder", lambda _: CountingEmbedder())
    monkeypatch.setattr("bot.doctor.load_reader", lambda *_: (WordReader(), ANSWERS))
    result = called("doctor")
    assert result.exit_code == 0
    assert all(line.startswith("ok   ") for line in result.stdout.splitlines())
    (home / "config.toml").write_text("[answers]\nclosets = 1\n", "utf-8")
    result = called("doctor")
    assert result.exit_code == 1
    assert result.stdout.startswith("BAD  settings: config.toml: answers.closets")


# ------------------------------------------------------------------------------------ commands, with the real model


def test_the_command_answers_from_the_story_that_ships_as_the_contract_says() -> None:
    done = process("ask", QUESTION, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert is_answer(found, shipped_story())
    assert found["question"] == QUESTION
    assert "1,000" in found["quotes"][0]["text"]
    assert found["short"] == "More than 1,000"


@pytest.mark.usefixtures("embedder")
def test_doctor_finds_a_fresh_installation_in_order() -> None:
    result = called("doctor")
    assert result.exit_code == 0, result.output
    assert "BAD" not in result.stdout


@pytest.mark.usefixtures("embedder")
def test_a_story_of_one_sentence_can_be_asked_about(home: Path) -> None:
    (home / "one.txt").write_text("The bridge in Mostar was rebuilt in 2004", "utf-8")
    found = json.loads(called("ask", "When was the bridge rebuilt?", "--story", "one.txt", "--json").stdout)
    assert is_answer(found, load_story(home / "one.txt"))
    assert "2004" in found["short"]


@pytest.mark.usefixtures("embedder")
def test_nonsense_is_not_answered() -> None:
    found = json.loads(called("ask", "What is the best recipe for pancakes?", "--json").stdout)
    assert not is_answer(found, shipped_story())
    assert found["short"] is None


@pytest.mark.usefixtures("embedder")
def test_bytes_that_are_no_text_are_asked_with_question_marks() -> None:
    result = called("ask", "how many troops \udcff have to go?", "--json")
    assert result.exit_code == 0, result.exception
    found = json.loads(result.stdout)
    assert is_answer(found, shipped_story())
    assert found["question"] == "how many troops ? have to go?"
