"""Tickets for the stream of one customer: what a page shows that cannot send a key."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from api.changes.tickets import Tickets
from runtime.settings import Settings
from tests.contract.api.conftest import KEY, Api, serve
from tests.contract.api.test_answers import enrolled
from tests.contract.api.test_changes import Told, told
from tests.integration.projections.decisions import registered


async def ticket_for(api: Api, customer: str) -> str:
    async with api.client.post("/v1/changes/tickets", json={"customer_id": customer}, headers=KEY) as answer:
        assert answer.status == 201, await answer.text()
        document = await answer.json()
        assert document["stream"].startswith("/v1/changes?")
        return str(document["stream"])


async def heard_with(api: Api, address: str) -> list[Told]:
    async with api.client.get(f"{address}&wait_seconds=0&last_event_id=0") as response:
        assert response.status == 200, await response.text()
        return [one async for one in told(response)]


async def test_a_ticket_opens_its_customers_stream_and_nothing_else(api: Api) -> None:
    await api.show(registered("c1"), registered("c2"), enrolled("c1", "a"), enrolled("c2", "b"))
    mine = await ticket_for(api, "c1")
    assert [one.data["key"] for one in await heard_with(api, mine)] == ["a"]
    ticket = mine.partition("ticket=")[2]
    for path in (
        "/v1/changes",
        f"/v1/changes?ticket={ticket}",
        f"/v1/changes?customer_id=c2&ticket={ticket}",
        f"/v1/changes?customer_id=c1&customer_id=c2&ticket={ticket}",
        f"/v1/customers/c1/balance?ticket={ticket}",
        f"/v1/suspense?customer_id=c1&ticket={ticket}",
    ):
        assert (await api.client.get(path)).status == 401, path
    assert (await api.client.post(f"/v1/changes?customer_id=c1&ticket={ticket}")).status == 401


async def test_any_customer_may_have_one(api: Api) -> None:
    for customer in ("c1", "a.b:c@d+e|f-g", "x" * 128):
        assert await heard_with(api, await ticket_for(api, customer)) == []


async def test_a_ticket_that_somebody_changed_opens_nothing(api: Api) -> None:
    address = await ticket_for(api, "c1")
    path, _, ticket = address.partition("ticket=")
    forged = base64.urlsafe_b64encode(b"\x7f" * 50).decode().rstrip("=")
    spoiled = [
        ticket[:-1],
        "B" + ticket[1:],
        ticket + "A",
        "",
        "A" * 600,
        "%00",
        "é",
        ticket + "====",
        forged,
    ]
    for each in spoiled:
        assert (await api.client.get(f"{path}ticket={each}")).status == 401, each


def test_a_ticket_is_over_at_its_time_and_belongs_to_its_key() -> None:
    now = 1000.0
    tickets = Tickets("one", 900, lambda: now)
    shown, ticket = tickets.issue("c1")
    assert ticket.until == 1900
    now = 1899.9
    assert tickets.read(shown) == ticket
    now = 1900
    assert tickets.read(shown) is None
    assert Tickets("two", 900, lambda: 1000.0).read(shown) is None


async def test_a_stream_ends_with_its_ticket_however_much_there_is_to_tell(
    database_url: str, settings: Callable[..., Settings]
) -> None:
    # By this clock the stream always begins a second before its ticket is over, however long it takes to ask for one.
    given = settings(database_url=database_url, changes_ticket_seconds=1)
    async with serve(given, lambda: 1000.0) as api:
        await api.show(registered("c1"))
        async with asyncio.timeout(60), api.client.get(await ticket_for(api, "c1")) as response:
            assert response.status == 200
            async for _ in response.content:
                await api.show(enrolled("c1", f"{response.content.total_bytes}"))


async def test_a_page_is_told_its_place_when_its_stream_begins_and_while_nothing_happens(
    database_url: str, settings: Callable[..., Settings]
) -> None:
    """Programs with a key read ids themselves, and hear of changes only."""
    async with serve(settings(database_url=database_url, changes_heartbeat_seconds=0.1)) as api:
        position = await api.show(registered("c1"))
        place = b"event: place\ndata: {}\nid: %d\n\n" % position
        async with asyncio.timeout(60):
            async with api.client.get(await ticket_for(api, "c1")) as response:
                seen = b""
                while seen.count(place) < 3:
                    seen += await response.content.readany()
            assert seen.startswith(b"retry: 1000\n" + place)
            async with api.client.get("/v1/changes?wait_seconds=1", headers=KEY) as response:
                assert b"event:" not in await response.read()


async def test_who_may_only_spend_gets_no_ticket_and_a_key_of_one_customer_none_for_another(api: Api) -> None:
    async with api.client.post("/v1/changes/tickets", json={"customer_id": "c1"}) as answer:
        assert answer.status == 401
    async with api.client.post("/v1/changes/tickets", json={"customer_id": ""}, headers=KEY) as answer:
        assert answer.status == 422


async def test_no_line_of_ours_holds_a_ticket(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does an answer that refuses it."""
    address = await ticket_for(api, "c1")
    ticket = address.partition("ticket=")[2]
    with capture_logs() as lines, caplog.at_level(logging.DEBUG):
        await heard_with(api, address)
        refused = await api.client.get(f"/v1/changes?customer_id=c2&ticket={ticket}")
        wrong = await api.client.get(f"{address}&last_event_id=x")
    assert ticket not in str(lines)
    assert ticket not in caplog.text
    for answer in (refused, wrong):
        assert answer.status in (401, 422)
        assert ticket not in await answer.text()


async def test_pages_of_named_origins_may_read_the_stream_and_others_may_not(
    database_url: str, settings: Callable[..., Settings]
) -> None:
    given = settings(
        database_url=database_url, api_browser_origins="https://shop.example, https://kelas.example/"
    )
    async with serve(given) as api:
        address = await ticket_for(api, "c1")
        for origin, allowed in (
            ("https://shop.example", True), ("https://kelas.example", True), ("https://evil.example", False), ("null", False),
        ):  # fmt: skip
            async with api.client.get(f"{address}&wait_seconds=0", headers={"Origin": origin}) as response:
                assert response.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
                assert response.headers["Vary"] == "Origin"
                assert "Access-Control-Allow-Credentials" not in response.headers


async def test_without_named_origins_nobody_elses_page_may(api: Api) -> None:
    address = await ticket_for(api, "c1")
    async with api.client.get(
        f"{address}&wait_seconds=0", headers={"Origin": "https://a.example"}
    ) as response:
        assert "Access-Control-Allow-Origin" not in response.headers
