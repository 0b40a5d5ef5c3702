"""`make pictures`: the pictures of the console's page, taken anew of a day of payments on a private PostgreSQL. Look at them before they are kept."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from console.language import speaking
from console.messages import text
from console.overview import Overview
from console.probes import Probed
from console.replaying.planning import make_plan
from console.where_words import read_where
from runtime.ids import utc_now
from runtime.settings import Settings
from tests.browser.chromium import started
from tests.browser.conftest import Browser, profile
from tests.browser.tab import DESKTOP, PHONE, Sight, Tab
from tests.browser.wire import connected
from tests.console_visits import PASSWORD, Doors, employ, opened_console
from tests.integration.console.test_reverify import keep, refused, token
from tests.scene import pages_of, play
from tests.services import database_server, run_apart
from tests.unit.processor.intake.envelopes import capture

FOLDER = Path("docs/console")
LAPTOP, NIGHT = DESKTOP.by(width=960, height=600, language="en"), DESKTOP.by(width=960, height=600, dark=True, language="en")  # fmt: skip
IN_HAND = PHONE


@dataclass(frozen=True, slots=True)
class Picture:
    """`page`: how the address of one of `pages_of` begins; `who` looks at it."""

    name: str
    page: str
    sight: Sight
    who: str = "sari"


PICTURES = (
    Picture("now", "/", LAPTOP),
    Picture("now-phone", "/", IN_HAND),
    Picture("payment", "/payments/", NIGHT),
    Picture("suspense-phone", "/suspense/", IN_HAND),
    Picture("streams", "/streams/xendit%3Apr-odd", LAPTOP),
    Picture("reverify", "/quarantine/reverify/", LAPTOP),
    Picture("correction", "/corrections/", LAPTOP, who="ayu"),
    Picture("close-phone", "/close/", IN_HAND),
    Picture("close", "/close/", LAPTOP),
    Picture("reconcile", "/reconcile", NIGHT),
    Picture("replay", "/replay/", LAPTOP),
)


async def seen(_settings: Settings) -> Overview:
    """A night in which the processor is away, and people have things to look at."""
    at = utc_now()
    told = Overview(
        at=at,
        position=18_204,
        processes={name: Probed("x", "ready") for name in ("ingress", "projections", "api")}
        | {"processor": Probed("x", "away")},
        providers=[
            {"provider": name, "last_event_at": at, "last_day": count, "slow": 0}
            for name, count in (("mayar", 212), ("scalev", 340), ("xendit", 1_480))
        ],
        flow=[{"provider": "xendit", "minute": minute, "count": 3 + minute % 7} for minute in range(4, 60)],
        parked={"count": 5, "amount": 350_000, "unknown": 2},
        suspense={"count": 11, "amount": 2_920_000, "oldest": at, "old": 0, "old_amount": 0},
        quarantine={"count": 40, "newest": at},
        corrections={"count": 1, "amount": 6_500_000, "oldest": at},
    )
    address = "http://127.0.0.1:8092"
    told.add(text("status.process_away", name="processor", upper="PROCESSOR", address=address, failed="?"), "processor", "away")  # fmt: skip
    told.add(text("status.parked", count=5), "parked", of="processor")
    return told


async def take(url: str, address: str, folder: Path) -> None:
    """Every picture, of a database that is filled already."""
    given = Settings(env="development", database_url=url)
    for one in PICTURES:
        with speaking("id" if one.sight.language == "id" else "en"):
            async with opened_console(given, seen) as doors, connected(address) as wire, profile(wire) as browser:  # fmt: skip
                tab = await _signed_in(browser, doors, one)
                pages = [page for page in await pages_of(url) if _is_of(page, one.page)]
                path = min(pages, key=len, default=one.page)
                await tab.open(f"{doors.origin}{path}")
                (folder / f"{one.name}.png").write_bytes(await tab.picture(whole=one.sight is not IN_HAND))
                print(f"{folder / one.name}.png  {path}")


def _is_of(page: str, begins: str) -> bool:
    return page == begins if begins in ("/", "/reconcile") else page.startswith(begins)


async def _signed_in(browser: Browser, doors: Doors, one: Picture) -> Tab:
    visitor = await doors.visitor()
    await visitor.sign_in(one.who, PASSWORD)
    (cookie,) = [each.value for each in visitor.client.session.cookie_jar if each.key == "lunas_console"]
    tab = await browser.tab(one.sight)
    await tab.call("Network.setCookie", name="lunas_console", value=cookie, url=doors.origin, httpOnly=True)
    return tab


async def _night(url: str) -> None:
    """Beside the scene: people, requests that a wrong secret turned away, a plan over them, and what the provider lists and we were never sent."""
    given = Settings(env="development", database_url=url)
    await play(given, count=60)
    await employ(url, "sari", "operator")
    await employ(url, "ayu", "approver")
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    try:
        await connection.execute(
            "INSERT INTO reconcile_findings (provider, kind, payment_id, finding_id, theirs, their_amount, first_run, last_run) "
            "SELECT 'xendit', 'missing_here', 'py-' || n, gen_random_uuid(), 'paid', 50000 * n, gen_random_uuid(), gen_random_uuid() "
            "FROM generate_series(101, 104) n"
        )
        await _as_it_happened(connection)
        genuine = [refused(capture(f"py-night-{n}", 75_000), token("dev-xendit-secret")) for n in range(6)]
        await keep(connection, genuine, production=False)
        await connection.execute("DELETE FROM replay_plans")
        await make_plan(
            connection, given, read_where("source=letters,quarantine and provider=xendit"), by="sari"
        )
    finally:
        await connection.close()


async def _as_it_happened(connection: asyncpg.Connection) -> None:
    """The day was played in an instant; on the pictures everything bears the time at which it would have been written."""
    async with connection.transaction():
        # The log takes no change; nor does it let anybody say when something was written.
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(
            "UPDATE deliveries SET recorded_at = received_at + interval '31 ms', processing_ms = 31, queue = 'lunas.webhooks.p0'"
        )
        await connection.execute(
            "UPDATE events e SET recorded_at = d.received_at + interval '30 ms' FROM deliveries d"
            " WHERE d.delivery_id = (e.metadata ->> 'delivery_id')::uuid"
        )


def main(folder: Path) -> None:
    """Starts what it needs, and ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    servers = database_server()
    postgres = next(servers)
    try:
        url = postgres.create_migrated()
        run_apart(lambda: _night(url))
        with tempfile.TemporaryDirectory() as home, started(Path(home) / "profile") as address:
            run_apart(lambda: take(url, address, folder))
        postgres.drop(url)
    finally:
        servers.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
