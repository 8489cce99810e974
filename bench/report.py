"""Where figures go: into `RESULTS.md`, between the markers of their section, with machine and date."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULTS = Path(__file__).parent / "RESULTS.md"


def machine() -> str:
    """Return what was measured on, and when."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return (
        f"{datetime.now(UTC):%d %B %Y}, {os.cpu_count()} cores ({names[0] if names else platform.processor()}), "
        f"{platform.system()}, Python {platform.python_version()}, torch {version('torch')}, "
        f"load {load:.1f} when it ended"
    )


def resident_megabytes(pid: int | str = "self") -> float:
    """Return what a process has in memory, in MB of 2**20 bytes; Linux only."""
    status = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def spread(values: Sequence[float]) -> str:
    """Return the quartiles in brackets."""
    low, high = np.percentile(np.asarray(values), [25, 75])
    return f"[{low:.2f}, {high:.2f}]"


def write_section(name: str, text: str) -> None:
    """Print a section and put it between its markers in `RESULTS.md`; what was there is replaced."""
    print(text)
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    before, found, rest = RESULTS.read_text("utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        message = f"{RESULTS} has no markers {begin} and {end}."
        raise ValueError(message)
    written = f"{before}{begin}\n*{machine()}.*\n\n{text.strip()}\n{end}{after}"
    RESULTS.write_text(written, "utf-8")


def plot(name: str, pictures: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]) -> None:
    """Draw pictures of lines, both axes logarithmic, side by side into `NAME.svg` beside `RESULTS.md`."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = name
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(pictures), figsize=(5 * len(pictures), 3.6), squeeze=False)
    for axis, (title, lines) in zip(axes[0], pictures.items(), strict=True):
        for label, points in lines.items():
            axis.loglog(*zip(*points, strict=True), marker="o", label=label)
        axis.set_title(title)
        axis.grid(visible=True, alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(RESULTS.with_name(f"{name}.svg"), metadata={"Date": None})
    plt.close(figure)
