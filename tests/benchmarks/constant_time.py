"""Does the time of a refusal tell how much of a secret was right? `python -m tests.benchmarks.constant_time` (SAMPLES of each kind, 100,000).

Two kinds of wrong credentials in an order of chance, one wrong at its first place and one at its last, and Welch's t of their times: the test of dudect
(Reparaz, Balasch, Verbauwhede, 2017), where |t| above 4.5 is a leak and what the slowest tenth took is left out, since that is the machine. The control compares
place by place and stops at the first that differs: it must be found. The suite counts steps instead (`test_constant_time.py`), which are the same on every machine.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from functools import partial
from math import sqrt
from time import perf_counter_ns

from multidict import CIMultiDict

from providers import verification
from providers.registry import PROVIDERS

LEAK = 4.5
KEPT = 0.9
SECRET = "contoh-rahasia-yang-panjang-0123456789"
BODY = b'{"event":"business.test_event"}'
WRONG = verification.Rejected(verification.RejectionCause.WRONG_CREDENTIAL)


def main() -> int:
    samples = int(os.environ.get("SAMPLES", "100000"))
    signature = verification.sign_hmac_sha256(BODY, SECRET)
    doors: dict[str, tuple[Callable[[str], object], str]] = {
        "token of Xendit": (partial(_asked, "xendit", "x-callback-token"), SECRET),
        "token of Mayar": (partial(_asked, "mayar", "x-callback-token"), SECRET),
        "signature of Scalev": (partial(_asked, "scalev", "X-Scalev-Hmac-Sha256"), signature),
    }
    found = {name: leak(door, right, samples) for name, (door, right) in doors.items()}
    control = leak(_place_by_place, SECRET, samples)
    print("| What refuses | t |\n|---|---|")
    for name, t in {**found, "control: place by place": control}.items():
        print(f"| {name} | {t:.2f} |")
    return 0 if abs(control) > LEAK and all(abs(t) < LEAK for t in found.values()) else 1


def leak(door: Callable[[str], object], right: str, samples: int) -> float:
    """Welch's t of the times for `right` with its first and with its last letter changed."""
    guesses = (_other(right[0]) + right[1:], right[:-2] + _other(right[-2]) + right[-1])
    order = [kind for kind in (0, 1) for _ in range(samples)]
    random.shuffle(order)
    times: tuple[list[int], list[int]] = ([], [])
    for guess in guesses:
        if door(guess) not in (WRONG, False):
            raise ValueError("it is not refused for being wrong")
    for kind in order:
        guess = guesses[kind]
        began = perf_counter_ns()
        door(guess)
        times[kind].append(perf_counter_ns() - began)
    limit = sorted((*times[0], *times[1]))[int(2 * samples * KEPT)]
    first, last = ([time for time in kind if time <= limit] for kind in times)
    return welch(first, last)


def welch(first: Sequence[float], second: Sequence[float]) -> float:
    """The difference of two means in standard errors of their own; neither kind need vary as much as the other."""
    error = sqrt(statistics.variance(first) / len(first) + statistics.variance(second) / len(second))
    return (statistics.fmean(first) - statistics.fmean(second)) / error


def _asked(provider: str, header: str, credential: str) -> object:
    return PROVIDERS[provider].verify(CIMultiDict({header: credential}), BODY, (SECRET, "another-one"))


def _place_by_place(credential: str) -> bool:
    return all(given == right for given, right in zip(credential, SECRET, strict=True))


def _other(letter: str) -> str:
    return "A" if letter != "A" else "B"


if __name__ == "__main__":
    sys.exit(main())
