"""`make test-clients`: clients that nobody here wrote – Xendit's own against the fake Xendit, generated ones against us, and the route of our page."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from providers.fakes.app import Wishes, accounts_of, serving
from providers.fakes.registry import FAKES
from providers.fakes.world import FakeWorld
from runtime.logs import configure_command_logging
from runtime.settings import load_settings
from tests.clients.generated import check_clients
from tests.clients.programs import npm_ci, run
from tests.clients.receiving import check_receiving

XENDIT_NODE = Path(__file__).parent / "xendit_node"
KEY = "xnd_development_lunas"


async def main() -> int:
    configure_command_logging()
    await check_xendit_node()
    await check_clients()
    await check_receiving()
    return 0


async def check_xendit_node() -> None:
    print("xendit-node against the fake Xendit", flush=True)
    await npm_ci(XENDIT_NODE)
    settings = load_settings({"LUNAS_ENV": "development", "LUNAS_DOTENV": "none"})
    accounts = accounts_of(settings, Wishes(tuple(FAKES), 0, webhooks="http://127.0.0.1:9", key=KEY))
    async with serving(accounts, FakeWorld()) as served:
        environment = {"FAKE_URL": served.bases["xendit"], "FAKE_KEY": accounts["xendit"].key}
        await run("node", "check.mjs", folder=XENDIT_NODE, **environment)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
