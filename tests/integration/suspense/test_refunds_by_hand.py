"""A refund that was recorded by hand by mistake is taken back: the money is held as before, once, audited, and by whoever has a word on it."""

from __future__ import annotations

import asyncio

from api.suspense import speaking, undoing
from api.suspense.returning import Return, give_back
from tests.integration.checkout.street import Street
from tests.integration.suspense.test_held_money import (
    SARI,
    SAY,
    held,
    operator,
    paid_by_nobody,
    projections,
    say,
)


async def test_what_was_recorded_by_mistake_is_held_as_before_in_every_read_model(street: Street) -> None:
    entry = await held(street)
    before = await projections(street)
    made = await say(street, entry, "refund", 201, amount=20_000, proof="BCA 0612-7741")
    await street.shop.settle()
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert (seen["amount"], seen["undoable"]) == (30_000, True)
    word = await say(street, entry, "undo")
    assert (word["done"], word["undoable"]) == ("refund_taken_back", False)
    await street.shop.settle()
    assert await projections(street) == before
    assert (await street.shop.get("/v1/ledger"))["balanced"]
    refund = await street.shop.get(f"/v1/refunds/{made['refund_id']}")
    assert (refund["status"], refund["failure_code"]) == ("failed", "taken_back")
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert [(act["verb"], act["by"]) for act in seen["acts"]] == [
        ("suspense.refund", "sari (api:environment)"),
        ("suspense.unrefund", "sari (api:environment)"),
    ]
    assert (seen["amount"], seen["undoable"]) == (50_000, False)
    again = await say(street, entry, "undo", 409)
    assert (again["code"], "taken back already, by sari" in again["detail"]) == (
        "suspense_already_done",
        True,
    )
    await say(street, entry, "claim", customer_id="budi")
    await street.shop.settle()
    assert await street.balance() == 500_000


async def test_all_of_it_is_there_again_and_can_go_back_for_real(street: Street) -> None:
    """At once, before anybody has heard that it was taken back, too."""
    entry = await held(street)
    before = await projections(street)
    async with operator(street) as connection:
        async with connection.transaction():
            made = await give_back(connection, Return(entry, None, "BCA 0612-7742"), SARI, "operator")
        await street.shop.settle()
        assert (await street.shop.get(f"/v1/suspense/{entry}"))["resolution"] == "refunded"
        async with connection.transaction():
            await undoing.undo(connection, entry, SARI)
        acts = await connection.fetch("SELECT verb, undo FROM operator_acts ORDER BY act_id")
    assert [act["verb"] for act in acts] == ["suspense.refund", "suspense.unrefund"]
    assert acts[0]["undo"] == f"lunas suspense undo {entry} --reason WHY"
    assert acts[1]["undo"] == (
        f"lunas suspense refund {entry} --amount 50000 --by-hand --proof 'BCA 0612-7742' --reason WHY"
    )
    await street.shop.settle()
    assert await projections(street) == before
    assert await street.payment("py-lost") == ("succeeded", 0)
    real = await say(street, entry, "refund", 201, proof="BCA 0613-0001")
    assert real["refund_id"] != made.recorded.refund_id
    await street.shop.settle()
    assert await street.payment("py-lost") == ("refunded", 50_000)
    assert (await street.shop.get("/v1/ledger"))["balanced"]


async def test_the_newest_goes_first_whatever_it_was(street: Street) -> None:
    entry = await held(street)
    await say(street, entry, "refund", 201, amount=20_000, proof="BCA 1")
    await street.shop.settle()
    await say(street, entry, "claim", customer_id="budi")
    await street.shop.settle()
    assert await street.balance() == 300_000
    assert (await say(street, entry, "undo"))["done"] == "unclaimed"
    await street.shop.settle()
    await say(street, entry, "refund", 201, amount=10_000, proof="BCA 2")
    await street.shop.settle()
    assert (await street.shop.get(f"/v1/suspense/{entry}"))["amount"] == 20_000
    assert (await say(street, entry, "undo"))["done"] == "refund_taken_back"
    await street.shop.settle()
    assert (await street.shop.get(f"/v1/suspense/{entry}"))["amount"] == 30_000
    assert (await say(street, entry, "undo"))["done"] == "refund_taken_back"
    await street.shop.settle()
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert (seen["status"], seen["amount"], seen["undoable"]) == ("held", 50_000, False)


async def test_of_two_who_take_it_back_at_once_one_does(street: Street) -> None:
    entry = await held(street)
    await say(street, entry, "refund", 201, proof="BCA 1")
    await street.shop.settle()
    calls = [
        street.shop.client.post(
            f"/v1/suspense/{entry}/undo",
            json=SAY,
            headers={"Authorization": "Bearer dev-api-key", "Accept-Language": "en"},
        )
        for _ in range(2)
    ]
    answers = [(one.status, await one.json(content_type=None)) for one in await asyncio.gather(*calls)]
    assert sorted(status for status, _ in answers) == [200, 409]
    (refused,) = [document for status, document in answers if status == 409]
    assert "taken back already, by sari" in refused["detail"]
    assert await street.shop.log("refund.failed") == ["refund.failed"]


async def test_whoever_meant_another_word_takes_nothing_back(street: Street) -> None:
    """Somebody took the claim back meanwhile, and before it stood a refund by hand: that was not meant."""
    entry = await held(street)
    await say(street, entry, "refund", 201, amount=20_000, proof="BCA 1")
    await street.shop.settle()
    await say(street, entry, "claim", customer_id="budi")
    await street.shop.settle()
    async with operator(street) as connection:
        meant = await undoing.check_undo(connection, await speaking.look(connection, entry))
        await say(street, entry, "undo")
        await street.shop.settle()
        refused = None
        try:
            async with connection.transaction():
                await undoing.undo(connection, entry, SARI, seen=meant)
        except speaking.Problem as problem:
            refused = problem.kind.code
    assert refused == "suspense_already_done"
    assert await street.shop.log("refund.failed") == []


async def test_what_a_provider_sent_back_has_no_way_back_and_is_seen_on_its_way(street: Street) -> None:
    entry = await paid_by_nobody(street)
    assert (await street.shop.get(f"/v1/suspense/{entry}"))["going_back"] is None
    made = await say(street, entry, "refund", 201)
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert seen["status"] == "held"
    since = seen["going_back"].pop("since")
    assert since == made["created_at"]
    assert seen["going_back"] == {
        "refund_id": made["refund_id"],
        "status": "pending",
        "by": "sari (api:environment)",
    }
    assert (await say(street, entry, "undo", 409))["code"] == "suspense_nothing_to_undo"
    await street.later(seconds=3)
    await street.shop.refunds.refunder.resolve()
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert (seen["going_back"], seen["resolution"], seen["undoable"]) == (None, "refunded", False)
    assert (await say(street, entry, "undo", 409))["code"] == "suspense_nothing_to_undo"


async def test_a_key_stands_for_its_refund_also_after_that_was_taken_back(street: Street) -> None:
    entry = await held(street)
    body, key = SAY | {"proof": "BCA 1"}, {"Idempotency-Key": "k1"}
    first = await street.shop.post(f"/v1/suspense/{entry}/refund", body, 201, **key)
    await street.shop.settle()
    await say(street, entry, "undo")
    await street.shop.settle()
    again = await street.shop.post(f"/v1/suspense/{entry}/refund", body, 201, **key)
    assert (again["refund_id"], again["created"], again["status"]) == (first["refund_id"], False, "failed")
    assert again["failure_code"] == "taken_back"
    assert (await street.shop.get(f"/v1/suspense/{entry}"))["status"] == "held"
