"""One line of the benchmark table: what was measured beside its baseline in the same run, as a ratio."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours` and `baseline` are medians in `unit`; `goal` says what the ratio (or our own figure) should reach."""

    name: str
    ours: float
    baseline: float | None
    unit: str
    baseline_name: str
    goal: str
    reached: bool | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.baseline if self.baseline else None


HEADER = "| What | Ours | Baseline | Ratio | Goal | |\n|---|---|---|---|---|---|"


def line(figure: Figure) -> str:
    """The figure as a row of a Markdown table."""
    baseline = (
        f"{_number(figure.baseline)} {figure.unit} ({figure.baseline_name})"
        if figure.baseline
        else figure.baseline_name
    )
    ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else "–"
    verdict = {True: "reached", False: "not reached", None: "recorded"}[figure.reached]
    return f"| {figure.name} | {_number(figure.ours)} {figure.unit} | {baseline} | {ratio} | {figure.goal} | {verdict} |"


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def interleaved(rounds: int, *subjects: Callable[[], float]) -> list[float]:
    """Medians of the subjects, measured in turn: a machine that slows down slows them all."""
    measured: list[list[float]] = [[] for _ in subjects]
    for _ in range(rounds):
        for values, subject in zip(measured, subjects, strict=True):
            values.append(subject())
    return [median(values) for values in measured]


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
