"""Look for known advisories against the packages of deploy/requirements.txt: `task audit`; needs the network.

The advisory service knows PyTorch's CPU build by the version that PyPI has, without "+cpu", and not by its
hashes, so it is asked about that: the same source, built with other libraries. A package that the service does
not know is no package without advisories, which is why pip-audit is `--strict`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[2] / "deploy" / "requirements.txt"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+(?:\[[^\]]*\])?==[^\s\\;+]+)(?:\+[a-z0-9.]+)?", re.MULTILINE)


def public(requirements: str) -> str:
    """Return the packages of a file of requirements, a line each, at the versions that the public index knows."""
    return "".join(f"{name}\n" for name in _PINNED.findall(requirements))


def main() -> None:
    """Run pip-audit; its exit code is ours."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "requirements.txt"
        asked.write_text(public(REQUIREMENTS.read_text("utf-8")), "utf-8")
        command = [sys.executable, "-m", "pip_audit", "--strict", "--no-deps", "--disable-pip", "-r", str(asked)]
        sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own words


if __name__ == "__main__":
    main()
