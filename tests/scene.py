"""A day of payments as operators find it: taken in, decided on and folded by the real code, with things that wait for a person."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import asyncpg

from console.correcting import correct
from console.problems.reading import all_problems
from console.replaying.planning import make_plan
from console.web.app import WAYS
from console.where_words import read_where
from eventstore.append import NewEvent, append, log_transaction
from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import Fulfilment
from processor.intake.store import Store
from projections.feeder import Feeder
from projections.versions import ensure
from providers.simulation import simulate_day
from runtime.database import Connection, Pool, open_pool
from runtime.ids import utc_now, uuid7
from runtime.settings import Settings
from schemas import streams
from schemas.envelope import Envelope
from schemas.facts import CustomerRegistered
from schemas.payment_words import PaymentPatch
from schemas.periods import JAKARTA
from schemas.request_facts import CheckoutRequested, RequestedItem
from tests.unit.processor.intake.envelopes import interpreter
from tests.unit.processor.policies.ledgerbook import shipped_catalog

START = datetime.combine(
    utc_now().astimezone(JAKARTA).date() - timedelta(days=8), datetime.min.time(), JAKARTA
).astimezone(UTC)
"""Midnight in Jakarta, eight days ago: what was paid then can still be given back."""
BAD_BODY = b'{"event":"payment.capture","business_id":"b","created":"WHEN","data":{"payment_id":"py-odd","payment_request_id":"pr-odd","reference_id":"r-odd","status":"SUCCEEDED","request_amount":50000.5,"currency":"IDR"}}'.replace(
    b"WHEN", f"{START + timedelta(hours=9):%Y-%m-%dT%H:%M:%SZ}".encode()
)
LATER_BODY = BAD_BODY.replace(b"50000.5", b"50000")
REFUSED = uuid.UUID("00000000-0000-7000-8000-00000000c0de")
"""A request that was turned away."""
ACT = uuid.UUID(
    int=(round((START + timedelta(hours=10)).timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | 0xAC
)
"""Something an operator did."""


ORDER = "req_" + "0" * 31 + "7"
"""An order that waits for somebody who has seen its money."""

PAYLOAD = '"\'><img src=x onerror="window.spoke=1"><script>window.spoke=2</script>{{7*7}}'
"""What somebody writes who wants to speak in an operator's browser."""
POISONED = uuid.UUID(int=1)
"""A delivery, a letter and a refused request that hold it wherever text is kept."""


async def play(given: Settings, *, count: int = 60) -> None:
    """Fills a migrated database; the same every time."""
    day = simulate_day(seed=5, customers=6, count=count, start=START)
    async with open_pool(given, "test") as pool:
        async with pool.acquire() as connection:
            await ensure(connection)
        await publish_catalog(pool, shipped_catalog())
        async with pool.acquire() as connection, log_transaction(connection):
            for buyer in day.customers:
                if buyer.customer_id:
                    known = CustomerRegistered(
                        customer_id=buyer.customer_id, email=buyer.email, name=buyer.name, phone=buyer.phone
                    )
                    news = NewEvent(streams.customer(buyer.customer_id), known, {"correlation_id": "scene"})
                    await append(connection, [news])
        store = Store(pool, interpreter(), 1000, 5.0, Inline(0))
        envelopes = [envelope(one.provider, one.path, one.body, one.at) for one in day.webhooks]
        envelopes.append(envelope("xendit", "/webhooks/xendit", BAD_BODY, START + timedelta(hours=9)))
        # It waits behind the one that cannot be read.
        envelopes.append(
            envelope("xendit", "/webhooks/xendit", LATER_BODY, START + timedelta(hours=9, minutes=1))
        )
        for one in envelopes:
            await store.store([store.interpreter.prepare(one)])
        async with pool.acquire() as connection:
            await order_by_hand(
                connection, ORDER, next(one.customer_id for one in day.customers if one.customer_id)
            )
        await settle(pool)
        async with pool.acquire() as connection:
            await _strangers(connection)
            await make_plan(connection, given, read_where("provider=xendit"))
            await _corrected(connection, given)


async def order_by_hand(connection: Connection, order_id: str, customer_id: str) -> None:
    """An order of one course that is paid outside any provider, as the checkout records it."""
    course = RequestedItem(product="kelas-python", kind="course", price_idr=150_000)
    wish = CheckoutRequested(
        request_id=order_id,
        kind="order",
        provider="manual",
        reference=order_id,
        customer_id=customer_id,
        amount_idr=150_000,
        method="manual",
        items=(course,),
        occurred_at=utc_now() - timedelta(hours=1),
    )
    async with log_transaction(connection):
        await append(connection, [NewEvent(streams.request(order_id), wish, {"correlation_id": "scene"})])
    await connection.execute(
        "INSERT INTO payment_requests (request_id, kind, customer_id, provider, amount_idr, method, channel, items, status, position, "
        "page_secret, page_digest) VALUES ($1, 'order', $2, 'manual', 150000, 'manual', 'manual', $3, 'open', 1, $1, $4)",
        order_id,
        customer_id,
        json.dumps([course.model_dump()]),
        hashlib.sha256(order_id.encode()).digest(),
    )


async def _corrected(connection: Connection, given: Settings) -> None:
    """A proposal that waits for another person."""
    payment = await connection.fetchval(
        "SELECT payment_id FROM payments WHERE provider = 'xendit' AND status = 'succeeded' AND held IS NULL ORDER BY record LIMIT 1"
    )
    careful = given.model_copy(update={"correction_approval_idr": 0})
    patch = PaymentPatch(amount=60_000)
    await correct(connection, careful, "xendit", payment, patch, "their receipt says so", by="sari")


async def settle(pool: Pool) -> None:
    """Everything is decided on and readers see it."""
    worker = Fulfilment(pool, limit=200)
    while (await worker.round(timers=True)).more:
        pass
    async with pool.acquire() as connection:
        await Feeder(connection, batch_max=500).catch_up()


def envelope(provider: str, path: str, body: bytes, at: datetime) -> Envelope:
    """As ingress hands a delivery on."""
    milliseconds = round(at.timestamp() * 1000)
    return Envelope(
        str(uuid7(now_ms=lambda: milliseconds)),
        provider,
        milliseconds * 1000,
        "static_token",
        "0123456789ab",
        path,
        body,
        {"content-type": "application/json"},
    )


async def _strangers(connection: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy) -> None:  # type: ignore[type-arg]
    body = b'{"event":"payment.capture","data":{"payment_id":"py-forged","amount":900000}}'
    await connection.execute(
        "INSERT INTO quarantine (quarantine_id, provider, cause, received_at, remote, path, headers, body, body_sha256) "
        "VALUES ($1, 'xendit', 'wrong_credential', $2, '203.0.113.7', '/webhooks/xendit', $3, $4, $5)",
        REFUSED,
        START + timedelta(hours=3),
        '{"content-type":"application/json","x-callback-token":"32 characters, base64"}',
        body,
        hashlib.sha256(body).digest(),
    )
    await connection.execute(
        "INSERT INTO operator_acts (act_id, actor, verb, target, reason, before, after, undo, at) "
        "VALUES ($1, 'sari', 'dlq.discard', 'letter-1', 'a test of theirs', '{\"status\":\"open\"}', '{\"status\":\"discarded\"}', "
        "'lunas dlq reopen letter-1 --reason …', $2)",
        ACT,
        START + timedelta(hours=10),
    )


async def poison(url: str) -> None:
    """PAYLOAD in every field that somebody outside, or an operator, can write."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    body, headers = f'{{"note":{json.dumps(PAYLOAD)}}}'.encode(), json.dumps({"user-agent": PAYLOAD})
    digest = hashlib.sha256(body).digest()
    try:
        await connection.execute(
            "INSERT INTO deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id, "
            "event_name, dedupe_key, status, reason) "
            "VALUES ($1, 'xendit', $2, 1, $3, $4, $5, $6, 'static_token', '0123456789ab', $3, $3, 'parked', $3)",
            POISONED, START, PAYLOAD, headers, body, digest,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO dead_letters (dead_letter_id, provider, event_name, stage, reason, detail, message, body_sha256) "
            "VALUES ($1, 'xendit', $2, 'translate', $2, $2, $3, $4)",
            POISONED, PAYLOAD, body, digest,
        )  # fmt: skip
        await connection.execute(
            "UPDATE quarantine SET cause = $1, remote = $1, path = $1, headers = $2, body = $3",
            PAYLOAD,
            headers,
            body,
        )
        await connection.execute(
            "INSERT INTO operator_acts (act_id, actor, verb, target, reason, before, after, undo) "
            "VALUES (gen_random_uuid(), $1, $1, $1, $1, to_json($1::text), to_json($1::text), $1)",
            PAYLOAD,
        )
        await connection.execute(
            "INSERT INTO operator_acts (act_id, actor, verb, target, reason, undo) "
            "SELECT gen_random_uuid(), $1, $1, customer_id, $1, $1 FROM customers_v1",
            PAYLOAD,
        )
        for statement in (
            "UPDATE corrections SET payment_id = $1, reason = $1, author = $1, "
            "before = json_build_object('customer_id', $1::text), patch = json_build_object('customer_id', $1::text)",
            "INSERT INTO parked_streams (stream, provider) VALUES ('xendit:' || $1, $1)",
            "UPDATE parked_streams SET provider = $1",
            "UPDATE payments_v1 SET channel = $1, payment_type = $1, payer_email = $1, reference_id = $1, held = NULL, customer_id = NULL",
            "UPDATE suspense_v1 SET payer_email = $1, product = $1, reason = $1",
            "UPDATE customers_v1 SET name = $1, email = $1, phone = $1",
            "UPDATE enrollments_v1 SET course = $1 || course, revoked_reason = $1",
            "UPDATE subscriptions_v1 SET plan = $1",
            "INSERT INTO strangers VALUES ('xendit', 'field', $1, $1, 1, now(), now(), gen_random_uuid())",
            "INSERT INTO reconcile_findings (provider, kind, payment_id, finding_id, reason, ours, theirs, first_run, last_run) "
            "VALUES ('xendit', 'status', $1, gen_random_uuid(), $1, $1, $1, gen_random_uuid(), gen_random_uuid())",
        ):
            await connection.execute(statement, PAYLOAD)
    finally:
        await connection.close()


async def _problem(store: asyncpg.Connection) -> str:
    found = await all_problems(store, Settings(env="development"))
    return min(one.fingerprint for one in found if one.kind == "letters")


async def pages_of(url: str) -> list[str]:
    """Every page of the console that only shows, of things that are there; a new way with a name in it must be added here."""
    store = await asyncpg.connect(url, server_settings={"search_path": "lunas"})

    async def first(statement: str) -> str:
        return quote(str(await store.fetchval(statement)), safe="")

    try:
        payment = await first(
            "SELECT payment_id FROM payments WHERE provider = 'xendit' ORDER BY record LIMIT 1"
        )
        named = {
            "/find": "/find?q=50000",
            "/payments/{provider}/{payment}": f"/payments/xendit/{payment}",
            "/deliveries/{delivery}": f"/deliveries/{await first('SELECT min(delivery_id::text) FROM deliveries')}",
            "/letters/{letter}": f"/letters/{await first('SELECT min(dead_letter_id::text) FROM dead_letters')}",
            "/suspense/{entry}": f"/suspense/{await first('SELECT min(suspense_id) FROM suspense')}",
            "/orders/{order}": f"/orders/{ORDER}",
            "/quarantine/{rejected}": f"/quarantine/{REFUSED}",
            "/customers/{customer}": f"/customers/{await first('SELECT min(customer_id) FROM customers')}",
            "/customers/{customer}/explain/{subject}": f"/customers/{await first('SELECT min(customer_id) FROM customers')}/explain/balance",
            "/streams/{stream}": f"/streams/{await first('SELECT min(stream) FROM parked_streams')}",
            "/quarantine/reverify/{provider}": "/quarantine/reverify/xendit?look=1",
            "/corrections/{change}": f"/corrections/{await first('SELECT min(change_id::text) FROM corrections')}",
            "/close/{day}": f"/close/{START.astimezone(JAKARTA).date()}",
            "/close/{day}/payments/{provider}": f"/close/{START.astimezone(JAKARTA).date()}/payments/xendit",
            "/providers/{provider}": "/providers/xendit",
            "/problems/{problem}": f"/problems/{await _problem(store)}",
            "/replay/{plan}": f"/replay/{await first('SELECT min(plan_id::text) FROM replay_plans')}",
            "/audit/{act}": f"/audit/{await first('SELECT max(act_id::text) FROM operator_acts')}",
        }
    finally:
        await store.close()
    paths = {way.path for way in WAYS if way.method == "GET" and way.role == "viewer" and not way.program}
    paths -= {"/now", "/close/{day}/csv", "/close/{day}/paper"}  # no pages of the console's own frame
    missing = {path for path in paths if "{" in path} - named.keys()
    assert not missing, missing
    return sorted(named.get(path, path) for path in paths)
