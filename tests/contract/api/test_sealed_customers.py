"""The API over a log that seals personal data: it answers as ever, and the log says nothing of anybody."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from eventstore.read import read_stream, with_phone
from notify.mail.recipients import recipient_of
from notify.webhooks import ToSend
from tests.contract.api.conftest import Api
from tests.integration.projections.decisions import assessed
from tests.personal_key import begin_to_seal, personal_key

BODY = {"email": " Budi@Contoh.id ", "name": "Budi \u201cB\u201d", "phone": "+62 811-2223334"}


@pytest.fixture
async def sealed(api: Api) -> AsyncIterator[Api]:
    with personal_key():
        await begin_to_seal(api.pool)
        yield api


async def test_a_customer_is_registered_read_changed_and_found(sealed: Api) -> None:
    answer = await sealed.put("/v1/customers/c1", BODY, 201)
    assert (answer["email"], answer["name"], answer["phone"]) == (
        "Budi@Contoh.id",
        BODY["name"],
        BODY["phone"],
    )
    again = await sealed.put("/v1/customers/c1", BODY, 200)
    assert (again["changed"], again["position"]) == (False, answer["position"])
    other = await sealed.put("/v1/customers/c2", {"email": "budi@contoh.id"}, 201)
    assert other["email_shared"] is True
    changed = await sealed.put("/v1/customers/c1", BODY | {"name": "Budiman"}, 200)
    assert changed["changed"] is True
    await sealed.fold()
    read = await sealed.get("/v1/customers/c1")
    assert (read["email"], read["name"], read["phone"]) == ("Budi@Contoh.id", "Budiman", BODY["phone"])
    found = await sealed.get("/v1/customers?email=budi%40contoh.id")
    assert [one["customer_id"] for one in found["items"]] == ["c1", "c2"]
    async with sealed.pool.acquire() as connection:
        assert await with_phone(connection, "8112223334") == ["c1"]
        opened = [event.decoded() for event in await read_stream(connection, "customer-c1")]  # type: ignore[arg-type]
    assert [one.name for one in opened] == [BODY["name"], "Budiman"]  # type: ignore[attr-defined]
    stored = " ".join(row["data"] for row in await sealed.pool.fetch("SELECT data FROM events"))
    assert not [one for one in ("udi", "ontoh", "811") if one in stored]


async def test_who_paid_is_shown_in_the_timeline_and_written_to(sealed: Api) -> None:
    await sealed.show(
        assessed("p", provider="xendit", payment_id="py-1", payer_email="ratna@contoh.id", aliases=("py-1",))
    )
    timeline = (await sealed.get("/v1/payments/xendit/py-1"))["timeline"]
    assert [step["data"]["payer_email"] for step in timeline] == ["ratna@contoh.id"]
    row = await sealed.pool.fetchrow("SELECT position, event_id FROM events WHERE type = 'payment.assessed'")
    sending = ToSend(
        **dict.fromkeys(ToSend.__annotations__) | {"kind": "payment.received", "position": row["position"]}
    )
    async with sealed.pool.acquire() as connection:
        found = await recipient_of(connection, sending)
    assert found is not None
    assert found.address == "ratna@contoh.id"
