"""Loaded by every Python under a moved clock: libfaketime 0.9.10 breaks `time.sleep`, which sleeps until a monotonic moment.

Its `clock_nanosleep` shifts that moment although the monotonic clock itself is left alone, and the kernel refuses the result.
"""

import select
import time


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = _sleep
