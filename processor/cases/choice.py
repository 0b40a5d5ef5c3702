"""Which of the attempts at a request pay for it (its main money), beside further money that nobody asked for.

Until something is granted the choice depends on the facts alone. What was granted stays chosen until all of it went back; then the place is
free for other money of the same request, as if the refund had come first.
"""

from __future__ import annotations

from datetime import datetime

from processor.cases.attempts import RequestOnly
from processor.cases.payment import Closed, PaymentCase
from processor.cases.situation import suspense_id

MAIN = "main"


def extra_key(attempt: str) -> str:
    """Key of the part that is this attempt alone, apart from the main money."""
    return f"attempt:{attempt}"


def paid_attempts(case: PaymentCase) -> list[str]:
    """Attempts that brought money, the earliest payment first."""
    successes = case.successes
    if len(successes) == 1:
        return list(successes)
    return sorted(successes, key=lambda a: (str(successes[a].paid_at), a))


def amount_of(case: PaymentCase, attempt: str) -> int | None:
    """Rupiah an attempt brought, None when no event told."""
    known = case.attempts.get(attempt)
    return known.amount.value if known and known.amount else None


def main_attempts(case: PaymentCase, paid: list[str]) -> tuple[list[str], bool]:
    """Which of the paid attempts together pay for the request, by time, and whether they fall short of it."""
    free = _free(case, paid)
    settled = case.closed[MAIN].attempts if MAIN in case.closed else case.main
    if settled:
        adopted = _adopted(case, settled, free)
        return adopted, MAIN in case.closed and _falls_short(case, adopted)
    return _choose(case, free)


def _falls_short(case: PaymentCase, attempts: list[str]) -> bool:
    requested, amounts = case.value("requested_amount"), [amount_of(case, attempt) for attempt in attempts]
    if requested is None or case.reusable or None in amounts:
        return False
    asked: int = requested
    return sum(amount or 0 for amount in amounts) < asked


def facts_choice(case: PaymentCase) -> tuple[list[str], bool]:
    """The same by the facts alone, whatever was granted."""
    return _choose(case, paid_attempts(case))


def make_way(case: PaymentCase) -> bool:
    """Let other money of the request take the place of main money that is gone: refunded in full or written off. True when the place is free."""
    if not _is_over(case):
        return False
    free = _free(case, paid_attempts(case))
    settled = _settled(case, free)
    if RequestOnly in free or not set(free) - set(settled):
        return False
    if not case.in_hand and (_all_named(case) or set(facts_choice(case)[0]) != set(settled)):
        # The facts themselves say which money it is: processor/policies/review.py sees to it.
        return False
    closed = case.closed.get(MAIN)
    if closed is not None and _closed_by_the_facts(case, closed):
        if set(_choose(case, free)[0]) == set(settled):
            return False
    else:
        _set_aside(case, settled)
    case.closed.pop(MAIN, None)
    case.grants.pop(MAIN, None)
    case.main = []
    held_id = suspense_id(case.key, MAIN)
    # A person spoke about the money that was there, not about the money that comes in its place.
    case.claims.pop(held_id, None)
    case.write_offs.pop(held_id, None)
    return True


def _is_over(case: PaymentCase) -> bool:
    """Whether nothing of the main money is left. Surplus seats belong to it: while a part tells of them, it stays."""
    if case.orders or case.reusable:
        return False
    grant = case.grants.get(MAIN)
    if grant is None:
        over = MAIN in case.closed
    else:
        over = bool(grant.refunds) and grant.refunded_idr == grant.amount_idr
    return over and not any(key.startswith(f"{MAIN}:") for key in (*case.grants, *case.closed, *case.holds))


def _closed_by_the_facts(case: PaymentCase, closed: Closed) -> bool:
    """Refunds that name their attempts emptied it before it bought anything: nobody decided, so the facts may speak again."""
    named = [case.refunds[refund_id].attempt_id in closed.attempts for refund_id in closed.refunds]
    return closed.why == "refunded" and all(named)


def _free(case: PaymentCase, paid: list[str]) -> list[str]:
    """Paid attempts that are not parts of their own already: refunded, granted, or in the hands of an operator."""
    if not (case.closed or case.grants or case.claims or case.write_offs):
        return paid
    return [attempt for attempt in paid if not _spoken_for(case, extra_key(attempt))]


def _spoken_for(case: PaymentCase, key: str) -> bool:
    if key in case.closed or key in case.grants:
        return True
    held_id = suspense_id(case.key, key)
    return held_id in case.claims or held_id in case.write_offs


def _settled(case: PaymentCase, free: list[str]) -> list[str]:
    """Attempts of the main money that was granted or closed. A refund may name the payment behind a request before its own event comes."""
    closed = case.closed.get(MAIN)
    settled = closed.attempts if closed else case.main
    named = _named_by_refunds(case)
    if settled == [RequestOnly] and named and not named & case.successes.keys():
        return sorted(named)[:1]
    return _adopted(case, settled, free)


def _adopted(case: PaymentCase, settled: list[str], free: list[str]) -> list[str]:
    kept = [attempt for attempt in settled if attempt in free]
    if kept:
        return kept
    # What was decided on the request's word alone is adopted by its first capture, or by the one whose refund it was.
    named = _named_by_refunds(case)
    return [attempt for attempt in free if attempt in named][:1] or free[:1]


def _all_named(case: PaymentCase) -> bool:
    """Whether all refunds of the main money name a payment."""
    decided = case.grants.get(MAIN) or case.closed.get(MAIN)
    return decided is not None and all(case.refunds[one].attempt_id is not None for one in decided.refunds)


def _named_by_refunds(case: PaymentCase) -> set[str]:
    """Attempts that the refunds of the main money name."""
    decided = case.grants.get(MAIN) or case.closed.get(MAIN)
    names = [case.refunds[refund_id].attempt_id for refund_id in decided.refunds] if decided else []
    return {name for name in names if name is not None}


def _set_aside(case: PaymentCase, attempts: list[str]) -> None:
    """Each attempt becomes a part of its own that is closed, with the refunds that emptied it."""
    closed, grant = case.closed.get(MAIN), case.grants.get(MAIN)
    decided = grant or closed
    if decided is None:
        return
    shares = _shares(case, decided.refunds, attempts)
    for attempt in attempts:
        case.closed[extra_key(attempt)] = Closed(
            why=closed.why if closed else "taken_back",
            attempts=[attempt],
            refunds=shares[attempt],
        )


def _shares(case: PaymentCase, refunds: dict[str, int], attempts: list[str]) -> dict[str, dict[str, int]]:
    """Attempt → refund id → rupiah: to the attempt a refund names, else to each in turn until its money is used up."""
    shares: dict[str, dict[str, int]] = {attempt: {} for attempt in attempts}
    loose: dict[str, int] = {}
    for refund_id, share in refunds.items():
        named = case.refunds[refund_id].attempt_id
        shares.get(named or RequestOnly, loose)[refund_id] = share
    for refund_id, rest in loose.items():
        for attempt in attempts:
            room = (amount_of(case, attempt) or 0) - sum(shares[attempt].values())
            share = rest if attempt == attempts[-1] else min(rest, max(room, 0))
            if share:
                shares[attempt][refund_id] = share
            rest -= share
    return shares


def _choose(case: PaymentCase, free: list[str]) -> tuple[list[str], bool]:
    """By the facts alone: the first money that pays for the request, passing over money that all went back while other money is there.

    When all of it went back, the money that went back last.
    """
    passed = [_pick(case, free)]
    while case.refunds and all(_went_back(case, attempt) for attempt in passed[-1][0]):
        free = [attempt for attempt in free if attempt not in passed[-1][0]]
        if not free or case.reusable:
            return max(passed, key=lambda chosen: _last_refund(case, chosen[0]))
        passed.append(_pick(case, free))
    return passed[-1]


def _last_refund(case: PaymentCase, attempts: list[str]) -> str:
    return max(
        (str(refund.at) for refund in case.refunds.values() if refund.attempt_id in attempts), default=""
    )


def _pick(case: PaymentCase, free: list[str]) -> tuple[list[str], bool]:
    """The money that first paid for the request: one payment of all of it, or partial payments that reach it together.

    What had gone back before the next one came does not count towards it.
    """
    requested = case.value("requested_amount")
    if requested is None or case.reusable:
        return free[:1], False
    together: list[str] = []
    for attempt in free:
        amount = amount_of(case, attempt)
        if amount is None or amount >= requested:
            return [attempt], False
        paid_at = case.attempts[attempt].paid_at
        together = [*(one for one in together if not _went_back(case, one, paid_at)), attempt]
        if sum(amount_of(case, one) or 0 for one in together) >= requested:
            return together, False
    return together, True


def _went_back(case: PaymentCase, attempt: str, by: datetime | None = None) -> bool:
    """Whether refunds that name this attempt returned all of it (until then)."""
    left = amount_of(case, attempt)
    if not case.refunds or not left:
        return False
    named = [refund for refund in case.refunds.values() if refund.attempt_id == attempt]
    for refund in sorted(named, key=lambda refund: refund.at):
        if refund.amount <= left and (by is None or refund.at <= by):
            left -= refund.amount
    return not left
