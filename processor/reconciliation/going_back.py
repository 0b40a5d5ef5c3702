"""Money that went back at a provider that tells no refund: what its word on a payment says of it, and when payments are asked about for that alone.

Lists of such a provider show a payment as it was paid, however it stands now. So each is asked about again at some ages (`LUNAS_RECONCILE_REFUND_DAYS`),
found by when the log assessed it; every run takes up where the last complete one ended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from eventstore.read import before, read_page
from processor.cases.case import PaymentCase
from processor.cases.reading import refunds_that_stand
from processor.intake.gone_back import WentBack
from processor.reconciliation.book import RunBook
from processor.reconciliation.comparing import Difference, askable, by_name, our_amount, our_status
from processor.reconciliation.ours import OUT_OF_ORDER, PAGE_EVENTS
from providers.outgoing import CallFailed
from providers.reconciling import ListedPayment, Told
from providers.refunding import unnamed_refund
from runtime.database import Pool
from schemas.decisions import PaymentAssessed


def gone_back(
    said: Told | CallFailed | None, case: PaymentCase | None, names: Sequence[str]
) -> WentBack | None:
    """What went back of a payment, by its provider's word, beyond what we know of. Pure. `names`: of the payment, for who asked without a case."""
    if not isinstance(said, Told) or said.status != "paid" or not said.went_back:
        return None
    key = said.name or names[0]
    amount, number = said.went_back, 1
    if case is None:
        return WentBack(payment_key=key, names=tuple(names), refund_id=unnamed_refund(key, amount), amount_idr=amount, attempt_id=key)  # fmt: skip
    facts = case.facts
    amount -= sum(one.amount for one in refunds_that_stand(facts).values() if one.attempt_id in (None, key))
    if amount <= 0:
        return None
    while unnamed_refund(key, amount, number) in facts.refunds:
        number += 1
    return WentBack(
        payment_key=key,
        names=tuple(dict.fromkeys((key, *askable(case)))),
        refund_id=unnamed_refund(key, amount, number),
        amount_idr=amount,
        attempt_id=key if key in facts.attempts else None,
        customer_id=case.owner,
    )


def told_back(
    told: Iterable[tuple[Difference, ListedPayment, Told | CallFailed | None]],
    cases: Mapping[str, PaymentCase],
    provider: str,
) -> list[WentBack]:
    """The same of rows of a list that were asked about; `cases` by names with their provider before them."""
    of_payments = [(row, said) for _, row, said in told if row.names]
    words = [gone_back(said, by_name(cases, provider, row), row.names) for row, said in of_payments]
    return [word for word in words if word is not None]


def untold(said: Told | CallFailed | None, case: PaymentCase) -> Difference | None:
    """That some of it went back and its provider does not say how much: a person records it."""
    if not isinstance(said, Told) or said.went_back is not None or refunds_that_stand(case.facts):
        return None
    name = askable(case)[0]
    return Difference("status", name, "went_back", case.key, our_status(case), "partially_refunded", our_amount(case))  # fmt: skip


class PaymentsAgain:
    """Of one provider. `ages`: how long after it was assessed a payment is asked about again."""

    def __init__(self, pool: Pool, provider: str, book: RunBook, ages: Sequence[timedelta]) -> None:
        self._pool, self._provider, self._book, self._ages = pool, provider, book, ages

    async def between(self, since: datetime, until: datetime) -> AsyncIterator[list[PaymentCase]]:
        """Paid ones that came of such an age between these times, some at a time, each once."""
        given: set[str] = set()
        for age in self._ages:
            async with self._pool.acquire() as connection:
                position = await before(connection, since - age - OUT_OF_ORDER)
                last = await before(connection, until - age)
            while position < last:
                async with self._pool.acquire() as connection:
                    page = await read_page(connection, position, [PaymentAssessed.TYPE], PAGE_EVENTS)
                told = [event.decoded() for event in page.events if event.position <= last]
                keys = {one.case for one in told if isinstance(one, PaymentAssessed) and one.provider == self._provider}  # fmt: skip
                cases = {case.key: case for case in (await self._book.cases(keys - given)).values()}
                given |= keys
                if batch := [case for _, case in sorted(cases.items()) if case.facts.paid and askable(case)]:
                    yield batch
                position = page.through if page.events else last
