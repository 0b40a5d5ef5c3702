"""Lists that change, end or contradict themselves while they are read: what is paid counts once, what was not looked at is no reason to say that all is well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from processor.reconciliation.reading import REPEATS_MAX, ListReading
from providers.outgoing import CallFailed
from providers.reconciling import ListPage, as_webhook, unreadable
from providers.scalev.lists import ScalevLists
from providers.xendit.lists import XenditLists
from runtime.database import Pool
from tests.integration.processor.reconciliation.scripted import (
    ScriptedProvider,
    captured,
    listed,
    said,
    till_of,
    webhook_of,
)
from tests.integration.processor.reconciliation.test_rubbish import AT, GOOD, ORDER, Account


@dataclass
class Refusing(ScriptedProvider):
    """Refuses pages: `refusals` by cursor, so many times."""

    refusals: dict[str | None, int] = field(default_factory=dict)

    async def page(self, listing: str, since: datetime, cursor: str | None) -> ListPage:
        if self.refusals.get(cursor, 0) > 0:
            self.refusals[cursor] -= 1
            raise CallFailed("refused", "provider_refused", status=400)
        return await super().page(listing, since, cursor)


def many(count: int, **more: Any) -> tuple[list[Any], dict[str, Any]]:
    rows = [listed(f"py-{number}", 50_000, **more) for number in range(count)]
    return rows, {row.name: said(captured(row.name, 50_000)) for row in rows}


async def test_a_list_is_begun_again_when_the_row_that_its_next_page_lies_behind_is_gone(pool: Pool) -> None:
    till = await till_of(pool)
    # More pages come again than a list that goes round in circles is allowed.
    rows, answers = many(REPEATS_MAX + 5)
    provider = Refusing(rows, answers, size=1, refusals={str(REPEATS_MAX + 3): 1})
    run, code = await till.run(provider)
    assert (code, run.fed, await till.tokens()) == (None, len(rows), len(rows) * 500_000)
    assert len(provider.asked) == len(rows), "what was seen is not asked about again"
    assert await till.found() == {}


@pytest.mark.parametrize("cursor", [None, "10"])
async def test_a_list_whose_pages_are_refused_is_told_and_the_run_goes_on_without_it(
    pool: Pool, cursor: str | None
) -> None:
    """It stood still there for ever: the next run asked for the same page, and payments of ours were never asked about."""
    till = await till_of(pool)
    await till.hear(webhook_of(captured("py-ours", 50_000)))
    rows, answers = many(20)
    provider = Refusing(rows, answers, refusals={cursor: 100})
    run, code = await till.run(provider)
    assert (code, run.fed) == ("list_refused", 0 if cursor is None else 10)
    assert await till.found() == {
        ("unreadable", "transactions"): "list_refused",
        ("missing_there", "py-ours"): "",
    }
    assert await pool.fetchval("SELECT status FROM reconcile_runs") == "partly"
    again, code = await till.run(
        ScriptedProvider(rows, answers | {"py-ours": said(captured("py-ours", 50_000))})
    )
    assert (code, run.fed + again.fed, await till.found()) == (None, 20, {})


async def test_who_goes_on_with_a_run_knows_that_one_of_its_lists_was_cut_off(pool: Pool) -> None:
    till = await till_of(pool)
    await till.run(ScriptedProvider([unreadable(None, "not_an_object")]))

    @dataclass
    class Two(ScriptedProvider):
        lists = ("transactions", "others")

        async def page(self, listing: str, since: datetime, cursor: str | None) -> ListPage:
            if listing == "transactions":
                return ListPage(rows=(), cut_off=True)
            return await super().page(listing, since, cursor)

    dying = Two(troubles=[CallFailed("refused", "provider_credentials")])
    assert (await till.run(dying))[1] == "provider_credentials"
    run, code = await till.run(Two())
    assert code == "list_cut_off"
    assert await pool.fetchval("SELECT status FROM reconcile_runs WHERE run_id = $1", run.run_id) == "partly"
    assert sorted((await till.found()).values()) == ["list_cut_off", "not_an_object"]


async def test_whoever_was_not_asked_about_is_asked_about_by_the_next_run_and_nothing_is_over_meanwhile(
    pool: Pool,
) -> None:
    till = await till_of(pool)
    await till.run(ScriptedProvider([unreadable(None, "not_an_object")]))
    for number in range(5):
        await till.hear(webhook_of(captured(f"py-{number}", 50_000)))
    _, answers = many(5)
    runs = [ScriptedProvider([], answers) for _ in range(3)]
    codes = [(await till.run(one, asks=3))[1] for one in runs]
    assert codes == ["asked_enough", "asked_the_rest", "asked_enough"]
    assert [len(one.asked) for one in runs] == [3, 2, 3]
    assert sorted({*runs[0].asked, *runs[1].asked}) == [f"py-{number}" for number in range(5)]
    assert await till.found() == {("unreadable", unreadable(None, "").digest): "not_an_object"}
    whole = ScriptedProvider([], answers)
    # The one before had asked enough; the one after it sees all.
    assert [(await till.run(whole))[1] for _ in range(2)] == ["asked_the_rest", None]
    assert await till.found() == {}


@pytest.mark.parametrize("first", ["open", "failed", "expired"])
async def test_of_two_rows_of_one_name_the_one_that_brought_money_counts(pool: Pool, first: str) -> None:
    till = await till_of(pool)
    _, answers = many(1)
    for rows in (
        [listed("py-0", 50_000, status=first), listed("py-0", 50_000)],
        [listed("py-0", 50_000), listed("py-0", 50_000, status=first)],
    ):
        await till.run(ScriptedProvider(rows, answers))
        assert (await till.tokens(), await till.found()) == (500_000, {})


@pytest.mark.parametrize("first", ["open", "failed", "expired"])
async def test_money_that_a_later_page_shows_counts_in_this_run_and_once(pool: Pool, first: str) -> None:
    """It waited for the next run: the payment had been seen. And that one, reading the try that came to nothing first, contested it."""
    till = await till_of(pool)
    _, answers = many(1)
    others = [listed(f"py-other-{number}", 50_000, status="failed") for number in range(5)]
    unpaid, paid = listed("py-0", 50_000, status=first), listed("py-0", 50_000)
    provider = ScriptedProvider([unpaid, *others, paid, unpaid, paid, paid], answers, size=2)
    run, code = await till.run(provider)
    assert (code, run.fed, provider.asked) == (None, 1, ["py-0"])
    assert (await till.tokens(), await till.found()) == (500_000, {})
    head = await pool.fetchval("SELECT max(position) FROM events")
    again, code = await till.run(provider)
    assert (code, again.fed, again.found, await till.tokens()) == (None, 0, 0, 500_000)
    assert await pool.fetchval("SELECT max(position) FROM events") == head


async def test_another_try_that_failed_contests_nothing_of_what_the_request_brought(pool: Pool) -> None:
    """A session says that it is paid, and not by which of its payments; the first one had failed."""
    till = await till_of(pool)
    invoice = {
        "id": "6".rjust(24, "a"), "external_id": "order-1", "status": "PAID", "amount": 50_000, "paid_amount": 50_000, "currency": "IDR",
        "payment_channel": "QRIS", "paid_at": AT, "metadata": {"payment_type": "credit_topup", "customer_id": "budi"},
    }  # fmt: skip
    await till.hear(as_webhook(invoice))
    before = await till.tokens()
    assert before == 500_000
    provider = ScriptedProvider(
        [listed("py-first", 50_000, status="failed", names=("py-first", str(invoice["id"])))]
    )
    provider.answers[str(invoice["id"])] = said(captured("py-first", 50_000))
    await till.run(provider)
    disputes = await pool.fetchval("SELECT count(*) FROM events WHERE type LIKE 'dispute.%'")
    assert (disputes, await till.tokens()) == (0, before)
    assert ("status", "py-first") not in await till.found()


async def test_a_difference_that_was_over_and_is_there_again_is_new(pool: Pool) -> None:
    till = await till_of(pool)
    row = unreadable({"id": 5}, "id_missing")
    found = []
    for rows in ([row], [row], [], [row]):
        run, _ = await till.run(ScriptedProvider(rows))
        found.append(run.found)
    assert found == [1, 0, 0, 1]


AWKWARD = ["a\x00b", "p" * 5000, "line\nbreak", "\u200b", "  "]


@pytest.mark.parametrize(
    ("reader", "row", "names"),
    [
        (XenditLists, GOOD["xendit"], ("product_id",)),
        (ScalevLists, ORDER, ("id", "order_id")),
    ],
)
async def test_an_id_that_is_none_is_a_row_that_cannot_be_read_and_stops_nobody(
    pool: Pool, reader: Callable[[Any], Any], row: dict[str, Any], names: tuple[str, ...]
) -> None:
    """What no column of ours can hold ended the run, and every run after it, at the same page."""
    till = await till_of(pool)
    rows = [{**row, **dict.fromkeys(names, value)} for value in AWKWARD]
    provider = "xendit" if reader is XenditLists else "scalev"
    page = await reader(Account(provider, rows)).page("paid", datetime.fromisoformat(AT), None)
    run, code = await till.run(ScriptedProvider(page.rows))
    assert (run.rows, run.fed, code) == (len(AWKWARD), 0, None)
    assert set((await till.found()).values()) == {"id_missing"}


async def test_another_money_is_said_to_be_one_whatever_its_amount_looks_like(pool: Pool) -> None:
    rows = [
        {**GOOD["xendit"], "currency": "USD", "amount": amount} for amount in (12.5, "12.50", 10**30, 50_000)
    ]
    page = await XenditLists(Account("xendit", rows)).page("transactions", datetime.fromisoformat(AT), None)  # type: ignore[arg-type]
    assert [getattr(row, "reason", "") for row in page.rows] == ["currency_unexpected"] * 4


def test_a_list_that_was_begun_again_may_bring_what_is_known_and_then_no_more() -> None:
    reading = ListReading(anew=True, known=100)
    for _ in range(10):
        reading.has_read(10, fresh=0)
    assert reading.repeats == 0
    for _ in range(REPEATS_MAX):
        reading.has_read(10, fresh=0)
    assert reading.wrong(ListPage(rows=(), following="x"), "y", 1000) == "list_without_end"
