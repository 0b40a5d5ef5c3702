"""Odd JSON and odd money from somebody who knows the secret, through real processes into the real database: kept byte for byte, exact or refused.

Nothing of it is answered with an error of ours, nothing stops the processes, and what comes after it goes through.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
import pytest

from tests.system.pipeline import CUSTOMERS, TOKENS_PER_IDR, Pipeline, top_up
from tests.waiting import until

pytestmark = pytest.mark.heavy

HEADERS = {"x-callback-token": "dev-xendit-secret", "content-type": "application/json"}
BUYER = CUSTOMERS[0]
DEEP = 2_000
PROVED_BY_A_TOKEN_IDR = 500_000

ODD_JSON: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty_body"),
    "white space": (b" \r\n\t ", "empty_body"),
    "not JSON": (b"event=payment.capture", "not_json"),
    "cut off": (b'{"event":"payment.capture","data":{', "not_json"),
    "something behind it": (b'{"event":"payment.capture"} {"event":"payment.capture"}', "not_json"),
    "byte order mark": (b"\xef\xbb\xbf{}", "byte_order_mark"),
    "UTF-16": ('{"event":"payment.capture"}'.encode("utf-16"), "not_utf8"),
    "UTF-32": ('{"event":"payment.capture"}'.encode("utf-32-be"), "not_json"),
    "Latin 1": ('{"event":"payment.capture","x":"é'.encode("latin-1"), "not_utf8"),
    "a name twice": (b'{"event":"payment.capture","event":"refund.succeeded"}', "duplicate_key"),
    "a name twice by an escape": (b'{"event":"a","\\u0065vent":"b"}', "duplicate_key"),
    "NaN": (b'{"event":"payment.capture","data":{"request_amount":NaN}}', "not_a_number"),
    "Infinity": (b'{"event":"payment.capture","data":{"request_amount":Infinity}}', "not_a_number"),
    "beyond a float": (b'{"event":"payment.capture","data":{"request_amount":1e999}}', "number_out_of_range"),
    "5,000 digits": (b'{"event":"a","data":{"request_amount":' + b"9" * 5_000 + b"}}", "number_too_long"),
    "deep lists": (b"[" * DEEP + b"]" * DEEP, "too_deep"),
    "deep objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "too_deep"),
}
"""Name → bytes, and what they are refused for."""

READ_ALL_THE_SAME: dict[str, bytes] = {
    "NUL in a text": b'{"event":"new.one","note":"a\\u0000b"}',
    "a raw NUL in a text": b'{"event":"new.one","note":"a\x00b"}',
    "half an emoji": b'{"event":"new.one","note":"\\ud83d"}',
    "half an emoji in a name": b'{"event":"new.one","\\udc00":1}',
    "a list": b"[1, 2, 3]",
    "a number": b"7",
    "a text": b'"payment.capture"',
    "null": b"null",
    "an event that is none": b'{"event":{"a":1},"data":[]}',
    "data that is none": b'{"event":"payment.capture","data":"x"}',
    "a very long text": b'{"event":"new.one","note":"' + b"x" * 900_000 + b'"}',
    "every C0 character": b'{"event":"new.one","note":"' + bytes(range(1, 32)) + b'"}',
    "SQL": b'{"event":"\'; DROP TABLE lunas.events; --","data":{"payment_id":"\'; DELETE FROM lunas.deliveries; --"}}',
}
"""What says nothing that we understand, and must do no harm."""

MONEY: dict[str, int | None] = {
    "50000": 50_000,
    "50000.0": 50_000,
    "50000.00": 50_000,
    '"50000"': 50_000,
    '"50000.00"': 50_000,
    "1e3": 1_000,
    "1E+5": 100_000,
    "999999999999999": 999_999_999_999_999,
    "true": None,
    "null": None,
    '""': None,
    "[50000]": None,
    '{"value":50000}': None,
    "50000.5": None,
    "0.1": None,
    "50000.0000000000000000000000001": None,
    "-1": None,
    "-50000": None,
    '"-50000"': None,
    '"50.000"': None,
    '"50,000"': None,
    '"Rp 50000"': None,
    '"1e3"': None,
    '"0x10"': None,
    '"50_000"': None,
    '"٥٠٠٠٠"': None,
    "9007199254740993": None,
    "1000000000000000000000000000000": None,
    "1e30": None,
    "1E+308": None,
    "1e-308": None,
}
"""How an amount is written → rupiah, exact; None: refused, and for a person to see."""


@dataclass(frozen=True)
class Sent:
    """One body and how it was answered."""

    name: str
    body: bytes
    status: int


@asynccontextmanager
async def connected(pipeline: Pipeline) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(pipeline.database_url, server_settings={"search_path": "lunas"})
    try:
        yield connection
    finally:
        await connection.close()


async def posted(pipeline: Pipeline, bodies: dict[str, bytes]) -> list[Sent]:
    """All of them, and then one that is sound: what came before it has been dealt with once that one is in a balance."""
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        sent = []
        for name, body in bodies.items():
            async with session.post(f"{pipeline.ingress}/webhooks/xendit", data=body) as answer:
                sent.append(Sent(name, body, answer.status))
    return sent


async def dealt_with(
    pipeline: Pipeline, connection: asyncpg.Connection[asyncpg.Record], sent: list[Sent]
) -> None:
    async def all_stored() -> bool:
        bodies = [one.body for one in sent]
        found = await connection.fetchval(
            "SELECT count(DISTINCT body) FROM deliveries WHERE body = ANY($1::bytea[])", bodies
        )
        return bool(found == len(set(bodies)))

    await until(all_stored)
    sound = top_up(4_711, CUSTOMERS[-1], 12_345)
    async with (
        aiohttp.ClientSession(headers=HEADERS) as session,
        session.post(f"{pipeline.ingress}/webhooks/xendit", data=sound.body) as answer,
    ):
        assert answer.status == 200

    async def seen() -> bool:
        return bool((await pipeline.balance(CUSTOMERS[-1])).get("credit_tokens") == 12_345 * TOKENS_PER_IDR)

    await until(seen)


def assert_unharmed(pipeline: Pipeline) -> None:
    for name, process in pipeline.running.items():
        assert process.poll() is None, f"{name} ended:\n{pipeline.log(name)[-3000:]}"
        assert "Traceback" not in pipeline.log(name), pipeline.log(name)[-3000:]


async def test_odd_json_is_kept_byte_for_byte_and_refused_by_name(pipeline: Pipeline) -> None:
    bodies = {name: body for name, (body, _) in ODD_JSON.items()} | READ_ALL_THE_SAME
    sent = await posted(pipeline, bodies)
    assert {one.name: one.status for one in sent if one.status != 200} == {}
    async with connected(pipeline) as connection:
        await dealt_with(pipeline, connection, sent)
        rows = await connection.fetch("SELECT body, status, reason, event_name FROM deliveries")
        letters = await connection.fetch("SELECT delivery_id, reason FROM dead_letters")
        told = await connection.fetchval(
            "SELECT count(*) FROM events WHERE type IN ('payment.succeeded', 'refund.succeeded')"
        )
    by_body = {row["body"]: row for row in rows}
    refused = {
        name: (by_body[body]["status"], by_body[body]["reason"]) for name, (body, _) in ODD_JSON.items()
    }
    assert refused == {name: ("parked", f"unparsable_{reason}") for name, (_, reason) in ODD_JSON.items()}
    assert {
        name for name, body in READ_ALL_THE_SAME.items() if by_body[body]["status"] == "processed"
    } == set()
    parked = [row for row in rows if row["status"] == "parked"]
    assert len(letters) == len(parked), "each has its letter"
    assert told == 1, "the sound one, and nothing else, says something"
    assert_unharmed(pipeline)


def capture(number: int, amount: str) -> bytes:
    """A top-up whose amount is written like this."""
    document: dict[str, Any] = json.loads(top_up(number, BUYER, 1).body)
    document["data"]["request_amount"] = document["data"]["captures"][0]["capture_amount"] = "AMOUNT"
    return json.dumps(document, ensure_ascii=False).replace('"AMOUNT"', amount).encode()


async def test_odd_money_is_exact_or_refused_and_never_through_a_float(pipeline: Pipeline) -> None:
    bodies = {amount: capture(number, amount) for number, amount in enumerate(MONEY)}
    sent = await posted(pipeline, bodies)
    assert {one.name: one.status for one in sent if one.status != 200} == {}
    async with connected(pipeline) as connection:
        await dealt_with(pipeline, connection, sent)
        rows = await connection.fetch("SELECT body, status FROM deliveries")
        facts = await connection.fetch(
            "SELECT data->>'reference_id' AS payment, data->>'amount' AS amount FROM events WHERE type = 'payment.succeeded'"
        )
        granted = await connection.fetchval(
            "SELECT coalesce(sum((data->>'tokens')::numeric), 0) FROM events"
            " WHERE type = 'credit.granted' AND data->>'customer_id' = $1",
            BUYER,
        )
        ledger = await connection.fetchval("SELECT coalesce(sum(balance), 0) FROM ledger")
    read = {row["payment"]: row["amount"] for row in facts}
    exact = {amount: read.get(f"topup-{number}") for number, amount in enumerate(MONEY)}
    assert exact == {amount: None if rupiah is None else str(rupiah) for amount, rupiah in MONEY.items()}
    statuses = {bytes(row["body"]): row["status"] for row in rows}
    assert {
        name for name, body in bodies.items() if (statuses[body] == "parked") != (MONEY[name] is None)
    } == set()
    # What only a token proves is granted at once up to a limit; the largest of these waits for more.
    small = [rupiah for rupiah in MONEY.values() if rupiah is not None and rupiah <= PROVED_BY_A_TOKEN_IDR]
    assert granted == sum(small) * TOKENS_PER_IDR
    assert ledger == 0
    assert_unharmed(pipeline)
