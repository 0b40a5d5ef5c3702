"""`lunas reconcile`: a provider's own lists compared with our record, now; and what that found."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from console.acts import Act, record
from console.exits import FINE, PROBLEMS, CommandError, Refused, WrongUse
from console.lazy import Group
from console.messages import text
from console.options import PROVIDERS, actor, as_json, asynchronous, limit, since
from console.output import number, paint, print_data, print_json, print_table, rupiah, talk
from console.progress import Bar
from console.store import OPERATOR_ROLE, open_store, place
from console.target import load_target
from console.times import moment, short_moment
from eventstore.leadership import Leadership
from eventstore.queries import load
from processor.app import interpreter_of
from processor.reconciliation.keeping import Reconciliation, job_of, until_lost
from processor.reconciliation.run import RunProgress
from providers.listers import listers_of
from providers.registry import PROVIDERS as KNOWN
from runtime.amqp.broker import open_broker
from runtime.database import open_pool
from runtime.faults import arm
from schemas.errors import NotConfirmed, Transient

if TYPE_CHECKING:
    from processor.reconciliation.book import RunState
    from runtime.settings import Settings

SQL = load("reconcile.sql", "console")
LEAD_SECONDS = 1.0  # for the other runner's session to be seen; the lock is free or it is not
CONNECT_SHARE = 0.6
CALLED = tuple(name for name in PROVIDERS if KNOWN[name].webhooks)


@click.group(cls=Group)
def reconcile() -> None:
    """A provider's own lists compared with our record: webhooks that were lost are found, and what differs is told."""


@reconcile.command("run")
@click.argument("provider", type=click.Choice(CALLED))
@since
@as_json
@asynchronous
async def run_command(provider: str, since: datetime | None, as_json: bool) -> int:
    """Read the provider's lists from now back to --since, and give what is missing here to the queue, as its webhook would have been.

    Without --since it looks two days back, or goes on with a run that was cut off. It changes no money by itself: what else differs is
    listed by `lunas reconcile show`. Exit code 1 while something differs, or when the provider did not let us see everything.
    """
    settings = load_target()
    arm(settings.env)
    settings.require_broker_url()
    clients = listers_of(settings)
    if provider not in clients:
        raise WrongUse(text("reconcile.no_key", provider=provider))
    try:
        run, code = await _run(settings, provider, since, clients, shown=not as_json)
    finally:
        for client in clients.values():
            await client.close()
    async with open_store(settings) as connection:
        act = Act("reconcile.run", provider, "reconciliation", f"lunas reconcile show {provider}",
                  after={"run": str(run.run_id), "fed": run.fed, "found": run.found})  # fmt: skip
        act_id = await record(connection, act)
        kinds = [dict(row) for row in await connection.fetch(SQL["kinds_of"], run.run_id)]
    left = sum(kind["findings"] - kind["resolved"] for kind in kinds)
    if as_json:
        print_json(_document(run, code, kinds) | {"act_id": act_id})
    else:
        _tell(run, code, kinds)
        print_data(text("act.recorded", act_id=act_id))
    return PROBLEMS if left or code else FINE


@reconcile.command("show")
@click.argument("provider", type=click.Choice(CALLED))
@since
@limit
@as_json
@asynchronous
async def show_command(provider: str, since: datetime | None, limit: int, as_json: bool) -> int:
    """Show what differs between the provider's lists and our record, the largest first, and the newest runs.

    Exit code 1 while something differs.
    """
    async with open_store(load_target()) as connection:
        found = [dict(row) for row in await connection.fetch(SQL["open_of"], provider, since, limit)]
        runs = [dict(row) for row in await connection.fetch(SQL["runs_of"], provider, since, 10)]
    if as_json:
        print_json({"provider": provider, "items": found, "runs": runs})
        return PROBLEMS if found else FINE
    _show_runs(provider, runs)
    if not found:
        print_data(paint("✓ ", "green") + text("reconcile.nothing", provider=provider))
        return FINE
    headings = ("kind", "payment", "ours", "theirs", "reason", "since_wib")
    table = [
        (
            text(f"difference.{one['kind']}"),
            one["payment_id"],
            _side(one["ours"], one["our_amount"]),
            _side(one["theirs"], one["their_amount"]),
            one["reason"],
            short_moment(one["first_seen_at"]),
        )
        for one in found
    ]
    print_table([text(f"column.{name}") for name in headings], table)
    print_data(text("reconcile.what_now"))
    return PROBLEMS


async def _run(
    settings: Settings, provider: str, since: datetime | None, clients: Any, *, shown: bool
) -> tuple[RunState, str | None]:
    stop = asyncio.Event()
    async with (
        open_broker(settings, "operator") as broker,
        open_pool(settings, "reconcile", role=OPERATOR_ROLE, by_index=True) as pool,
        Leadership(settings, "reconcile", job_of(provider)) as leadership,
    ):
        try:
            await broker.ready(settings.probe_timeout_seconds * CONNECT_SHARE)
        except NotConfirmed as error:
            raise CommandError(text("error.broker_away", address=place(settings.require_broker_url()))) from error  # fmt: skip
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAD_SECONDS):
                await leadership.wait(stop)
        if not leadership.is_leader:
            raise Refused(text("reconcile.under_way", provider=provider))
        one = Reconciliation(settings, pool, broker, interpreter_of(settings), clients)
        whole: list[int] = []
        with Bar() as bar:

            def watch(progress: RunProgress) -> None:
                rows = progress.run.rows
                if rows and progress.run.listing is not None:
                    bar.show(rows, max(rows + 1, round(rows / progress.share)))
                elif rows and not whole:
                    whole.append(rows)
                    bar.show(rows, rows)

            if shown:
                talk(text("reconcile.reading", provider=provider))
            try:
                async with until_lost(leadership, stop) as ends:
                    return await one.run(provider, since, actor(), ends, watch if shown else _nobody)
            except Transient as error:
                raise CommandError(text("reconcile.cut_off", provider=provider, error=str(error))) from error


def _nobody(_progress: RunProgress) -> None:
    """A program reads the answer."""


def _tell(run: RunState, code: str | None, kinds: list[dict[str, Any]]) -> None:
    print_data(
        text(
            "reconcile.read",
            provider=run.provider,
            since=moment(run.since),
            rows=number(run.rows),
            asked=number(run.asked),
            fed=number(run.fed),
        )
    )
    for kind in kinds:
        key = "reconcile.kind_resolved" if kind["resolved"] == kind["findings"] else "reconcile.kind"
        print_data("  " + text(key, count=number(kind["findings"]), kind=text(f"difference.{kind['kind']}"),
                               resolved=number(kind["resolved"]), amount=rupiah(kind["amount_idr"])))  # fmt: skip
    if not kinds and code is None:
        print_data(paint("✓ ", "green") + text("reconcile.nothing", provider=run.provider))
    if code is not None:
        print_data(paint("! ", "yellow") + text("reconcile.not_all", code=code, provider=run.provider))


def _show_runs(provider: str, runs: list[dict[str, Any]]) -> None:
    if not runs:
        print_data(text("reconcile.never", provider=provider))
        return
    newest = runs[0]
    words = text(f"reconcile.run_{newest['status']}")
    print_data(
        text(
            "reconcile.last",
            provider=provider,
            at=moment(newest["started_at"]),
            status=words,
            rows=number(newest["rows"]),
            fed=number(newest["fed"]),
            found=number(newest["found"]),
        )
    )


def _side(status: str | None, amount: int | None) -> str:
    return " ".join(part for part in (status, None if amount is None else rupiah(amount)) if part) or "-"


def _document(run: RunState, code: str | None, kinds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "provider": run.provider,
        "since": run.since,
        "complete": code is None,
        "code": code,
        "rows": run.rows,
        "asked": run.asked,
        "fed": run.fed,
        "found": run.found,
        "kinds": kinds,
    }
