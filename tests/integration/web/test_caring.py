"""Parked streams, requests verified again, corrections, the daily close and comparing, through the console: who may, once, and with the same effect as the command."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
from pydantic import SecretStr

from runtime.database import Pool, open_pool
from runtime.settings import Settings
from tests.console_visits import Doors, Visitor, employ, nothing, opened_console
from tests.integration.console.test_reverify import RIGHT, keep, refused, token
from tests.integration.console.test_webhooks import taken
from tests.integration.processor.intake.test_lines import drain
from tests.integration.processor.reconciliation.stand import branch_of
from tests.integration.web.conftest import signed_in
from tests.scene import START, play
from tests.unit.processor.intake.envelopes import capture

STREAM = "xendit:pr-odd"
PEOPLE = (("sari", "operator"), ("budi", "operator"), ("vina", "viewer"), ("ayu", "approver"))


@pytest.fixture
def given(database_url: str, broker_url: str, settings: Callable[..., Settings]) -> Settings:
    return settings(database_url=database_url, broker_url=broker_url)


@pytest.fixture
async def playground(given: Settings, database_url: str) -> AsyncIterator[Doors]:
    await play(given, count=20)
    for name, role in PEOPLE:
        await employ(database_url, name, role)  # type: ignore[arg-type]
    async with opened_console(given, nothing) as doors:
        yield doors


@pytest.fixture
async def pool(given: Settings) -> AsyncIterator[Pool]:
    async with open_pool(given, "test") as opened:
        yield opened


async def told(visitor: Visitor, page: str, path: str, status: int, **fields: str) -> str:
    """What the page says to a form that is refused."""
    shown = await visitor.open(page)
    csrf = shown.partition('name="csrf" value="')[2][:64]
    sent = {"csrf": csrf, **fields}
    answer = await visitor.client.post(path, data=sent, headers={"Accept-Language": "en"})
    assert answer.status == status, await answer.text()
    return await answer.text()


async def test_a_parked_stream_is_shown_with_what_waits_and_goes_on_once(
    playground: Doors, store: asyncpg.Connection, pool: Pool
) -> None:
    sari, budi = await signed_in(playground, "sari"), await signed_in(playground, "budi")
    listed = await sari.open("/streams?provider=xendit&lang=en")
    assert f"/streams/{STREAM.replace(':', '%3A')}" in listed
    assert "lunas dlq streams --provider xendit" in listed
    assert "pr-odd" not in await sari.open("/streams?provider=mayar")
    place = "/streams/xendit%3Apr-odd"
    page = await sari.open(f"{place}?lang=en")
    assert "Rp 50,000" in page
    assert "payment.capture" in page
    assert f"lunas dlq streams {STREAM}" in page
    assert f"lunas dlq release {STREAM} --reason" in page
    assert '<form method="post" action="/streams' not in await (await signed_in(playground, "vina")).open(
        place
    )
    await sari.send(place, f"{place}/release", 400)
    done = await sari.send(place, f"{place}/release", reason="it may go on")
    assert "it may go on" in await sari.open(done.headers["Location"])
    assert "sari" in await told(
        budi, "/suspense/" + await _held(store), f"{place}/release", 409, reason="me too"
    )
    await drain(pool)
    assert await store.fetchval("SELECT count(*) FROM waiting_deliveries") == 0
    assert await store.fetchval("SELECT status FROM dead_letters WHERE stream = $1", STREAM) == "open"


async def test_a_viewer_may_do_none_of_it(playground: Doors, store: asyncpg.Connection) -> None:
    vina, sari = await signed_in(playground, "vina"), await signed_in(playground, "sari")
    change = await store.fetchval("SELECT change_id FROM corrections")
    day = START.date().isoformat()
    before = await store.fetchval("SELECT count(*) FROM operator_acts")
    for visitor, path in (
        (vina, "/streams/xendit%3Apr-odd/release"),
        (vina, "/quarantine/reverify/xendit/look"),
        (vina, "/quarantine/reverify/xendit/admit"),
        (vina, f"/corrections/{change}/approve"),
        (vina, f"/corrections/{change}/revert"),
        (vina, f"/close/{day}/seal"),
        (vina, "/reconcile/xendit/run"),
        (sari, f"/corrections/{change}/approve"),
    ):
        page = await visitor.open("/replay")
        csrf = page.partition('name="csrf" value="')[2][:64]
        answer = await visitor.client.post(path, data={"csrf": csrf, "reason": "x"})
        assert answer.status == 403, path
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == before


async def test_exactly_the_genuine_ones_are_admitted_under_a_secret_that_is_typed(
    playground: Doors, store: asyncpg.Connection, broker_url: str
) -> None:
    await store.execute("DELETE FROM quarantine")
    genuine = [refused(capture(f"py-{n}", 10_000), token(RIGHT)) for n in range(60)]
    forged = [refused(capture(f"forged-{n}"), token(f"a-guess-number-{n}-of-somebody")) for n in range(5)]
    await keep(store, forged + genuine)
    sari, place = await signed_in(playground, "sari"), "/quarantine/reverify/xendit"
    assert place in await sari.open("/quarantine")
    assert "There is nothing to admit" in await sari.open(f"{place}?look=1&lang=en")
    looked = await told(sari, place, f"{place}/look", 200, secret=RIGHT)
    assert "Genuine and not admitted yet: 60" in looked
    assert "Rp 600,000" in looked
    assert RIGHT not in looked
    assert await store.fetchval("SELECT count(*) FROM operator_acts WHERE verb = 'quarantine.reverify'") == 0
    await sari.send(place, f"{place}/admit", 400, secret=RIGHT)  # no reason
    done = await sari.send(place, f"{place}/admit", reason="wrong token", secret=RIGHT)
    assert "wrong token" in await sari.open(done.headers["Location"])
    ids = {json.loads(one.body)["data"]["payment_id"] for one in await taken(broker_url)}
    assert ids == {f"py-{n}" for n in range(60)}
    assert "nothing to admit" in await told(sari, place, f"{place}/admit", 409, reason="again", secret=RIGHT)
    assert "Admitted before" in await told(sari, place, f"{place}/look", 200, secret=RIGHT)
    kept = await store.fetchval("SELECT quarantine_id FROM quarantine WHERE admitted_at IS NOT NULL LIMIT 1")
    act = done.headers["Location"].split("?")[0]
    assert f'href="{act}"' in await sari.open(f"/quarantine/{kept}")


async def test_a_replay_over_rejected_requests_is_planned_on_its_page(
    database_url: str, settings: Callable[..., Settings], store: asyncpg.Connection
) -> None:
    given = settings(database_url=database_url, xendit_webhook_secret=SecretStr(RIGHT))
    await play(given, count=5)
    await employ(database_url, "sari", "operator")
    await store.execute("DELETE FROM quarantine")
    await keep(store, [refused(capture(f"py-{n}", 10_000), token(RIGHT)) for n in range(3)])
    async with opened_console(given, nothing) as doors:
        sari = await signed_in(doors, "sari")
        wrong = await told(sari, "/replay", "/replay", 400, where="source=quarantine and stage=append")
        assert "It means nothing in: quarantine" in wrong
        planned = await sari.send("/replay", "/replay", where="source=quarantine and provider=xendit")
        page = await sari.open(f"{planned.headers['Location']}?lang=en")
        assert "wrong_credential" in page
        assert "Rp 30,000" in page
    assert await store.fetchval("SELECT count(*) FROM quarantine WHERE admitted_at IS NOT NULL") == 0


async def test_a_correction_is_proposed_by_one_and_let_count_by_another(
    playground: Doors, store: asyncpg.Connection
) -> None:
    sari, ayu = await signed_in(playground, "sari"), await signed_in(playground, "ayu")
    assert "Waiting for another person: 1" in await sari.open("/corrections?status=proposed&lang=en")
    assert "lunas corrections --status proposed" in await sari.open("/corrections?status=proposed")
    change = await store.fetchval("SELECT change_id FROM corrections")
    place = f"/corrections/{change}"
    page = await sari.open(f"{place}?lang=en")
    assert "You proposed it" in page
    assert f'action="{place}/approve"' not in page
    done = await ayu.send(place, f"{place}/approve", reason="seen the receipt")
    assert "seen the receipt" in await ayu.open(done.headers["Location"])
    assert "ayu" in await told(ayu, place, f"{place}/approve", 409, reason="once more")
    word = await store.fetchrow(
        "SELECT data ->> 'actor' AS author, data ->> 'approver' AS approver FROM events WHERE type = 'payment.corrected'"
    )
    assert word is not None
    assert tuple(word) == ("sari", "ayu")
    await sari.send(place, f"{place}/revert", reason="it was right")
    assert "reverted" in await sari.open("/corrections?lang=en")
    assert await store.fetchval("SELECT status FROM corrections") == "reverted"


async def test_one_corrects_on_the_payments_page_and_not_ones_own_proposal(
    playground: Doors, store: asyncpg.Connection
) -> None:
    ayu = await signed_in(playground, "ayu")
    payment = await store.fetchval(
        "SELECT payment_id FROM payments WHERE provider = 'xendit' AND status = 'succeeded' ORDER BY record DESC LIMIT 1"
    )
    place = f"/payments/xendit/{payment}"
    await ayu.send(place, f"{place}/correct", 400, reason="nothing is said")
    made = await ayu.send(place, f"{place}/correct", reason="a receipt of more", amount="9.000.000")
    change = made.headers["Location"]
    page = await ayu.open(f"{change}?lang=en")
    assert "Rp 9,000,000" in page
    assert "another person" in await told(ayu, change, f"{change}/approve", 409, reason="mine")
    assert change in await ayu.open(place)


async def test_a_day_is_closed_as_page_rows_and_paper_and_sealed_once(
    playground: Doors, store: asyncpg.Connection
) -> None:
    await store.execute("SET session_replication_role = replica")
    await store.execute("UPDATE events SET recorded_at = $1", START)
    sari, budi = await signed_in(playground, "sari"), await signed_in(playground, "budi")
    day = (
        await store.fetchval("SELECT ($1::timestamptz AT TIME ZONE 'Asia/Jakarta')::date", START)
    ).isoformat()
    place = f"/close/{day}"
    assert place in await sari.open("/close")
    led = await sari.client.get(f"/close?day={day}", allow_redirects=False)
    assert led.headers["Location"] == place
    page = await sari.open(f"{place}?lang=en")
    assert f"lunas close {day}" in page
    rows = list(csv.DictReader(io.StringIO(await sari.open(f"{place}/csv"))))
    amounts = {row["provider"]: int(row["received"]) for row in rows if row["received"]}
    assert amounts["xendit"] > 0
    assert f"Rp {amounts['xendit']:,}" in page
    assert f'href="{place}/payments/xendit">' in page
    listed = await sari.open(f"{place}/payments/xendit?lang=en")
    assert f"lunas close {day} --payments xendit" in listed
    assert f"Rp {amounts['xendit']:,}" in listed
    counted = next(int(row["payments"]) for row in rows if row["provider"] == "xendit")
    assert len(re.findall(r'<a class="id" href="/payments/xendit/', listed)) >= counted > 0
    await sari.open(f"{place}/payments/nobody", 404)
    paper = await sari.client.get(f"{place}/paper", headers={"Accept-Language": "en"})
    assert f"Rp {amounts['xendit']:,}".replace(",", ".") in await paper.text()  # Indonesian first
    assert re.search(r"style-src 'sha256-[^']+';", paper.headers["Content-Security-Policy"])
    await sari.send(place, f"{place}/seal", 400)
    await sari.send(place, f"{place}/seal", reason="end of day")
    assert "Sealed by sari" in await sari.open(f"{place}?lang=en")
    assert "sari" in await told(budi, "/replay", f"{place}/seal", 409, reason="me too")
    today = await store.fetchval("SELECT (now() AT TIME ZONE 'Asia/Jakarta')::date")
    await told(sari, "/replay", f"/close/{today}/seal", 409, reason="too early")
    await sari.open("/close/2026-02-30", 400)


async def test_a_provider_is_compared_now_and_what_was_lost_is_found(
    settings: Callable[..., Settings],
    database_url: str,
    broker_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with branch_of(settings, database_url, broker_url) as branch:
        await employ(database_url, "sari", "operator")
        await branch.register("budi")
        branch.door.lost = lambda _: True
        request = await branch.xendit_payment("topup-1", 50_000, "budi")
        await branch.act("xendit", request)
        async with opened_console(branch.settings, nothing) as doors:
            sari = await signed_in(doors, "sari")
            assert "never compared" in await sari.open("/reconcile?provider=xendit&lang=en")
            await sari.send("/reconcile", "/reconcile/xendit/run", 400, since="1d")
            done = await sari.send("/reconcile", "/reconcile/xendit/run", reason="a quiet night", since="1d")
            assert "a quiet night" in await sari.open(done.headers["Location"])
            await branch.settled()
            assert await branch.tokens("budi") == 500_000
            assert "Last compared" in await sari.open("/reconcile?provider=xendit&lang=en")
        keyless = settings(database_url=database_url, broker_url=broker_url, fakes="off")
        async with opened_console(keyless, nothing) as doors:
            sari = await signed_in(doors, "sari")
            answer = await told(sari, "/reconcile", "/reconcile/xendit/run", 400, reason="no key")
            assert "key" in answer


async def _held(store: asyncpg.Connection) -> str:
    entry: str = await store.fetchval(
        "SELECT suspense_id FROM suspense WHERE status = 'held' ORDER BY since LIMIT 1"
    )
    return entry
