"""What a run finds and what it leaves alone, where it stops and where the next one goes on."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest

from processor.fulfilment.catalog_source import publish_catalog
from processor.reconciliation.reading import REPEATS_MAX
from providers.outgoing import CallFailed
from providers.reconciling import ListPage, Told, unreadable
from runtime.database import Pool
from runtime.ids import utc_now
from tests.integration.processor.reconciliation.scripted import (
    ScriptedProvider,
    Till,
    captured,
    listed,
    said,
    till_of,
    webhook_of,
)
from tests.unit.processor.policies.ledgerbook import shipped_catalog


async def test_c130_what_is_missing_here_is_taken_in_and_confirmed_whatever_its_amount(pool: Pool) -> None:
    till = await till_of(pool)
    large = captured("py-1", 900_000)
    provider = ScriptedProvider([listed("py-1", 900_000)], {"py-1": said(large)})
    run, _ = await till.run(provider)
    assert (run.fed, run.found, await till.tokens()) == (1, 1, 9_000_000)
    assert await till.found() == {}


async def test_money_that_only_a_token_vouches_for_is_granted_once_the_provider_confirms_it(
    pool: Pool,
) -> None:
    till = await till_of(pool)
    large = captured("py-1", 900_000)
    await till.hear(webhook_of(large))
    assert await till.tokens() == 0
    run, _ = await till.run(ScriptedProvider([listed("py-1", 900_000)], {"py-1": said(large)}))
    assert (run.fed, await till.tokens(), await till.found()) == (1, 9_000_000, {})
    again, _ = await till.run(ScriptedProvider([listed("py-1", 900_000)], {"py-1": said(large)}))
    assert (again.fed, again.found, await till.tokens()) == (0, 0, 9_000_000)


async def test_money_that_a_token_vouches_for_and_the_provider_does_not_stays_held_and_is_told(
    pool: Pool,
) -> None:
    till = await till_of(pool)
    await till.hear(webhook_of(captured("py-1", 900_000)))
    run, _ = await till.run(ScriptedProvider([], {"py-1": Told(status="failed", amount=900_000)}))
    assert (run.fed, await till.tokens()) == (0, 0)
    assert await till.found() == {("unconfirmed", "py-1"): "not_confirmed"}


async def said_of(till: Till) -> list[tuple[str, str, str]]:
    """Facts of what the provider does not stand by, in the order of the log."""
    rows = await till.pool.fetch(
        "SELECT type, data FROM events WHERE type LIKE 'dispute.%' ORDER BY position"
    )
    told = [(row["type"], orjson.loads(row["data"])) for row in rows]
    return [(kind, data["dispute_id"], data["provider_status"]) for kind, data in told]


async def written(till: Till) -> tuple[int, int]:
    """Events and deliveries."""
    row = await till.pool.fetchrow("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM deliveries)")
    return tuple(row or ())  # type: ignore[return-value]


@pytest.mark.parametrize(("policy", "frozen"), [("tell", 500_000), ("freeze", 0)])
async def test_c131_what_the_provider_does_not_know_is_told_and_frozen_where_the_catalogue_wants_that(
    pool: Pool, policy: str, frozen: int
) -> None:
    till = await till_of(pool)
    shipped = shipped_catalog()
    xendit = shipped.providers["xendit"].model_copy(update={"disowned": policy})
    await publish_catalog(
        pool, shipped.model_copy(update={"providers": {**shipped.providers, "xendit": xendit}})
    )
    await till.hear(webhook_of(captured("py-1", 50_000)))
    run, _ = await till.run(ScriptedProvider())
    assert (run.fed, run.found, await till.tokens()) == (0, 1, frozen)
    assert await till.found() == {("missing_there", "py-1"): ""}
    assert await said_of(till) == [("dispute.opened", "reconciled-1", "unknown")]
    before = await written(till)
    again, _ = await till.run(ScriptedProvider())
    assert (again.found, await written(till), await till.tokens()) == (0, before, frozen)

    await till.run(ScriptedProvider([listed("py-1", 50_000)]))
    assert await till.found() == {}, "the provider knows it again"
    assert (await said_of(till))[1:] == [("dispute.won", "reconciled-1", "paid")]
    assert await till.tokens() == 500_000
    await till.run(ScriptedProvider([], {"py-1": Told(status="failed")}))
    assert (await said_of(till))[2:] == [("dispute.opened", "reconciled-2", "failed")]
    assert await till.tokens() == frozen


async def test_c131_what_was_paid_just_now_the_provider_may_not_show_yet(pool: Pool) -> None:
    till = await till_of(pool)
    just_now = utc_now().isoformat()
    payment = captured("py-1", 50_000)
    payment["captures"][0]["capture_timestamp"] = payment["updated"] = just_now
    await till.hear(webhook_of(payment))
    run, _ = await till.run(ScriptedProvider(), open_for=timedelta(hours=1))
    assert (run.found, await till.found(), await said_of(till)) == (1, {("missing_there", "py-1"): ""}, [])


@pytest.mark.parametrize("status", ["failed", "expired", "reversed"])
async def test_c132_another_status_is_a_fact_once_and_changes_nothing_by_itself(
    pool: Pool, status: str
) -> None:
    till = await till_of(pool)
    await till.hear(webhook_of(captured("py-1", 50_000)))
    provider = ScriptedProvider([listed("py-1", 50_000, status=status)])
    run, _ = await till.run(provider)
    assert (run.found, await till.found(), await till.tokens()) == (1, {("status", "py-1"): ""}, 500_000)
    assert await said_of(till) == [("dispute.opened", "reconciled-1", status)]
    before = await written(till)
    again, _ = await till.run(ScriptedProvider(provider.rows))
    assert (again.found, list(await till.found())) == (0, [("status", "py-1")]), "it is the same difference"
    assert await written(till) == before


async def test_c132_another_amount_that_the_provider_confirms_is_a_fact_and_counts(pool: Pool) -> None:
    """Only a token vouched for the first; nothing of it is written over."""
    till = await till_of(pool)
    await till.hear(webhook_of(captured("py-1", 50_000)))
    rows, answers = [listed("py-1", 49_000)], {"py-1": said(captured("py-1", 49_000))}
    run, _ = await till.run(ScriptedProvider(rows, answers))
    assert (run.fed, run.found, await till.found(), await till.tokens()) == (1, 1, {}, 490_000)
    amounts = await till.pool.fetch(
        "SELECT data FROM events WHERE type = 'payment.succeeded' ORDER BY position"
    )
    assert [orjson.loads(row["data"])["amount"] for row in amounts] == [50_000, 49_000]
    before = await written(till)
    again, _ = await till.run(ScriptedProvider(rows, answers))
    assert (again.fed, again.found, again.asked, await written(till)) == (0, 0, 0, before)


@pytest.mark.parametrize(
    ("answer", "reason"), [(None, ""), (said(captured("py-1", 50_000)), "list_contradicts")]
)
async def test_c132_another_amount_that_the_provider_does_not_confirm_is_told_and_changes_nothing(
    pool: Pool, answer: Told | None, reason: str
) -> None:
    till = await till_of(pool)
    await till.hear(webhook_of(captured("py-1", 50_000)))
    provider = ScriptedProvider([listed("py-1", 49_000)], {"py-1": answer} if answer else {})
    run, _ = await till.run(provider)
    assert (run.found, await till.found(), await till.tokens()) == (1, {("amount", "py-1"): reason}, 500_000)
    again, _ = await till.run(ScriptedProvider(provider.rows, provider.answers))
    assert (again.found, list(await till.found())) == (0, [("amount", "py-1")]), "it is the same difference"


async def test_a_request_that_was_paid_twice_is_told(pool: Pool) -> None:
    till = await till_of(pool)
    for name in ("py-1", "py-2"):
        await till.hear(webhook_of(captured(name, 50_000, payment_request_id="pr-1")))
    await till.run(ScriptedProvider([listed("py-1", 50_000), listed("py-2", 50_000)]))
    assert [kind for kind, _ in await till.found()] == ["duplicate"]
    assert await till.tokens() == 500_000


async def test_what_was_announced_and_never_told_is_asked_about(pool: Pool) -> None:
    till = await till_of(pool)
    session = {
        "payment_session_id": "ps-1", "session_type": "PAY", "status": "COMPLETED", "amount": 50_000, "currency": "IDR",
        "payment_request_id": "pr-1", "payment_id": "py-1", "reference_id": "order-1", "updated": "2026-10-31T03:00:00Z",
    }  # fmt: skip
    await till.hear(webhook_of(session, "payment_session.completed"))
    await till.run(ScriptedProvider())
    assert [kind for kind, _ in await till.found()] == ["unconfirmed"]
    run, _ = await till.run(ScriptedProvider([], {"py-1": said(captured("py-1", 50_000))}))
    assert (run.fed, await till.tokens(), await till.found()) == (1, 500_000, {})


async def test_rows_nobody_can_read_are_told_one_by_one_and_the_run_goes_on(pool: Pool) -> None:
    till = await till_of(pool)
    rubbish = [unreadable(None, "not_an_object"), unreadable({"id": 5}, "id_missing")]
    rows = [rubbish[0], listed("py-1", 50_000), rubbish[1]]
    run, code = await till.run(ScriptedProvider(rows, {"py-1": said(captured("py-1", 50_000))}))
    assert (run.rows, run.fed, code, await till.tokens()) == (3, 1, None, 500_000)
    assert sorted((await till.found()).values()) == ["id_missing", "not_an_object"]


async def test_a_list_that_contradicts_its_own_payment_gives_intake_nothing(pool: Pool) -> None:
    till = await till_of(pool)
    provider = ScriptedProvider(
        [listed("py-1", 50_000), listed("py-2", 50_000), listed("py-3", 50_000)],
        {"py-1": said(captured("py-1", 70_000)), "py-2": Told(status="open", body=b"{}")},
    )
    run, _ = await till.run(provider)
    assert (run.fed, till.fed) == (0, [])
    assert await till.found() == {
        ("amount", "py-1"): "list_contradicts",
        ("status", "py-2"): "list_contradicts",
        ("status", "py-3"): "list_contradicts",
    }


async def test_a_list_that_goes_round_in_circles_is_left_and_told(pool: Pool) -> None:
    till = await till_of(pool)
    rows = [listed(f"py-{number}", 50_000) for number in range(10)]
    answers = {row.name: said(captured(row.name, 50_000)) for row in rows}
    provider = ScriptedProvider(
        rows, answers, endless=lambda page: ListPage(rows=tuple(rows), following=str(page + 10))
    )
    run, code = await till.run(provider)
    assert (run.fed, code) == (10, "list_without_end")
    assert len(provider.pages) <= REPEATS_MAX + 2
    assert await till.found() == {("unreadable", "transactions"): "list_without_end"}


async def test_a_list_that_never_ends_is_left_after_so_many_pages(pool: Pool) -> None:
    till = await till_of(pool)

    def page(number: int) -> ListPage:
        return ListPage(rows=(unreadable(number, "id_missing"),), following=str(number + 1))

    run, code = await till.run(ScriptedProvider(endless=page), pages=25)
    assert (run.rows, code) == (25, "list_without_end")


@pytest.mark.parametrize("cut", ["says_not_where", "stands_still"])
async def test_a_list_that_is_cut_off_is_told_and_nothing_counts_as_gone(pool: Pool, cut: str) -> None:
    """What could not be looked at is no reason to say that a difference is over."""
    till = await till_of(pool)
    await till.run(ScriptedProvider([unreadable(None, "not_an_object")]))
    last = ListPage(rows=(), cut_off=True) if cut == "says_not_where" else ListPage(rows=(), following="10")
    rows = [listed(f"py-{number}", 50_000) for number in range(10)]
    answers = {row.name: said(captured(row.name, 50_000)) for row in rows}
    run, code = await till.run(ScriptedProvider(rows, answers, endless=lambda _: last))
    assert (run.fed, code) == (10, "list_cut_off")
    found = await till.found()
    assert sorted(found.values()) == ["list_cut_off", "not_an_object"]
    again, code = await till.run(ScriptedProvider(rows, answers))
    assert (again.fed, code, await till.found()) == (0, None, {})


async def test_the_last_page_that_may_be_read_may_be_the_last_of_the_list(pool: Pool) -> None:
    till = await till_of(pool)
    rows = [unreadable(number, "id_missing") for number in range(3)]
    assert (await till.run(ScriptedProvider(rows, size=1), pages=3))[1] is None
    assert (await till.run(ScriptedProvider(rows, size=1), pages=2))[1] == "list_without_end"


async def test_c134_a_row_that_moved_to_the_next_page_meanwhile_counts_once(pool: Pool) -> None:
    till = await till_of(pool)
    rows = [listed("py-1", 50_000), listed("py-1", 50_000), listed("py-2", 50_000)]
    answers = {name: said(captured(name, 50_000)) for name in ("py-1", "py-2")}
    run, _ = await till.run(ScriptedProvider(rows, answers, size=1))
    assert (run.fed, await till.tokens()) == (2, 1_000_000)


async def test_c135_a_run_that_was_cut_off_goes_on_where_it_was(pool: Pool) -> None:
    till = await till_of(pool)
    rows = [listed(f"py-{number}", 50_000) for number in range(40)]
    answers = {row.name: said(captured(row.name, 50_000)) for row in rows}
    first = ScriptedProvider(rows, answers)

    async def dies(_page: Any) -> None:
        raise ConnectionError

    cut = till.prepared(first)
    page = first.page
    seen: list[Any] = []

    async def third_time_dies(*arguments: Any) -> ListPage:
        seen.append(arguments)
        if len(seen) == 3:
            await dies(None)
        return await page(*arguments)

    first.page = third_time_dies  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await cut.go(rows[0].at, "test")  # type: ignore[arg-type]
    await till.settle()
    assert await till.tokens() == 20 * 500_000

    second = ScriptedProvider(rows, answers)
    run, code = await till.run(second)
    # An earlier beginning was asked for: the run that was cut off is given up for one that looks further back.
    assert second.pages[0] is None
    assert (run.fed, code, await till.tokens()) == (20, None, 40 * 500_000)
    assert await pool.fetchval("SELECT count(*) FROM reconcile_seen") == 0


async def test_c135_the_next_run_begins_with_the_page_that_was_not_written_down(pool: Pool) -> None:
    till = await till_of(pool)
    rows = [listed(f"py-{number}", 50_000) for number in range(40)]
    answers = {row.name: said(captured(row.name, 50_000)) for row in rows}
    stop = asyncio.Event()
    provider = ScriptedProvider(rows, answers)
    run = till.prepared(provider, stop)
    run._watch = lambda progress: stop.set() if progress.run.rows >= 20 else None
    done, code = await run.go(rows[0].at, "test")  # type: ignore[arg-type]
    assert (done.rows, code, provider.pages) == (20, "stopping", [None, "10"])

    second = ScriptedProvider(rows, answers)
    again, code = await till.prepared(second).go(rows[0].at, "test")  # type: ignore[arg-type]
    assert (again.run_id, again.rows, again.fed, code) == (done.run_id, 40, 40, None)
    assert second.pages == ["20", "30"]
    await till.settle()
    assert await till.tokens() == 40 * 500_000


async def test_c122_a_busy_provider_is_waited_for_and_one_that_stays_away_ends_the_run_for_now(
    pool: Pool,
) -> None:
    till = await till_of(pool)
    busy = CallFailed("not_sent", "provider_busy", retry_after=0.01)
    rows, answers = [listed("py-1", 50_000)], {"py-1": said(captured("py-1", 50_000))}
    gone = ScriptedProvider(rows, answers, troubles=[busy, CallFailed("not_sent", "provider_busy", retry_after=600.0)])  # fmt: skip
    _, code = await till.run(gone)
    assert (code, gone.pages) == ("provider_busy", [])
    refused = ScriptedProvider(rows, answers, troubles=[CallFailed("refused", "provider_credentials")])
    assert (await till.run(refused))[1] == "provider_credentials"
    run, code = await till.run(ScriptedProvider(rows, answers, troubles=[busy, busy]))
    assert (run.fed, code) == (1, None)
    assert await pool.fetchval("SELECT count(*) FROM reconcile_runs") == 1, "it is one run"


async def test_payments_that_the_lists_do_not_show_are_asked_about_within_a_limit(pool: Pool) -> None:
    till = await till_of(pool)
    for number in range(5):
        await till.hear(webhook_of(captured(f"py-{number}", 50_000)))
    provider = ScriptedProvider(
        [], {f"py-{number}": said(captured(f"py-{number}", 50_000)) for number in range(5)}
    )
    run, _ = await till.run(provider, asks=3)
    assert (run.asked, len(provider.asked), await till.found()) == (3, 3, {})


async def test_the_end_of_a_payment_that_nobody_paid_is_asked_for_when_no_webhook_told_it(pool: Pool) -> None:
    till = await till_of(pool)
    waiting = captured("py-1", 50_000, status="PENDING", captures=[])
    await till.hear(webhook_of(waiting, "payment.pending"))
    ended = webhook_of({**waiting, "status": "EXPIRED", "updated": "2026-10-31T05:00:00Z"}, "payment.expiry")
    provider = ScriptedProvider([], {"py-1": Told(status="expired", body=ended)})
    assert (await till.run(provider))[0].fed == 1
    again, _ = await till.run(ScriptedProvider([], provider.answers))
    assert (again.fed, again.asked) == (0, 0)
