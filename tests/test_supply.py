"""What is deployed: pinned, hashed, licensed as we accept, with models whose digests are checked."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
import tomllib
from email.message import Message
from importlib import resources
from pathlib import Path
from types import ModuleType

import pytest

from bot.calibration import Calibration
from bot.errors import ConfigError
from index.bundled import BUNDLED_SHA256, BundledEmbedder

ROOT = Path(__file__).parent.parent
PINNED = (ROOT / "deploy" / "requirements.txt").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / "supply" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


licences = tool("licences")


def plain(name: str) -> str:
    """Return the name of a package as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(text: str) -> dict[str, str]:
    return {
        plain(name): version for name, version in re.findall(r"^([\w.-]+)(?:\[\S*\])?==([^\s;\\]+)", text, re.MULTILINE)
    }


def test_every_package_that_runs_is_pinned_at_the_version_that_is_tested() -> None:
    pinned, tested = versions(PINNED), versions((ROOT / "constraints.txt").read_text("utf-8"))
    named = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["postgres"]
    wanted = {plain(re.split(r"[\[<>=]", line)[0]) for line in named}
    assert wanted <= set(pinned)
    assert {name: version.partition("+")[0] for name, version in pinned.items()} == {
        name: tested[name] for name in pinned
    }


def test_what_builds_the_package_is_pinned_too_and_is_what_deployments_build_with() -> None:
    wanted = {plain(re.split(r"[\[<>=]", line)[0]) for line in PROJECT["build-system"]["requires"]}
    assert wanted <= set(versions(PINNED))
    for file in ("Dockerfile", "storydesk.service"):
        assert "pip install --no-deps --no-build-isolation ." in (ROOT / "deploy" / file).read_text("utf-8")


def test_nothing_is_pinned_without_a_hash() -> None:
    entries = re.split(r"\n(?=[a-z0-9])", PINNED[PINNED.index("\n\n") :].strip())
    assert len(entries) == len(versions(PINNED))
    assert all("--hash=sha256:" in entry for entry in entries)


def test_torch_is_the_build_without_cuda() -> None:
    assert versions(PINNED)["torch"].endswith("+cpu")
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in PINNED
    assert not [name for name in versions(PINNED) if name.startswith(("nvidia", "triton", "cuda"))]


def test_every_package_that_runs_has_a_licence_that_we_accept() -> None:
    assert licences.complaints(licences.pinned(PINNED)) == []


@pytest.mark.parametrize(
    ("licence", "is_fine"),
    [
        ("MIT", True), ("Apache-2.0", True), ("BSD License", True), ("MPL-2.0 AND MIT", True), ("GPL-3.0 OR MIT", True),
        ("GPL-3.0-only", False), ("MIT AND AGPL-3.0", False), ("", False), ("Our own terms", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
    ],
)  # fmt: skip
def test_licences_are_accepted_by_what_they_say(licence: str, is_fine: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert (licences.complaint("a-package", licence) is None) is is_fine


def test_the_licence_is_the_expression_before_the_classifiers_before_the_text() -> None:
    metadata = Message()
    metadata["License"] = "Some words\nand more"
    assert licences.licence_of(metadata) == "Some words"
    metadata["Classifier"] = "License :: OSI Approved :: MIT License"
    assert licences.licence_of(metadata) == "MIT License"
    metadata["License-Expression"] = "ISC"
    assert licences.licence_of(metadata) == "ISC"


def test_a_package_that_is_not_installed_is_a_complaint() -> None:
    assert licences.complaints(["no-such-package-here"]) == [
        "no-such-package-here: is not installed, so its licence is not known"
    ]


def test_a_reader_that_was_tampered_with_answers_nothing(embedder: BundledEmbedder, tmp_path: Path) -> None:
    """Its digest is its fingerprint, and the calibration that ships is for that one only."""
    from bot.reader import Reader

    with resources.as_file(resources.files("bot").joinpath("reader_model")) as folder:
        copy = Path(shutil.copytree(folder, tmp_path / "reader"))
    untouched = Reader.load(copy, embedder.bert)
    assert Calibration.load(BUNDLED_SHA256, untouched.fingerprint)
    weights = bytearray((copy / "reader.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "reader.safetensors").write_bytes(weights)
    tampered = Reader.load(copy, embedder.bert)
    with pytest.raises(ConfigError, match="fitted for another reader"):
        Calibration.load(BUNDLED_SHA256, tampered.fingerprint)


def test_the_reader_names_the_digest_of_the_model_that_it_stands_on() -> None:
    about = json.loads(resources.files("bot").joinpath("reader_model", "reader.json").read_text("utf-8"))
    assert about["base_sha256"] == BUNDLED_SHA256


def test_the_audit_asks_of_every_pinned_package_at_a_version_that_the_public_index_has() -> None:
    asked = tool("audit").public(PINNED)
    assert versions(asked) == {name: version.partition("+")[0] for name, version in versions(PINNED).items()}
    assert "+cpu" in PINNED
    assert "+" not in asked
    assert "hash" not in asked


@pytest.mark.parametrize("task", ["pin", "audit", "licences"])
def test_the_tasks_exist_and_the_readme_names_them(task: str) -> None:
    assert task in PROJECT["tool"]["taskipy"]["tasks"]
    assert f"task {task}" in (ROOT / "README.md").read_text("utf-8")
