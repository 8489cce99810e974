"""Check that every package that runs has a licence that we accept: `task licences`.

It looks at what is installed of deploy/requirements.txt, and needs no network. Permissive licences and
the MPL (whose files stay as they are) are accepted; each exception states its reason.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import PackageMetadata

REQUIREMENTS = Path(__file__).parents[2] / "deploy" / "requirements.txt"
ACCEPTED = re.compile(
    r"\b(MIT|MIT-0|MIT-CMU|HPND|BSD|0BSD|BSD-[23]-Clause|Apache|ISC|PSF|PSFL|Python-2\.0|Python Software Foundation|"
    r"MPL|Mozilla Public License|Unlicense|Zlib|CC0)\b",
    re.IGNORECASE,
)
REFUSED = re.compile(r"\b(AGPL|Affero|GPL|LGPL|General Public|SSPL|BUSL|Proprietary|NonCommercial)", re.IGNORECASE)
EXCEPTIONS: dict[str, str] = {}


def pinned(requirements: str) -> list[str]:
    """Return the names of the packages in a file of requirements."""
    return re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", requirements, re.MULTILINE)


def licence_of(metadata: PackageMetadata) -> str:
    """Return what a package says of its licence: the expression, else the classifiers, else the first line of the text."""
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier", []) if "License ::" in line]
    text = str(metadata.get("License") or "").strip().splitlines()
    return "; ".join(classifiers) or (text[0] if text else "")


def complaint(name: str, licence: str) -> str | None:
    """Return what is wrong with a package's licence, or None."""
    if name in EXCEPTIONS:
        return None
    if not licence:
        return f"{name}: states no licence"
    # "A OR B" lets us choose; everything else must be accepted as a whole.
    choices = re.split(r"\s+OR\s+", licence)
    if any(ACCEPTED.search(choice) and not REFUSED.search(choice) for choice in choices):
        return None
    return f"{name}: {licence}"


def complaints(names: list[str]) -> list[str]:
    """Return what is wrong with the licences of these packages; one that is not installed is wrong too."""
    found: list[str | None] = []
    for name in names:
        try:
            found.append(complaint(name, licence_of(distribution(name).metadata)))
        except PackageNotFoundError:
            found.append(f"{name}: is not installed, so its licence is not known")
    return [one for one in found if one]


def main() -> None:
    """Print what is wrong and exit with 1, or say that all is well."""
    names = pinned(REQUIREMENTS.read_text("utf-8"))
    wrong = complaints(names)
    print("\n".join(wrong) or f"All {len(names)} packages have licences that we accept.")
    print("\n".join(f"{name}: accepted, because {reason}" for name, reason in EXCEPTIONS.items()))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
