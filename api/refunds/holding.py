"""Credit that is set aside while its money is on the way back: through the teller, who alone touches accounts."""

from __future__ import annotations

from api.credit.acts import Release, SetAside
from api.credit.orders import CreditOrder
from api.credit.teller import Teller
from schemas.problems import Problem


class Holds:
    """`days`: after which what was set aside is free again, whatever became of the refund."""

    def __init__(self, teller: Teller, *, days: int) -> None:
        self._teller, self._days = teller, days

    async def set_aside(self, customer_id: str, refund_id: str, case: str, amount_idr: int) -> bool:
        """As much as is there; False when nothing is, or when it was set aside and is free again."""
        act = SetAside(refund_id, case, amount_idr, self._days)
        try:
            await self._teller.serve(CreditOrder(customer_id, act))
        except Problem:
            return False
        return True

    async def give_back(self, customer_id: str, refund_id: str) -> None:
        """Once; what is over already stays so."""
        try:
            await self._teller.serve(CreditOrder(customer_id, Release(refund_id)))
        except Problem as problem:
            if problem.kind.status >= 500:
                raise
