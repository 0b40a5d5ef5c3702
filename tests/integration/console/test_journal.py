"""`lunas ingress`: what was accepted, is it whole, and sending it again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.causes import BROKER
from console.commands import ingress
from console.exits import Away
from console.queues import QueueState
from console.replay import Replayer
from ingress.journal.journal import Journal, JournalBounds
from ingress.journal.place import own_place
from ingress.journal.segment import segments
from ingress.journal.survey import accepted_since
from runtime.amqp.broker import Broker, topology_of
from runtime.ids import utc_now, uuid7_text
from runtime.settings import Settings
from schemas.envelope import Envelope, pack_one, unpack
from schemas.topology import queue_name, retry_name
from tests.integration.console.conftest import Run

BOUNDS = JournalBounds(segment=1, total=1 << 30, retention=86400.0, pending=100, pending_bytes=1 << 20)
HOUR = 3_600_000_000


def envelope(number: int, *, hours_ago: int = 0) -> Envelope:
    at = int(utc_now().timestamp() * 1_000_000) - hours_ago * HOUR
    body = b'{"data":{"payment_id":"py-%d"}}' % number
    return Envelope(uuid7_text(), "xendit", at, "token", "0" * 12, "/webhooks/xendit", body)


async def keep(home: Path, *kept: Envelope) -> Path:
    """A journal of a process that lives no more, each record in a file of its own; its folder."""
    place = own_place(home / "journal")
    journal = Journal(place, BOUNDS)
    for each in kept:
        journal.append(pack_one(each), lambda _number, _failure: None)
        await journal.barrier()
    await journal.close()
    place.release()
    return place.folder


async def sent(broker: Broker, partitions: int) -> list[str]:
    """Ids of the deliveries that wait in the work queues."""
    found: list[str] = []
    for number in range(partitions):
        consumer = broker.consumer(queue_name(number), prefetch=100)
        await consumer.start()
        for delivery in await consumer.take(100, fill_seconds=0.2):
            found += [each.delivery_id for each in unpack(delivery.body)]
    return found


async def test_status_says_how_much_there_is_and_what_the_broker_does_not_have(
    lunas: Run, tmp_path: Path
) -> None:
    assert "There is no journal" in (await lunas("ingress", "journal", "status")).out
    folder = await keep(tmp_path, envelope(1), envelope(2), envelope(3))
    (folder / "relayed.json").write_text('{"record": 1}')
    shown = await lunas("ingress", "journal", "status", "--json")
    (item,) = shown.json["items"]
    assert (item["files"], item["records"], item["waiting"], item["held"]) == (3, 3, 2, False)
    table = (await lunas("ingress", "journal", "status")).out
    assert str(tmp_path / "journal") in table


@pytest.mark.parametrize("lang", ["en", "id"])
async def test_verify_names_a_flipped_byte_a_missing_file_and_a_torn_end(
    lunas: Run, tmp_path: Path, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_LANG", lang)
    folder = await keep(tmp_path, *(envelope(number) for number in range(5)))
    whole = await lunas("ingress", "journal", "verify")
    assert whole.code == 0
    first, second, third, _, last = (each.path for each in segments(folder))
    last.write_bytes(last.read_bytes()[:-1])
    torn = await lunas("ingress", "journal", "verify")
    assert (torn.code, last.name in torn.out) == (0, True)
    data = bytearray(first.read_bytes())
    data[-1] ^= 4
    first.write_bytes(data)
    third.unlink()
    found = await lunas("ingress", "journal", "verify", "--json")
    assert found.code == 1
    assert [item["kind"] for item in found.json["items"]] == ["damaged", "missing", "torn"]
    said = (await lunas("ingress", "journal", "verify")).out
    assert first.name in said
    assert second.name not in said


async def test_republish_sends_what_came_since_with_its_own_ids_and_is_audited(
    lunas: Run,
    tmp_path: Path,
    broker_url: str,
    monkeypatch: pytest.MonkeyPatch,
    settings: Callable[..., Settings],
    pool: Any,
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    old, new = envelope(1, hours_ago=5), [envelope(number) for number in range(2, 600)]
    folder = await keep(tmp_path, old, *new[:3])
    for segment in segments(folder):
        os.utime(segment.path, (0, 0))  # what a file system says of files that were brought back
    nothing = await lunas("ingress", "republish", "--since", "-1h", "--reason", "why")
    assert nothing.code == 2
    chosen = settings(broker_url=broker_url)
    async with Broker(broker_url, name="test", topology=topology_of(chosen)) as broker:
        await broker.ready(10)
        refused = await lunas("ingress", "republish", "--since", "2h", "--reason", "the broker lost its data")
        assert refused.code == 3
        done = await lunas(
            "ingress", "republish", "--since", "2h", "--reason", "the broker lost its data", "--yes", "--json"
        )
        assert done.code == 0, done.err
        found = await sent(broker, chosen.broker_partitions)
        assert sorted(found) == sorted(each.delivery_id for each in new[:3])
    async with pool.acquire() as connection:
        row = await connection.fetchrow("SELECT verb, reason FROM operator_acts ORDER BY at DESC LIMIT 1")
    assert tuple(row) == ("ingress.republish", "the broker lost its data")


async def test_republish_of_what_is_missing_leaves_out_what_is_stored(
    lunas: Run,
    tmp_path: Path,
    broker_url: str,
    monkeypatch: pytest.MonkeyPatch,
    settings: Callable[..., Settings],
    pool: Any,
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    kept = [envelope(number) for number in range(4)]
    await keep(tmp_path, *kept)
    async with pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id, status) "
            "VALUES ($1, 'xendit', now(), 1, '/', '{}', '', sha256(''), 'token', '0', 'processed')",
            kept[1].delivery_id,
        )
    chosen = settings(broker_url=broker_url)
    async with Broker(broker_url, name="test", topology=topology_of(chosen)) as broker:
        await broker.ready(10)
        words = ("ingress", "republish", "--since", "2h", "--missing", "--reason", "a queue was made anew")
        done = await lunas(*words, "--yes", "--json")
        assert done.code == 0, done.err
        found = await sent(broker, chosen.broker_partitions)
    assert sorted(found) == sorted(each.delivery_id for each in kept if each is not kept[1])


async def test_what_waits_in_the_work_queues_is_not_missing_and_is_waited_for(
    lunas: Run,
    tmp_path: Path,
    broker_url: str,
    monkeypatch: pytest.MonkeyPatch,
    settings: Callable[..., Settings],
) -> None:
    """Sent again at once, what a full disk had left waiting was there twice, and filled the disk again."""
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    kept = [envelope(number) for number in range(3)]
    await keep(tmp_path, *kept)
    work, tier = queue_name(0), retry_name(300)
    looks: list[int | None] = [ingress.LITTLE + 1, None, ingress.LITTLE]
    published: list[int] = []
    publish_all = Replayer.publish_all

    async def counted(replayer: Replayer, envelopes: Sequence[Envelope]) -> None:
        published.append(len(looks))
        await publish_all(replayer, envelopes)

    monkeypatch.setattr(Replayer, "publish_all", counted)
    chosen = settings(broker_url=broker_url)
    async with Broker(broker_url, name="test", topology=topology_of(chosen)) as broker:
        await broker.ready(10)

        async def depths(_: Settings) -> list[QueueState]:
            ready = looks.pop(0)
            if ready is None:
                raise Away("no broker", BROKER, "away")
            return [QueueState(work, True, ready), QueueState(tier, True, 10_000)]

        monkeypatch.setattr(ingress, "depths", depths)
        monkeypatch.setattr(ingress, "LOOK_SECONDS", 0.01)
        words = (
            "ingress",
            "republish",
            "--since",
            "2h",
            "--missing",
            "--reason",
            "its disk was full",
            "--yes",
        )
        done = await lunas(*words)
        assert done.code == 0, done.err
        assert "101 messages wait in the work queues" in done.out + done.err
        found = await sent(broker, chosen.broker_partitions)
    assert (looks, published) == ([], [0])
    assert sorted(found) == sorted(each.delivery_id for each in kept)


async def test_what_a_living_ingress_is_still_to_send_is_not_missing(tmp_path: Path) -> None:
    place = own_place(tmp_path / "journal")
    journal = Journal(place, BOUNDS)
    kept = [envelope(number) for number in range(3)]
    for each in kept:
        journal.append(pack_one(each), lambda _number, _failure: None)
        await journal.barrier()
    place.save_relayed(2)
    hour_ago = utc_now() - timedelta(hours=1)
    ids = [each.delivery_id for each in kept]

    def accepted(*, relayed: bool) -> list[str]:
        return [each.delivery_id for each in accepted_since(tmp_path / "journal", hour_ago, relayed=relayed)]

    assert (accepted(relayed=True), accepted(relayed=False)) == (ids[:2], ids)
    await journal.close()
    place.release()
    assert accepted(relayed=True) == ids
