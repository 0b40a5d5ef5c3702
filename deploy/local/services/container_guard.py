"""Runs one container and removes it when asked to stop, or when the process it works for is gone.

    python container_guard.py SUPERVISOR_PID DOCKER NAME DOCKER-RUN-ARGUMENTS...

A program of its own with the standard library only; the container itself belongs to the Docker engine, so nothing the
kernel does to a client's process ends it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import FrameType

STOP_SECONDS = 8  # Docker then kills the container itself
ORPHAN_STOP_SECONDS = 2  # nobody waits for an orderly end any more
POLL_SECONDS = 0.2


class _Stopping(Exception):
    """SIGTERM or SIGINT came."""


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    raise _Stopping


def main(supervisor: int, docker: str, name: str, arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, _on_signal)
    signal.signal(signal.SIGINT, _on_signal)
    patience = STOP_SECONDS
    client: subprocess.Popen[bytes] | None = None
    try:
        _quietly(docker, "rm", "-f", name)  # left by a guard that was killed
        client = subprocess.Popen(
            [docker, "run", "--rm", "--name", name, *arguments], stdin=subprocess.DEVNULL
        )
        while client.poll() is None:
            if os.getppid() != supervisor:
                patience = ORPHAN_STOP_SECONDS
                break
            time.sleep(POLL_SECONDS)
    except _Stopping:
        pass
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _quietly(docker, "stop", "-t", str(patience), name)
    _quietly(docker, "rm", "-f", name)
    if client is None:
        return 1
    client.terminate()
    return client.wait()


def _quietly(*command: str) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]))
