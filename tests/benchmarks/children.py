"""Child processes of benchmarks: started, found by the port they print, stopped, and their CPU time read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def server(name: str, environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """A server of `tests.benchmarks.servers`; yields its URL and pid."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.servers", name],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = next((line.strip() for line in process.stdout if line.strip().isdigit()), None)
        if port is None:
            raise RuntimeError(f"the server {name} did not start")
        yield f"http://127.0.0.1:{port}/webhooks/xendit", process.pid
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK
