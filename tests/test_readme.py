from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
TESTS = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").glob("test_*.py"))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", README))))
def test_every_feature_of_the_readme_has_the_test_that_it_names(name: str) -> None:
    assert re.search(rf"^(?:async )?def {name}\(", TESTS, re.MULTILINE)


def test_there_are_features_to_look_at() -> None:
    assert len(set(re.findall(r"`(test_\w+)`", README))) > 25


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_every_link_within_the_repository_leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists()
