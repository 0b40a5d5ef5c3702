"""Whoever is told: a receiver of signed webhooks, and the exchange of changes. What leads there is the load; what must have come of it is told here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.crashpoints.rounds import LONGEST_SECONDS, STILL_SECONDS, Leading, Step
from tests.ports import held_ports
from tests.torture.comparing import PATIENT
from tests.waiting import while_it_moves

PRIVATE = {
    "LUNAS_ENDPOINTS_PRIVATE": "allow",
    "LUNAS_NOTIFY_LEASE_SECONDS": "6",
    "LUNAS_NOTIFY_TIMEOUT_SECONDS": "2.5",
    "LUNAS_NOTIFY_RETRY_SECONDS": ",".join(["2"] * 50),
    "LUNAS_NOTIFY_BREAKER_PAUSE_SECONDS": "2",
    "LUNAS_NOTIFY_BUSY_SHARE": "1",
    "LUNAS_EMAIL_SENDER": "off",
}
"""A receiver on a busy machine may be late for once: what is tried again minutes later would be waited for as long. And a notifier that gives way to others on
a busy machine is what everybody waits for at the end."""

WAITING = "SELECT count(*) FROM notifications WHERE receiver <> 'email' AND status = 'waiting'"


@dataclass
class Ear:
    """An application. `heard`: how often each message came."""

    url: str = ""
    heard: Counter[str] = field(default_factory=Counter)

    async def take(self, request: web.Request) -> web.Response:
        self.heard[request.headers["webhook-id"]] += 1
        return web.Response()

    async def told_of_everything(self, leading: Leading) -> list[str]:
        """Messages that never came, in words. Twice is allowed, under the same id; never is not."""
        wanted = "SELECT event_id, status FROM notifications WHERE receiver <> 'email'"
        async with leading.database() as database:

            async def waiting() -> int:
                return int(await database.fetchval(WAITING))

            async def nobody_waits() -> bool:
                return not await waiting()

            # As long as some are told, all will be: a notifier that died for minutes is behind by as much.
            await while_it_moves(nobody_waits, waiting, STILL_SECONDS, LONGEST_SECONDS)
            rows = await database.fetch(wanted)
        return [
            f"{row['event_id']}: {row['status']}"
            for row in rows
            if not self.heard[f"msg_{row['event_id'].hex}"]
        ]


@asynccontextmanager
async def listening() -> AsyncIterator[Ear]:
    """Served while the block runs."""
    ear = Ear()
    app = web.Application()
    app.add_routes([web.post("/hooks", ear.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        with held_ports(1) as (port,):
            await web.TCPSite(runner, "127.0.0.1", port).start()
            ear.url = f"http://127.0.0.1:{port}/hooks"
            yield ear
    finally:
        await runner.cleanup()


async def introduced(leading: Leading, ear: Ear) -> None:
    """The application has an endpoint. Raises AssertionError with what was said."""
    words = ("endpoints", "create", ear.url, "--events", "payment.received", "--reason", "crashes", "--json")
    code, said = await leading.stage.lunas(*words, **PATIENT)
    assert code == 0, said
    assert json.loads(said)


def telling_steps() -> list[Step]:
    """Steps of the notifier, and of the API when it tells the exchange."""
    return [
        *(Step("notify", f"notify.{one}", passes=2) for one in ("before_commit", "after_send", "settled")),
        Step("notify", "leadership.won", passes=1),
        *(Step("api", f"changes.{one}", passes=2) for one in ("published", "advanced")),
    ]
