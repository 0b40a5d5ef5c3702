"""Our view of a payment for readers: one status from all its facts, and what we did with its money."""

from __future__ import annotations

from processor.cases.attempts import Attempt, Report, RequestOnly
from processor.cases.parts import Part, payment_id_of
from processor.cases.payment import PaymentCase
from processor.cases.situation import Owner, Situation, digest
from processor.grants.grant import late
from processor.grants.refunds import refunded_total
from schemas.decisions import PaymentAssessed, PaymentStatus
from schemas.event_model import unvalidated


def assess(case: PaymentCase, parts: list[Part], owner: Owner, situation: Situation) -> None:
    """Append payment.assessed for each record of the case whose view changed or that has new facts."""
    extras = {_record_of(case, part): part for part in parts if part.key.startswith("attempt:")}
    _drop_records(case, {case.key, *extras})
    extra_attempts = {attempt for part in extras.values() for attempt in part.attempts}
    main = tuple(attempt for attempt in case.attempts if attempt not in extra_attempts)
    facts, case.new_facts = tuple(sorted(set(case.new_facts))), []
    if main or case.order:
        rest = [part for part in parts if not part.key.startswith("attempt:")]
        _say(case, case.key, _view(case, main, rest, owner, case.key), facts, situation)
    for record, part in extras.items():
        _say(case, record, _view(case, part.attempts, [part], owner, record), (), situation)


def _record_of(case: PaymentCase, extra: Part) -> str:
    return f"{case.key}#{extra.attempts[0]}"


def _drop_records(case: PaymentCase, present: set[str]) -> None:
    """Records of money that turned out to belong to another record of this case."""
    gone = case.assessed.keys() - present
    if not gone and not case.merged_records:
        return
    case.merged_records = (case.merged_records | gone) - present
    for record in gone:
        del case.assessed[record]


def _say(
    case: PaymentCase, record: str, view: PaymentAssessed, facts: tuple[int, ...], situation: Situation
) -> None:
    said = digest(view)
    if case.assessed.get(record) == said and not facts:
        return
    case.assessed[record] = said
    situation.say(f"case-{case.key}", view.amended(facts=facts) if facts else view)


def _view(
    case: PaymentCase, attempts: tuple[str, ...], parts: list[Part], owner: Owner, record: str
) -> PaymentAssessed:
    token_only = settled = False
    for attempt in [case.attempts[key] for key in attempts]:
        token_only = token_only or attempt.unproved
        settled = settled or attempt.settled
    successes = case.successes
    paid = tuple(key for key in attempts if key in successes)
    keys = [part.key for part in parts]
    received = _received(parts)
    refunded = refunded_total(case, keys)
    status, failure_code = _status(case, attempts, received, refunded)
    main = record == case.key
    return _assessed(
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
        token_only=token_only,
        settled=settled,
        held=_held(case, keys) if case.holds else None,
        failure_code=failure_code,
    )


_assessed = unvalidated(PaymentAssessed)


def _held(case: PaymentCase, keys: list[str]) -> str | None:
    return next((case.holds[key].reason for key in keys if key in case.holds), None)


def _customer(case: PaymentCase, keys: list[str], owner: Owner) -> str | None:
    for key in keys:
        if key in case.grants:
            return case.grants[key].customer_id
    return owner.customer_id


def _received(parts: list[Part]) -> int | None:
    known = [part.amount for part in parts if part.amount is not None]
    return sum(known) if known and len(known) == len(parts) else None


def _announced(case: PaymentCase) -> int | None:
    order = case.order_snapshot
    requested: int | None = case.value("requested_amount")
    return order.gross_amount if order else requested


def _status(
    case: PaymentCase, keys: tuple[str, ...], received: int | None, refunded: int
) -> tuple[PaymentStatus, str | None]:
    """The status and why it failed. Paid is never undone by pending, failed or expired: only by money going back or a reversal."""
    attempts = {key: case.attempts[key] for key in keys}
    if any(attempt.succeeded for attempt in attempts.values()):
        if refunded and received is not None:
            return ("refunded" if refunded >= received else "partially_refunded"), None
        return ("reversed" if case.reversed() else "succeeded"), None
    last = _last_report(attempts)
    code = last.failure_code if last else None
    if case.cancelled_at is not None or case.deleted_at is not None:
        return "failed", code
    status = last.status if last else "pending"
    return status, code if status in ("failed", "expired") else None


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
