"""The release that the next one is deployed over: its code, taken out of this repository, and the environment that runs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.archive import unpack

ROOT = Path(__file__).parents[2]
NAMED_IN = ROOT / "deploy/previous-release"


def previous_release() -> str:
    """The commit or tag that `deploy/previous-release` names; whoever makes a release moves it on."""
    lines = NAMED_IN.read_text("utf-8").splitlines()
    (name,) = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return name


def unpacked(folder: Path) -> dict[str, str]:
    """Puts its code into `folder`; the variables with which Python runs that instead of this checkout's. Raises AssertionError with what to do."""
    name = previous_release()
    done = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "archive", "--format=tar", name],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, (
        f"{name} is not in this clone (git fetch --unshallow --tags): {done.stderr.decode()}"
    )
    unpack(done.stdout, folder)
    # The folder that Python is started in comes before PYTHONPATH, unless it is told not to be trusted.
    # The catalogue is a part of a release: an older one refuses words that it does not know.
    return {
        "PYTHONPATH": str(folder),
        "PYTHONSAFEPATH": "1",
        "LUNAS_CATALOG": str(folder / "catalog.toml"),
    }
