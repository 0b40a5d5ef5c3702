"""A tab as a person uses it: it is looked at, clicked and typed into; what its page said in the console is kept."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tests.browser.wire import Refused, Wire

PATIENCE_SECONDS = 120.0
"""On a machine that does everything five times slower."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Through what a page is looked at."""

    width: int
    height: int
    mobile: bool
    dark: bool = False
    scripts: bool = True
    language: str = "id"

    def by(self, **more: Any) -> Sight:
        return replace(self, **more)


PHONE = Sight(360, 740, mobile=True)
DESKTOP = Sight(1280, 800, mobile=False)

KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "ArrowDown": (40, ""),
    "ArrowUp": (38, ""),
    " ": (32, " "),
}

PLACE = """(selector) => {
  const all = [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  if (all.length !== 1) return all.length;
  all[0].scrollIntoView({block: "center", behavior: "instant"});
  const box = all[0].getClientRects()[0];
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""
"""Where the one visible element is, in the middle of the screen; how many there are when it is not one."""


class Tab:
    """`said`: console lines, exceptions, and what Chromium itself complains of (refused by a policy, not loaded). `asked`: addresses loaded."""

    def __init__(self, wire: Wire, session: str, frame: str, context: str) -> None:
        self._wire = wire
        self._session = session
        self.frame = frame
        self.context = context
        self.said: list[str] = []
        self.asked: list[str] = []
        self.dialogs: list[str] = []
        wire.listen(session, self._heard)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the debugging protocol for this tab."""
        return await self._wire.call(method, self._session, **parameters)

    async def look(self, sight: Sight) -> None:
        """Changes screen, colours, language, and whether scripts run."""
        scale = 2 if sight.mobile else 1
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=sight.width,
            height=sight.height,
            deviceScaleFactor=scale,
            mobile=sight.mobile,
        )
        await self.media(dark=sight.dark)
        await self.call("Emulation.setScriptExecutionDisabled", value=not sight.scripts)
        await self.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": sight.language})

    async def media(self, kind: str = "", *, dark: bool = False, reduced: bool = False) -> None:
        """`print` looks at the page as it is printed; and what the person prefers."""
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced else "no-preference"},
        ]
        await self.call("Emulation.setEmulatedMedia", media=kind, features=features)

    async def at(self, moment: datetime) -> None:
        """The pages opened from now on take this for the present, and it does not pass."""
        source = f"Date.now = () => {int(moment.timestamp() * 1000)};"
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=source)

    async def open(self, address: str) -> None:
        """Goes there and waits until everything of the page is loaded."""
        told = await self.call("Page.navigate", url=address)
        if told.get("errorText") == "net::ERR_ABORTED":  # the page that was open loaded itself anew just then
            told = await self.call("Page.navigate", url=address)
        assert "errorText" not in told, f"{address}: {told['errorText']}"
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def back(self) -> None:
        """The browser's own button."""
        history = await self.call("Page.getNavigationHistory")
        before = history["entries"][history["currentIndex"] - 1]
        await self.call("Page.navigateToHistoryEntry", entryId=before["id"])

    async def value(self, expression: str) -> Any:
        """What a script of ours says in the page: `await` works. It runs where the page's own scripts do not, too."""
        told = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in told:
            details = told["exceptionDetails"]
            raise Refused(details.get("exception", {}).get("description", details["text"]))
        return told["result"].get("value")

    async def until(self, expression: str) -> None:
        """Waits until it is true; pages in between may come and go."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if await self.value(f"Boolean({expression})"):
                    return
            except Refused:  # the page went away meanwhile
                if time.monotonic() > end:
                    raise
            assert time.monotonic() < end, f"never true: {expression}\n{await self.text()}"
            await asyncio.sleep(0.02)

    async def text(self) -> str:
        """What a person reads: no hidden text."""
        return str(await self.value("document.body.innerText"))

    async def click(self, selector: str) -> None:
        """A real click in the middle of the one visible element of a page that is there."""
        await self.until("document.readyState === 'complete'")
        place = await self.value(f"({PLACE})({json.dumps(selector)})")
        assert isinstance(place, list), f"{place} visible elements are {selector!r}"
        about = {"x": place[0], "y": place[1], "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, **about)

    async def send(self, selector: str) -> None:
        """A click that loads a page, such as on a form's button, until that page is there.

        Whoever opens another address right after the click takes the form back: on a busy machine it is never sent."""
        await self.value("window.lunasSent = true")
        await self.click(selector)
        await self.until("window.lunasSent === undefined && document.readyState === 'complete'")

    async def press(self, key: str) -> None:
        """A key of the keyboard: one of KEYS, or a letter. Nobody presses one before the page is there, and what hears it."""
        await self.until("document.readyState === 'complete'")
        code, text = KEYS.get(key) or (ord(key.upper()), key)
        about: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    async def write(self, text: str) -> None:
        """Text into what has the focus."""
        await self.call("Input.insertText", text=text)

    async def allow(self, origin: str, *permissions: str) -> None:
        """What a person agreed to when asked."""
        await self._wire.call(
            "Browser.grantPermissions",
            permissions=list(permissions),
            origin=origin,
            browserContextId=self.context,
        )

    async def picture(self, *, whole: bool = True) -> bytes:
        """PNG of the page."""
        told = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(told["data"])

    async def printed(self) -> bytes:
        """The PDF that a person gets who prints the page on A4."""
        told = await self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=False)
        return base64.b64decode(told["data"])

    def _heard(self, event: str, about: dict[str, Any]) -> None:
        if event == "Runtime.consoleAPICalled":
            self.said.append(
                " ".join(str(part.get("value", part.get("description"))) for part in about["args"])
            )
        elif event == "Runtime.exceptionThrown":
            details = about["exceptionDetails"]
            self.said.append(details.get("exception", {}).get("description", details["text"]))
        elif event == "Log.entryAdded":
            self.said.append(f"{about['entry']['text']} {about['entry'].get('url', '')}".strip())
        elif event == "Network.requestWillBeSent":
            self.asked.append(about["request"]["url"])
        elif event == "Page.javascriptDialogOpening":
            # A page of ours opens none: an inert payload says nothing. Closed at once, or the page stands still.
            self.dialogs.append(about["message"])
            self._closing = asyncio.create_task(self.call("Page.handleJavaScriptDialog", accept=False))
