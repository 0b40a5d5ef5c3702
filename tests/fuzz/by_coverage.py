"""`python -m tests.fuzz.by_coverage TARGET SECONDS FOUND CORPUS`: the search itself, with atheris. It ends the process: `python -m tests.fuzz` says what became of it."""

from __future__ import annotations

import importlib
import sys

from tests.fuzz.__main__ import LONGEST
from tests.fuzz.verdict import LONGEST_INPUT_SECONDS


def main(name: str, seconds: str, found: str, corpus: str) -> None:
    """`found` gets what widens the coverage, so that the corpus stays small."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["providers", "schemas", "processor"]):
        from tests.fuzz.targets import TARGETS
    limits = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-timeout={LONGEST_INPUT_SECONDS}",
        f"-artifact_prefix={corpus}/broke-",
    ]
    atheris.Setup([sys.argv[0], *limits, found, corpus], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
