"""Keys with scopes: each opens what it is for, for whom it is for, as often as it may."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.keys import SCOPES, KeyRing, Permission, new_key
from api.permits import scopes_of
from tests.contract.api.conftest import KEY, Api
from tests.integration.projections.decisions import credit, registered
from tests.waiting import until

SPEND = {"tokens": 5, "reason": "chat", "reference": "r"}


async def made(
    api: Api, *scopes: str, customer: str | None = None, rate: int | None = None
) -> dict[str, str]:
    """The header of a new key."""
    key_id, key, digest = new_key()
    await api.pool.execute(
        "INSERT INTO api_keys (key_id, key_sha256, scopes, customer_id, rate_per_second, created_by) VALUES ($1, $2, $3, $4, $5, 'test')",
        key_id, digest, list(scopes), customer, rate,
    )  # fmt: skip
    return {"Authorization": f"Bearer {key}", "key_id": key_id}


async def status(
    api: Api, key: dict[str, str], method: str, path: str, body: object = None
) -> tuple[int, str]:
    headers = {"Authorization": key["Authorization"]}
    response = await api.client.request(method, path, json=body, headers=headers)
    return response.status, (await response.json(content_type=None)).get("code", "")


async def test_a_key_opens_what_its_scopes_say_and_nothing_else(api: Api) -> None:
    await api.show(registered("c1"), credit("c1", 100))
    reader, spender, seller = [await made(api, scope) for scope in ("read", "spend", "checkout")]
    asked = {
        "read": ("GET", "/v1/customers/c1/balance", None),
        "spend": ("POST", "/v1/customers/c1/spends", SPEND),
        "checkout": ("PUT", "/v1/customers/c1", {"email": "a@contoh.id"}),
    }
    for scope, call in asked.items():
        for name, key in (("read", reader), ("spend", spender), ("checkout", seller)):
            code, problem = await status(api, key, *call)
            assert (code < 300, problem) == ((True, "") if name == scope else (False, "forbidden")), (
                scope,
                name,
            )


async def test_a_key_for_one_customer_is_no_key_for_another_nor_for_everybody(api: Api) -> None:
    await api.show(registered("c1"), registered("c2"), credit("c1", 100), credit("c2", 100))
    key = await made(api, *SCOPES, customer="c1")
    assert await status(api, key, "GET", "/v1/customers/c1/balance") == (200, "")
    assert await status(api, key, "POST", "/v1/customers/c1/spends", SPEND) == (201, "")
    for method, path, body in (
        ("GET", "/v1/customers/c2/balance", None),
        ("POST", "/v1/customers/c2/spends", SPEND),
        ("GET", "/v1/suspense", None),
        ("POST", "/v1/suspense/sus_1/claim", {"customer_id": "c1", "reason": "mine"}),
        ("GET", "/v1/customers?email=c1@contoh.id", None),
        ("GET", "/v1/payments/xendit/py-1", None),
    ):
        assert await status(api, key, method, path, body) == (403, "key_of_a_customer")


async def test_a_key_for_one_customer_gives_back_what_is_theirs_when_it_says_so(api: Api) -> None:
    await api.show(registered("c1"))
    key = await made(api, "refund", customer="c1")
    wish = {"provider": "xendit", "provider_payment_id": "py-1", "reason": "r"}
    assert await status(api, key, "POST", "/v1/refunds", wish) == (403, "key_of_a_customer")
    assert await status(api, key, "POST", "/v1/refunds", wish | {"customer_id": "c2"}) == (
        403,
        "key_of_a_customer",
    )
    assert await status(api, key, "POST", "/v1/refunds", wish | {"customer_id": "c1"}) == (
        404,
        "payment_not_found",
    )


async def test_a_key_for_one_customer_looks_at_what_is_theirs_by_its_id_when_it_says_so(api: Api) -> None:
    await api.show(registered("c1"), registered("c2"))
    key = await made(api, "read", "checkout", customer="c1")
    for number, owner in enumerate(("c1", "c2")):
        await api.pool.execute(
            "INSERT INTO payment_requests (request_id, kind, customer_id, provider, amount_idr, method, channel, status, page_secret, page_digest, position)"
            " VALUES ('req_' || repeat($1, 32), 'topup', $2, 'xendit', 50000, 'qris', 'QRIS', 'open', $1, $1::text::bytea, 1)",
            str(number), owner,
        )  # fmt: skip
    own, other = (f"/v1/topups/req_{str(number) * 32}" for number in range(2))
    assert await status(api, key, "GET", own) == (403, "key_of_a_customer")
    assert await status(api, key, "GET", f"{own}?customer_id=c1") == (200, "")
    assert await status(api, key, "GET", f"{other}?customer_id=c1") == (404, "request_not_found")
    assert await status(api, key, "GET", f"{other}?customer_id=c2") == (403, "key_of_a_customer")
    for path, problem in {
        f"/v1/orders/req_{'0' * 32}": "request_not_found",
        f"/v1/subscriptions/sub_{'0' * 32}": "subscription_not_found",
        "/v1/refunds/rfn_1": "refund_not_found",
        "/v1/payments/xendit/py-1": "payment_not_found",
    }.items():
        assert await status(api, key, "GET", f"{path}?customer_id=c1") == (404, problem)
    everything = KEY | {"key_id": "environment"}
    assert await status(api, everything, "GET", f"{other}?customer_id=c1") == (404, "request_not_found")
    assert await status(api, everything, "GET", f"{other}?customer_id=a%20b") == (422, "invalid_parameter")


async def test_a_revoked_key_opens_nothing(api: Api) -> None:
    await api.show(registered("c1"))
    key = await made(api, "read")
    assert await status(api, key, "GET", "/v1/customers/c1/balance") == (200, "")
    await api.pool.execute("UPDATE api_keys SET revoked_at = now() WHERE key_id = $1", key["key_id"])

    async def closed() -> bool:
        return await status(api, key, "GET", "/v1/customers/c1/balance") == (401, "unauthorized")

    await until(closed)


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key[:-1],
        lambda key: key + "x",
        lambda key: key.upper(),
        lambda _: "lunas_x",
        lambda _: "lunas_\udc80",
    ],
)
async def test_what_is_nearly_a_key_is_none(api: Api, change: object) -> None:
    key = await made(api, "read")
    given = change(key["Authorization"].removeprefix("Bearer "))  # type: ignore[operator]
    headers = {"Authorization": f"Bearer {given}"}
    if given.isascii():
        assert (await api.client.get("/v1/suspense", headers=headers)).status == 401


async def test_a_key_used_too_often_is_told_when_to_come_again(api: Api) -> None:
    await api.show(registered("c1"))
    key = await made(api, "read", rate=1)
    answers = await asyncio.gather(*(status(api, key, "GET", "/v1/customers/c1/balance") for _ in range(30)))
    assert 1 <= answers.count((200, "")) < 30
    assert (429, "rate_limited") in answers
    other = await made(api, "read", rate=3)

    async def opens() -> bool:
        return await status(api, other, "GET", "/v1/customers/c1/balance") == (200, "")

    await until(opens)


async def test_a_rate_is_one_for_all_processes_together(api: Api) -> None:
    """As many calls as the rate at once, then one by one as time goes by, whichever process is asked."""
    rate = 5
    used = Permission((await made(api, "read", rate=rate))["key_id"], frozenset({"read"}), rate=rate)
    rings = [KeyRing(api.pool, acquire_seconds=30) for _ in range(3)]
    began = await api.pool.fetchval("SELECT clock_timestamp()")
    waits = await asyncio.gather(*(ring.wait_of(used) for _ in range(20) for ring in rings))
    took = await api.pool.fetchval("SELECT clock_timestamp()") - began
    assert rate <= waits.count(0.0) <= rate + took.total_seconds() * rate + 1
    assert all(0.0 <= wait <= 1.0 for wait in waits)


async def test_a_clock_that_went_back_shuts_no_key_out(api: Api) -> None:
    used = Permission((await made(api, "read", rate=1))["key_id"], frozenset({"read"}), rate=1)
    await api.pool.execute(
        "INSERT INTO api_key_paces VALUES ($1, clock_timestamp() + interval '1 hour')", used.key_id
    )
    assert await KeyRing(api.pool, acquire_seconds=30).wait_of(used) == 0.0
    ahead = await api.pool.fetchval("SELECT clear_at - clock_timestamp() < interval '2 s' FROM api_key_paces")
    assert ahead


async def test_when_a_key_was_used_last_is_kept_and_the_key_itself_is_not(api: Api) -> None:
    await api.show(registered("c1"))
    key = await made(api, "read")

    async def used() -> bool:
        await status(api, key, "GET", "/v1/customers/c1/balance")
        last = await api.pool.fetchval("SELECT last_used_at FROM api_keys WHERE key_id = $1", key["key_id"])
        return last is not None

    await until(used)
    secret = key["Authorization"].split("_", 2)[2]  # what is random may hold an underscore itself
    row = await api.pool.fetchval("SELECT k::text FROM api_keys k WHERE key_id = $1", key["key_id"])
    assert secret not in row


async def test_the_key_of_the_environment_opens_everything(api: Api) -> None:
    await api.show(registered("c1"), credit("c1", 100))
    response = await api.client.post("/v1/customers/c1/spends", json=SPEND, headers=KEY)
    assert response.status == 201


async def test_every_call_needs_a_scope_and_reads_need_no_other_than_read(api: Api) -> None:
    scopes = scopes_of(api.calls)
    assert set(scopes.values()) <= set(SCOPES)
    assert {scope for (method, _), scope in scopes.items() if method == "GET"} == {"read"}
    # One keeps a code out of addresses, the other lets a browser listen; both change nothing.
    asking = {("POST", "/v1/licences/verify"), ("POST", "/v1/changes/tickets")}
    assert "read" not in {scope for call, scope in scopes.items() if call[0] != "GET" and call not in asking}


def sample(api: Api, document: Any, method: str, path: str) -> tuple[str, object]:
    """One call about customer c2 with the page's own example: its path, and its body."""
    operation = document["paths"][path][method.lower()]
    values = {
        one["name"]: one.get("example") for one in operation.get("parameters", ()) if one["in"] == "path"
    }
    values |= {"customer_id": "c2"} if "customer_id" in values else {}
    body: Any = None
    if "requestBody" in operation:
        body = dict(operation["requestBody"]["content"]["application/json"]["example"])
        body |= {name: "c2" for name in ("customer_id", "customerId") if name in body}
    return path.format(**values), body


async def test_no_call_opens_to_a_key_without_its_scope_or_to_the_key_of_another_customer(api: Api) -> None:
    """Every call that there is, so that a new one is asked too."""
    await api.show(registered("c1"), registered("c2"), credit("c2", 100))
    document = await api.get("/openapi.json")
    scopes = scopes_of(api.calls)
    bound = await made(api, *SCOPES, customer="c1", rate=1000)
    others = {scope: await made(api, *set(SCOPES) - {scope}, rate=1000) for scope in SCOPES}
    for (method, path), scope in scopes.items():
        where, body = sample(api, document, method, path)
        for key in (bound, others[scope]):
            headers = {"Authorization": key["Authorization"]}
            answer = await api.client.request(method, where, json=body, headers=headers)
            assert answer.status == 403, (method, where, await answer.text())
            await answer.release()
