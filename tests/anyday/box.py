"""A pytest plugin: after so many seconds no further test begins, and the end says how many were left."""

from __future__ import annotations

import os
import time

import pytest

VARIABLE = "LUNAS_ANYDAY_SECONDS"


class Box:
    """Knows when the time is up."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.left = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        if time.monotonic() < self.ends:
            return None
        self.left += 1
        return True  # "done": neither passed nor failed

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.left:
            terminalreporter.write_line(f"the time was up: {self.left} tests were not begun")


def pytest_configure(config: pytest.Config) -> None:
    if seconds := os.environ.get(VARIABLE):
        config.pluginmanager.register(Box(float(seconds)))
