"""What a provider lists and we were never sent, asked for without writing anything: a reconciliation whose findings become a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.exits import WrongUse
from console.messages import text
from console.store import OPERATOR_ROLE
from processor.app import interpreter_of
from processor.reconciliation.keeping import limits_of
from processor.reconciliation.run import ProviderRun
from processor.reconciliation.unwritten import KeptEnvelopes, UnwrittenBook
from providers.listers import listers_of
from runtime.database import open_pool
from runtime.ids import utc_now
from schemas.envelope import Envelope
from schemas.where import Where

if TYPE_CHECKING:
    from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class MissingHere:
    """`told`: as what each would be given to the queue; `code`: why the provider did not show everything, None: it did."""

    provider: str
    told: Sequence[Envelope]
    code: str | None


async def missing_here(settings: Settings, where: Where) -> MissingHere:
    """Of the one provider and the time that the filter names. Raises WrongUse without a key for its API, and what the database raises."""
    provider = next(iter(where.words["provider"].any or ()))
    since, _ = where.span(now := utc_now())
    clients, kept = listers_of(settings), KeptEnvelopes()
    try:
        if provider not in clients:
            raise WrongUse(text("reconcile.no_key", provider=provider))
        async with open_pool(settings, "reconcile", role=OPERATOR_ROLE, by_index=True) as pool:
            run = ProviderRun(
                pool,
                provider,
                clients[provider],
                kept,
                interpreter_of(settings),
                limits_of(settings),
                asyncio.Event(),
                book=UnwrittenBook(pool, provider),
            )
            _, code = await run.go(since or now, "plan")
    finally:
        for client in clients.values():
            await client.close()
    return MissingHere(provider, kept.envelopes, code)
