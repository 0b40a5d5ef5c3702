"""`lunas find`: paste anything, and the next command is named."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import asyncpg
import pytest

from console import exits
from console.times import WIB
from eventstore.append import NewEvent, append, log_transaction
from runtime.database import Pool
from runtime.ids import utc_now
from runtime.settings import Settings
from schemas import streams
from schemas.facts import CustomerRegistered
from tests.integration.console.conftest import AT, Run, add_delivery, add_letter
from tests.integration.console.replays import Shop
from tests.integration.console.test_suspense import add_held
from tests.unit.processor.intake.envelopes import capture, envelope

ACT = uuid.UUID(int=7)


@pytest.fixture
async def known(lunas: Run, store: asyncpg.Connection) -> Run:
    assert (await lunas("migrate")).code == exits.FINE
    await store.execute(
        "INSERT INTO customers_v1 (customer_id, email, email_normalized, position) VALUES ('budi', 'Budi@example.com', 'budi@example.com', 1)"
    )
    await store.execute(
        "INSERT INTO subscriptions_v1 (subscription_id, customer_id, provider, status, licence_code, cancel_at_period_end, first_position, position) "
        "VALUES ('mayar:subscription:LCN-AB12-CD34', 'budi', 'mayar', 'active', 'LCN-AB12-CD34', false, 1, 1)"
    )
    await store.execute(
        "INSERT INTO plan_requests (request_id, customer_id, provider, plan, amount_idr, reference, sold, position) VALUES "
        "('sub_019bbf5d6a1577a7878a214734d2fcfb', 'budi', 'xendit', 'pro-bulanan', 200000, 'pro-019bbf5d6a1577a7878a214734d2fcfb', '{}', 1)"
    )
    await store.execute(
        "INSERT INTO enrollments_v1 (customer_id, course, status, order_id, provider, payment_id, granted_at, position) "
        "VALUES ('budi', 'kelas-sql', 'active', '261121ABC', 'scalev', '261121ABC', $1, 1)",
        AT,
    )
    await store.execute(
        "INSERT INTO operator_acts (act_id, actor, verb, target, reason) VALUES ($1, 'sari', 'claim', 'susp-1', 'he called')",
        ACT,
    )
    await add_held(store)
    await add_held(store, "susp-2", status="claimed")
    return lunas


@pytest.mark.parametrize(
    ("pasted", "kind", "command"),
    [
        ("LCN-AB12-CD34", "subscription", "lunas explain access budi"),
        ("mayar:subscription:LCN-AB12-CD34", "subscription", "lunas explain access budi"),
        ("sub_019bbf5d6a1577a7878a214734d2fcfb", "subscription", "lunas explain access budi"),
        ("pro-019bbf5d6a1577a7878a214734d2fcfb", "subscription", "lunas explain access budi"),
        ("kelas-sql", "enrollment", "lunas explain access budi"),
        (str(ACT), "audit", f"lunas audit show {ACT}"),
        ("susp-1", "suspense", "lunas suspense claim susp-1"),
        ("susp-2", "suspense", "lunas suspense list --all --provider xendit"),
        (" BUDI@Example.COM ", "customer", "lunas explain balance budi"),
    ],
)
async def test_what_is_pasted_is_found_with_the_command_that_goes_on(
    known: Run, pasted: str, kind: str, command: str
) -> None:
    found = await known("find", pasted, "--json")
    assert [(one["kind"], one["command"]) for one in found.json["items"]] == [(kind, command)]


@pytest.mark.parametrize(("pasted", "told"), [("dp-1", "payment_disputed"), ("py-9", "payment_unconfirmed")])
async def test_what_a_person_was_told_of_a_payment_or_a_dispute_is_found_under_its_id(
    known: Run, store: asyncpg.Connection, pasted: str, told: str
) -> None:
    detail = f"{pasted} opened" if told == "payment_disputed" else pasted
    letter = await add_letter(store, stage="fulfil", reason=told, detail=detail)
    await add_letter(store, b"{}", stage="fulfil", reason=told, detail=f"{pasted}0 opened")
    [found] = (await known("find", pasted, "--json")).json["items"]
    assert (found["kind"], found["status"], found["command"]) == (
        "dead letter",
        told,
        f"lunas dlq show {letter}",
    )
    seen = (await known("status", "--json")).json
    assert seen["unconfirmed"]["count"] == (2 if told == "payment_unconfirmed" else 0)
    assert any("never told" in problem for problem in seen["problems"]) == (told == "payment_unconfirmed")


async def test_a_payment_whose_money_was_never_told_says_so_where_it_is_found(
    known: Run, store: asyncpg.Connection
) -> None:
    await store.execute(
        "INSERT INTO payments_v1 (record, provider, payment_id, case_key, status, amount, refunded_amount, currency, late, token_only, settled,"
        " held, first_position, position) VALUES ('r-1', 'xendit', 'py-1', 'c-1', 'pending', 50000, 0, 'IDR', false, false, false,"
        " 'unconfirmed', 1, 1)"
    )
    await store.execute(
        "INSERT INTO payment_aliases_v1 (provider, alias, record) VALUES ('xendit', 'py-1', 'r-1')"
    )
    assert "pending (unconfirmed)" in (await known("find", "py-1")).out
    [found] = (await known("find", "py-1", "--json")).json["items"]
    assert (found["status"], found["held"]) == ("pending", "unconfirmed")


async def held_payment(store: asyncpg.Connection) -> None:
    await store.execute(
        "INSERT INTO payments_v1 (record, provider, payment_id, case_key, status, amount, refunded_amount, currency, late, token_only, settled,"
        " held, payer_email, first_position, position) VALUES ('xendit:py-1', 'xendit', 'py-1', 'xendit:py-1', 'succeeded', 50000, 0, 'IDR',"
        " false, false, false, 'customer_unknown', 'tamu@contoh.id', 1, 1)"
    )
    for alias in ("py-1", "pr-1"):
        await store.execute(
            "INSERT INTO payment_aliases_v1 (provider, alias, record) VALUES ('xendit', $1, 'xendit:py-1')",
            alias,
        )


@pytest.mark.parametrize("pasted", ["py-1", "pr-1", "tamu@contoh.id", "Rp 50.000"])
async def test_a_held_payment_points_to_its_claim_under_whatever_it_is_found(
    known: Run, store: asyncpg.Connection, pasted: str
) -> None:
    await held_payment(store)
    items = (await known("find", pasted, "--json")).json["items"]
    assert [(one["kind"], one["command"]) for one in items] == [
        ("payment", "lunas payments show xendit py-1"),
        ("suspense", "lunas suspense claim susp-1"),
    ]


@pytest.mark.parametrize("pasted", ["repl-9f2", "xendit:subscription:repl-9f2"])
async def test_a_held_subscription_points_to_its_claim(
    known: Run, store: asyncpg.Connection, pasted: str
) -> None:
    """It has no row of its own until somebody says whose it is, or what it is of."""
    of_plan = {"case_key": "xendit:subscription:repl-9f2", "payment_id": "repl-9f2"}
    await add_held(store, "susp-9", **of_plan, reason="unmapped_product", amount=None)
    items = (await known("find", pasted, "--json")).json["items"]
    assert [(one["kind"], one["command"]) for one in items] == [("suspense", "lunas suspense claim susp-9")]


@pytest.mark.parametrize("pasted", ["0812-9001-1223", "+62 812 9001 1223", "6281290011223", "081290011223"])
@pytest.mark.parametrize("written", ["081290011223", "+62 812-9001-1223", "6281290011223"])
async def test_a_customer_is_found_by_phone_however_it_is_written(
    known: Run, store: asyncpg.Connection, pasted: str, written: str
) -> None:
    event = CustomerRegistered(customer_id="budi", email="budi@example.com", phone=written)
    async with log_transaction(store):
        await append(store, [NewEvent(streams.customer("budi"), event, {})])
    items = (await known("find", pasted, "--json")).json["items"]
    assert [(one["kind"], one["id"]) for one in items] == [("customer", "budi")]


@pytest.mark.parametrize("pasted", ["0812-9001-1223", "variant_9f2", "Ratna Dewi"])
async def test_what_only_a_delivery_speaks_of_is_found_in_it(
    known: Run, store: asyncpg.Connection, pasted: str
) -> None:
    body = b'{"customer":{"name":"Ratna Dewi","phone":"+6281290011223"},"variant_unique_id":"variant_9f2"}'
    delivery = await add_delivery(store, body)
    await add_delivery(store, b'{"customer":{"name":"Budi"}}')
    [found] = (await known("find", pasted, "--json")).json["items"]
    assert (found["kind"], found["command"]) == ("delivery", f"lunas webhooks show {delivery}")
    assert "Ratna" not in (await known("find", pasted)).out.replace(pasted, "")


async def test_a_product_is_found_by_its_provider_s_name_and_what_waits_for_it(
    known: Run, store: asyncpg.Connection
) -> None:
    await add_held(store, "susp-3", product="gold", reason="awaiting_confirmation")
    items = (await known("find", "gold", "--json")).json["items"]
    assert [(one["kind"], one["id"]) for one in items] == [("product", "gold"), ("suspense", "susp-3")]


QR = "00020101021226470014ID.CO.QRIS.WWW5911TOKO RATNA6007JAKARTA622907257c450733bb32e113d28ab3acc6304B32B"


@pytest.mark.parametrize(
    ("pasted", "request_id"),
    [
        ("1076600897732158", "req_" + "a" * 32),
        ("1076 6008 9773 2158", "req_" + "a" * 32),
        ("1076-6008-9773-2158", "req_" + "a" * 32),
        (QR, "req_" + "b" * 32),
        ("c450733bb32e113d28ab3acc", "req_" + "b" * 32),
    ],
)
async def test_what_is_on_the_payers_screen_finds_the_request_of_ours(
    known: Run, store: asyncpg.Connection, pasted: str, request_id: str
) -> None:
    for letter, instrument in (("a", {"va_number": "1076600897732158"}), ("b", {"qr_string": QR})):
        await store.execute(
            "INSERT INTO payment_requests (request_id, kind, customer_id, provider, amount_idr, status, page_secret, page_digest, position, instrument) "
            "VALUES ($1, 'topup', 'budi', 'xendit', 50000, 'open', $2, $3, 1, $4)",
            "req_" + letter * 32,
            letter,
            letter.encode(),
            json.dumps(instrument),
        )
    [found] = (await known("find", pasted, "--json")).json["items"]
    assert (found["kind"], found["id"]) == ("request", request_id)
    assert found["command"] == f"lunas payments show xendit {request_id}"
    assert (await known("find", "1076600897732159", "--json")).json["items"] == []


@pytest.mark.parametrize("far", [timedelta(0), timedelta(days=90)])
async def test_an_amount_with_a_day_finds_what_was_paid_on_that_day_in_jakarta(
    lunas: Run, pool: Pool, database_url: str, settings: Callable[..., Settings], far: timedelta
) -> None:
    """Also what was told of months late: then everything is looked through."""
    shop = await Shop(pool, settings(database_url=database_url)).open()
    noon = datetime.combine((utc_now() - far).astimezone(WIB).date() - timedelta(days=2), time(12), WIB)
    for name, at in (
        ("py-day", noon),
        ("py-before", noon - timedelta(hours=13)),
        ("py-after", noon + timedelta(hours=12)),
    ):
        await shop.take_in(
            envelope(
                _paid_at(capture(name, 75_000), at),
                received_at=round((at + timedelta(minutes=1)).timestamp() * 1_000_000),
            )
        )
    await shop.settle()
    for written in (f"75000 {noon:%Y-%m-%d}", f"{noon:%d/%m/%Y} Rp 75.000", f"75rb {noon:%d-%m-%Y}"):
        items = (await lunas("find", written, "--json")).json["items"]
        assert (await lunas("find", *written.split(), "--json")).json["items"] == items  # without quotes
        assert [one["id"] for one in items if one["kind"] == "payment"] == ["py-day"], written
    assert (await lunas("find", f"76000 {noon:%Y-%m-%d}", "--json")).code == exits.PROBLEMS


def _paid_at(body: bytes, at: datetime) -> bytes:
    told = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
    return re.sub(rb"2026-07-01T\d\d:\d\d:\d\d", told, body)


async def test_a_subscription_is_found_by_the_code_of_its_licence_once(
    known: Run, store: asyncpg.Connection
) -> None:
    await store.execute(
        "UPDATE subscriptions_v1 SET licence_code = 'LIC-7-ABCD' WHERE subscription_id = (SELECT min(subscription_id) FROM subscriptions_v1)"
    )
    items = (await known("find", "LIC-7-ABCD", "--json")).json["items"]
    assert [one["kind"] for one in items] == ["subscription"]


@pytest.mark.parametrize(
    "line",
    [
        ("find", "\udcff"),
        ("payments", "show", "xendit", "\udcff"),
        ("replay", "plan", "--where", "event=\udcff"),
    ],
)
async def test_bytes_that_are_no_text_are_wrong_use(lunas: Run, line: tuple[str, ...]) -> None:
    told = await lunas(*line)
    assert told.code == exits.WRONG_USE
    assert "UTF-8" in told.err
