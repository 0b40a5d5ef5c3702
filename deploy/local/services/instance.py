"""The running instance of a checkout: written by the supervisor, found by every `lunas` command."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from runtime.files import write_whole

FILE_NAME = "instance.json"
DEFAULT_HOME = ".lunas"
CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Instance:
    """What `make run` started. `environment` holds every setting of its processes, secrets included."""

    pid: int  # of the supervisor
    started: str  # its start as the kernel counts it: tells it from a stranger with a reused process id
    home: Path
    addresses: dict[str, str]  # name of a door -> URL
    environment: dict[str, str] = field(repr=False)

    def write(self) -> None:
        """Publishes it (mode 0600) in its home, and in the checkout's default home when that is another one."""
        text = json.dumps(asdict(self) | {"home": str(self.home)}, indent=1)
        for folder in self._folders():
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / FILE_NAME, text.encode())

    def remove(self) -> None:
        for folder in self._folders():
            if _read(folder / FILE_NAME) == self:
                (folder / FILE_NAME).unlink(missing_ok=True)

    def alive(self) -> bool:
        return process_start(self.pid) == self.started

    def _folders(self) -> tuple[Path, ...]:
        default = CHECKOUT / DEFAULT_HOME
        if self.home == default or not is_checkout(CHECKOUT):
            return (self.home,)
        other = _read(default / FILE_NAME)
        # The default home's own instance goes first there.
        return (self.home,) if other is not None and other.alive() and other != self else (self.home, default)


def find_instance(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Instance | None:
    """The living instance of LUNAS_HOME when that is set; else of this checkout; else of the nearest folder above.

    None when nothing runs there.
    """
    environ = os.environ if environ is None else environ
    for home in _homes(environ, folder or Path.cwd()):
        found = _read(home / FILE_NAME)
        if found is not None and found.alive():
            return found
    return None


def _homes(environ: Mapping[str, str], folder: Path) -> Iterator[Path]:
    if environ.get("LUNAS_HOME"):
        yield Path(environ["LUNAS_HOME"]).absolute()
        return
    if is_checkout(CHECKOUT):
        yield CHECKOUT / DEFAULT_HOME
    for each in (folder, *folder.parents):
        yield each / DEFAULT_HOME


def is_checkout(folder: Path) -> bool:
    """Whether this program runs from its source folder, not from an installed package."""
    return (folder / "pyproject.toml").is_file()


def process_start(pid: int) -> str:
    """Start time of a process in clock ticks since boot (proc(5), field 22); empty when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name, field 2, may hold spaces and parentheses.
    return text.rpartition(")")[2].split()[19]


def _read(path: Path) -> Instance | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Instance(**(found | {"home": Path(found["home"])}))
    except (OSError, ValueError, TypeError, KeyError):
        return None
