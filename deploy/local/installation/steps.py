"""The steps of the set-up, each of which does nothing when it is already done."""

from __future__ import annotations

import fcntl
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from deploy.local.installation import environment, packages
from deploy.local.installation.commands import SetupFailure
from deploy.local.services.home import Home

ROOT = Path(__file__).resolve().parents[3]

STEPS: dict[str, Callable[[], None]] = {
    "run": lambda: environment.ensure(ROOT, ("requirements.txt",)),
    "dev": lambda: environment.ensure(ROOT, ("requirements-dev.txt",)),
    "fuzz": lambda: environment.ensure(ROOT, ("requirements-dev.txt", "requirements-fuzz.txt")),
    "bench": lambda: environment.ensure(ROOT, ("requirements-dev.txt", "requirements-bench.txt")),
    "services": packages.ensure_services,
    "faketime": packages.ensure_faketime,
    "browser": packages.ensure_browser,
    "promtool": packages.ensure_promtool,
    "wrk": packages.ensure_load_generator,
    "clean": lambda: Home(ROOT / ".lunas").erase(),
}


def main(names: list[str]) -> int:
    """Runs the named steps; 0, 1 with a sentence, or 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        with _alone():
            for name in names:
                STEPS[name]()
    except SetupFailure as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lunas: set-up interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


def _interrupt(_number: int, _frame: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def _alone() -> Iterator[None]:
    """One set-up of a checkout at a time; the lock goes with its process."""
    with (ROOT / "pyproject.toml").open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("lunas: waiting for another set-up of this checkout …", file=sys.stderr)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
