"""Runs a command so that Ctrl-C ends it in order and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence

STOP_SECONDS = 10.0


class SetupFailure(Exception):
    """The set-up cannot go on; one plain sentence with the fix."""


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.CompletedProcess[str]:
    """Runs to its end with output kept. When interrupted, SIGTERM goes to the command and its children and we wait.

    Another `stop_signal` goes to the command alone. It runs in a session of its own: a terminal's Ctrl-C would reach
    its children too, dpkg in the middle of its work among them.
    """
    # An interrupt while the command is being started would leave it behind: it waits until somebody is there to end it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        process = subprocess.Popen(
            list(command),
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),
        )
    except BaseException:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        output, _ = process.communicate()
    except KeyboardInterrupt:
        if stop_signal is signal.SIGTERM:
            _signal_session(process, stop_signal)
        else:
            process.send_signal(stop_signal)
        _wait(process)
        raise
    return subprocess.CompletedProcess(command, process.returncode, output, "")


def _wait(process: subprocess.Popen[str]) -> None:
    """Waits for an orderly end, then ends what is left of the session."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=STOP_SECONDS)
    _signal_session(process, signal.SIGKILL)
    process.communicate()


def _signal_session(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


_AWAY = re.compile(
    r"Failed to establish a new connection|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Name or service not known"
    r"|Temporary failure (?:in name resolution|resolving)|Could not (?:connect|resolve)|Unable to connect|Network is unreachable"
    r"|Connection (?:refused|timed out)|Cannot connect to proxy|ProxyError|No route to host"
)


def network_is_away(output: str) -> bool:
    """Whether a command failed because it reached nobody (the words of pip, npm and apt-get for it)."""
    return _AWAY.search(output) is not None


def last_lines(text: str, count: int = 12) -> str:
    """The end of a command's output, indented."""
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-count:])
