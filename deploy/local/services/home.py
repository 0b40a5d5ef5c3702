"""LUNAS_HOME: its lock, its generated passwords, and the folders of the services' data."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from deploy.local.services.failures import AlreadyRunning, ServiceFailure
from deploy.local.services.users import ServiceUser
from runtime.files import write_whole

FAR_ROOT = Path("/var/lib/lunas")
VOLUMES = "volumes"
VOLUME_TIMEOUT_SECONDS = 60.0
SECRET_NAMES = ("postgres_password", "rabbitmq_password", "erlang_cookie")


class Home:
    """One LUNAS_HOME, owned by one supervisor at a time. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            if not self.path.exists():
                self.path.mkdir(parents=True)
                self.path.chmod(0o755)  # service users must pass through; files with secrets are 0600
            self.logs.mkdir(exist_ok=True)
            self._lock = (self.path / "lock").open("a+")
        except OSError as error:
            raise ServiceFailure(
                f"LUNAS_HOME is {self.path}, which cannot be used ({error.strerror}): set it to a folder you may write."
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            owner = self._lock.read().strip() or "unknown"
            self._lock.close()
            raise AlreadyRunning(
                f"{self.path} is in use by a running lunas (process {owner}): stop that one, or set LUNAS_HOME to another folder."
            ) from None
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.close()

    def digest(self) -> str:
        """Short stable name of this home."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:12]

    def secrets(self) -> dict[str, str]:
        """Random passwords of this home's services, made at first use and kept (mode 0600)."""
        path = self.path / "secrets.json"
        if not path.exists():
            write_whole(path, json.dumps({name: secrets.token_hex(24) for name in SECRET_NAMES}).encode())
        try:
            found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
            return {name: found[name] for name in SECRET_NAMES}
        except (ValueError, KeyError, TypeError):
            raise ServiceFailure(
                f"{path} holds no passwords any more (damaged, or cut off by a power cut): put a copy back. Without one, the data of the "
                "private services here cannot be opened: keep what you need of it, then remove this home (make clean) and start again."
            ) from None

    def found_data(self, service: str) -> Path | None:
        """The folder of a service's data, if there is one on this machine."""
        near, far = self.path / service, FAR_ROOT / self.digest() / service
        return next((folder for folder in (near, far) if folder.is_dir()), None)

    def data_folder(self, service: str, user: ServiceUser) -> Path:
        """The folder of one service's data, owned by its user (mode 0700).

        Under this home, or under /var/lib/lunas when the user cannot reach the home (a checkout in root's home).
        """
        near = self.path / service
        for folder in (near, FAR_ROOT / self.digest() / service):
            if folder != near:
                self._make_far(folder.parent)
            folder.mkdir(exist_ok=True)
            user.own(folder, 0o700)
            if user.can_use(folder):
                return folder
            folder.rmdir()
        raise ServiceFailure(
            f"User {user.name} can write neither {near} nor {folder}: set LUNAS_HOME to a folder it can reach."
        )

    def _make_far(self, folder: Path) -> None:
        for each in (FAR_ROOT, folder):
            if not each.exists():
                each.mkdir(parents=True)
                each.chmod(0o755)

    def note_volume(self, name: str) -> None:
        """A volume of the container engine holds data of this home: `erase` has to know, for its password goes with the home."""
        noted = self._volumes()
        if name not in noted:
            names = "".join(f"{each}\n" for each in [*noted, name])
            write_whole(self.path / VOLUMES, names.encode())

    def _volumes(self) -> list[str]:
        try:
            return (self.path / VOLUMES).read_text(encoding="utf-8").split()
        except OSError:
            return []

    def erase(self) -> None:
        """Removes the home and its services' data, volumes of containers included (tests, demo, `make clean`)."""
        docker = shutil.which("docker") if (volumes := self._volumes()) else None
        if docker is not None:
            with suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    [docker, "volume", "rm", "-f", *volumes], stdin=subprocess.DEVNULL, capture_output=True,
                    timeout=VOLUME_TIMEOUT_SECONDS,
                )  # fmt: skip
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(FAR_ROOT / self.digest(), ignore_errors=True)
