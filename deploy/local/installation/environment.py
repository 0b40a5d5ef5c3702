"""The virtual environment `.venv`, installed from hash-pinned lock files."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
from pathlib import Path

from deploy.local.installation import packages
from deploy.local.installation.commands import SetupFailure, last_lines, network_is_away, run

BUILD_LOCK = "requirements-build.txt"
# A busy index gets a second and a third chance; with pip's own five, a machine without a network says nothing for minutes.
PATIENCE = ("--retries", "2", "--timeout", "15")


def ensure(root: Path, locks: tuple[str, ...]) -> None:
    """Makes `.venv` hold exactly what the lock files pin (or more), and the `lunas` command of this checkout."""
    folder = root / ".venv"
    wanted = (BUILD_LOCK, *locks)
    stamp = folder / f".lunas-{'-'.join(lock.removesuffix('.txt') for lock in locks)}"
    fingerprint = _fingerprint(root, wanted)
    if _read(stamp) == fingerprint and (folder / "bin" / "lunas").exists():
        return
    if not _works(folder):
        _create(folder)
    print(f"lunas: installing {', '.join(locks)} into .venv …", file=sys.stderr, flush=True)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", *PATIENCE, "install", "--quiet"]
    install([*pip, "--require-hashes", *(part for lock in wanted for part in ("-r", str(root / lock)))])
    install([*pip, "--no-build-isolation", "--no-deps", "--editable", str(root)])
    stamp.write_text(fingerprint, encoding="utf-8")
    if "requirements-dev.txt" in locks:
        # The development lock holds everything the plain one does.
        (folder / ".lunas-requirements").write_text(
            _fingerprint(root, (BUILD_LOCK, "requirements.txt")), encoding="utf-8"
        )


def _fingerprint(root: Path, locks: tuple[str, ...]) -> str:
    """Changes with the locks, the project file, the Python, and the place: scripts hold absolute paths."""
    digest = hashlib.sha256(f"{root}\n{sys.version}\n".encode())
    for name in ("pyproject.toml", *locks):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def _works(folder: Path) -> bool:
    """Whether it is a complete environment of this place and a Python we accept (a moved checkout's is not)."""
    python = folder / "bin" / "python"
    if not python.exists():
        return False
    told = run([str(python), "-c", "import sys, pip; print(sys.prefix, sys.version_info >= (3, 11))"])
    return told.returncode == 0 and told.stdout.strip() == f"{folder} True"


def _create(folder: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        # Debian ships venv's installer apart from Python.
        packages.install(
            ["python3-venv"], f"Python {sys.version_info.major}.{sys.version_info.minor}'s venv module"
        )
    shutil.rmtree(folder, ignore_errors=True)
    print("lunas: creating .venv …", file=sys.stderr, flush=True)
    made = run([sys.executable, "-m", "venv", str(folder)])
    if made.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise SetupFailure(
            "The virtual environment .venv could not be made; install what Python misses with "
            f"`apt-get install python3-venv`:\n{last_lines(made.stdout)}"
        )


def install(command: list[str]) -> None:
    """Runs pip. Raises SetupFailure: one sentence when it reached nobody, else with its last words."""
    done = run(command)
    if done.returncode != 0 and network_is_away(done.stdout):
        raise SetupFailure(
            "The Python packages cannot be fetched: pip reached no package index. Connect this machine to the network, or name an "
            "index or proxy of yours (PIP_INDEX_URL, HTTPS_PROXY), and run it again."
        )
    if done.returncode != 0:
        raise SetupFailure(
            f"pip could not install the pinned packages; its last words:\n{last_lines(done.stdout)}"
        )


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
