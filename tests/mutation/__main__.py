"""Changes one thing in a file at a time and runs the tests that reach it, which should notice.

    python -m tests.mutation [--jobs N] [--minutes M] [--seconds S] [--kept FILE] [--afresh] [--only FILE]... FILE... -- TEST...
    python -m tests.mutation --table --kept FILE FILE...

What is after `--` is for pytest. With `--kept`, what was found out is kept in that file: the next run tries what was not tried and what survived, until
the functions change; with `--afresh` everything that was not tried at this commit. With `--seconds`, a change that no test noticed which ran in so many seconds stays open: a
quick run first, and then one without it for what that left. With
`--only`, of these files alone. Changes that `equivalent.toml` gives a reason for are not tried.
`--table` prints docs/mutation.md's tables of what is kept.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mutation.kept import Kept, state_of, table
from tests.mutation.trying import Options, Trying


def main(arguments: Sequence[str]) -> int:
    """0 when all that were tried were noticed; 3 when time ran out first."""
    divide = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--afresh", action="store_true")
    parser.add_argument("--only", action="append", metavar="FILE")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("files", nargs="+")
    asked, tests = parser.parse_args(arguments[:divide]), list(arguments[divide + 1 :])
    files, kept = [str(file) for file in asked.files], Kept.open(asked.kept)
    if asked.table:
        print(*table(files, kept), sep="\n")
        return 0
    learnt = asked.kept.with_suffix(".reach.json") if asked.kept else None
    until = time.monotonic() + 60 * asked.minutes
    options = Options(
        files,
        asked.jobs,
        until,
        asked.afresh,
        asked.seconds,
        learnt,
        state_of(sorted(files)),
        asked.only or files,
    )
    trying = Trying(options, kept)
    # Nobody reads why a test failed: to explain it may take longer than the test.
    quiet = ["-q", "-s", "--tb=line", "--assert=plain", "-p", "no:cacheprovider"]
    code = int(pytest.main([*quiet, *tests], plugins=[trying]))
    print(f"{dict(trying.counted)}{', and time ran out' if trying.unfinished else ''}", flush=True)
    return code or (3 if trying.unfinished else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
