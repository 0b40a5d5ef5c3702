"""Programs that a check runs: Node.js comes with the virtual environment, what it needs with lock files. Nothing is left out silently."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
INSTALL_SECONDS = 300.0
RUN_SECONDS = 120.0
# Node.js brings a list of authorities of its own: a registry behind a company's proxy is known to the system's alone.
SYSTEMS_AUTHORITIES = {"NODE_USE_SYSTEM_CA": "1"}


async def run(
    program: str, *arguments: str, folder: Path, seconds: float = RUN_SECONDS, **environment: str
) -> str:
    """What it printed, which is shown too. Raises SystemExit with a sentence when it fails."""
    if not (BIN / program).exists():
        sys.exit(f"{program} is missing: `make test-clients` installs it")
    process = await asyncio.create_subprocess_exec(
        BIN / program,
        *arguments,
        cwd=folder,
        env=os.environ | SYSTEMS_AUTHORITIES | {"PATH": f"{BIN}:{os.environ['PATH']}"} | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            printed = (await process.communicate())[0].decode()
    except TimeoutError:
        process.kill()
        await process.wait()
        sys.exit(f"{program} {' '.join(arguments)} did not end within {seconds:g} s")
    print(printed, end="", flush=True)
    if process.returncode != 0:
        sys.exit(f"{program} {' '.join(arguments)} failed with {process.returncode}")
    return printed


async def npm_ci(folder: Path) -> None:
    """Exactly what the lock file pins, with its hashes."""
    await run(
        "npm",
        "ci",
        "--loglevel=error",
        "--fund=false",
        "--audit=false",
        folder=folder,
        seconds=INSTALL_SECONDS,
    )
