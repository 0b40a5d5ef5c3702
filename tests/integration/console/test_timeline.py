"""`lunas payments show`: one timeline with everything that happened to a payment, each on its place."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from console import exits
from console.letter_acts import one_letter, replay_letter
from console.options import acting_as
from console.timeline import timeline
from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.console.conftest import Run
from tests.integration.console.replays import Direct, Shop
from tests.integration.console.test_explain import RATNA
from tests.unit.processor.intake.envelopes import capture, envelope


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    return await Shop(pool, settings(database_url=database_url)).open()


async def shown(lunas: Run, payment: str = "py-1") -> list[dict[str, Any]]:
    found = await lunas("payments", "show", "xendit", payment, "--json")
    assert found.code == exits.FINE, found.err
    (item,) = found.json["items"]
    timeline_: list[dict[str, Any]] = item["timeline"]
    return timeline_


def of(entries: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in entries if one["kind"] == kind]


async def test_a_parked_payment_shows_its_first_delivery_the_letter_the_replay_and_who_sent_it(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    await shop.register([RATNA])
    came = envelope(capture("py-1"))
    await shop.take_in(came, broken=True)
    letter = await store.fetchval("SELECT dead_letter_id FROM dead_letters")
    with acting_as("sari"):
        await replay_letter(store, Direct(shop), await one_letter(store, letter), "mended")
    await shop.settle()
    entries = await shown(lunas)
    first, again = of(entries, "delivery")
    assert (first["id"], first["detail"]["status"]) == (came.delivery_id, "parked")
    assert (again["detail"]["replay_of"], again["detail"]["status"]) == (came.delivery_id, "processed")
    assert first["at"] <= again["at"]
    (parked,) = of(entries, "letter")
    assert (parked["id"], parked["detail"]["status"]) == (str(letter), "resolved")
    (act,) = of(entries, "act")
    assert (act["what"], act["detail"]["actor"], act["detail"]["reason"]) == ("dlq.replay", "sari", "mended")
    order = [one["kind"] for one in entries]
    assert order.index("letter") < order.index("act") < order.index("fact") < order.index("decision")


async def test_a_delivery_tells_how_it_was_verified_and_its_way_through_the_queue(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    await shop.register([RATNA])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()
    await store.execute("SET session_replication_role = replica")
    await store.execute("UPDATE deliveries SET queue = 'lunas.webhooks.p0', attempts = 2, handed_out = 1")
    (delivery,) = of(await shown(lunas), "delivery")
    said = delivery["detail"]
    assert (said["scheme"], len(said["secret_id"]), len(said["body_sha256"])) == ("static_token", 12, 64)
    assert (said["queue"], said["attempts"], said["handed_out"]) == ("lunas.webhooks.p0", 2, 1)
    words = (await lunas("payments", "show", "xendit", "py-1")).out
    for each in (
        f"static_token, secret {said['secret_id']}",
        "lunas.webhooks.p0",
        "trips through the retry tiers: 2",
        "handed out by the broker before: 1",
    ):
        assert each in words


async def test_a_decision_tells_its_grounds_its_postings_and_who_shows_it(lunas: Run, shop: Shop) -> None:
    await shop.register([RATNA])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()
    entries = await shown(lunas)
    (fact,) = [one for one in of(entries, "fact") if one["what"] == "payment.succeeded"]
    (grant,) = [one for one in of(entries, "decision") if one["what"] == "credit.granted"]
    assert grant["because_of"] == fact["position"]
    assert grant["catalog_version"]
    assert grant["read_models"]["ledger"] is True
    assert grant["read_models"]["balances"] is True
    line = next(
        line
        for line in (await lunas("payments", "show", "xendit", "py-1")).out.splitlines()
        if "clearing:xendit" in line
    )
    assert f"because of #{fact['position']}" in line
    assert "clearing:xendit +Rp 50,000" in line
    assert "credit:c1 −Rp 50,000" in line
    assert "shown in backing, balances, ledger" in line


async def test_a_read_model_that_is_behind_is_named(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    await shop.register([RATNA])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()
    await store.execute("UPDATE checkpoints SET position = 1 WHERE consumer = 'projection.ledger'")
    assert "NOT YET SHOWN IN ledger" in (await lunas("payments", "show", "xendit", "py-1")).out


async def test_what_was_told_to_whom_stands_in_it(lunas: Run, shop: Shop, store: asyncpg.Connection) -> None:
    await shop.register([RATNA])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()
    await store.execute(
        "INSERT INTO notifications (event_id, receiver, position, kind, subject, occurred_at, data, status, attempts, answered)"
        " SELECT event_id, 'ep_1', position, 'payment.received', 'py-1', now(), '{}', 'waiting', 3, 503 FROM events"
        " WHERE type = 'payment.assessed'"
    )
    (told,) = of(await shown(lunas), "notification")
    assert (told["what"], told["detail"]["receiver"], told["detail"]["answered"]) == (
        "payment.received",
        "ep_1",
        503,
    )
    assert "→ ep_1, waiting, tries: 3, 503" in (await lunas("payments", "show", "xendit", "py-1")).out


@pytest.mark.parametrize(
    ("verb", "after", "there"),
    [
        ("payments.refund", '{"provider": "xendit"}', True),
        ("payments.refund", '{"provider": "mayar"}', False),
        ("credit.freeze", None, False),
    ],
)
async def test_acts_on_the_payment_itself_stand_in_it_under_any_of_its_names(
    lunas: Run, shop: Shop, store: asyncpg.Connection, verb: str, after: str | None, there: bool
) -> None:
    await shop.register([RATNA])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()
    request = await store.fetchval("SELECT alias FROM payment_aliases WHERE alias <> 'py-1' LIMIT 1")
    await store.execute(
        "INSERT INTO operator_acts (act_id, actor, verb, target, reason, after) VALUES ($1, 'sari', $2, $3, 'asked', $4::json)",
        uuid.uuid4(),
        verb,
        request,
        after,
    )
    assert [one["what"] for one in of(await shown(lunas), "act")] == ([verb] if there else [])


async def test_corrections_are_acts_of_the_payment(lunas: Run, shop: Shop) -> None:
    await shop.register([RATNA])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()
    done = await lunas("correct", "xendit", "py-1", "--amount", "60000", "--reason", "receipt", "--yes")
    assert done.code == exits.FINE, done.err
    assert [one["what"] for one in of(await shown(lunas), "act")] == ["correct"]


async def test_the_replay_that_sent_a_delivery_is_an_act_of_its_payment(
    shop: Shop, store: asyncpg.Connection
) -> None:
    await shop.register([RATNA])
    came = envelope(capture("py-1"))
    await shop.take_in(came)
    await shop.settle()
    plan = uuid.uuid4()
    await store.execute(
        "INSERT INTO replay_plans (plan_id, filter, source, planned_by) VALUES ($1, 'x', 'deliveries', 'sari')",
        plan,
    )
    await store.execute(
        "INSERT INTO replay_items (plan_id, number, source, source_id, provider, delivery_id) VALUES ($1, 1, 'deliveries', $2, 'xendit', $2)",
        plan,
        uuid.UUID(came.delivery_id),
    )
    await store.execute(
        "INSERT INTO operator_acts (act_id, actor, verb, target, reason) VALUES ($1, 'sari', 'replay.apply', $2, 'all')",
        uuid.uuid4(),
        str(plan),
    )
    case = await store.fetchval("SELECT case_key FROM payments")
    entries = await timeline(store, case)
    assert [one.what for one in entries if one.kind == "act"] == ["replay.apply"]
