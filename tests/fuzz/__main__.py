"""`python -m tests.fuzz TARGET SECONDS`: looks for bytes that break a target; what breaks it is written beside the corpus and named."""

from __future__ import annotations

import hashlib
import importlib
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 4096


def corpus(name: str) -> list[Path]:
    return sorted((CORPUS / name).iterdir())


def by_chance(target: Callable[[bytes], None], name: str, seconds: float, seed: int) -> int:
    """Corpus entries changed at random; how many were tried."""
    chance, tried = random.Random(seed), 0
    begun, known = time.monotonic(), [path.read_bytes() for path in corpus(name)]
    while time.monotonic() - begun < seconds:
        data = changed(chance.choice(known), chance)
        try:
            target(data)
        except Exception:
            found = CORPUS / name / f"broke-{hashlib.sha256(data).hexdigest()[:12]}"
            found.write_bytes(data)
            print(f"broken by {found}", file=sys.stderr)
            raise
        tried += 1
    return tried


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


def main(arguments: list[str]) -> int:
    name, seconds, *seed = arguments
    try:
        # `make fuzz` installs it, and nothing else does: it is large, and made for few platforms.
        atheris = importlib.import_module("atheris")
    except ImportError:
        from tests.fuzz.targets import TARGETS

        tried = by_chance(TARGETS[name], name, float(seconds), int(seed[0]) if seed else 1)
        print(f"{name}: {tried} inputs, none broke it (by chance; with atheris installed by coverage)")
        return 0
    with atheris.instrument_imports(include=["providers", "schemas", "processor"]):
        from tests.fuzz.targets import TARGETS
    found = tempfile.mkdtemp(
        prefix="lunas-fuzz-"
    )  # the first folder gets what widens the coverage; the corpus stays small
    limits = [
        f"-max_total_time={float(seconds):.0f}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={CORPUS / name}/broke-",
    ]
    atheris.Setup([sys.argv[0], *limits, found, str(CORPUS / name)], TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
