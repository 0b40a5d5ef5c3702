"""Which unprivileged user a private service runs as, and where that user can write."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

TEST_PROGRAM = "/usr/bin/test"


@dataclass(frozen=True)
class ServiceUser:
    """A system user; `name` is None when the service runs as the caller."""

    name: str | None
    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    def popen_arguments(self) -> dict[str, object]:
        """Arguments of `subprocess.Popen` that switch to this user."""
        return (
            {}
            if self.name is None
            else {"user": self.uid, "group": self.gid, "extra_groups": list(self.groups)}
        )

    def own(self, path: Path, mode: int) -> None:
        """Makes a path of ours this user's."""
        path.chmod(mode)
        if self.name is not None:
            os.chown(path, self.uid, self.gid)

    def can_use(self, folder: Path) -> bool:
        """Whether the user can enter and write `folder`, asked as that user."""
        if self.name is None:
            return os.access(folder, os.W_OK | os.X_OK)
        question = [TEST_PROGRAM, "-w", str(folder), "-a", "-x", str(folder)]
        done = subprocess.run(
            question, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, **self.popen_arguments()
        )  # type: ignore[call-overload]
        return bool(done.returncode == 0)


def service_user(preferred: str) -> ServiceUser:
    """The package's own system user when we are root (`nobody` without it), else whoever runs this."""
    if os.geteuid() != 0:
        return ServiceUser(None, os.geteuid(), os.getegid())
    for name in (preferred, "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceUser(name, found.pw_uid, found.pw_gid, tuple(os.getgrouplist(name, found.pw_gid)))
    raise KeyError(f"neither user {preferred} nor nobody exists")
