"""`browser`: Chromium for one test. It is started once per worker; every test has a profile of its own in it, gone afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from tests.browser.chromium import started
from tests.browser.tab import PHONE, Sight, Tab
from tests.browser.wire import Wire, connected


class Browser:
    """`await browser.tab(sight)` opens a tab; tabs of one browser share cookies, `apart()` is somebody else's."""

    def __init__(self, wire: Wire, context: str) -> None:
        self._wire = wire
        self._context = context

    async def tab(self, sight: Sight = PHONE) -> Tab:
        made = await self._wire.call("Target.createTarget", url="about:blank", browserContextId=self._context)
        attached = await self._wire.call("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        tab = Tab(self._wire, attached["sessionId"], made["targetId"], self._context)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await tab.call(f"{domain}.enable")
        await tab.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await tab.look(sight)
        return tab

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[Browser]:
        """Another profile, with cookies of its own, while the block runs."""
        async with profile(self._wire) as other:
            yield other


@asynccontextmanager
async def profile(wire: Wire) -> AsyncIterator[Browser]:
    """Somebody's browser, without any history, gone afterwards."""
    context = (await wire.call("Target.createBrowserContext"))["browserContextId"]
    try:
        yield Browser(wire, context)
    finally:
        await wire.call("Target.disposeBrowserContext", browserContextId=context)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started(tmp_path_factory.mktemp("chromium") / "profile") as address:
        yield address


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with connected(chromium) as wire, profile(wire) as fresh:
        yield fresh
