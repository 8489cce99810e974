from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.config import DISCORD_API, Config, discord_token, load_config
from bot.errors import ConfigError, TokenError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str) -> Path:
    file = Path("my.toml")
    file.write_text(text, "utf-8")
    return file


def complaint_about(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(written(text))
    found = str(caught.value)
    assert "\n" not in found
    return found


def test_without_a_file_every_setting_has_its_default() -> None:
    config = load_config()
    assert config.model_dump(mode="json") == {
        "story": {"path": ""},
        "model": {"name": "all-MiniLM-L6-v2", "reader": "storydesk-reader"},
        "answers": {
            "max_question_characters": 500,
            "closest": 3,
            "lookup_count": 5,
            "most_waiting": 100,
            "strictness": "balanced",
            "calibration": "",
        },
        "discord": {
            "answer_mentions": True,
            "answer_direct_messages": True,
            "read_all_messages": False,
            "drain_seconds": 20,
        },
        "library": {
            "most_stories": 100,
            "most_characters": 5_000_000,
            "fetches_an_hour": 60,
            "files_an_hour": 200,
            "most_followed": 20,
            "most_sentences_loaded": 100_000,
        },
        "storage": {"folder": "", "url": "", "keep_days": 90},
        "server": {"host": "127.0.0.1", "port": 0},
        "log": {"level": "INFO", "format": "human", "question_text": False},
    }
    assert config.discord_api == DISCORD_API
    assert config.story_path is None


def test_the_example_states_exactly_the_defaults_and_names_every_setting_in_order() -> None:
    example = ROOT / "config.example.toml"
    stated = tomllib.loads(example.read_text("utf-8"))
    defaults = load_config().model_dump(mode="json")
    assert stated == defaults
    assert [(section, list(keys)) for section, keys in stated.items()] == [
        (section, list(keys)) for section, keys in defaults.items()
    ]
    assert load_config(example).model_dump(mode="json") == defaults


def test_the_example_has_a_comment_above_every_setting() -> None:
    lines = (ROOT / "config.example.toml").read_text("utf-8").splitlines()
    settings = [number for number, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    assert len(settings) == sum(len(keys) for keys in load_config().model_dump().values())
    assert all(lines[number - 1].startswith("# ") for number in settings)


def test_every_setting_has_a_description() -> None:
    sections = [type(field.default) for field in Config.model_fields.values() if isinstance(field.default, BaseModel)]
    assert all(field.description for section in sections for field in section.model_fields.values())


def test_the_file_sets_what_it_names_and_leaves_the_rest() -> None:
    config = load_config(written("[answers]\nclosest = 2\n[log]\nlevel = 'debug'\n"))
    assert (config.answers.closest, config.answers.lookup_count, config.log.level) == (2, 5, "DEBUG")


def test_config_toml_here_is_read_without_being_named() -> None:
    Path("config.toml").write_text("[answers]\nclosest = 4\n", "utf-8")
    assert load_config().answers.closest == 4


def test_a_byte_order_mark_does_no_harm() -> None:
    file = Path("my.toml")
    file.write_text("[answers]\nclosest = 2\n", "utf-8-sig")
    assert load_config(file).answers.closest == 2


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    file = tmp_path / "etc" / "my.toml"
    file.write_text("[story]\npath = 'a.md'\n[storage]\nfolder = 'state'\n", "utf-8")
    config = load_config(file)
    assert config.story_path == tmp_path / "etc" / "a.md"
    assert config.data_folder == tmp_path / "etc" / "state"


def test_the_data_folder_is_the_users_unless_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert load_config().data_folder == tmp_path / "share" / "storydesk"


def test_the_environment_wins_over_the_file_setting_by_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORYDESK_ANSWERS__CLOSEST", "5")
    config = load_config(written("[answers]\nclosest = 2\nlookup_count = 7\n"))
    assert (config.answers.closest, config.answers.lookup_count) == (5, 7)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORYDESK_ANSWERS__CLOSEST", "")
    assert load_config().answers.closest == 3


def test_the_address_of_discord_comes_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORYDESK_DISCORD_API", "http://127.0.0.1:3911/api/v10")
    assert load_config().discord_api == "http://127.0.0.1:3911/api/v10"
    assert "my.toml: discord_api: unknown setting" in complaint_about("discord_api = 'http://127.0.0.1/'\n")


def test_an_address_of_discord_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORYDESK_DISCORD_API", "127.0.0.1:3911")
    with pytest.raises(ConfigError, match="discord_api"):
        load_config()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[answers]\nclosets = 2\n", "answers.closets: unknown setting. Known here: max_question_characters, closest,"),
        (
            "[answer]\nclosest = 2\n",
            "answer: unknown setting. Known here: story, model, answers, discord, library, storage, server, log.",
        ),
        ("closest = 2\n", "closest: unknown setting. Known here: story, model,"),
        ("base_folder = '/'\n", "base_folder: unknown setting."),
        ("story = 'a.md'\n", "story: a section is expected, that is [story] and its settings below (it is 'a.md')"),
        ("[answers]\nclosest = 'three'\n", "answers.closest: input should be a valid integer (it is 'three')"),
        ("[answers]\nclosest = '3'\n", "answers.closest: input should be a valid integer (it is '3')"),
        ("[answers]\nclosest = true\n", "answers.closest: input should be a valid integer (it is True)"),
        ("[answers]\nclosest = 9\n", "answers.closest: input should be less than or equal to 5 (it is 9)"),
        ("[story]\npath = 3\n", "story.path: input should be a valid string (it is 3)"),
        ("[discord]\nanswer_mentions = 'yes'\n", "discord.answer_mentions: input should be a valid boolean"),
        ("[log]\nlevel = 'loud'\n", "log.level: input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR' (it is 'LOUD')"),
        ("[answers\n", "is not valid TOML: "),
        ("[answers]\nclosest = \n", "(at line 2, column 11)"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_file_key_and_what_would_be_right(text: str, told: str) -> None:
    found = complaint_about(text)
    assert found.startswith("my.toml")
    assert told in found


def test_two_mistakes_are_told_at_once() -> None:
    found = complaint_about("[answers]\nclosest = 'x'\n[log]\nlevle = 'INFO'\n")
    assert "my.toml: answers.closest:" in found
    assert "my.toml: log.levle:" in found


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("STORYDESK_ANSWERS__CLOSEST", "many", "the environment: answers.closest: input should be a valid integer"),
        ("STORYDESK_ANSWERS__CLOSETS", "2", "the environment: answers.closets: unknown setting. Known here:"),
        ("STORYDESK_STORY", "a.md", "the environment: "),
    ],
)
def test_a_mistake_in_the_environment_is_not_blamed_on_the_file(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    found = complaint_about("[answers]\nclosest = 2\n")
    assert found.startswith(told)
    assert "my.toml" not in found


def test_a_file_that_is_named_must_exist() -> None:
    with pytest.raises(ConfigError, match=r"^There is no configuration file at gone\.toml; copy config\.example\.toml"):
        load_config(Path("gone.toml"))


def test_a_file_that_is_no_text_is_refused() -> None:
    Path("my.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"^my\.toml cannot be read: "):
        load_config(Path("my.toml"))


def test_a_folder_is_no_file() -> None:
    Path("folder").mkdir()
    with pytest.raises(ConfigError, match=r"^folder cannot be read: "):
        load_config(Path("folder"))


def test_settings_cannot_be_changed_afterwards() -> None:
    config = load_config()
    with pytest.raises(ValueError, match="frozen"):
        config.answers.closest = 1  # type: ignore[misc]


def test_the_token_comes_from_the_environment() -> None:
    assert discord_token({"DISCORD_TOKEN": " abc.def \n"}).get_secret_value() == "abc.def"


def test_the_token_comes_from_a_file_without_its_line_break() -> None:
    Path("token").write_text("abc.def\n", "utf-8")
    assert discord_token({"DISCORD_TOKEN_FILE": "token"}).get_secret_value() == "abc.def"


def test_the_variable_wins_over_the_file_of_a_token() -> None:
    Path("token").write_text("from-file", "utf-8")
    found = discord_token({"DISCORD_TOKEN": "from-variable", "DISCORD_TOKEN_FILE": "token"})
    assert found.get_secret_value() == "from-variable"


@pytest.mark.parametrize("environment", [{}, {"DISCORD_TOKEN": ""}, {"DISCORD_TOKEN": "  ", "DISCORD_TOKEN_FILE": " "}])
def test_without_a_token_the_message_says_how_to_give_one(environment: dict[str, str]) -> None:
    with pytest.raises(TokenError, match=r"set DISCORD_TOKEN or DISCORD_TOKEN_FILE\..*storydesk preview"):
        discord_token(environment)


def test_a_token_file_that_is_missing_or_empty_is_named() -> None:
    with pytest.raises(TokenError, match="names gone, which cannot be read"):
        discord_token({"DISCORD_TOKEN_FILE": "gone"})
    Path("token").write_text(" \n", "utf-8")
    with pytest.raises(TokenError, match="names token, which is empty"):
        discord_token({"DISCORD_TOKEN_FILE": "token"})


DEFAULTS = Config().model_dump(mode="json")
SECRET = "hunter2-in-an-address"  # noqa: S105 - nobody's
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False),
    st.sampled_from(["", "balanced", "strict", "INFO", "127.0.0.1", "a\nb"]),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
)
KEYS = [(name, key) for name, keys in DEFAULTS.items() for key in [*keys, "nonsense"]]
ENTRIES = st.lists(st.tuples(st.sampled_from(KEYS), st.none() | VALUES), max_size=4)
ADDRESSES = st.sampled_from([None, f"postgresql://bot:{SECRET}@db/desk", f"nonsense {SECRET}", [SECRET]])


def outcome(text: str) -> tuple[Config | None, str]:
    """Return the configuration, or None and what is told of it."""
    try:
        return load_config(written(text)), ""
    except ConfigError as error:
        return None, str(error)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENTRIES, ADDRESSES)
def test_any_values_of_any_keys_are_a_configuration_or_one_line_that_tells_no_secret(
    entries: list[tuple[tuple[str, str], object]], address: object
) -> None:
    document: dict[str, dict[str, object]] = {}
    for (name, key), value in entries:
        default = DEFAULTS[name].get(key, "")
        document.setdefault(name, {})[key] = default if value is None else value
    if address is not None:
        document.setdefault("storage", {})["url"] = address
    lines = []
    for name, values in document.items():
        lines += [
            f"[{name}]",
            *(f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None),
        ]  # which is TOML too
    config, told = outcome("\n".join(lines))
    assert SECRET not in f"{told} {config!r}"
    if config is None:
        assert told
        assert "\n" not in told
    else:
        kept = config.model_dump(include=set(document), exclude_unset=True)
        assert {name: set(values) for name, values in kept.items()} == {k: set(v) for k, v in document.items()}


@settings(deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz.0123456789", min_size=12))
def test_the_token_shows_in_no_representation(token: str) -> None:
    found = discord_token({"DISCORD_TOKEN": token})
    assert found.get_secret_value() == token
    assert token not in f"{found} {found!r} {[found]}"


def test_what_a_token_file_holds_shows_in_no_error() -> None:
    Path("token").write_bytes(b"secret-token\xff")
    with pytest.raises(TokenError) as caught:
        discord_token({"DISCORD_TOKEN_FILE": "token"})
    assert "secret-token" not in f"{caught.value} {caught.value!r}"
    assert caught.value.__suppress_context__
