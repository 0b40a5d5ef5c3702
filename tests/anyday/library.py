"""libfaketime without its hooks on waiting.

We move the wall clock by a fixed time, so waiting needs no help; and two of the hooks of 0.9.10 do harm:

- `clock_nanosleep` shifts a monotonic moment although the monotonic clock is left alone: Python's `time.sleep` fails.
- `epoll_wait` shows the real time to whoever runs inside it, signal handlers too. PostgreSQL waits for locks there; its timer
  finds that 40 days are left, and neither `lock_timeout` nor the search for deadlocks ever comes.
"""

from __future__ import annotations

from pathlib import Path

HOOKS = (b"clock_nanosleep", b"epoll_wait", b"epoll_pwait")


def without_hooks(library: Path, target: Path) -> None:
    """Writes a copy in which these functions have names that nobody calls. Raises ValueError for another build than we know."""
    data = bytearray(library.read_bytes())
    for name in HOOKS:
        place = data.find(
            b"\0" + name + b"\0"
        )  # the table of names comes before everything else that holds text
        if place < 0:
            raise ValueError(
                f"{library} has no {name.decode()}: look whether its hooks still need to go (tests/anyday)"
            )
        data[place + 1] = ord("_")
    target.write_bytes(data)
    target.chmod(0o755)
