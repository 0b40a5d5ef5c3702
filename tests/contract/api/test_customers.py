"""`PUT /v1/customers/{customer_id}`."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from eventstore.read import read_stream
from schemas.api import CustomerRegistration
from tests.contract.api.conftest import KEY, Api

BODY = {"email": " Budi@Contoh.id ", "name": "Budi", "phone": "+62811"}


async def registrations(api: Api, customer: str = "c1") -> list[Any]:
    async with api.pool.acquire() as connection:
        return [event.decoded() for event in await read_stream(connection, f"customer-{customer}")]


async def test_a_new_customer_is_201_and_can_be_read_at_the_position_told(api: Api) -> None:
    answer = await api.put("/v1/customers/c1", BODY, 201)
    CustomerRegistration.model_validate(answer)
    assert (answer["customer_id"], answer["email"], answer["created"]) == ("c1", "Budi@Contoh.id", True)
    await api.fold()
    read = await api.get(f"/v1/customers/c1?min_position={answer['position']}")
    assert (read["email"], read["name"], read["phone"]) == ("Budi@Contoh.id", "Budi", "+62811")


async def test_the_same_again_appends_nothing(api: Api) -> None:
    first = await api.put("/v1/customers/c1", BODY, 201)
    second = await api.put("/v1/customers/c1", BODY, 200)
    assert (second["created"], second["changed"], second["position"]) == (False, False, first["position"])
    assert len(await registrations(api)) == 1


async def test_a_change_is_recorded_and_what_is_left_out_is_removed(api: Api) -> None:
    await api.put("/v1/customers/c1", BODY, 201)
    answer = await api.put("/v1/customers/c1", {"email": "baru@contoh.id"}, 200)
    assert (answer["created"], answer["changed"], answer["name"]) == (False, True, None)
    assert [one.email for one in await registrations(api)] == ["Budi@Contoh.id", "baru@contoh.id"]


async def test_registrations_at_the_same_time_append_one_event(api: Api) -> None:
    statuses = [
        response.status
        for response in await asyncio.gather(
            *(api.client.put("/v1/customers/c1", json=BODY, headers=KEY) for _ in range(8))
        )
    ]
    assert sorted(statuses) == [200] * 7 + [201]
    assert len(await registrations(api)) == 1


@pytest.mark.parametrize("email", ["a@b@c.id", "a@c..id", "<a@c.id>", "budi", "a b@c.id"])
async def test_what_is_no_email_address_is_refused_by_name(api: Api, email: str) -> None:
    problem = await api.put("/v1/customers/c1", {"email": email}, 422)
    assert problem["code"] == "invalid_body"
    assert "email" in problem["detail"]
    assert await registrations(api) == []
    asked = await api.get(f"/v1/customers?email={quote(email)}", 422)
    assert asked["code"] == "invalid_parameter"


async def test_a_repeated_key_answers_the_same_and_does_nothing(api: Api) -> None:
    first = await api.put("/v1/customers/c1", BODY, 201, **{"Idempotency-Key": "k-1"})
    await api.put("/v1/customers/c1", {"email": "baru@contoh.id"}, 200)
    assert await api.put("/v1/customers/c1", BODY, 201, **{"Idempotency-Key": "k-1"}) == first
    assert len(await registrations(api)) == 2


async def test_a_key_with_another_body_or_for_another_customer_is_refused(api: Api) -> None:
    await api.put("/v1/customers/c1", BODY, 201, **{"Idempotency-Key": "k-1"})
    for path, body in (("/v1/customers/c1", {"email": "x@y.id"}), ("/v1/customers/c2", BODY)):
        problem = await api.put(path, body, 422, **{"Idempotency-Key": "k-1"})
        assert problem["code"] == "idempotency_key_reused"
    assert await registrations(api, "c2") == []


async def test_one_key_sent_many_times_at_once_works_once(api: Api) -> None:
    headers = KEY | {"Idempotency-Key": "k-1"}
    responses = await asyncio.gather(
        *(api.client.put("/v1/customers/c1", json=BODY, headers=headers) for _ in range(8))
    )
    assert {response.status for response in responses} == {201}
    assert len(await registrations(api)) == 1


@pytest.mark.parametrize("body", [
    {}, {"email": "nobody"}, {"email": "a@b.id", "age": 5}, {"email": 5}, {"email": "a@b.id", "name": 5}, [], "x", None,
    {"email": "a\x00@b.id"}, {"email": "a@b.id", "name": "a\x00b"}, {"email": "a@b.id", "name": "x" * 201}, {"email": "x" * 320 + "@b.id"},
])  # fmt: skip
async def test_bodies_that_say_something_else_are_refused(api: Api, body: object) -> None:
    problem = await api.put("/v1/customers/c1", body, 422)
    assert problem["code"] == "invalid_body"
    assert await registrations(api) == []


@pytest.mark.parametrize("raw", [
    b"", b"{", b'{"email": "\xff@b.id"}', b'{"email": "a@b.id"', b'{"email": "a@b.id", "email": "c@b.id"}', b'{"email": "a@b.id", "name": NaN}',
])  # fmt: skip
async def test_bodies_that_are_no_json_are_refused(api: Api, raw: bytes) -> None:
    response = await api.client.put("/v1/customers/c1", data=raw, headers=KEY)
    assert (response.status, (await response.json(content_type=None))["code"]) == (422, "invalid_body")
    assert await registrations(api) == []


async def test_a_body_that_is_too_large_is_413(api: Api) -> None:
    response = await api.client.put("/v1/customers/c1", data=b" " * 70_000, headers=KEY)
    assert (response.status, (await response.json(content_type=None))["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("customer", ["%20", "-x", "a%2Fb", "a%00", "x" * 129, "budi%0A", "%C3%BC"])
async def test_ids_that_fit_no_path_or_stream_name_are_refused(api: Api, customer: str) -> None:
    assert (await api.put(f"/v1/customers/{customer}", BODY, 422))["code"] == "invalid_parameter"


@pytest.mark.parametrize("customer", ["42", "budi@contoh.id", "a_b.c:d+e|f", "x" * 128])
async def test_ids_of_many_kinds_of_applications_are_taken(api: Api, customer: str) -> None:
    assert (await api.put(f"/v1/customers/{customer}", BODY, 201))["customer_id"] == customer


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel"])
async def test_keys_that_are_no_keys_are_named(api: Api, key: str) -> None:
    problem = await api.put("/v1/customers/c1", BODY, 422, **{"Idempotency-Key": key})
    assert "`Idempotency-Key`" in problem["detail"]


async def test_old_keys_are_forgotten(api: Api) -> None:
    await api.put("/v1/customers/c1", BODY, 201, **{"Idempotency-Key": "k-1"})
    await api.pool.execute("UPDATE idempotency_keys SET created_at = now() - interval '8 days'")
    await api.put("/v1/customers/c2", BODY, 201, **{"Idempotency-Key": "k-2"})
    assert [row["idempotency_key"] for row in await api.pool.fetch("SELECT * FROM idempotency_keys")] == [
        "k-2"
    ]


async def test_a_second_customer_with_one_address_is_told_so_at_once(api: Api) -> None:
    first = await api.put("/v1/customers/c1", BODY, 201)
    second = await api.put("/v1/customers/c2", {"email": "BUDI@contoh.ID"}, 201)
    other = await api.put("/v1/customers/c3", {"email": "budi+1@contoh.id"}, 201)
    assert (first["email_shared"], second["email_shared"], other["email_shared"]) == (False, True, False)
    moved = await api.put("/v1/customers/c2", {"email": "lain@contoh.id"}, 200)
    again = await api.put("/v1/customers/c1", BODY, 200)
    assert (moved["email_shared"], again["email_shared"]) == (False, False)
