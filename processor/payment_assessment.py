"""Our view of a payment for readers: one status from all its facts, and what we did with its money."""

from __future__ import annotations

import hashlib

from processor.grants import late
from processor.payment_attempts import Attempt, Report, RequestOnly
from processor.payment_case import PaymentCase
from processor.payment_parts import Part, payment_id_of
from processor.refunds import refunded_total
from processor.situation import Owner, Situation
from schemas.decisions import PaymentAssessed, PaymentStatus


def assess(case: PaymentCase, parts: list[Part], owner: Owner, situation: Situation) -> None:
    """Append payment.assessed for each record of the case whose view changed or that has new facts."""
    extras = [part for part in parts if part.key.startswith("attempt:")]
    _drop_records(case, {case.key, *(f"{case.key}#{part.attempts[0]}" for part in extras)})
    extra_attempts = {attempt for part in extras for attempt in part.attempts}
    main = tuple(attempt for attempt in case.attempts if attempt not in extra_attempts)
    facts, case.new_facts = tuple(sorted(set(case.new_facts))), []
    if main or case.order:
        rest = [part for part in parts if part not in extras]
        _say(case, case.key, _view(case, main, rest, owner, case.key), facts, situation)
    for part in extras:
        record = f"{case.key}#{part.attempts[0]}"
        _say(case, record, _view(case, part.attempts, [part], owner, record), (), situation)


def _drop_records(case: PaymentCase, present: set[str]) -> None:
    """Records of money that turned out to belong to another record of this case."""
    gone = case.assessed.keys() - present
    case.merged_records = (case.merged_records | gone) - present
    for record in gone:
        del case.assessed[record]


def _say(
    case: PaymentCase, record: str, view: PaymentAssessed, facts: tuple[int, ...], situation: Situation
) -> None:
    digest = hashlib.blake2b(view.model_dump_json().encode(), digest_size=8).hexdigest()
    if case.assessed.get(record) == digest and not facts:
        return
    case.assessed[record] = digest
    situation.say(f"case-{case.key}", view.model_copy(update={"facts": facts}))


def _view(
    case: PaymentCase, attempts: tuple[str, ...], parts: list[Part], owner: Owner, record: str
) -> PaymentAssessed:
    chosen = {key: case.attempts[key] for key in attempts}
    paid = tuple(key for key in attempts if chosen[key].succeeded and key in case.successes)
    keys = [part.key for part in parts]
    received = _received(parts)
    refunded = refunded_total(case, keys)
    status = _status(case, chosen, received, refunded)
    last = _last_report(chosen)
    holds = [case.holds[key].reason for key in keys if key in case.holds]
    main = record == case.key
    return PaymentAssessed(
        case=case.key,
        record=record,
        provider=case.provider,
        payment_id=payment_id_of(case, paid or attempts),
        aliases=tuple(sorted(case.aliases if main else set(attempts))),
        merged=tuple(sorted(case.merged_records)) if main else (),
        status=status,
        amount=received if paid else _announced(case),
        requested_amount=case.value("requested_amount"),
        refunded_amount=refunded,
        method=case.value("method"),
        channel=case.value("channel"),
        payment_type=case.value("payment_type") or next((part.kind for part in parts if part.kind), None),
        reference_id=case.value("reference_id"),
        customer_id=_customer(case, keys, owner),
        payer_email=case.value("payer_email"),
        paid_at=case.paid_at(paid),
        late=late(case, paid),
        token_only=any(attempt.unproved for attempt in chosen.values()),
        settled=any(attempt.settled for attempt in chosen.values()),
        held=holds[0] if holds else None,
        failure_code=last.failure_code if last and status in ("failed", "expired") else None,
    )


def _customer(case: PaymentCase, keys: list[str], owner: Owner) -> str | None:
    granted = [case.grants[key].customer_id for key in keys if key in case.grants]
    return granted[0] if granted else owner.customer_id


def _received(parts: list[Part]) -> int | None:
    amounts = [part.amount for part in parts]
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known and len(known) == len(amounts) else None


def _announced(case: PaymentCase) -> int | None:
    order = case.order_snapshot
    requested: int | None = case.value("requested_amount")
    return order.gross_amount if order else requested


def _status(
    case: PaymentCase, attempts: dict[str, Attempt], received: int | None, refunded: int
) -> PaymentStatus:
    """Paid is never undone by pending, failed or expired: only by money going back or a reversal at the provider."""
    if any(attempt.succeeded for attempt in attempts.values()):
        if refunded and received is not None:
            return "refunded" if refunded >= received else "partially_refunded"
        return "reversed" if case.reversed() else "succeeded"
    if case.cancelled_at is not None or case.deleted_at is not None:
        return "failed"
    last = _last_report(attempts)
    return last.status if last else "pending"


def _last_report(attempts: dict[str, Attempt]) -> Report | None:
    """The best of the attempts, unless the request as a whole ended or opened later."""
    own = [attempt.report for key, attempt in attempts.items() if attempt.report and key != RequestOnly]
    best = max(own, key=lambda report: (_HOPE[report.status], report.at), default=None)
    request = attempts[RequestOnly].report if RequestOnly in attempts else None
    if best is None or request is None:
        return best or request
    return max(best, request, key=lambda report: (report.at, report.rank))


_HOPE = {"authorized": 3, "pending": 2, "failed": 1, "expired": 0}
"""Which unsuccessful attempt still promises most: while one is open, the payment is."""
