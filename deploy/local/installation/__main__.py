"""`python3 -m deploy.local.installation WHAT...` with WHAT of run, dev, bench (virtual environments), services, browser, faketime, promtool and wrk."""

from __future__ import annotations

import os
import shutil
import sys

OLDEST = (3, 11)


def _with_new_python() -> None:
    """Starts over with a newer Python when this one is too old; needs to be readable for old ones itself."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(14, OLDEST[1] - 1, -1):
        program = shutil.which(f"python3.{minor}")
        if program:
            os.execv(program, [program, "-m", "deploy.local.installation", *sys.argv[1:]])  # noqa: S606 - no shell is meant
    sys.exit(
        f"lunas needs Python {OLDEST[0]}.{OLDEST[1]} or newer and this is {sys.version.split()[0]}: "
        "install python3.11, or name another one with `make PYTHON=/path/to/python3 ...`."
    )


if __name__ == "__main__":
    _with_new_python()
    from deploy.local.installation.steps import main

    sys.exit(main(sys.argv[1:]))
