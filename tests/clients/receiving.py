"""The route that docs/integrate.md gives to an application: type-checked, then told what we send, what strangers send, and the same twice."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

from notify.signing import signed
from runtime.ids import utc_now
from tests.clients.programs import npm_ci, run
from tests.page_blocks import ROOT, blocks_of

TYPESCRIPT = Path(__file__).parent / "typescript"
SECRET = bytes(range(32))
SHOWN = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
BODY = b'{"type":"payment.received","timestamp":"2026-01-15T03:00:00Z","data":{"customer_id":"budi","amount":50000}}'
TRY = """\
import {{ POST }} from "./route.ts";
for (const [headers, body] of JSON.parse({told}) as [Record<string, string>, string][]) {{
  const answer = await POST(new Request("http://shop.example/api/lunas", {{ method: "POST", headers, body }}));
  console.log(answer.status);
}}
"""
EXPECTED = "payment.received budi 50000\n204\n204\n401\n401\n401\n204\n"


async def check_receiving() -> None:
    """Raises SystemExit when the route does otherwise than the page says."""
    print("the route of docs/integrate.md: checked by tsc, run", flush=True)
    (route,) = (block.text for block in blocks_of(ROOT / "docs/integrate.md") if block.info == "ts")
    await npm_ci(TYPESCRIPT)
    folder = TYPESCRIPT / "generated"
    folder.mkdir(exist_ok=True)
    (folder / "route.ts").write_text(route, encoding="utf-8")
    (folder / "try-route.ts").write_text(TRY.format(told=json.dumps(json.dumps(_told()))), encoding="utf-8")
    await run("npx", "tsc", folder=TYPESCRIPT)
    printed = await run("node", "generated/try-route.ts", folder=TYPESCRIPT, SHOP_WEBHOOK_SECRET=SHOWN)
    if printed != EXPECTED:
        sys.exit(f"expected:\n{EXPECTED}")


def _told() -> list[tuple[dict[str, str], str]]:
    """Ours, the same again, another body under its signature, a stranger's, an old one, and one of a rotation."""
    now, text = utc_now(), BODY.decode()
    ours = dict(signed([SECRET], "msg_1", now, BODY))
    return [
        (ours, text),
        (ours, text),
        (dict(signed([SECRET], "msg_2", now, BODY)), text.replace("50000", "90000")),
        (dict(signed([bytes(32)], "msg_3", now, BODY)), text),
        (dict(signed([SECRET], "msg_4", now - timedelta(hours=1), BODY)), text),
        (dict(signed([bytes(32), SECRET], "msg_1", now, BODY)), text),
    ]
