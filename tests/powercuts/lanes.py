"""Several machines side by side: each a process with a network, mounts and process numbers of its own, so that none meets the ports or the disks of another."""

from __future__ import annotations

import fcntl
import json
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.powercuts.rig import Fate

APART = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1


@dataclass
class Tally:
    """What came of cuts. `started`: seconds until each was up again by itself."""

    cuts: int = 0
    accepted: int = 0
    broken: int = 0
    lost: int = 0
    """Cuts after which accepted webhooks were gone: what a control is red by."""
    started: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, fates: Sequence[Fate]) -> Tally:
        return cls(
            len(fates),
            sum(fate.accepted for fate in fates),
            sum(bool(fate.broken) for fate in fates),
            sum(fate.lost for fate in fates),
            [fate.started for fate in fates if fate.started],
        )

    def add(self, other: Tally) -> None:
        self.cuts += other.cuts
        self.accepted += other.accepted
        self.broken += other.broken
        self.lost += other.lost
        self.started += other.started

    def line(self, seed: int) -> str:
        half = statistics.median(self.started) if self.started else 0.0
        return (
            f"{self.cuts} cuts, {self.accepted:,} accepted webhooks looked for, {self.broken} cuts after which something was wrong; "
            f"up again after {half:.1f} s (half), {max(self.started, default=0.0):.1f} s (the longest); seed {seed}"
        )


def side_by_side(seed: int, shares: Sequence[int], minutes: float, control: str) -> Tally:
    """A lane with a seed of its own for each share of the cuts; what came of all. A lane that fell counts as broken."""
    total = Tally()
    with tempfile.TemporaryDirectory(prefix="lunas-lanes-") as folder:
        threads = []
        for lane, cuts in enumerate(shares):
            told = Path(folder) / f"{lane}.json"
            words = [
                *APART,
                sys.executable,
                "-m",
                __name__,
                str(told),
                str(seed + lane),
                str(cuts),
                str(minutes),
                control,
            ]
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            threads.append((threading.Thread(target=_show, args=(lane, process)), process, told))
            threads[-1][0].start()
        for thread, process, told in threads:
            process.wait()
            thread.join()
            total.add(Tally(**json.loads(told.read_text("utf-8"))) if told.exists() else Tally(broken=1))
    return total


def _show(lane: int, process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        print(f"lane {lane}: {line}", end="", flush=True)


def loopback_up() -> None:
    """A new network has a loopback, and it is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        name = b"lo".ljust(16, b"\0")
        (flags,) = struct.unpack("16xh", fcntl.ioctl(asking, _GET_FLAGS, name + b"\0\0"))
        fcntl.ioctl(asking, _SET_FLAGS, name + struct.pack("h", flags | _UP))


def main(words: Sequence[str]) -> int:
    """One lane: where to tell, seed, cuts, minutes, control."""
    from tests.powercuts.__main__ import alone

    told, seed, cuts, minutes, control = words
    loopback_up()
    tally = alone(int(seed), int(cuts), float(minutes), control)
    Path(told).write_text(json.dumps(asdict(tally)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
