"""Keys with scopes: each opens what it is for, for whom it is for, as often as it may."""

from __future__ import annotations

import asyncio

import pytest

from api.keys import SCOPES, new_key
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


async def test_when_a_key_was_used_last_is_kept_and_the_key_itself_is_not(api: Api) -> None:
    await api.show(registered("c1"))
    key = await made(api, "read")

    async def used() -> bool:
        await status(api, key, "GET", "/v1/customers/c1/balance")
        last = await api.pool.fetchval("SELECT last_used_at FROM api_keys WHERE key_id = $1", key["key_id"])
        return last is not None

    await until(used)
    secret = key["Authorization"].rpartition("_")[2]
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
