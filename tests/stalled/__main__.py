"""`make test-stalled`: the tests, while everything of theirs stands still now and then.

    python -m tests.stalled [--seed N] [--minutes M] [--hands H] [--every S] [--longest S] [PATH or option of pytest...]

From a seed, processes of the run are stopped (SIGSTOP) for 0.3 s to `--longest` and let go on (SIGCONT): a worker of pytest, it
with everything that it has started, one process that a test has started, a private PostgreSQL or RabbitMQ, all of them; or a worker
and what it has started crawl for some seconds at a tenth of their pace. What goes red here and nowhere else depends on speed.

A seed does not give the same run again, for a machine never is the same; it gives the same stalls at the same times.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.anyday import box
from tests.stalled import told
from tests.stalled.family import adopt
from tests.stalled.stalls import Hand

ROOT = Path(__file__).parents[2]
LOOK_SECONDS = 0.05


def run(seed: int, given: argparse.Namespace, options: Sequence[str]) -> int:
    """pytest's exit code."""
    adopt()
    with tempfile.TemporaryDirectory(prefix="lunas-stalled-") as folder:
        Path(folder).chmod(0o755)
        log = Path(folder, "stalls")
        log.touch()
        plugins = ["-p", "no:cacheprovider", "-p", box.__name__, "-p", told.__name__]
        limit = {box.VARIABLE: str(given.minutes * 60)} if given.minutes is not None else {}
        command = [sys.executable, "-m", "pytest", *plugins, f"--basetemp={folder}/pytest", *options]
        # A session of its own: where the shell that began a group goes away while one of the group stands still, the kernel sends all of it SIGHUP.
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **limit, told.VARIABLE: str(log)}, start_new_session=True
        )
        over = threading.Event()
        hands = [
            Hand(random.Random(f"{seed}/{number}"), process.pid, given.every, given.longest, log, over)
            for number in range(given.hands)
        ]
        threads = [threading.Thread(target=hand.run, name="stalls") for hand in hands]
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, lambda taken, _frame: process.send_signal(taken))
        for thread in threads:
            thread.start()
        try:
            return _ended(process.pid)
        finally:
            over.set()
            for thread in threads:
                thread.join()
            counted = sum((hand.counted for hand in hands), Counter[str]())
            told_of = ", ".join(f"{kind} {number}" for kind, number in sorted(counted.items()))
            print(f"lunas: {counted.total()} stalls from seed {seed}: {told_of}", flush=True)


def _ended(pid: int) -> int:
    """Waits for this process, and takes leave of every orphan that was left to us: who waits for its end sees it."""
    while True:
        try:
            found, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 1
        if found == pid:
            return os.waitstatus_to_exitcode(status)
        if found == 0:
            time.sleep(LOOK_SECONDS)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.stalled")
    parser.add_argument("--seed", type=int, help="the stalls of an earlier run")
    parser.add_argument("--minutes", type=float, help="begin no test after so long")
    parser.add_argument("--hands", type=int, default=2, help="how many stall the run at once")
    parser.add_argument("--every", type=float, default=1.0, help="mean seconds between stalls of one hand")
    parser.add_argument("--longest", type=float, default=2.0, help="of one stall, in seconds")
    given, options = parser.parse_known_args(arguments)
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    print(f"lunas: stalls from seed {seed}", flush=True)
    return run(seed, given, options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
