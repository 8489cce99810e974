"""Write deploy/requirements.txt: every package that runs or builds ours, as constraints.txt has it, with its hashes.

    task pin                            # needs uv, and the network for PyPI and PyTorch's CPU index
    task pin --torch /opt/wheels        # PyTorch's CPU wheel from a folder

pip then takes exactly these files and nothing else: `pip install --require-hashes -r deploy/requirements.txt`.
What builds our own package is among them, so that `pip install --no-deps --no-build-isolation .` fetches nothing.
torch comes from PyTorch's own index, because PyPI's build for Linux brings several GB of CUDA. The extra
`postgres` is among them, since nobody can add it to an image that is read-only.
"""

from __future__ import annotations

import argparse
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "deploy" / "requirements.txt"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
_OPTIONS = (
    "--extra postgres --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links"
    " --python-version 3.11 --python-platform x86_64-manylinux_2_28"
)
_HEADER = f"""\
# What runs and what builds it, and nothing else: written by `task pin` from pyproject.toml and constraints.txt.
# For CPython 3.11 on Linux x86-64: pip install --require-hashes -r deploy/requirements.txt
# torch is PyTorch's CPU build, which its own index has; whatever an index offers, only these hashes are taken.
--extra-index-url {TORCH_INDEX}

"""


def pin(torch: str) -> None:
    """Write the file; `torch` is an index or a folder with PyTorch's CPU wheel."""
    at_index = torch.startswith("https://")
    source = ["--extra-index-url", torch, "--index-strategy", "unsafe-best-match"] if at_index else ["-f", torch]
    command = ["uv", "pip", "compile", "pyproject.toml", "-", "-c", "constraints.txt", *_OPTIONS.split(), *source]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    builders = "\n".join(project["build-system"]["requires"])
    pinned = subprocess.run(command, cwd=ROOT, check=True, input=builders, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - our own words
    OUTPUT.write_text(_HEADER + pinned, "utf-8")
    print(f"{OUTPUT.relative_to(ROOT)}: {pinned.count('==')} packages, {pinned.count('sha256:')} hashes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch", default=TORCH_INDEX, help="an index, or a folder with PyTorch's CPU wheel")
    pin(parser.parse_args().torch)
