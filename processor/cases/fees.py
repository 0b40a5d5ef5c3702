"""What a provider keeps of a payment, as facts tell: its own word, and its statement of settlement, which outweighs it. Pure, in any order of arrival."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from processor.cases.attempts import Register, RequestOnly, newest
from processor.cases.payment import PaymentFacts


class Fee(NamedTuple):
    """In rupiah. `amount`: what counts, None when nobody told; `claimed`: what the provider's own word comes to, where a statement says otherwise."""

    amount: int | None = None
    claimed: int | None = None

    @property
    def rupiah(self) -> int:
        return self.amount or 0


def fees_of(facts: PaymentFacts, attempts: Iterable[str]) -> Fee:
    """Of these attempts, which brought money. What fails or is still to come costs nothing here."""
    amount = claimed = 0
    told = False
    for key in attempts:
        said, stated = _told(facts, key)
        counts = stated or said
        if counts is not None:
            told = True
            amount += counts.value
            claimed += (said or counts).value
    if not told:
        return Fee()
    return Fee(amount, claimed if claimed != amount else None)


def _told(facts: PaymentFacts, key: str) -> tuple[Register | None, Register | None]:
    """Of one attempt, by its provider's word and by a statement. What was told of the request before its only payment had a name is told of that."""
    known = [facts.attempts[key]]
    request = facts.attempts.get(RequestOnly)
    if request is not None and key != RequestOnly and len(facts.successes) == 1:
        known.append(request)
    claimed: Register | None = None
    stated: Register | None = None
    for attempt in known:
        claimed, stated = newest(claimed, attempt.fee), newest(stated, attempt.stated_fee)
    return claimed, stated
