"""Spends, and what makes them exact: references, keys, races, and money that goes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from eventstore.append import NewEvent, lock_log
from eventstore.read import read_stream
from schemas.credit_api import SpendAnswer
from schemas.decisions import CreditClawedBack
from tests.contract.api.conftest import KEY, Api
from tests.integration.projections.decisions import AT, broken, credit, registered

SPENDS = "/v1/customers/c1/spends"
BODY = {"tokens": 1200, "reason": "chat", "reference": "r-1"}


def taken_back(customer: str, amount: int, case: str = "k") -> NewEvent:
    """All the money of a top-up went back."""
    return NewEvent(
        f"customer-{customer}",
        CreditClawedBack(
            case=case, customer_id=customer, provider="xendit", payment_id="py-1", refund_id="rf-1", amount_idr=amount,
            tokens=amount * 10, at=AT,
        ),
    )  # fmt: skip


async def post(api: Api, path: str, body: object, status: int, **headers: str) -> Any:
    response = await api.client.post(path, json=body, headers=KEY | headers)
    document = await response.json(content_type=None)
    assert response.status == status, document
    return document


async def acts(api: Api, customer: str = "c1") -> list[Any]:
    async with api.pool.acquire() as connection:
        return [event.decoded() for event in await read_stream(connection, f"credit-{customer}")]


async def balance(api: Api, customer: str = "c1") -> Any:
    await api.fold()
    return await api.get(f"/v1/customers/{customer}/balance")


async def sums(api: Api) -> set[int]:
    """Of the ledger's units; no payment stands behind the grants of these tests."""
    return {item["sum"] for item in (await api.get("/v1/ledger"))["items"]}


async def test_a_spend_takes_credit_and_is_read_at_its_position(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 50_000)])
    answer = await post(api, SPENDS, BODY, 201)
    SpendAnswer.model_validate_json(SpendAnswer(**answer).model_dump_json())
    assert (answer["credit_tokens"], answer["spent_idr"], answer["tokens"]) == (498_800, 120, 1200)
    await api.fold()
    read = await api.get(f"/v1/customers/c1/balance?min_position={answer['position']}")
    assert (read["credit_tokens"], read["credit_idr"]) == (498_800, 49_880)
    assert read["lifetime"] == {"topped_up_idr": 50_000, "spent_tokens": 1200, "spent_idr": 120}
    assert await sums(api) == {0}


async def test_what_there_is_can_be_spent_to_the_last_token_and_not_beyond(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    problem = await post(api, SPENDS, BODY | {"tokens": 1001}, 409)
    assert (problem["code"], problem["credit_tokens"]) == ("insufficient_balance", 1000)
    assert (await post(api, SPENDS, BODY | {"tokens": 1000}, 201))["credit_tokens"] == 0
    assert (await post(api, SPENDS, BODY | {"tokens": 1, "reference": "r-2"}, 409))["credit_tokens"] == 0
    assert len(await acts(api)) == 1


async def test_c110_two_hundred_clients_spend_one_balance_and_it_is_never_below_zero(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    responses = await asyncio.gather(
        *(
            api.client.post(SPENDS, json=BODY | {"tokens": 7, "reference": f"r-{number}"}, headers=KEY)
            for number in range(200)
        )
    )
    assert sorted(one.status for one in responses) == [201] * 142 + [409] * 58
    left = [(await one.json())["credit_tokens"] for one in responses if one.status == 201]
    assert sorted(left) == [1000 - 7 * number for number in range(142, 0, -1)]
    read = await balance(api)
    assert (read["credit_tokens"], read["lifetime"]["spent_tokens"], read["lifetime"]["spent_idr"]) == (
        6,
        994,
        99,
    )


async def test_c111_a_reference_counts_once_however_often_and_at_the_same_time(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 50_000)])
    first = await post(api, SPENDS, BODY, 201)
    answers = await asyncio.gather(*(post(api, SPENDS, BODY, 201) for _ in range(8)))
    assert answers == [first] * 8
    assert (await post(api, SPENDS, BODY | {"tokens": 1}, 409))["code"] == "reference_reused"
    assert (await post(api, SPENDS, BODY | {"reason": "else"}, 409))["code"] == "reference_reused"
    assert len(await acts(api)) == 1


async def test_c111_a_key_is_bound_to_its_body(api: Api) -> None:
    await api.append([registered("c1"), registered("c2"), credit("c1", 50_000), credit("c2", 50_000)])
    key = {"Idempotency-Key": "k-1"}
    answers = await asyncio.gather(*(post(api, SPENDS, BODY, 201, **key) for _ in range(8)))
    assert [one["spend_id"] for one in answers] == [answers[0]["spend_id"]] * 8
    for path, body in ((SPENDS, BODY | {"tokens": 1}), ("/v1/customers/c2/spends", BODY)):
        assert (await post(api, path, body, 422, **key))["code"] == "idempotency_key_reused"
    assert len(await acts(api)) == 1
    assert await acts(api, "c2") == []


async def test_one_reference_of_two_customers_is_two(api: Api) -> None:
    await api.append([registered("c1"), registered("c2"), credit("c1", 50_000), credit("c2", 50_000)])
    one, two = [await post(api, f"/v1/customers/{name}/spends", BODY, 201) for name in ("c1", "c2")]
    assert one["spend_id"] != two["spend_id"]


@pytest.mark.parametrize("tokens", [0, -1, -(10**30), 10**12 + 1, 10**30, 1.5, "5", True, None, [5], 1e13])
async def test_c113_costs_that_are_none_are_refused_and_nothing_is_written(api: Api, tokens: object) -> None:
    await api.append([registered("c1"), credit("c1", 50_000)])
    assert (await post(api, SPENDS, BODY | {"tokens": tokens}, 422))["code"] == "invalid_body"
    assert await acts(api) == []


async def test_a_whole_number_may_be_written_with_a_point(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 50_000)])
    assert (await post(api, SPENDS, BODY | {"tokens": 1e3}, 201))["tokens"] == 1000


@pytest.mark.parametrize("change", [
    {"reference": ""}, {"reference": "x" * 201}, {"reference": "a\x00"}, {"reference": 5}, {"reason": ""}, {"reason": None}, {"more": 1},
])  # fmt: skip
async def test_bodies_that_say_something_else_are_refused(api: Api, change: dict[str, object]) -> None:
    await api.append([registered("c1"), credit("c1", 50_000)])
    assert (await post(api, SPENDS, BODY | change, 422))["code"] == "invalid_body"
    assert await acts(api) == []


@pytest.mark.parametrize("customer", ["nobody", "%00", "a%20b"])
async def test_a_customer_who_does_not_exist_spends_nothing(api: Api, customer: str) -> None:
    problem = await post(api, f"/v1/customers/{customer}/spends", BODY, 404)
    assert problem["code"] == "customer_not_found"


async def test_c114_a_refund_of_what_was_spent_is_a_debt_that_the_next_top_up_covers(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 100)])
    await post(api, SPENDS, BODY | {"tokens": 400}, 201)
    await api.append([taken_back("c1", 100)])
    problem = await post(api, SPENDS, BODY | {"tokens": 1, "reference": "r-2"}, 409)
    assert (problem["code"], problem["credit_tokens"]) == ("insufficient_balance", -400)
    read = await balance(api)
    assert (read["credit_tokens"], read["debt_tokens"], read["credit_idr"]) == (-400, 400, -40)
    await api.append([credit("c1", 100)])
    assert (await post(api, SPENDS, BODY | {"tokens": 1, "reference": "r-2"}, 201))["credit_tokens"] == 599
    assert (await balance(api))["debt_tokens"] == 0


async def test_c114_top_ups_refunds_and_spends_at_once_end_as_some_order_of_them_does(api: Api) -> None:
    await api.append([registered("c1"), credit("c1", 100)])

    async def spend(number: int) -> int:
        body = BODY | {"tokens": 50, "reference": f"r-{number}"}
        return (await api.client.post(SPENDS, json=body, headers=KEY)).status

    async def money(event: NewEvent) -> int:
        await api.append([event])
        return 0

    events = [credit("c1", 30), taken_back("c1", 20), credit("c1", 10), taken_back("c1", 10)]
    statuses = await asyncio.gather(*(spend(one) for one in range(40)), *(money(one) for one in events))
    spent = 50 * statuses.count(201)
    read = await balance(api)
    assert read["credit_tokens"] == 1100 - spent
    assert read["lifetime"]["spent_tokens"] == spent
    assert 0 <= statuses.count(201) <= 28
    assert read["credit_tokens"] >= -300


async def test_an_account_that_cannot_be_folded_is_nobody_elses_trouble(api: Api) -> None:
    await api.append(
        [registered("c1"), credit("c1", 50_000), registered("c2"), credit("c2", 50_000), broken("c2")]
    )
    answers = await asyncio.gather(
        *(api.client.post(f"/v1/customers/{name}/spends", json=BODY, headers=KEY) for name in ("c1", "c2"))
    )
    assert [one.status for one in answers] == [201, 500]
    assert await acts(api, "c2") == []


async def test_a_busy_log_is_told_to_come_back_later(hasty_api: Api) -> None:
    api = hasty_api
    await api.append([registered("c1"), credit("c1", 50_000)])
    async with api.pool.acquire() as connection, connection.transaction():
        await lock_log(connection)
        response = await api.client.post(SPENDS, json=BODY, headers=KEY)
    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert await acts(api) == []
    await post(api, SPENDS, BODY, 201)
