"""A pytest plugin: a test that fails says what stood still meanwhile."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

VARIABLE = "LUNAS_STALLS"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    file = os.environ.get(VARIABLE)
    if report.failed and file:
        report.sections.append(("Stalls meanwhile", during(Path(file), call.start, call.stop)))
    return report


def during(file: Path, began: float, ended: float) -> str:
    """Lines of the log about stalls that were over by now and touched this time, in seconds since it began."""
    said = []
    for line in file.read_text(encoding="utf-8").splitlines():
        start, end, kind, *pids = line.split()
        if float(end) >= began and float(start) <= ended:
            said.append(f"{float(start) - began:+.2f} to {float(end) - began:+.2f} s: {kind} ({len(pids)})")
    return "\n".join(said)
