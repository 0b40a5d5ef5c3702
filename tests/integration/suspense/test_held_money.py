"""Held money through the API and the command: whose it may be, a word on it, its undoing, and what two people at once come to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry

from api.suspense import speaking
from api.suspense.gathering import candidates
from api.suspense.returning import Return, give_back
from api.suspense.speaking import Author
from console.welcome import PAYMENT
from projections.held_money import HeldMoneyMetrics, ageing, reasons
from runtime.database import Connection, open_pool
from runtime.ids import utc_now, uuid7
from schemas.envelope import Envelope
from tests.integration.checkout.street import Street
from tests.unit.processor.cases.facts import capture
from tests.unit.providers.fakes.stand import KEYS

SARI = Author("sari", "the payer called", 0.3)
SAY = {"reason": "the payer called", "by": "sari"}


@asynccontextmanager
async def operator(street: Street) -> AsyncIterator[Connection]:
    given = street.shop.refunds.settings
    async with open_pool(given, "operator", role="lunas_operator", max_size=1) as pool, pool.acquire() as one:
        yield one


async def held(street: Street, payment: str = "py-lost", amount: int = 50_000, **more: Any) -> str:
    """Money of an unknown payer; its id."""
    more = {"payer_email": "siapa@contoh.id", "occurred_at": utc_now()} | more
    await street.shop.hear(capture(payment, f"pr-{payment}", amount, **more))
    items = (await street.shop.get("/v1/suspense"))["items"]
    return str(next(one["id"] for one in items if one["provider_payment_id"] == payment))


async def say(street: Street, entry: str, verb: str, status: int = 200, **body: Any) -> Any:
    return await street.shop.post(f"/v1/suspense/{entry}/{verb}", SAY | body, status)


async def projections(street: Street) -> dict[str, list[str]]:
    """Every row of every read model, but for where in the log it was told."""
    tables = ("balances", "suspense", "ledger", "payments", "enrollments", "subscriptions", "customers")
    found = {}
    for table in tables:
        rows = await street.shop.pool.fetch(f"SELECT to_jsonb(t) - 'position' AS row FROM {table} t")
        # An account that nothing is left in is none to its readers.
        found[table] = sorted(row["row"] for row in rows if '"balance": 0' not in row["row"])
    return found


async def test_the_customer_who_was_asked_for_it_is_found_claimed_for_and_it_can_be_undone(
    street: Street,
) -> None:
    shop = street.shop
    await street.topped_up(25_000)
    wish = {"customer_id": "budi", "amount": 50_000, "payment_method": "qris"}
    asked = await shop.post("/v1/topups", wish)
    entry = await held(street, method="qris", channel="QRIS")
    before = await projections(street)
    found = await shop.get(f"/v1/suspense/{entry}/candidates")
    (budi,) = found["items"]
    assert (budi["customer_id"], budi["strength"], budi["score"]) == ("budi", "likely", 40)
    assert [sign["reason"] for sign in budi["reasons"]] == ["open_request", "open_request_channel"]
    assert asked["payment_id"] in budi["reasons"][0]["explained"]
    indonesian = await shop.get(f"/v1/suspense/{entry}/candidates", **{"Accept-Language": "id"})
    assert "Rp 50.000" in indonesian["items"][0]["reasons"][0]["explained"]

    word = await say(street, entry, "claim", customer_id="budi")
    assert (word["done"], word["undoable"]) == ("claimed", True)
    await shop.settle()
    assert await street.balance() == 750_000
    seen = await shop.get(f"/v1/suspense/{entry}")
    assert (seen["status"], seen["resolution"], seen["released_by"]) == (
        "released",
        "granted",
        "sari (api:environment)",
    )
    assert [(act["verb"], act["by"], act["reason"]) for act in seen["acts"]] == [
        ("suspense.claim", "sari (api:environment)", "the payer called")
    ]
    assert (await say(street, entry, "undo"))["done"] == "unclaimed"
    await shop.settle()
    assert await street.balance() == 250_000
    assert await projections(street) == before
    again = await say(street, entry, "undo", 409)
    assert (again["code"], "taken back already, by sari" in again["detail"]) == (
        "suspense_already_done",
        True,
    )


async def test_a_write_off_can_be_undone_and_leaves_every_read_model_as_it_was(street: Street) -> None:
    entry = await held(street)
    before = await projections(street)
    await say(street, entry, "write-off")
    await street.shop.settle()
    assert (await street.shop.get(f"/v1/suspense/{entry}"))["resolution"] == "written_off"
    assert "forfeited:xendit" in str((await projections(street))["ledger"])
    assert (await say(street, entry, "undo"))["done"] == "reopened"
    await street.shop.settle()
    assert await projections(street) == before
    assert (await street.shop.get("/v1/ledger"))["balanced"]


async def test_of_two_operators_at_once_one_is_heard_and_the_other_told_by_whom(street: Street) -> None:
    await street.shop.customer("siti", "siti@contoh.id")
    entry = await held(street)
    calls = [
        street.shop.client.post(
            f"/v1/suspense/{entry}/{verb}",
            json=SAY | body,
            headers={"Authorization": "Bearer dev-api-key", "Accept-Language": "en"},
        )
        for verb, body in (
            ("claim", {"customer_id": "budi"}),
            ("claim", {"customer_id": "siti"}),
            ("write-off", {}),
            ("refund", {"proof": "transfer 1"}),
        )
    ]
    answers = [
        (answer.status, await answer.json(content_type=None)) for answer in await asyncio.gather(*calls)
    ]
    assert sorted(status < 300 for status, _ in answers) == [False, False, False, True]
    refused = [document for status, document in answers if status == 409]
    assert {one["code"] for one in refused} == {"suspense_already_done"}
    assert all("by sari (api:environment)" in one["detail"] for one in refused), refused
    await street.shop.settle()
    assert (await street.shop.get(f"/v1/suspense/{entry}"))["status"] == "released"
    assert len((await street.shop.get(f"/v1/suspense/{entry}"))["acts"]) == 1
    for verb, body in (("claim", {"customer_id": "siti"}), ("write-off", {}), ("refund", {})):
        again = await say(street, entry, verb, 409, **body)
        assert again["code"] == "suspense_already_done"


async def test_a_repeated_call_with_its_key_is_one_word(street: Street) -> None:
    entry = await held(street)
    body = SAY | {"customer_id": "budi"}
    first, second = [
        await street.shop.post(f"/v1/suspense/{entry}/claim", body, 200, **{"Idempotency-Key": "k1"})
        for _ in range(2)
    ]
    assert first == second
    assert await street.shop.log("suspense.claimed") == ["suspense.claimed"]


async def test_what_a_claim_left_held_may_be_claimed_anew(street: Street) -> None:
    """The first claim says whose it is; what it is for is still unclear until the second one says so."""
    entry = await held(street, payment_type=None)
    await say(street, entry, "claim", customer_id="budi")
    await street.shop.settle()
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert (seen["status"], seen["reason"], seen["customer_id"]) == ("held", "purpose_unknown", "budi")
    ranked = (await street.shop.get(f"/v1/suspense/{entry}/candidates"))["items"]
    assert [one["customer_id"] for one in ranked] == ["budi"]
    assert (await say(street, entry, "claim", 409, customer_id="budi"))["code"] == "suspense_already_done"
    await say(street, entry, "claim", customer_id="budi", product="credit")
    await street.shop.settle()
    assert await street.balance() == 500_000


async def test_what_cannot_be_said_is_refused_and_leaves_no_trace(street: Street) -> None:
    entry = await held(street)
    events = await street.shop.pool.fetchval("SELECT count(*) FROM events")
    for path, body, code, status in (
        (f"{entry}/claim", SAY | {"customer_id": "nobody"}, "customer_not_found", 404),
        (f"{entry}/claim", SAY | {"customer_id": "budi", "product": "platinum"}, "product_unknown", 422),
        (f"{entry}/claim", {"customer_id": "budi"}, "invalid_body", 422),
        (f"{entry}/claim", SAY | {"customer_id": "budi", "cutsomer": 1}, "invalid_body", 422),
        ("sus_nothing/claim", SAY | {"customer_id": "budi"}, "suspense_not_found", 404),
        ("sus_nothing/write-off", SAY, "suspense_not_found", 404),
        (f"{entry}/undo", SAY, "suspense_nothing_to_undo", 409),
        (f"{entry}/refund", SAY | {"amount": 50_001, "proof": "x"}, "refund_exceeds_payment", 409),
    ):
        answer = await street.shop.post(f"/v1/suspense/{path}", body, status)
        assert answer["code"] == code, path
    assert await street.shop.pool.fetchval("SELECT count(*) FROM events") == events
    assert await street.shop.pool.fetchval("SELECT count(*) FROM operator_acts") == 0


async def test_c82_held_money_that_went_back_by_hand_is_held_no_more_and_nobody_is_asked(
    street: Street,
) -> None:
    entry = await held(street)
    made = await say(street, entry, "refund", 201, amount=20_000, proof="BCA 0612-7741")
    assert (made["status"], made["amount"], made["made_by"]) == ("succeeded", 20_000, "api")
    await street.shop.settle()
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert (seen["status"], seen["amount"]) == ("held", 30_000)
    async with operator(street) as connection, connection.transaction():
        await give_back(connection, Return(entry, None, "BCA 0612-7742"), SARI, "operator")
    await street.shop.settle()
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert (seen["status"], seen["resolution"]) == ("released", "refunded")
    assert await street.payment("py-lost") == ("refunded", 50_000)
    assert await street.shop.log("refund.") == ["refund.requested", "refund.succeeded"] * 2
    assert await street.shop.refunds.refunder.resolve() == 0
    assert (await street.shop.get("/v1/ledger"))["balanced"]
    assert (await street.shop.get(f"/v1/refunds/{made['refund_id']}"))["status"] == "succeeded"


async def paid_by_nobody(street: Street) -> str:
    """A payment that our checkout never asked for, at the provider; the id of its held money."""
    wish = {
        "reference_id": "from-the-dashboard", "type": "PAY", "country": "ID", "currency": "IDR", "request_amount": 50_000,
        "channel_code": "QRIS", "channel_properties": {}, "metadata": {"payment_type": "credit_topup"},
    }  # fmt: skip
    address = f"{street.fakes.bases['xendit'].rstrip('/')}/v3/payment_requests"
    headers = {
        "Authorization": aiohttp.encode_basic_auth(KEYS["xendit"], ""),
        "api-version": "2024-11-11",
    }
    async with aiohttp.ClientSession(headers=headers) as session:
        made = await (await session.post(address, json=wish)).json()
    await street.act(made["payment_request_id"], "pay")
    (entry,) = (await street.shop.get("/v1/suspense"))["items"]
    return str(entry["id"])


async def test_held_money_goes_back_through_its_provider(street: Street) -> None:
    entry = await paid_by_nobody(street)
    made = await say(street, entry, "refund", 201)
    assert (made["status"], made["amount"]) == ("pending", 50_000)
    assert (await say(street, entry, "claim", 409, customer_id="budi"))["code"] == "suspense_already_done"
    await street.later(seconds=3)
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert (seen["status"], seen["resolution"]) == ("released", "refunded")
    assert (seen["acts"][0]["verb"], seen["acts"][0]["by"]) == ("suspense.refund", "sari (api:environment)")


async def test_what_its_provider_refuses_stays_held_and_may_be_claimed(street: Street) -> None:
    entry = await held(street)
    refused = await street.shop.post(f"/v1/suspense/{entry}/refund", SAY, 502)
    assert refused["code"] == "provider_refused"
    await street.shop.settle()
    assert (await street.shop.get(f"/v1/suspense/{entry}"))["status"] == "held"
    await say(street, entry, "claim", customer_id="budi")


async def test_ageing_counts_by_provider_and_span_and_metrics_show_the_same(street: Street) -> None:
    for number, (hours, amount) in enumerate(((1, 10_000), (2, 20_000), (80, 40_000), (1000, 80_000))):
        await held(street, f"py-{number}", amount, occurred_at=utc_now() - timedelta(hours=hours))
    seen = await street.shop.get("/v1/suspense/ageing")
    spans = [(one["from_hours"], one["to_hours"], one["count"], one["amount"]) for one in seen["items"]]
    assert spans == [(0, 24, 2, 30_000), (72, 168, 1, 40_000), (720, None, 1, 80_000)]
    assert (seen["count"], seen["amount"]) == (4, 150_000)
    registry = CollectorRegistry()
    metrics = HeldMoneyMetrics(registry)
    async with street.shop.pool.acquire() as connection:
        metrics.show(await ageing(connection, (24, 72, 168, 720)), await reasons(connection))
    read = registry.get_sample_value
    assert read("lunas_suspense_rupiah", {"provider": "xendit", "span": "0-24h"}) == 30_000
    assert read("lunas_suspense_entries", {"provider": "xendit", "span": "720h+"}) == 1
    assert (read("lunas_suspense_oldest_seconds", {"provider": "xendit"}) or 0) >= 3_600_000
    why = {"provider": "xendit", "reason": "customer_unknown"}
    assert read("lunas_suspense_reason_rupiah", why) == 150_000
    assert read("lunas_suspense_reason_entries", why) == 4
    metrics.show([])
    assert read("lunas_suspense_rupiah", {"provider": "xendit", "span": "0-24h"}) is None
    assert read("lunas_suspense_reason_rupiah", why) is None


async def test_an_operator_hears_of_phone_and_name_and_an_application_does_not(street: Street) -> None:
    await street.shop.customer("ratna", "r@contoh.id", name="Ratna Wulandari", phone="0812-3456-7890")
    payer = {
        "channel_code": "OVO",
        "channel_properties": {"account_mobile_number": "+6281234567890"},
        "payment_details": {"payer_name": "RATNA WULANDARI"},
        "metadata": {"payment_type": "credit_topup"},
    }
    body = json.dumps(PAYMENT | {"data": {**PAYMENT["data"], **payer}}).encode()
    assert street.door.store is not None
    sent = Envelope(
        str(uuid7()), "xendit", int(utc_now().timestamp() * 1e6), "token", "s", "/webhooks/xendit", body, {}
    )
    await street.door.store.store([street.door.store.interpreter.prepare(sent)])
    await street.shop.settle()
    (entry,) = (await street.shop.get("/v1/suspense"))["items"]
    assert (await street.shop.get(f"/v1/suspense/{entry['id']}/candidates"))["items"] == []
    async with operator(street) as connection:
        found = await speaking.look(connection, entry["id"])
        (ratna,) = await candidates(connection, found.row, bodies=True)
    assert (ratna.customer_id, [sign.reason for sign in ratna.signs]) == ("ratna", ["phone", "name"])


async def test_earlier_payments_and_a_slip_in_the_address_speak_for_a_customer(street: Street) -> None:
    await street.shop.hear(
        capture("py-before", "pr-before", payer_email="budi@example.com", occurred_at=utc_now())
    )
    await street.shop.customer("siti", "siti@contoh.id")
    await street.shop.hear(
        capture(
            "py-gift", "pr-gift", payer_email="siapa@contoh.id", customer_ref="siti", occurred_at=utc_now()
        )
    )
    entry = await held(street)
    (siti,) = (await street.shop.get(f"/v1/suspense/{entry}/candidates"))["items"]
    assert (siti["customer_id"], [sign["reason"] for sign in siti["reasons"]]) == (
        "siti",
        ["earlier_payments"],
    )
    slipped = await held(street, "py-slip", payer_email="buddi@example.com")
    (budi,) = (await street.shop.get(f"/v1/suspense/{slipped}/candidates"))["items"]
    assert (budi["customer_id"], [sign["reason"] for sign in budi["reasons"]]) == ("budi", ["email_near"])
