"""`GET /v1/changes`: everything that readers could see change, in order, at least once, from wherever a listener was."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from eventstore.append import NewEvent
from runtime.settings import Settings
from schemas.change_api import ChangeTold
from schemas.corrections import CourseWithdrawn
from schemas.decisions import SuspenseReleased
from tests.contract.api.conftest import KEY, Api, serve
from tests.contract.api.test_answers import AT, enrolled, held
from tests.integration.projections.decisions import assessed, credit, registered, subscription


@dataclass
class Told:
    event: str
    id: int | None
    data: dict[str, Any]


async def told(response: aiohttp.ClientResponse) -> AsyncIterator[Told]:
    """Changes of a stream, each checked against the model; a page is told its place besides."""
    fields: dict[str, str] = {}
    async for raw in response.content:
        line = raw.decode().rstrip("\n")
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        elif "data" in fields and fields["event"] != "place":
            ChangeTold.model_validate_json(fields["data"])
            place = fields.get("id")
            yield Told(fields["event"], None if place is None else int(place), json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}


async def all_of(api: Api, query: str = "", **headers: str) -> list[Told]:
    """What is there, from the beginning unless a header says otherwise."""
    async with api.client.get(f"/v1/changes?wait_seconds=0{query}", headers=KEY | headers) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        return [one async for one in told(response)]


@asynccontextmanager
async def listening(api: Api, query: str = "") -> AsyncIterator[AsyncIterator[Told]]:
    async with api.client.get(f"/v1/changes{query}", headers=KEY) as response:
        assert response.status == 200
        yield told(response)


def shown(changes: list[Told]) -> list[tuple[str, str]]:
    return [(one.event, one.data["key"]) for one in changes]


async def test_every_kind_is_told_with_the_row_as_its_own_call_shows_it(api: Api) -> None:
    await api.show(
        registered("c1"),
        assessed("k", customer_id="c1"),
        credit("c1", 50_000),
        enrolled("c1", "kelas"),
        subscription("c1", "s1"),
        held("h1"),
    )
    changes = await all_of(api, "&last_event_id=0")
    kinds = {one.event: one.data for one in changes}
    assert set(kinds) == {"payment", "balance", "enrollment", "subscription", "suspense"}
    for kind, call in {
        "enrollment": "enrollments",
        "subscription": "subscriptions",
        "payment": "payments",
    }.items():
        (item,) = (await api.get(f"/v1/customers/c1/{call}"))["items"]
        assert kinds[kind]["data"] == item
    balance = await api.get("/v1/customers/c1/balance")
    assert kinds["balance"]["data"] == {name: balance[name] for name in kinds["balance"]["data"]}
    assert [one.id for one in changes] == sorted({one.data["position"] for one in changes})


async def test_a_stream_goes_on_behind_the_last_id_and_tells_nothing_twice(api: Api) -> None:
    await api.show(registered("c1"), credit("c1", 1000), enrolled("c1", "a"))
    first = await all_of(api, "&last_event_id=0")
    await api.show(enrolled("c1", "b"))
    rest = await all_of(api, **{"Last-Event-ID": str(first[-1].id)})
    assert shown(rest) == [("enrollment", "b")]
    assert shown(await all_of(api, f"&last_event_id={rest[-1].id}")) == []


async def test_without_a_place_the_stream_begins_now_and_tells_live(api: Api) -> None:
    await api.show(registered("c1"), credit("c1", 1000))
    async with listening(api) as stream:
        await api.show(credit("c1", 2000, "p2"))
        async with asyncio.timeout(60):
            one = await anext(stream)
        assert (one.event, one.data["data"]["lifetime"]["topped_up_idr"]) == ("balance", 3000)


async def test_only_one_customer_when_asked_so(api: Api) -> None:
    await api.show(
        registered("c1"), registered("c2"), enrolled("c1", "a"), enrolled("c2", "b"), enrolled("c1", "c")
    )
    assert shown(await all_of(api, "&last_event_id=0&customer_id=c1")) == [
        ("enrollment", "a"),
        ("enrollment", "c"),
    ]


async def test_what_was_never_due_is_told_as_gone_and_what_was_held_as_released(api: Api) -> None:
    await api.show(registered("c1"), enrolled("c1", "a"), held("h1"))
    before = await all_of(api, "&last_event_id=0")
    await api.show(
        NewEvent(
            "customer-c1",
            CourseWithdrawn(
                case="k", customer_id="c1", provider="scalev", payment_id="o-1", course="a", order_id="o-1", amount_idr=5, at=AT,
                reason="order_cancelled",
            ),
        ),
        NewEvent("case-h1", SuspenseReleased(case="h1", suspense_id="h1", provider="xendit", payment_id="py-h1", resolution="written_off", at=AT)),
    )  # fmt: skip
    gone, released = await all_of(api, f"&last_event_id={before[-1].id}")
    assert (gone.data["key"], gone.data["data"], gone.data["customer_id"]) == ("a", None, "c1")
    assert released.data["data"]["status"] == "released"


async def test_nothing_is_told_before_reads_show_it(api: Api) -> None:
    await api.show(registered("c1"))
    async with listening(api) as stream:
        waiting = asyncio.ensure_future(anext(stream))
        await api.append([enrolled("c1", "a")])
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
        await api.fold()
        async with asyncio.timeout(60):
            assert (await waiting).data["key"] == "a"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_listeners_that_come_and_go_miss_nothing_in_any_order_of_cuts(
    database_url: str, settings: Callable[..., Settings], seed: int
) -> None:
    """Whatever is cut when, the last word about every row is heard, and ids only grow."""
    chosen = random.Random(seed)
    given = settings(database_url=database_url, changes_recent_max=100)
    async with serve(given) as api:
        names = [f"c{number}" for number in range(5)]
        await api.show(*(registered(name) for name in names))
        heard: dict[tuple[str, str], Any] = {}
        place = 0

        async def listen(count: int) -> None:
            nonlocal place
            async with listening(api, f"?last_event_id={place}") as stream:
                for _ in range(count):
                    async with asyncio.timeout(60):
                        one = await anext(stream)
                    heard[one.event, one.data["key"] + str(one.data["customer_id"])] = one.data["data"]
                    if one.id is not None:
                        assert one.id > place
                        place = one.id

        for step in range(30):
            made = [
                chosen.choice(
                    [
                        enrolled(chosen.choice(names), f"k{step}"),
                        credit(chosen.choice(names), 1000, f"p{step}-{part}"),
                    ]
                )
                for part in range(chosen.randint(1, 12))
            ]
            await api.show(*made)
            if chosen.random() < 0.5:
                await listen(chosen.randint(1, 2))
        for one in await all_of(api, f"&last_event_id={place}"):
            heard[one.event, one.data["key"] + str(one.data["customer_id"])] = one.data["data"]
        for name in names:
            balance = await api.get(f"/v1/customers/{name}/balance")
            told_of = heard.get(("balance", name + name))
            if told_of is not None:
                assert told_of["credit_tokens"] == balance["credit_tokens"]
            courses = {
                item["course"]
                for item in (await api.get(f"/v1/customers/{name}/enrollments?limit=5"))["items"]
            }
            assert all(("enrollment", course + name) in heard for course in courses)


@pytest.mark.parametrize("place", ["-1", "x", "1.5", "99999999999999999999"])
async def test_a_place_that_no_log_has_is_refused(api: Api, place: str) -> None:
    document = await api.get(f"/v1/changes?last_event_id={place}", 422)
    assert document["code"] == "invalid_parameter"


async def test_one_listener_too_many_is_told_to_come_back(
    database_url: str, settings: Callable[..., Settings]
) -> None:
    async with serve(settings(database_url=database_url, changes_listeners_max=1)) as api:
        await api.show(registered("c1"))
        async with listening(api), api.client.get("/v1/changes", headers=KEY) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "5")


async def test_a_listener_that_does_not_read_is_cut_off_and_harms_no_other(
    database_url: str, settings: Callable[..., Settings]
) -> None:
    # Whatever else the machine does: the feed gives way to nobody here, or a third of the steps take a second each.
    given = settings(database_url=database_url, changes_write_seconds=0.5, changes_read_share=1.0)
    async with serve(given) as api:
        await api.show(registered("c1"))
        reader, writer = await asyncio.open_connection(api.client.host, api.client.port, limit=1024)
        writer.write(b"GET /v1/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-api-key\r\n\r\n")
        await reader.readuntil(b"retry:")
        async with listening(api) as stream:
            cut = False
            for step in range(400):
                await api.show(*(enrolled("c1", f"{'long' * 100}-{step}-{part}") for part in range(20)))
                for _ in range(20):
                    async with asyncio.timeout(60):
                        await anext(stream)
                if writer.transport.is_closing() or reader.at_eof():
                    cut = True
                    break
                try:
                    writer.write(b" ")
                    await writer.drain()
                except ConnectionError:
                    cut = True
                    break
            assert cut
        writer.transport.abort()


async def test_a_lived_stream_says_so_with_its_place(
    database_url: str, settings: Callable[..., Settings]
) -> None:
    given = settings(database_url=database_url, changes_heartbeat_seconds=0.1)
    async with serve(given) as api:
        position = await api.show(registered("c1"))
        async with api.client.get("/v1/changes", headers=KEY) as response:
            seen = b""
            async with asyncio.timeout(60):
                while b": still here" not in seen:
                    seen += await response.content.readany()
        assert f"id: {position}\n".encode() in seen


async def test_a_key_of_one_customer_hears_of_nobody_else(api: Api) -> None:
    await api.show(registered("c1"))
    async with api.client.get("/v1/changes", headers={"Authorization": "Bearer wrong"}) as refused:
        assert refused.status == 401


async def test_a_place_beyond_the_log_is_refused_with_where_the_log_is(api: Api) -> None:
    position = await api.show(registered("c1"))
    document = await api.get(f"/v1/changes?last_event_id={position + 1000}", 409)
    assert document["code"] == "projection_behind"
    assert f"position {position}," in document["detail"]
