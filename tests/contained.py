"""`python -m tests.contained MODULE WORDS…`: runs a tool that starts servers and kills processes, so that nothing of it outlives it, however it ends.

SIGTERM, SIGINT and SIGHUP end the tool in order; a second one at once. Whoever kills this process, or the `make` that started it, by SIGKILL ends all
that the tool started with it: they live in a name space of process numbers, whose end is the end of everything in it, and their mounts are in one of
their own. Without the right to make name spaces each of them has the kernel end it when its parent is gone (`die_with_parent`). Exit code: the
tool's; 128 and the signal's number where a signal ended it.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

APART = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
INSIDE = "--inside"
BROKEN_OFF = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals = signal.SIGKILL, parent: int = 0) -> None:
    """The kernel sends this process that signal when the thread that started it ends. `parent`: who that was; ends at once where it is gone already."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(number))
    if parent and os.getppid() != parent:
        os._exit(128 + number)


def outside(words: Sequence[str]) -> int:
    """Starts the tool and passes on to it what is to end it; the exit code."""
    if _name(os.getppid()) == "make":
        die_with_parent(signal.SIGTERM)
    us = os.getpid()
    process = subprocess.Popen(
        [*apart(), sys.executable, "-m", __spec__.name, INSIDE, *words],
        preexec_fn=lambda: die_with_parent(parent=us),
        start_new_session=True,  # a terminal's Ctrl-C reaches us alone, and is passed on once
    )

    def pass_on(number: int, _frame: object) -> None:
        for pid in _children(process.pid) or [process.pid]:
            os.kill(pid, number)

    for number in BROKEN_OFF:
        if signal.getsignal(number) != signal.SIG_IGN:  # what nohup and a shell's `&` say
            signal.signal(number, pass_on)
    code = process.wait()
    return 128 - code if code < 0 else code


def inside(module: str, words: Sequence[str]) -> int:
    """The tool, in this process; the exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell's `&` had it ignored
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    sys.argv = [module, *words]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        print("Broken off: everything was ended, nothing was judged.", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(128 + signal.SIGINT)  # what is left ends with us: nobody waits for one that stands still
    return 0


def apart() -> Sequence[str]:
    """What begins a command that has name spaces of its own; nothing where this user may not make them."""
    able = (
        os.geteuid() == 0
        and subprocess.run([*APART, "true"], capture_output=True, check=False).returncode == 0
    )
    return APART if able else ()


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text("utf-8").strip()


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def main(words: Sequence[str]) -> int:
    """The exit code."""
    if words[:1] == [INSIDE]:
        return inside(words[1], words[2:])
    return outside(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
