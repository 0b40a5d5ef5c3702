"""One comparison of a provider's own lists with our record, now, with its audit record: for the command, the web console and the demonstration."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.acts import Act, record
from console.exits import CommandError, Refused, WrongUse
from console.messages import text
from console.options import actor
from console.output import talk
from console.progress import Bar
from console.store import OPERATOR_ROLE, open_store, place
from eventstore.leadership import Leadership
from eventstore.queries import load
from processor.app import interpreter_of
from processor.reconciliation.keeping import Reconciliation, job_of
from processor.reconciliation.leading import until_lost
from processor.reconciliation.run import RunProgress
from providers.listers import listers_of
from runtime.amqp.broker import open_broker
from runtime.database import open_pool
from schemas.errors import NotConfirmed, Transient

if TYPE_CHECKING:
    from processor.reconciliation.book import RunState
    from runtime.settings import Settings

SQL = load("reconcile.sql", "console")
LEAD_SECONDS = 1.0  # until the session of a runner that was killed a moment ago has ended
CONNECT_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class ListComparison:
    """`code`: why not everything was seen; None: it was. `kinds`: what was found, by kind, and how much of it is settled."""

    run: RunState
    code: str | None
    kinds: Sequence[dict[str, Any]]
    act_id: uuid.UUID

    @property
    def left(self) -> int:
        """Differences that are still there."""
        return sum(kind["findings"] - kind["resolved"] for kind in self.kinds)


async def compare(
    settings: Settings, provider: str, since: datetime | None, reason: str, *, shown: bool = False
) -> ListComparison:
    """Raises WrongUse without a key for the provider's API, Refused while another one is under way, CommandError when it was cut off."""
    clients = listers_of(settings)
    try:
        if provider not in clients:
            raise WrongUse(text("reconcile.no_key", provider=provider))
        run, code = await reconciled(settings, provider, since, clients, shown=shown)
    finally:
        for client in clients.values():
            await client.close()
    async with open_store(settings) as connection:
        undo = f"lunas reconcile show {provider}"
        after = {"run": str(run.run_id), "fed": run.fed, "found": run.found}
        act_id = await record(connection, Act("reconcile.run", provider, reason, undo, after=after))
        kinds = [dict(row) for row in await connection.fetch(SQL["kinds_of"], run.run_id)]
    return ListComparison(run, code, kinds, act_id)


async def reconciled(
    settings: Settings, provider: str, since: datetime | None, clients: Any, *, shown: bool = False
) -> tuple[RunState, str | None]:
    """One run, and why it did not see everything (None: it did). Raises Refused while another one is under way."""
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
        if not await leadership.once():
            await asyncio.sleep(LEAD_SECONDS)
        if not await leadership.once():
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
