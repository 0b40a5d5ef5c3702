"""axe-core in a page: what people who use a keyboard, a screen reader or a large type would stumble over."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from tests.browser.tab import Tab

SCRIPT = Path(__file__).parent / "axe" / "axe.min.js"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""Of axe.min.js in axe-core 4.14.1 as the npm registry has it. Test code only: no page of ours loads it."""


@cache
def axe() -> str:
    content = SCRIPT.read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256, f"{SCRIPT} is not what it was when it was looked at"
    return content.decode()


async def violations(tab: Tab, *rules: str) -> list[str]:
    """Each with its rule, what is wrong, and where. All rules are asked, best practices too, unless some are named."""
    if not await tab.value("typeof axe === 'object'"):
        await tab.value(axe() + ";0")
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = await tab.value(f"axe.run(document, {json.dumps(options)}).then((r) => r.violations)")
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {node['html']} {node.get('failureSummary', '')}"
        for rule in found
        for node in rule["nodes"]
    ]


async def stumbles(tab: Tab) -> list[str]:
    """`violations` of the page that is open, in light and in dark colours: dark is asked for contrast alone, the rest does not change."""
    await tab.media(dark=False)
    found = await violations(tab)
    await tab.media(dark=True)
    return found + [f"dark: {one}" for one in await violations(tab, "color-contrast")]
