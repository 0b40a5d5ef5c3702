"""What a row of a provider's list and our case of that payment say of each other. Pure: no clock, no calls, no SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from processor.cases.attempts import Attempt, RequestOnly
from processor.cases.case import PaymentCase
from processor.cases.payment_record import Held
from processor.intake.contested import Contest, Word
from processor.policies.attesting import AWAITED, may_tell_more
from providers.reconciling import ListedPayment, Told
from providers.registry import traits_of
from schemas.facts import CONTESTED

DifferenceKind = Literal[
    "missing_here", "missing_there", "amount", "status", "duplicate", "unconfirmed", "unreadable"
]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a provider and our record differ about one payment. `reason`: a stable code, where the kind does not say all."""

    kind: DifferenceKind
    payment_id: str
    reason: str = ""
    case_key: str | None = None
    ours: str | None = None
    theirs: str | None = None
    our_amount: int | None = None
    their_amount: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ask`: why the provider is to be asked about it: its webhook is missing here, only a token vouches for it, or less is known of another amount
    than the provider can say. `contest`: what is to be said of a payment that the provider does not stand by, or does again."""

    ask: Literal["missing_here", "unconfirmed", "amount"] | None = None
    differences: tuple[Difference, ...] = ()
    contest: Contest | None = None


UNPAID = ("failed", "expired", "reversed")
SAME = Comparison()
MISSING = Comparison("missing_here")


def compare(row: ListedPayment, case: PaymentCase | None) -> Comparison:
    """One row of a list. What the provider was not paid, and we know nothing of, is nobody's concern."""
    if row.status == "refunded":
        return _refund(row, case)
    if case is None:
        return MISSING if row.status == "paid" else SAME
    attempt = attempt_of(case, row.names)
    if row.status == "paid":
        return _paid(row, case, attempt)
    if row.status in UNPAID and attempt is not None and attempt.succeeded and _is_of(row, case):
        return Comparison(
            differences=(_status(row.name, row.status, case, row.at),), contest=contest_of(case, row.status)
        )
    return SAME


def answered(case: PaymentCase, told: Told | None, name: str) -> tuple[Difference, ...]:
    """What the provider says of a payment of ours that its lists did not show. Silence about what nobody paid is no difference."""
    facts = case.facts
    if told is None:
        if facts.paid:
            return (_of_case("missing_there", name, case),)
        return (_of_case("unconfirmed", name, case, "announced_unknown"),) if facts.announced_at else ()
    if facts.paid and told.status != "paid":
        if is_awaited(case):
            return (_of_case("unconfirmed", name, case, "not_confirmed", theirs=told.status),)
        return (_status(name, told.status, case, None),)
    if facts.announced_at is not None and told.status != "paid":
        return (_of_case("unconfirmed", name, case, "announced_unpaid", theirs=told.status),)
    attempt = attempt_of(case, (name,))
    if facts.paid and attempt is not None:
        return _amounts(name, told.amount, case, attempt, None)
    return ()


def attempt_of(case: PaymentCase, names: Iterable[str]) -> Attempt | None:
    """The movement of money that a provider's ids name; else the one of the request as a whole, where that brought money."""
    attempts = case.facts.attempts
    for name in names:
        if name in attempts:
            return attempts[name]
    whole = attempts.get(RequestOnly)
    return whole if whole is not None and whole.succeeded else None


def is_awaited(case: PaymentCase) -> bool:
    """Money is held until the provider confirms it."""
    return any(isinstance(part, Held) and part.reason == AWAITED for part in case.record.parts.values())


def is_open(case: PaymentCase, before: datetime) -> bool:
    """Nobody has paid it, and the newest word on it is older than that."""
    reports = [one.report for one in case.facts.attempts.values() if one.report is not None]
    newest = max((one.at for one in reports), default=None)
    if case.facts.paid or newest is None or newest > before:
        return False
    return not any(one.status in ("failed", "expired") for one in reports)


def askable(case: PaymentCase) -> tuple[str, ...]:
    """Its ids at the provider, those of its money first."""
    facts = case.facts
    of_money = sorted(name for name in facts.attempts if name)
    others = sorted(facts.aliases - set(of_money))
    first = [name for name in (facts.opened_as, facts.group_id) if name]
    return tuple(dict.fromkeys([*of_money, *first, *others]))


def our_amount(case: PaymentCase) -> int | None:
    """Rupiah of all its money, as the provider told us."""
    known: list[int] = [
        worth.value for one in case.facts.successes.values() if (worth := one.worth) is not None
    ]
    if known:
        return sum(known)
    order = case.facts.order_snapshot
    return order.gross_amount if order is not None else None


def our_status(case: PaymentCase) -> str:
    facts = case.facts
    if facts.paid:
        return "reversed" if facts.reversed_at else "paid"
    return "announced" if facts.announced_at is not None else "unpaid"


def _paid(row: ListedPayment, case: PaymentCase, attempt: Attempt | None) -> Comparison:
    if attempt is None or not attempt.succeeded or _lacks_its_order(case):
        return MISSING
    found = list(_amounts(row.name, row.amount, case, attempt, row.at))
    if len(case.facts.successes) > 1 and not case.facts.reusable:
        found.append(_of_case("duplicate", case.facts.payment_key, case, theirs="paid"))
    if case.facts.reversed_at:
        found.append(_status(row.name, "paid", case, row.at))
    ask: Literal["unconfirmed", "amount"] | None = None
    if may_tell_more(attempt):
        differs = any(one.kind == "amount" for one in found)
        ask = "unconfirmed" if is_awaited(case) else "amount" if differs else None
    return Comparison(ask, tuple(found), contest_of(case, "paid"))


def contest_of(case: PaymentCase, theirs: str | None) -> Contest | None:
    """What is to be said of a payment of ours that the provider calls `theirs` (None: it knows none): that it does not stand by it, or, after that,
    that it does. None: nothing, or nothing new. Of what is held until the provider confirms it nothing was granted that could be contested."""
    facts = case.facts
    own = {name: one for name, one in facts.disputes.items() if name.startswith(CONTESTED)}
    opened = next((name for name, one in own.items() if one.status == "opened"), None)
    names = askable(case)
    if not names or not facts.paid or facts.reversed_at or is_awaited(case):
        return None
    if theirs == "paid" and opened is not None:
        return _contest("lunas.payment_found_again", case, names, opened, "paid")
    if theirs in (None, "open", *UNPAID) and opened is None:
        name = f"{CONTESTED}{len(own) + 1}"
        return _contest("lunas.payment_contested", case, names, name, theirs or "unknown")
    return None


def _contest(event: Word, case: PaymentCase, names: tuple[str, ...], dispute_id: str, theirs: str) -> Contest:
    return Contest(
        event=event, payment_key=case.facts.payment_key, names=names, dispute_id=dispute_id, theirs=theirs, amount_idr=our_amount(case),
        customer_id=case.owner,
    )  # fmt: skip


def _lacks_its_order(case: PaymentCase) -> bool:
    """It is known to be paid, and nobody told us yet what for."""
    return traits_of(case.provider).orders_carry_payments and not case.facts.orders


def _refund(row: ListedPayment, case: PaymentCase | None) -> Comparison:
    known = case.facts.refunds.get(row.name) if case is not None else None
    if known is None or case is None:
        return MISSING
    if row.amount is None or row.amount == known.amount:
        return SAME
    found = Difference(
        "amount", row.name, "refund", case.key, "refunded", "refunded", known.amount, row.amount, row.at
    )
    return Comparison(differences=(found,))


def _amounts(
    name: str, amount: int | None, case: PaymentCase, attempt: Attempt, at: datetime | None
) -> tuple[Difference, ...]:
    worth = attempt.worth
    ours = worth.value if worth is not None else None
    if ours is None and len(case.facts.successes) == 1:
        ours = our_amount(case)
    if ours is None or amount is None or ours == amount:
        return ()
    return (Difference("amount", name, "", case.key, our_status(case), "paid", ours, amount, at),)


def _status(name: str, theirs: str, case: PaymentCase, at: datetime | None) -> Difference:
    return Difference("status", name, "", case.key, our_status(case), theirs, our_amount(case), None, at)


def _of_case(
    kind: DifferenceKind, name: str, case: PaymentCase, reason: str = "", theirs: str | None = None
) -> Difference:
    at = case.facts.paid_at(case.facts.successes) or case.facts.announced_at
    return Difference(kind, name, reason, case.key, our_status(case), theirs, our_amount(case), None, at)


def _is_of(row: ListedPayment, case: PaymentCase) -> bool:
    """Whether a row that brought nothing is of the money that we count. Another try at the same request, which we were not told of, is not: the
    request's other names are in its row as well."""
    return row.status == "reversed" or row.name in askable(case)


def by_name(cases: Mapping[str, PaymentCase], provider: str, row: ListedPayment) -> PaymentCase | None:
    """The case that one of a row's ids names; `cases` by names with their provider before them."""
    return next((cases[full] for name in row.names if (full := f"{provider}:{name}") in cases), None)
