"""The rig of the torture: wires go bad as they say, the plan is what its seed says, and no named crash point is forgotten."""

from __future__ import annotations

import ast
import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crashpoints.listeners import telling_steps
from tests.crashpoints.office import Order, orders
from tests.crashpoints.purchases import purchase_steps
from tests.crashpoints.rounds import Step, steps
from tests.integration.broker.proxy import Proxy as BrokerProxy
from tests.ports import held_ports
from tests.torture.kinds import CRASH_POINTS
from tests.torture.proxy import Proxy
from tests.waiting import turns, until
from tests.witness.load import UNKNOWN
from tests.witness.record import Record, read_back
from tests.witness.verdict import Heard
from tests.witness.webhooks import expected_courses, expected_tokens, plan

ROOT = Path(__file__).parents[3]
ROOMS = (
    "ingress",
    "processor",
    "projections",
    "api",
    "notify",
    "eventstore",
    "console",
    "providers",
    "runtime",
)
NAMED = ("fault_point", "fault_point_half_way")


@pytest.fixture
async def wire() -> AsyncIterator[Proxy]:
    """A wire to a server that says everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)
        writer.close()

    with held_ports(2) as (port, target):
        server = await asyncio.start_server(echo, "127.0.0.1", target)
        async with Proxy(port, target) as proxy:
            yield proxy
        server.close()


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True


async def test_a_good_wire_passes_everything_on(wire: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(b"x" * 200_000)
    assert await reader.readexactly(200_000) == b"x" * 200_000
    writer.close()


async def test_a_reset_ends_connections_at_both_ends(wire: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(b"x")
    await reader.readexactly(1)
    wire.reset_all()
    assert await _ended(reader)
    writer.close()


async def test_a_silent_wire_passes_nothing_until_it_is_healed(wire: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    wire.silence()
    writer.write(b"late")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(4), 0.1)
    wire.heal()
    assert await reader.readexactly(4) == b"late"
    writer.close()


async def test_a_wire_that_dribbles_passes_crumbs_until_it_is_healed(wire: Proxy) -> None:
    wire.wire.crumb = 3
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(b"x" * 3_000)
    crumbs = await reader.read(3_000)
    assert len(crumbs) <= 30
    wire.heal()
    await reader.readexactly(3_000 - len(crumbs))
    writer.close()


async def test_a_torn_wire_ends_in_the_middle_of_what_is_said(wire: Proxy) -> None:
    wire.wire.cut_after = 1_000
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(b"x" * 5_000)
    heard = b""
    try:
        while data := await reader.read(4096):
            heard += data
    except ConnectionError:
        pass
    assert len(heard) <= 1_000
    writer.close()


async def test_a_wire_that_refuses_is_refused(wire: Proxy) -> None:
    wire.wire.refusing = True
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    assert await _ended(reader)
    writer.close()


async def test_a_connection_that_is_being_made_while_its_wire_ends_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of both wires that tests have. It was accepted, and the server is reached only after the end."""
    connect, reached = asyncio.open_connection, asyncio.Event()
    with held_ports(2) as (port, target):

        async def slowly(host: str, to: int) -> object:
            if to == target:
                await reached.wait()
            return await connect(host, to)

        monkeypatch.setattr(asyncio, "open_connection", slowly)

        async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(served, "127.0.0.1", target)
        ours, theirs = Proxy(port, target), BrokerProxy("127.0.0.1", target)
        await ours.__aenter__()
        await theirs.open()
        clients = [await connect("127.0.0.1", one) for one in (port, theirs.port)]
        await until(lambda: theirs.accepted == 1)
        ends = asyncio.gather(ours.__aexit__(), theirs.close())
        await turns()
        reached.set()
        await asyncio.wait_for(ends, 10)
        for _, writer in clients:
            writer.close()
        server.close()


def test_a_seed_says_the_whole_plan() -> None:
    assert plan(7, 500) == plan(7, 500)
    assert plan(7, 500) != plan(8, 500)


def test_a_plan_has_everything_in_it_and_no_body_twice() -> None:
    webhooks = plan(3, 3_000)
    assert max(Counter(webhook.digest for webhook in webhooks).values()) == 1
    assert any(not webhook.genuine for webhook in webhooks)
    assert any(webhook.tokens < 0 for webhook in webhooks)
    assert len(expected_courses(webhooks)) > 10
    # A refund that comes before its payment is among them.
    order = {(webhook.number, webhook.tokens > 0): place for place, webhook in enumerate(webhooks)}
    assert any(place < order.get((number, True), -1) for (number, paid), place in order.items() if not paid)


def test_what_is_expected_does_not_hang_on_the_order() -> None:
    webhooks = [webhook for webhook in plan(5, 800) if webhook.genuine]
    assert expected_tokens(webhooks) == expected_tokens(reversed(webhooks))
    assert expected_courses(webhooks) == expected_courses(reversed(webhooks))


async def test_a_line_is_on_the_disk_before_anybody_goes_on(tmp_path: Path) -> None:
    async with Record(tmp_path / "record") as record:
        await asyncio.gather(*(record.keep(what="sent", number=number) for number in range(100)))
        assert [line["number"] for line in read_back(tmp_path / "record")] == list(range(100))
        await until(lambda: (tmp_path / "record").stat().st_size > 0)


async def test_a_spend_that_was_refused_and_is_asked_for_again_is_unknown_until_it_is_answered(
    tmp_path: Path,
) -> None:
    """A home that lives on asks again under the same reference: what was refused for want of money may be granted, and the power cut before that is heard."""
    place = tmp_path / "record"

    async def told(*steps: tuple[str, int]) -> int:
        async with Record(place) as record:
            for what, status in steps:
                await record.keep(what=what, reference="spend-1", customer="w1", tokens=7, status=status)
        return Heard.of(place).spends["spend-1"][2]

    assert await told(("spending", 0), ("spent", 409)) == 409
    assert await told(("spending", 0)) == UNKNOWN
    assert await told(("spent", 201)) == 201
    assert await told(("spending", 0)) == 201, "what was granted stays so"


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_witness_shares_no_code_with_what_it_judges() -> None:
    ours = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"tests"}
    for path in (ROOT / "tests" / "witness").glob("*.py"):
        for name in _imports(ast.parse(path.read_text("utf-8"))):
            assert name.partition(".")[0] not in ours, path
            assert not name.startswith("tests") or name.startswith("tests.witness"), path


def _points() -> set[str]:
    """Every fault point that the program names."""
    return {
        node.args[0].value
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in NAMED
        and isinstance(node.args[0], ast.Constant)
    }


def test_the_crash_points_of_the_torture_are_points_of_the_program() -> None:
    assert {point for of_process in CRASH_POINTS.values() for point in of_process} <= _points()


def test_the_crash_points_that_are_died_at_again_and_again_are_all_there_are() -> None:
    """Those of a statement have its name in theirs: `plan.answered.opened`."""
    assert _points() <= _died_at()
    made_of_parts = ("plan.answered.", "plan.stored.")
    assert {point for point in _died_at() - _points() if not point.startswith(made_of_parts)} == set()


def test_a_step_of_two_processes_is_two_and_none_is_twice() -> None:
    titles = [step.title for step in _all_steps()]
    assert len(titles) == len(set(titles)) > 60
    assert {"ingress publish.unconfirmed", "processor publish.unconfirmed"} <= set(titles)


def _all_steps() -> list[Step | Order]:
    nobody: Any = None
    return [*steps(), *telling_steps(), *purchase_steps(nobody), *orders()]


def _died_at() -> set[str]:
    """Every point that `make crash-points` dies at."""
    return {step.point for step in _all_steps()}
