"""The risk-coverage curve and the reliability of confidence, drawn with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import CasesError
from bot.metrics import reliability, risk_coverage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_DOTS = 144


def save_plot(curves: Mapping[str, tuple[Sequence[float], Sequence[bool]]], path: Path) -> None:
    """Draw, for each named set, how risk grows with coverage and how right each confidence is.

    Raises:
        CasesError: the picture cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), layout="constrained")
    risk, sure = figure.subplots(1, 2)
    for name, (confidence, right) in curves.items():
        coverage, wrong = risk_coverage(confidence, right)
        risk.plot(coverage, wrong, label=name)
        rows = reliability(confidence, right)
        sure.plot([row[0] for row in rows], [row[1] for row in rows], marker="o", label=name)
    risk.set(
        xlabel="share of questions answered, surest first", ylabel="share of them wrong", title="Risk and coverage"
    )
    sure.plot([0, 1], [0, 1], color="grey", linestyle=":")
    sure.set(xlabel="confidence", ylabel="share that is right", title="Reliability", xlim=(0, 1), ylim=(0, 1))
    risk.set(xlim=(0, 1), ylim=(0, 1))
    for axes in (risk, sure):
        axes.grid(alpha=0.3)
        axes.legend()
    try:
        figure.savefig(path, dpi=_DOTS)
    except (OSError, ValueError) as error:
        message = f"{path} cannot be written: {error}."
        raise CasesError(message) from None
