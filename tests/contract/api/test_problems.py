"""Everything that goes wrong is a problem with a stable code."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.parameters import encode_cursor
from eventstore.append import lock_log
from tests.contract.api.conftest import KEY, Api
from tests.integration.projections.decisions import credit, registered
from tests.waiting import until

CUSTOMER_PATHS = ("", "/balance", "/subscriptions", "/enrollments", "/entitlements", "/payments")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic dev-api-key"},
                                     {"Authorization": "Bearer"}, {"Authorization": "dev-api-key"}])  # fmt: skip
async def test_without_the_key_nothing_is_told(api: Api, headers: dict[str, str]) -> None:
    for path in ("/v1/suspense", "/v1/customers/c1", "/nothing"):
        response = await api.client.get(path, headers=headers)
        assert response.status == 401
        assert response.content_type == "application/problem+json"
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert (await response.json(content_type=None))["code"] == "unauthorized"


@pytest.mark.parametrize("at", [
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "9999-01-01T00:00:00Z",
])  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/suspense", "/v1/customers/c1/enrollments"])
async def test_a_cursor_at_the_edge_of_the_calendar_is_no_cursor_of_ours(
    api: Api, path: str, at: str
) -> None:
    await api.show(registered("c1"))
    problem = await api.get(f"{path}?cursor={encode_cursor(at, 'x')}", 422)
    assert problem["code"] == "invalid_parameter"


async def test_a_busy_log_is_told_to_come_back_later(hasty_api: Api) -> None:
    api = hasty_api
    async with api.pool.acquire() as connection, connection.transaction():
        await lock_log(connection)
        answer = await api.client.put("/v1/customers/c9", json={"email": "c9@contoh.id"}, headers=KEY)
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert (await answer.json(content_type=None))["code"] == "unavailable"


@pytest.mark.parametrize("path", CUSTOMER_PATHS)
async def test_an_unknown_customer_is_404_everywhere(api: Api, path: str) -> None:
    problem = await api.get(f"/v1/customers/nobody{path}", 404)
    assert (problem["code"], problem["status"]) == ("customer_not_found", 404)
    assert set(problem) == {"type", "title", "status", "code", "detail", "field"}
    assert problem["field"] == "customer_id"


@pytest.mark.parametrize("path", CUSTOMER_PATHS)
async def test_a_registered_customer_is_200_everywhere(api: Api, path: str) -> None:
    await api.show(registered("c1"))
    await api.get(f"/v1/customers/c1{path}")


@pytest.mark.parametrize(("languages", "expected"), [
    ("", "No customer"), ("id", "Tidak ada pelanggan"), ("id-ID,en;q=0.5", "Tidak ada pelanggan"),
    ("en,id;q=0.9", "No customer"), ("de", "No customer"), ("id;q=x", "No customer"),
])  # fmt: skip
async def test_details_speak_the_language_of_the_caller(api: Api, languages: str, expected: str) -> None:
    problem = await api.get("/v1/customers/nobody", 404, **{"Accept-Language": languages})
    assert problem["detail"].startswith(expected)


@pytest.mark.parametrize(("path", "parameter"), [
    ("/v1/suspense?limit=0", "limit"), ("/v1/suspense?limit=6", "limit"), ("/v1/suspense?limit=x", "limit"),
    ("/v1/suspense?limit=1&limit=2", "limit"), ("/v1/suspense?limit=%C2%B2", "limit"),
    ("/v1/suspense?cursor=x", "cursor"), ("/v1/suspense?cursor=WzVd", "cursor"), ("/v1/suspense?cursor=", "cursor"),
    ("/v1/customers/c1/payments?cursor=WyJhIl0", "cursor"), ("/v1/customers/c1/payments?cursor=Wy0xXQ", "cursor"),
    ("/v1/customers/c1/payments?cursor=Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTld", "cursor"),
    ("/v1/customers/c1/balance?min_position=-1", "min_position"), ("/v1/customers/c1/balance?min_position=1.5", "min_position"),
    ("/v1/customers/c1/balance?min_position=99999999999999999999", "min_position"),
    ("/v1/customers/c1/balance?minposition=1", "minposition"),
    ("/v1/customers", "email"), ("/v1/customers?email=nobody", "email"), ("/v1/customers?email=a%00@b.id", "email"),
])  # fmt: skip
async def test_wrong_parameters_are_named(api: Api, path: str, parameter: str) -> None:
    problem = await api.get(path, 422)
    assert problem["code"] == "invalid_parameter"
    assert f"`{parameter}`" in problem["detail"]


@pytest.mark.parametrize(
    "path",
    ["/v1/customers/%00", "/v1/customers/a%0Ab/balance", "/v1/payments/xendit/%00", "/v1/payments/%00/x"],
)
async def test_ids_that_no_database_can_hold_do_not_exist(api: Api, path: str) -> None:
    assert (await api.get(path, 404))["code"].endswith("_not_found")


async def test_unknown_addresses_and_methods(api: Api) -> None:
    assert (await api.get("/v2/anything", 404))["code"] == "not_found"
    response = await api.client.delete("/v1/suspense", headers=KEY)
    assert response.status == 405
    assert response.headers["Allow"] == "GET,HEAD" or "GET" in response.headers["Allow"]
    assert (await response.json(content_type=None))["code"] == "method_not_allowed"


async def test_c147_a_reader_waits_for_its_own_write(api: Api) -> None:
    position = await api.append([registered("c1"), credit("c1", 7)])
    waiting = asyncio.create_task(api.get(f"/v1/customers/c1/balance?min_position={position}"))
    await api.get("/v1/suspense")  # came later and is answered: the first one waits
    assert not waiting.done()
    await api.fold()
    answer = await waiting
    assert (answer["credit_tokens"], answer["position"]) == (70, position)


async def test_c147_a_reader_that_cannot_have_its_write_yet_is_told_so(hasty_api: Api) -> None:
    api = hasty_api
    position = await api.append([registered("c1")])
    for path in (
        *(f"/v1/customers/c1{path}" for path in CUSTOMER_PATHS),
        "/v1/suspense",
        "/v1/ledger",
        "/v1/payments/xendit/x",
    ):
        response = await api.client.get(f"{path}?min_position={position}", headers=KEY)
        problem = await response.json(content_type=None)
        assert (response.status, problem["code"]) == (409, "projection_behind"), path
        assert response.headers["Retry-After"] == "1"


async def test_lag_is_the_age_of_what_is_not_reflected_yet(api: Api) -> None:
    await api.show(registered("c1"))
    await api.append([credit("c1")])
    first = (await api.get("/v1/customers/c1/balance"))["lag_seconds"]
    assert first > 0

    async def older() -> bool:
        return bool((await api.get("/v1/customers/c1/balance"))["lag_seconds"] > first)

    await until(older)
    await api.fold()
    assert (await api.get("/v1/customers/c1/balance"))["lag_seconds"] == 0


async def test_a_failure_of_ours_tells_the_caller_nothing_of_its_cause(api: Api) -> None:
    await api.pool.execute("DROP VIEW suspense")
    problem: dict[str, Any] = await api.get("/v1/suspense", 500)
    assert problem["code"] == "internal_error"
    assert "suspense" not in problem["detail"]


async def test_many_who_wait_cost_one_poll(api: Api) -> None:
    position = await api.append([registered("c1"), credit("c1")])
    waiting = [
        asyncio.create_task(api.get(f"/v1/customers/c1/balance?min_position={position}")) for _ in range(30)
    ]
    await api.get("/v1/suspense")
    await api.fold()
    assert {answer["position"] for answer in await asyncio.gather(*waiting)} == {position}


async def test_guessing_keys_is_slowed_counted_and_never_locks_the_application_out(api: Api) -> None:
    assert (await api.client.get("/v1/ledger", headers=KEY)).status in (200, 503)
    answers = [
        await api.client.get("/v1/ledger", headers={"Authorization": f"Bearer guess-{n}"}) for n in range(30)
    ]
    statuses = [answer.status for answer in answers]
    assert statuses[:10] == [401] * 10
    assert statuses.count(429) >= 15
    slowed = next(answer for answer in answers if answer.status == 429)
    assert int(slowed.headers["Retry-After"]) >= 1
    assert (await slowed.json(content_type=None))["code"] == "too_many_keys"
    assert (await api.client.get("/v1/ledger", headers=KEY)).status in (200, 503)
    counted = api.registry.get_sample_value("lunas_refused_keys_total", {"door": "api", "reason": "wrong"})
    assert counted == statuses.count(401)


async def test_a_call_without_any_key_is_no_guess(api: Api) -> None:
    for _ in range(30):
        assert (await api.client.get("/v1/ledger")).status == 401
