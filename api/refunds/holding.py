"""Credit that is set aside while its money is on the way back: through the teller, who alone touches accounts."""

from __future__ import annotations

from api.credit.acts import Release, SetAside
from api.credit.orders import CreditOrder
from api.credit.teller import Teller
from eventstore.read import NEWEST_VERSION, Sought, told_before
from runtime.database import Pool
from schemas import streams
from schemas.decisions import CreditGranted
from schemas.problems import Problem


class Holds:
    """`days`: after which what was set aside is free again, whatever became of the refund."""

    def __init__(self, teller: Teller, pool: Pool, *, days: int) -> None:
        self._teller, self._pool, self._days = teller, pool, days

    async def set_aside(self, customer_id: str, refund_id: str, case: str, amount_idr: int) -> bool:
        """As much as is there; False when nothing is, or when it was set aside and is free again."""
        tokens = await self._worth(customer_id, case, amount_idr)
        if not tokens:
            return False
        act = SetAside(refund_id, case, tokens, self._days)
        try:
            await self._teller.serve(CreditOrder(customer_id, act))
        except Problem:
            return False
        return True

    async def _worth(self, customer_id: str, case: str, amount_idr: int) -> int:
        """Tokens that so many rupiah of this top-up brought, at the rate of its day: what is left of a lot says it only roughly."""
        sought = [Sought(streams.customer(customer_id), NEWEST_VERSION, case)]
        async with self._pool.acquire() as connection:
            found = (await told_before(connection, sought, CreditGranted.TYPE, "case")).get(0)
        if not isinstance(found, CreditGranted) or not found.amount_idr:
            return 0
        return found.tokens * amount_idr // found.amount_idr

    async def give_back(self, customer_id: str, refund_id: str) -> None:
        """Once; what is over already stays so."""
        try:
            await self._teller.serve(CreditOrder(customer_id, Release(refund_id)))
        except Problem as problem:
            if problem.kind.status >= 500:
                raise
