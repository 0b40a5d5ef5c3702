"""A payer who does not want to pay after all: the provider is told first, then the request is over. Money that comes all the same counts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from api.checkout.drafts import SQL
from api.checkout.requests import PaymentRequests, append
from eventstore.append import lock_log
from providers.asking import PaymentClient
from providers.outgoing import CallFailed
from providers.watching import Cancelling, Watched
from runtime.ids import utc_now
from runtime.logs import get_logger
from schemas.request_facts import CANCELLED, CallOutcome, CheckoutRefused, ProviderCalled

if TYPE_CHECKING:
    import asyncpg

CancelEnd = Literal["cancelled", "over", "unknown"]
"""`over`: there was nothing to cancel any more. `unknown`: the provider did not answer; asking again does no harm."""

log = get_logger(__name__)


class Canceller:
    """Over the clients of those who are asked for payments."""

    def __init__(self, requests: PaymentRequests, clients: Mapping[str, PaymentClient]) -> None:
        self._requests, self._clients = requests, clients

    def can(self, provider: str, kind: str) -> bool:
        """Whether its provider lets go of a request of this kind."""
        client = self._clients.get(provider)
        return isinstance(client, Cancelling) and kind in client.cancels

    async def cancel(self, request_id: str) -> CancelEnd:
        """However often and from wherever: the provider is the judge, and one refusal is recorded."""
        row = await self._requests.row(request_id)
        if row is None:
            return "over"
        if row["code"] == CANCELLED:
            return "cancelled"
        client = self._clients.get(row["provider"])
        payable = row["status"] == "open" and row["payment_status"] in (None, "pending")
        if not payable or not isinstance(client, Cancelling) or row["kind"] not in client.cancels:
            return "over"
        began = time.monotonic()
        try:
            await client.withdraw(
                Watched(reference=request_id, kind=row["kind"], payment_key=row["payment_key"])
            )
        except CallFailed as failed:
            await self._say(row, _called(row, failed.outcome, began, failed))
            log.warning(
                "payment not cancelled", action="checkout.not_cancelled", request=request_id, code=failed.code
            )
            return "over" if failed.outcome == "refused" else "unknown"
        await self._record(row, _called(row, "answered", began))
        log.info("payment cancelled", action="checkout.cancelled", request=request_id)
        return "cancelled"

    async def _say(self, row: asyncpg.Record, called: ProviderCalled) -> None:
        async with self._requests.pool.acquire() as connection, connection.transaction():
            await lock_log(connection)
            await append(connection, row["request_id"], [called])

    async def _record(self, row: asyncpg.Record, called: ProviderCalled) -> None:
        """Facts and row together; nothing when another click was faster."""
        fact = CheckoutRefused(
            request_id=row["request_id"],
            provider=row["provider"],
            reference=row["request_id"],
            occurred_at=utc_now(),
            code=CANCELLED,
        )
        async with self._requests.pool.acquire() as connection, connection.transaction():
            await lock_log(connection)
            if await connection.fetchval(SQL["still_open"], row["request_id"]) is None:
                return
            position = await append(connection, row["request_id"], [called, fact])
            await connection.execute(SQL["cancelled"], row["request_id"], CANCELLED, position)


def _called(
    row: asyncpg.Record, outcome: CallOutcome, began: float, failed: CallFailed | None = None
) -> ProviderCalled:
    return ProviderCalled(
        request_id=row["request_id"],
        provider=row["provider"],
        reference=row["request_id"],
        occurred_at=utc_now(),
        operation="cancel",
        outcome=outcome,
        status=failed.status if failed else None,
        code=(failed.said_code or failed.code) if failed else None,
        milliseconds=round((time.monotonic() - began) * 1000),
    )
