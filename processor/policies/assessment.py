"""Our view of a payment for readers: one status from all its facts, and what we did with its money."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from processor.cases.attempts import Report, RequestOnly
from processor.cases.keys import is_extra
from processor.cases.lateness import late
from processor.cases.parts import Part, payment_id_of
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Granted, Held, PaymentRecord, Standing
from processor.cases.refunds import Placed
from processor.cases.taken_back import REVERSAL
from processor.cases.world import Owner
from schemas.decisions import PaymentAssessed, PaymentStatus
from schemas.event_model import unvalidated


def views_of(
    facts: PaymentFacts,
    record: PaymentRecord,
    parts: Sequence[Part],
    standing: Mapping[str, Standing],
    placed: Placed,
    owner: Owner,
    *,
    unconfirmed: bool,
    lapsed: bool,
) -> tuple[PaymentAssessed, ...]:
    """One view of the main money (or the order), and one of each further payment. `unconfirmed`: announced, and not told for too long. `lapsed`: nothing was
    paid by the end that we had set for a request of our own.
    """
    view = _View(facts, standing, placed, owner, unconfirmed, lapsed)
    extras = {f"{facts.key}#{part.attempts[0]}": part for part in parts if is_extra(part.key)}
    main, rest = tuple(facts.attempts), parts
    if extras:
        beside = {attempt for part in extras.values() for attempt in part.attempts}
        main = tuple([attempt for attempt in main if attempt not in beside])
        rest = [part for part in parts if not is_extra(part.key)]
    views = [view.of(part.attempts, [part], name, part.attempts, ()) for name, part in extras.items()]
    if main or facts.orders or facts.request:
        present = {facts.key, *extras}
        # Records of money that turned out to belong to another record of this case.
        merged = (record.merged | (record.assessed.keys() - present)) - present
        views.insert(0, view.of(main, rest, facts.key, facts.aliases, merged))
    return tuple(views)


class _View(NamedTuple):
    facts: PaymentFacts
    standing: Mapping[str, Standing]
    placed: Placed
    owner: Owner
    unconfirmed: bool
    lapsed: bool

    def of(
        self,
        attempts: tuple[str, ...],
        parts: Sequence[Part],
        record: str,
        aliases: Collection[str],
        merged: Collection[str],
    ) -> PaymentAssessed:
        facts = self.facts
        known = [facts.attempts[key] for key in attempts]
        successes = facts.successes
        paid = tuple([key for key in attempts if key in successes])
        received = _received(parts)
        refunded = sum(sum(self.placed[part.key].values()) for part in parts) if facts.refunds else 0
        status, failure_code = _status(facts, attempts, received, refunded, self.lapsed)
        return _assessed(
            case=facts.key,
            record=record,
            provider=facts.provider,
            payment_id=payment_id_of(facts, paid or attempts),
            aliases=tuple(sorted(aliases)),
            merged=tuple(sorted(merged)),
            status=status,
            amount=received if paid else _announced(facts),
            requested_amount=facts.value("requested_amount"),
            refunded_amount=refunded,
            method=facts.value("method") or (facts.request.method if facts.request else None),
            channel=facts.value("channel") or (facts.request.channel if facts.request else None),
            payment_type=facts.value("payment_type") or _sold(parts),
            reference_id=facts.value("reference_id"),
            customer_id=self._customer(parts),
            payer_email=facts.value("payer_email"),
            paid_at=facts.paid_at(paid),
            late=late(facts, paid),
            token_only=True in [attempt.unproved for attempt in known],
            settled=True in [attempt.settled for attempt in known],
            held=self._held(parts),
            failure_code=failure_code,
        )

    def _held(self, parts: Sequence[Part]) -> str | None:
        for part in parts:
            if isinstance(one := self.standing.get(part.key), Held):
                return one.reason
        return "unconfirmed" if self.unconfirmed else None

    def _customer(self, parts: Sequence[Part]) -> str | None:
        for part in parts:
            if isinstance(one := self.standing.get(part.key), Granted):
                return one.customer_id
        return self.owner.customer_id


_assessed = unvalidated(PaymentAssessed)


def _received(parts: Sequence[Part]) -> int | None:
    known = [part.amount for part in parts if part.amount is not None]
    return sum(known) if known and len(known) == len(parts) else None


def _sold(parts: Sequence[Part]) -> str | None:
    for part in parts:
        if part.ware:
            return part.ware.kind
    return None


def _announced(facts: PaymentFacts) -> int | None:
    order = facts.order_snapshot
    requested: int | None = facts.value("requested_amount")
    return order.gross_amount if order else requested


def _status(
    facts: PaymentFacts, keys: tuple[str, ...], received: int | None, refunded: int, lapsed: bool
) -> tuple[PaymentStatus, str | None]:
    """The status and why it failed. Paid is never undone by pending, failed or expired: only by money going back or a reversal."""
    if any(facts.attempts[key].succeeded for key in keys):
        if refunded and received is not None and REVERSAL not in facts.refunds:
            return ("refunded" if refunded >= received else "partially_refunded"), None
        return ("reversed" if facts.reversed() else "succeeded"), None
    if facts.refused_for is not None:
        return "failed", facts.refused_for
    last = _last_report(facts, keys)
    code = last.failure_code if last else None
    if facts.cancelled_at is not None or facts.deleted_at is not None:
        return "failed", code
    status = last.status if last else "pending"
    if lapsed and status == "pending":
        return "expired", None
    return status, code if status in ("failed", "expired") else None


def _last_report(facts: PaymentFacts, keys: tuple[str, ...]) -> Report | None:
    """The best of the attempts, unless the request as a whole ended or opened later."""
    request = facts.attempts[RequestOnly].report if RequestOnly in keys else None
    own = [report for key in keys if key and (report := facts.attempts[key].report)]
    if not own:
        return request
    best = max(own, key=lambda report: (_HOPE[report.status], report.at))
    return best if request is None else max(best, request, key=lambda report: (report.at, report.rank))


_HOPE = {"authorized": 3, "pending": 2, "failed": 1, "expired": 0}
"""Which unsuccessful attempt still promises most: while one is open, the payment is."""
