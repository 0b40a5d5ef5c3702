"""Which of the attempts at a request pay for it (its main money), beside further money that nobody asked for. By the facts alone.

Money that all went back bought nothing, as if its refund had come first: other money of the same request takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from processor.cases.payment import PaymentFacts

Returned = dict[str, list[tuple[datetime, int]]]
"""Attempt → what of it went back, and when."""


def paid_attempts(facts: PaymentFacts) -> list[str]:
    """Attempts that brought money, the earliest payment first."""
    successes = facts.successes
    if len(successes) == 1:
        return list(successes)
    return sorted(successes, key=lambda a: (str(successes[a].paid_at), a))


def amount_of(facts: PaymentFacts, attempt: str) -> int | None:
    """Rupiah an attempt brought, None when no event told."""
    known = facts.attempts.get(attempt)
    worth = known.worth if known else None
    return worth.value if worth else None


def brought(facts: PaymentFacts, attempts: Iterable[str]) -> int | None:
    """Rupiah that these attempts brought together, None when no event told it of one of them."""
    return total([amount_of(facts, attempt) for attempt in attempts])


def total(amounts: Iterable[int | None]) -> int | None:
    """The sum, None when one of them is not known."""
    found = 0
    for amount in amounts:
        if amount is None:
            return None
        found += amount
    return found


def falls_short(facts: PaymentFacts, attempts: list[str]) -> bool:
    """Less than what the request asked for."""
    asked, came = facts.value("requested_amount"), brought(facts, attempts)
    return asked is not None and came is not None and not facts.reusable and came < int(asked)


def choose(facts: PaymentFacts, free: list[str]) -> tuple[list[str], bool, dict[str, list[str]]]:
    """Which of the free attempts together pay for the request, whether they fall short of it, and which money unnamed refunds were of."""
    if not facts.refunds:
        return *_pick(facts, free, {}), {}
    returned = _named(facts)
    loose: dict[str, list[str]] = {}
    for refund_id, refund in sorted(facts.refunds.items(), key=lambda item: (item[1].at, item[0])):
        if refund.attempt_id is None and free:
            main, _ = _choose(facts, free, returned)
            room = {attempt: _left(facts, attempt, returned) for attempt in main}
            if refund.amount <= sum(room.values()):
                _spread(refund.amount, refund.at, room, returned)
                loose[refund_id] = main
    return *_choose(facts, free, returned), loose


def _named(facts: PaymentFacts) -> Returned:
    """As far as refunds name an attempt and fit into it."""
    returned: Returned = {}
    for refund in sorted(facts.refunds.values(), key=lambda refund: refund.at):
        if refund.attempt_id is not None and refund.amount <= _left(facts, refund.attempt_id, returned):
            returned.setdefault(refund.attempt_id, []).append((refund.at, refund.amount))
    return returned


def _spread(amount: int, at: datetime, room: dict[str, int], returned: Returned) -> None:
    """To each attempt in turn until its money is used up."""
    for attempt, left in room.items():
        share = min(amount, left)
        if share:
            returned.setdefault(attempt, []).append((at, share))
            amount -= share


def _left(facts: PaymentFacts, attempt: str, returned: Returned) -> int:
    return (amount_of(facts, attempt) or 0) - sum(amount for _, amount in returned.get(attempt, ()))


def _choose(facts: PaymentFacts, free: list[str], returned: Returned) -> tuple[list[str], bool]:
    """The first money that pays for the request, passing over money that all went back while other money is there.

    When all of it went back, the money that went back last.
    """
    passed = [_pick(facts, free, returned)]
    while all(_went_back(facts, attempt, returned) for attempt in passed[-1][0]):
        free = [attempt for attempt in free if attempt not in passed[-1][0]]
        if not free or facts.reusable:
            return max(passed, key=lambda chosen: _last_refund(chosen[0], returned))
        passed.append(_pick(facts, free, returned))
    return passed[-1]


def _last_refund(attempts: list[str], returned: Returned) -> str:
    return max((str(at) for attempt in attempts for at, _ in returned.get(attempt, ())), default="")


def _pick(facts: PaymentFacts, free: list[str], returned: Returned) -> tuple[list[str], bool]:
    """The money that first paid for the request: one payment of all of it, or partial payments that reach it together.

    What had gone back before the next one came does not count towards it.
    """
    requested = facts.value("requested_amount")
    if requested is None or facts.reusable:
        return free[:1], False
    together: list[str] = []
    for attempt in free:
        amount = amount_of(facts, attempt)
        if amount is None or amount >= requested:
            return [attempt], False
        paid_at = facts.attempts[attempt].paid_at
        together = [*(one for one in together if not _went_back(facts, one, returned, paid_at)), attempt]
        if sum(amount_of(facts, one) or 0 for one in together) >= requested:
            return together, False
    return together, bool(together)


def _went_back(facts: PaymentFacts, attempt: str, returned: Returned, by: datetime | None = None) -> bool:
    """Whether all of it was returned (until then)."""
    amount = amount_of(facts, attempt)
    back = sum(share for at, share in returned.get(attempt, ()) if by is None or at <= by)
    return bool(amount) and back == amount
