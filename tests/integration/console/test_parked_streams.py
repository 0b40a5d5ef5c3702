"""`lunas dlq streams|release`, and what letters, status and doctor say of a line."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from console import exits
from console.checks.reading import _waiting
from console.overview import Overview
from runtime.database import Pool
from tests.integration.console.conftest import Run
from tests.integration.processor.intake.taking_in import facts, store_of, take_in
from tests.integration.processor.intake.test_letters import refund
from tests.integration.processor.intake.test_lines import POISON, drain
from tests.unit.processor.intake.envelopes import capture, envelope

STREAM = "xendit:pr-py-1"


async def a_line(pool: Pool) -> None:
    await take_in(
        store_of(pool), envelope(POISON), envelope(capture("py-1", 75_000)), envelope(refund(20_000))
    )


async def test_a_parked_stream_is_shown_with_what_waits_and_the_money(lunas: Run, pool: Pool) -> None:
    await a_line(pool)
    (row,) = (await lunas("dlq", "streams", "--json")).json["items"]
    assert (row["stream"], row["waiting"], row["amount_idr"], row["letters"]) == (STREAM, 2, 75_000, 1)
    assert STREAM in (await lunas("dlq", "streams")).out
    (letter,) = (await lunas("dlq", "list", "--json")).json["items"]
    assert (letter["stream"], letter["waiting"]) == (STREAM, 2)
    shown = await lunas("dlq", "show", letter["dead_letter_id"])
    assert "2 wait behind this" in shown.err
    (group,) = (await lunas("dlq", "groups", "--json")).json["items"]
    assert group["waiting"] == 2


async def test_status_and_doctor_count_what_waits(lunas: Run, pool: Pool) -> None:
    await a_line(pool)
    seen = (await lunas("status", "--json")).json
    assert (seen["lines"]["streams"], seen["lines"]["waiting"], seen["lines"]["amount"]) == (1, 2, 75_000)
    assert any("lunas dlq streams" in problem for problem in seen["problems"])
    found = _waiting(Overview(at=datetime.now(UTC), lines=seen["lines"] | {"oldest": datetime.now(UTC)}))
    assert any("2 deliveries wait behind failed ones" in finding.detail for finding in found)


async def test_a_release_takes_the_line_in_and_leaves_the_letter_open(
    lunas: Run, pool: Pool, store: asyncpg.Connection
) -> None:
    await a_line(pool)
    refused = await lunas("dlq", "release", STREAM, "--reason", "it may go on")
    assert refused.code == exits.REFUSED
    done = await lunas("dlq", "release", STREAM, "--reason", "it may go on", "--yes")
    assert done.code == exits.FINE, done.err
    await drain(pool)
    assert await facts(pool) == ["payment.succeeded", "refund.succeeded"]
    assert await store.fetchval("SELECT status FROM dead_letters") == "open"
    again = await lunas("dlq", "release", STREAM, "--reason", "it may go on", "--yes")
    assert again.code == exits.WRONG_USE
    (act,) = await store.fetch("SELECT verb, target, actor FROM operator_acts")
    assert tuple(act) == ("dlq.release", STREAM, "sari")


async def test_a_second_operator_hears_who_released_it(lunas: Run, pool: Pool) -> None:
    await a_line(pool)
    assert (await lunas("dlq", "release", STREAM, "--reason", "a", "--yes")).code == exits.FINE
    second = await lunas("dlq", "release", STREAM, "--reason", "b", "--yes")
    assert second.code == exits.REFUSED
    assert "sari" in second.err


async def test_a_discarded_head_lets_the_line_go_on(lunas: Run, pool: Pool) -> None:
    await a_line(pool)
    (letter,) = (await lunas("dlq", "list", "--json")).json["items"]
    await lunas("dlq", "discard", letter["dead_letter_id"], "--reason", "no money", "--yes")
    await drain(pool)
    assert await facts(pool) == ["payment.succeeded", "refund.succeeded"]
    assert (await lunas("dlq", "streams")).code == exits.FINE
