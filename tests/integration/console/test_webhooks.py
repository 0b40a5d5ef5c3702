"""`lunas webhooks` against a real log and a real broker."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from datetime import timedelta

import aio_pika
import asyncpg
import pytest

from console import exits, main
from projections.versions import ensure
from providers.registry import PROVIDERS
from schemas.envelope import Envelope, unpack
from schemas.topology import queue_name
from tests.integration.console.conftest import AT, BODY, Run, add_delivery

MICROSECONDS = 1795315212345678
LAST = b"nothing after this"


async def taken(broker_url: str, partition: int = 0) -> list[Envelope]:
    """Everything in a work queue, as envelopes. Consumed: a queue with a single active consumer refuses `get`."""
    envelopes: list[Envelope] = []
    async with await aio_pika.connect(broker_url) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(queue_name(partition))
        # Behind everything else: when it comes, nothing more will.
        await channel.default_exchange.publish(aio_pika.Message(LAST), queue_name(partition))
        async with asyncio.timeout(60), queue.iterator(no_ack=True) as messages:
            async for message in messages:
                if message.body == LAST:
                    break
                envelopes += unpack(message.body)
    return envelopes


async def test_filters_find_what_a_look_at_every_row_finds(lunas: Run, store: asyncpg.Connection) -> None:
    """Kinds are walked by an index, each from its newest; together they are the list."""
    kinds = [
        (provider, status, event)
        for provider in ("xendit", "mayar")
        for status in ("processed", "parked", "no_effect")
        for event in ("payment.capture", "payment.received", None)
    ]
    for number in range(60):
        provider, status, event = kinds[number * 7 % len(kinds)]
        await add_delivery(
            store,
            provider=provider,
            status=status,
            event_name=event,
            dedupe_key=f"k{number}",
            received_at=AT + timedelta(hours=number),
        )
    every = await store.fetch("SELECT * FROM deliveries ORDER BY delivery_id DESC")
    since = AT + timedelta(hours=20)
    for number in range(16):
        wanted = {
            "provider": "mayar" if number & 1 else None,
            "status": "parked" if number & 2 else None,
            "event_name": "payment.received" if number & 4 else None,
        }
        options = [
            *(f"--{name.removesuffix('_name')}={value}" for name, value in wanted.items() if value),
            *([f"--since={since.isoformat()}"] if number & 8 else []),
        ]
        expected = [
            str(row["delivery_id"])
            for row in every
            if all(value in (None, row[name]) for name, value in wanted.items())
            and (not number & 8 or row["received_at"] >= since)
        ]
        for limit in (3, 100):
            found = await lunas("webhooks", "list", *options, f"--limit={limit}", "--json")
            assert [item["delivery_id"] for item in found.json["items"]] == expected[:limit], options


async def test_list_shows_outcome_and_time_and_filters(lunas: Run, store: asyncpg.Connection) -> None:
    fast = await add_delivery(store)
    slow = await add_delivery(
        store,
        provider="mayar",
        event_name="payment.received",
        status="parked",
        processing_ms=7000,
        reason="amount_missing",
    )
    everything = await lunas("webhooks", "list", "--json")
    assert everything.code == exits.FINE
    assert everything.err == ""
    assert {item["delivery_id"] for item in everything.json["items"]} == {str(fast), str(slow)}
    assert {item["body_sha256"] for item in everything.json["items"]} == {hashlib.sha256(BODY).hexdigest()}
    slower = ("--slower-than", "5000")
    assert [
        item["processing_ms"]
        for item in (await lunas("webhooks", "list", *slower, "--since", "2026-11-01", "--json")).json[
            "items"
        ]
    ] == [7000]
    assert {
        item["processing_ms"] for item in (await lunas("webhooks", "list", *slower, "--json")).json["items"]
    } <= {7000}
    for arguments in (("--provider", "mayar"), ("--status", "parked"), ("--event", "payment.received")):
        found = (await lunas("webhooks", "list", *arguments, "--json")).json["items"]
        assert [item["delivery_id"] for item in found] == [str(slow)]
    assert (await lunas("webhooks", "list", "--since", "2026-11-23", "--json")).json == {"items": []}
    table = await lunas("webhooks", "list")
    assert "PROCESSING MS" in table.out
    assert "7,000" in table.out
    assert "amount_missing" in table.out
    assert "\x1b" not in table.out


async def test_raw_writes_the_exact_bytes_and_only_them(
    lunas: Run, store: asyncpg.Connection, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    body = b'{"nul":"\\u0000", "odd" : 1 }\r\n\xff\xfe'
    delivery = await add_delivery(store, body)
    capfdbinary.readouterr()
    assert await asyncio.to_thread(main.run, ["webhooks", "raw", str(delivery)]) == exits.FINE
    shown = capfdbinary.readouterr()
    assert shown.out == body
    assert hashlib.sha256(body).hexdigest().encode() in shown.err


async def test_show_tells_how_it_was_verified_and_hides_the_body(
    lunas: Run, store: asyncpg.Connection
) -> None:
    delivery = await add_delivery(store)
    duplicate = await add_delivery(store, status="duplicate", duplicate_of=delivery)
    shown = (await lunas("webhooks", "show", str(delivery), "--json")).json
    assert (shown["scheme"], shown["secret_id"], shown["bytes"]) == (
        "static_token",
        "0123456789ab",
        len(BODY),
    )
    assert shown["body_sha256"] == hashlib.sha256(BODY).hexdigest()
    assert [other["delivery_id"] for other in shown["related"]] == [str(duplicate)]
    assert "body" not in shown
    text = (await lunas("webhooks", "show", str(delivery))).out
    assert "2026-11-22 09:40:12 WIB (02:40:12 UTC)" in text
    assert "py-1" not in text


async def test_c07_the_signed_time_is_a_sign_for_the_operator(lunas: Run, store: asyncpg.Connection) -> None:
    """Accepted whatever it says: a provider's retry carries the time of its first attempt."""
    days = '{"event":"order.paid","timestamp":"2026-11-20T02:00:00.000000Z","data":{}}'
    ahead = days.replace("2026-11-20T02", "2026-11-25T03")
    for body, words in ((days, "2 d before it came"), (ahead, "3 d after it came")):
        delivery = await add_delivery(store, body.encode(), provider="scalev", scheme="hmac_sha256")
        assert words in (await lunas("webhooks", "show", str(delivery))).out
        shown = (await lunas("webhooks", "show", str(delivery), "--json")).json
        assert shown["signed_at"][:19] in body
    unsigned = await add_delivery(store, b"{")
    assert (await lunas("webhooks", "show", str(unsigned), "--json")).json["signed_at"] is None


async def test_an_unknown_delivery_is_wrong_use(lunas: Run) -> None:
    result = await lunas("webhooks", "show", str(uuid.uuid4()))
    assert (result.code, result.out) == (exits.WRONG_USE, "")
    assert result.err.startswith("Error: There is no delivery")


async def test_replay_of_a_filter_needs_yes_without_a_terminal_and_changes_nothing(
    lunas: Run, store: asyncpg.Connection, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    await ensure(store)
    await add_delivery(store)
    result = await lunas("webhooks", "replay", "--provider", "xendit")
    assert result.code == exits.REFUSED
    assert "--yes" in result.err
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == 0


async def test_replay_of_one_delivery_by_a_script_needs_no_yes_and_is_one_document_as_json(
    lunas: Run, store: asyncpg.Connection, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    delivery = await add_delivery(store)
    result = await lunas("webhooks", "replay", str(delivery), "--json")
    assert result.code == exits.FINE, result.err
    [done] = result.json["items"]
    assert done["act_id"] == str(await store.fetchval("SELECT act_id FROM operator_acts"))
    assert len(await taken(broker_url)) == 1


async def test_replay_sends_the_same_bytes_with_a_fresh_id_and_leaves_a_record(
    lunas: Run, store: asyncpg.Connection, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    delivery = await add_delivery(store)
    result = await lunas("webhooks", "replay", str(delivery), "--yes", "--reason", "translator fixed")
    assert result.code == exits.FINE, result.err
    [envelope] = await taken(broker_url)
    assert envelope.body == BODY
    assert envelope.delivery_id != str(delivery)
    assert (envelope.replay_of, envelope.actor) == (str(delivery), "sari")
    assert envelope.received_at == MICROSECONDS == round(AT.timestamp() * 1_000_000)
    act = await store.fetchrow("SELECT * FROM operator_acts")
    assert act is not None
    assert (act["actor"], act["verb"], act["target"], act["reason"]) == (
        "sari",
        "webhooks.replay",
        str(delivery),
        "translator fixed",
    )
    assert str(act["act_id"]) in result.out
    assert "Undo:" in result.out


async def test_c31_bulk_replay_needs_a_filter_and_keeps_to_its_cap(
    lunas: Run, store: asyncpg.Connection, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    await ensure(store)
    for number in range(3):
        await add_delivery(store, dedupe_key=f"k{number}", status="no_effect")
    await add_delivery(store, status="duplicate")
    assert (await lunas("webhooks", "replay", "--yes")).code == exits.REFUSED
    assert (
        await lunas("webhooks", "replay", "--provider", "xendit", "--max", "2", "--yes")
    ).code == exits.REFUSED
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == 0
    assert (await lunas("webhooks", "replay", "--provider", "mayar", "--yes")).code == exits.REFUSED
    assert await store.fetchval("SELECT count(*) FROM replay_items WHERE state = 'done'") == 0


async def test_a_replay_goes_to_the_partition_of_its_payment(
    lunas: Run, store: asyncpg.Connection, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever queue it came from at the time: the number of partitions may be another one now."""
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    monkeypatch.setenv("LUNAS_BROKER_PARTITIONS", "7")
    partition = PROVIDERS["xendit"].partition(BODY, 7)
    assert partition != 0
    delivery = await add_delivery(store)
    done = await lunas("webhooks", "replay", str(delivery), "--yes")
    assert done.code == exits.FINE, done.err
    (envelope,) = await taken(broker_url, partition)
    assert (envelope.body, envelope.replay_of) == (BODY, str(delivery))


async def test_a_list_of_nothing_says_so(lunas: Run) -> None:
    assert (await lunas("webhooks", "list", "--provider", "mayar")).out == "Nothing fits.\n"
    assert (await lunas("dlq", "list")).out == "Nothing is parked.\n"
    assert (await lunas("dlq", "list", "--cause", "no_such_cause")).out == "Nothing fits.\n"
