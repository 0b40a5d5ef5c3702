"""`python -m tests.fuzz TARGET SECONDS [SEED]`: looks for bytes that break a target, by coverage where atheris is installed, else by chance.

What breaks it is written beside the corpus and named. The last line is the verdict; exit code 0: none broke it, 1: one did, 2: nothing can be said.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.verdict import NAMES, Verdict, watched

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 4096
"""Bytes."""


class Broken(Exception):
    """An input broke the target: how many were tried, and the file with it."""

    def __init__(self, tried: int, found: str) -> None:
        super().__init__(found)
        self.verdict = Verdict(tried, broken_by=found)


def corpus(name: str) -> list[Path]:
    return sorted((CORPUS / name).iterdir())


def by_chance(target: Callable[[bytes], None], name: str, seconds: float, seed: int) -> Verdict:
    """Corpus entries changed at random. Raises Broken."""
    chance, tried = random.Random(seed), 0
    begun, known = time.monotonic(), [path.read_bytes() for path in corpus(name)]
    while time.monotonic() - begun < seconds:
        data = changed(chance.choice(known), chance)
        try:
            target(data)
        except Exception as error:
            found = CORPUS / name / f"broke-{hashlib.sha256(data).hexdigest()[:12]}"
            found.write_bytes(data)
            raise Broken(tried + 1, str(found)) from error
        tried += 1
    return Verdict(tried)


def changed(data: bytes, chance: random.Random) -> bytes:
    """A few bytes flipped, put in, left out or said twice."""
    made = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        place, kind = chance.randrange(len(made) + 1), chance.randrange(4)
        if kind == 0 and place < len(made):
            made[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            made[place:place] = chance.randbytes(chance.randrange(1, 5))
        elif kind == 2:
            del made[place : place + chance.randrange(1, 9)]
        else:
            made[place:place] = made[place : place + chance.randrange(1, 33)]
    return bytes(made[:LONGEST])


def main(words: list[str]) -> int:
    """Looks for so long, and says what became of it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("seconds", type=float)
    parser.add_argument("seed", type=int, nargs="?", default=1, help="of what is tried by chance")
    given = parser.parse_args(words)
    began = time.monotonic()
    # `make fuzz` installs it, and nothing else does: it is large, and made for few platforms.
    if importlib.util.find_spec("atheris") is not None:
        how, place = "by coverage", CORPUS / given.target
        with tempfile.TemporaryDirectory(prefix="lunas-fuzz-") as found:
            inside = [sys.executable, "-m", "tests.fuzz.by_coverage", given.target, f"{given.seconds:.0f}"]
            verdict = watched([*inside, found, str(place)], given.seconds)
    else:
        from tests.fuzz.targets import TARGETS

        how = "by chance; with atheris installed by coverage"
        try:
            verdict = by_chance(TARGETS[given.target], given.target, given.seconds, given.seed)
        except Broken as broken:
            traceback.print_exception(broken.__cause__)
            verdict = broken.verdict
    print(f"{given.target}: {verdict.words} ({how}, {time.monotonic() - began:.0f} s)", flush=True)
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
