"""A disk of its own: a file system in a file. What the kernel has not written to that file yet is what a power cut takes away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIZE_BYTES = 1536 * 1024 * 1024
KEPT_SECONDS = 60
"""ext4 writes what nobody asked it to write after so long: until then it exists in memory only."""
COPY_TRIES = 20


class NoDisk(Exception):
    """This user, or this machine, may not mount files."""


class Disk:
    """`image` mounted at `place`. Use `mounted`; `copy` while it is."""

    def __init__(self, image: Path, place: Path, size: int = SIZE_BYTES) -> None:
        self.image, self.place, self.size = image, place, size
        self._device = ""

    def make(self) -> None:
        """An empty one. Raises NoDisk."""
        with self.image.open("wb") as file:
            file.truncate(self.size)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,nodiscard", str(self.image))

    def mount(self) -> None:
        """Raises NoDisk. A file system that was cut off is put in order by its own journal, as at every boot."""
        self.place.mkdir(parents=True, exist_ok=True)
        _run("mount", "-o", f"loop,commit={KEPT_SECONDS}", str(self.image), str(self.place))
        source = _run("findmnt", "-n", "-o", "SOURCE", str(self.place)).strip()
        self._device = source.removeprefix("/dev/")
        self.place.chmod(0o755)

    def unmount(self) -> None:
        """Whatever it takes: what still has files open there has been killed."""
        for _ in range(50):
            if subprocess.run(["umount", str(self.place)], capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)
        subprocess.run(["umount", "-l", str(self.place)], check=False)

    def copy(self, to: Path) -> bool:
        """The image as it is at this instant; everything that writes stands still. By reference where the file system can, else bytes that are
        certain to be of one instant: nothing was written meanwhile. False when that could not be had."""
        for _ in range(COPY_TRIES):
            before = self._written()
            _run("cp", "--reflink=auto", "--sparse=always", str(self.image), str(to))
            if before.endswith(" 0") and self._written() == before:
                return True
        return False

    def _written(self) -> str:
        """What the kernel counts of the device: requests that were done, and those in flight."""
        return " ".join(Path(f"/sys/block/{self._device}/stat").read_text().split()[4:9])


def descendants(of: int) -> list[int]:
    """Every process that a process started, and those that these started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(entry.name))
    found, left = [], [of]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


@contextmanager
def standing_still() -> Iterator[None]:
    """All that we started stops, and goes on afterwards. Looked for twice: what was being started meanwhile stops too."""
    stopped: list[int] = []
    for _ in range(2):
        for pid in descendants(os.getpid()):
            if pid not in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    stopped.append(pid)
    try:
        yield
    finally:
        for pid in reversed(stopped):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def can_mount() -> bool:
    """Whether power cuts can be had here at all."""
    return os.geteuid() == 0 and Path("/dev/loop-control").exists() and shutil.which("mkfs.ext4") is not None


def _run(*words: str) -> str:
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoDisk(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
