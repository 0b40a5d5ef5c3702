"""`make test-clients`: clients that nobody here wrote and that are no Python, against the fakes.

Node.js comes with the virtual environment, the client with its lock file. Nothing is left out silently: what cannot be installed fails.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from providers.fakes.app import Wishes, accounts_of, serving
from providers.fakes.registry import FAKES
from providers.fakes.world import FakeWorld
from runtime.logs import configure_command_logging
from runtime.settings import load_settings

FOLDER = Path(__file__).parent / "xendit_node"
NODE, NPM = (Path(sys.executable).with_name(name) for name in ("node", "npm"))
KEY = "xnd_development_lunas"
INSTALL_SECONDS = 300
RUN_SECONDS = 120


async def main() -> int:
    configure_command_logging()
    await run(NPM, "ci", "--silent", seconds=INSTALL_SECONDS)
    settings = load_settings({"LUNAS_ENV": "development", "LUNAS_DOTENV": "none"})
    accounts = accounts_of(settings, Wishes(tuple(FAKES), 0, webhooks="http://127.0.0.1:9", key=KEY))
    async with serving(accounts, FakeWorld()) as served:
        print("xendit-node against the fake Xendit")
        environment = {"FAKE_URL": served.bases["xendit"], "FAKE_KEY": accounts["xendit"].key}
        await run(NODE, "check.mjs", seconds=RUN_SECONDS, **environment)
    return 0


async def run(program: Path, *arguments: str, seconds: float, **environment: str) -> None:
    """Raises SystemExit with a sentence when it fails."""
    if not program.exists():
        sys.exit(f"{program} is missing: `make test-clients` installs it")
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        cwd=FOLDER,
        env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"} | environment,
    )
    try:
        async with asyncio.timeout(seconds):
            code = await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        sys.exit(f"{program.name} {' '.join(arguments)} did not end within {seconds:g} s")
    if code != 0:
        sys.exit(f"{program.name} {' '.join(arguments)} failed with {code}")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
