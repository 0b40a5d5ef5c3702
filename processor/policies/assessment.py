"""Our view of a payment for readers: one status from all its facts, and what we did with its money. And what operators must see of it, which no policy can
put right.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from processor.cases.attempts import Report, RequestOnly
from processor.cases.choice import total
from processor.cases.fees import fees_of
from processor.cases.keys import is_extra, is_over
from processor.cases.parts import Part, payment_id_of
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Granted, Held, PaymentRecord, Standing
from processor.cases.reading import REVERSAL, is_contested
from processor.cases.refunds import Placed
from processor.cases.world import Owner
from processor.grants.outcome import Alarm
from schemas.attestation import Attestation, weakest
from schemas.decisions import PaymentAssessed, PaymentStatus
from schemas.event_model import unvalidated


class Assessment(NamedTuple):
    """What views are made of. `unconfirmed`: announced, and not told for too long. `lapsed`: nothing was paid by the end that we had set for a request
    of our own. `tolerance`: how far the provider's clock may be from ours.
    """

    facts: PaymentFacts
    standing: Mapping[str, Standing]
    placed: Placed
    owner: Owner
    unconfirmed: bool
    lapsed: bool
    tolerance: timedelta

    def views(self, record: PaymentRecord, parts: Sequence[Part]) -> tuple[PaymentAssessed, ...]:
        """One view of the main money (or the order), and one of each further payment."""
        facts = self.facts
        extras = {f"{facts.key}#{part.attempts[0]}": part for part in parts if is_extra(part.key)}
        main, rest = tuple(facts.attempts), parts
        if extras:
            beside = {attempt for part in extras.values() for attempt in part.attempts}
            main = tuple([attempt for attempt in main if attempt not in beside])
            rest = [part for part in parts if not is_extra(part.key)]
        views = [self._of(part.attempts, [part], name, part.attempts, ()) for name, part in extras.items()]
        if main or facts.orders or facts.request:
            present = {facts.key, *extras}
            # Records of money that turned out to belong to another record of this case.
            merged = (record.merged | (record.assessed.keys() - present)) - present
            views.insert(0, self._of(main, rest, facts.key, facts.aliases, merged))
        return tuple(views)

    def alarms(
        self, record: PaymentRecord, parts: Sequence[Part], excessive: Sequence[str]
    ) -> tuple[Alarm, ...]:
        """Money that does not add up, a payment that was taken back by hand, an order that vanished after it was delivered, a dispute."""
        facts, named = self.facts, self.facts.payment_key
        alarms: list[Alarm] = []

        def tell(detail: str, reason: str) -> None:
            alarms.append((detail, reason, f"{reason} {detail}"))

        if self.unconfirmed:
            tell(named, "payment_unconfirmed")
        for refund_id in excessive:
            tell(refund_id, "refund_exceeds_payment")
        vanished = facts.deleted_at is not None and facts.order_problem() != "order_deleted"
        if vanished and any(isinstance(one, Granted) for one in self.standing.values()):
            tell(named, "order_deleted_after_payment")
        # Money that is held may not be there either: whoever claims it must know.
        if facts.reversed_at and any(isinstance(one, Granted | Held) for one in self.standing.values()):
            tell(named, "payment_reversed")
        for other in sorted(facts.contradicts):
            tell(f"{named} {other}", "ids_contradict")
        _tell_contradicted(facts, tell)
        for dispute_id, dispute in sorted(facts.disputes.items()):
            tell(f"{dispute_id} {dispute.status}", "payment_disputed")
        for other in sorted(record.apart):
            tell(other, "payment_counted_twice")
        for part in parts:
            grant = self.standing.get(part.key)
            if isinstance(grant, Granted) and part.amount not in (None, grant.amount):
                tell(f"{named} {part.amount}", "amount_changed_after_grant")
        return tuple(alarms)

    def _of(
        self,
        attempts: tuple[str, ...],
        parts: Sequence[Part],
        record: str,
        aliases: Collection[str],
        merged: Collection[str],
    ) -> PaymentAssessed:
        facts, words = self.facts, self.facts.words()
        known = [facts.attempts[key] for key in attempts]
        successes = facts.successes
        paid = tuple([key for key in attempts if key in successes])
        received = total([part.amount for part in parts]) if parts else None
        refunded = sum(sum(self.placed[part.key].values()) for part in parts) if facts.refunds else 0
        contested = sum(self._contested(part) for part in parts) if facts.disputes else 0
        fee = fees_of(facts, paid)
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
            requested_amount=words.get("requested_amount"),
            refunded_amount=refunded,
            contested_amount=contested,
            fee_amount=fee.amount,
            fee_claimed=fee.claimed,
            method=words.get("method") or (facts.request.method if facts.request else None),
            channel=words.get("channel") or (facts.request.channel if facts.request else None),
            payment_type=words.get("payment_type") or _sold(parts),
            reference_id=words.get("reference_id"),
            customer_id=self._customer(parts),
            payer_email=words.get("payer_email"),
            paid_at=facts.paid_at(paid),
            late=facts.late(paid, self.tolerance),
            token_only=True in [attempt.unproved for attempt in known],
            attestation=_attestation(facts, paid),
            settled=True in [attempt.settled for attempt in known],
            held=self._held(parts),
            failure_code=failure_code,
        )

    def _contested(self, part: Part) -> int:
        return sum(amount for one, amount in self.placed[part.key].items() if is_contested(self.facts, one))

    def _held(self, parts: Sequence[Part]) -> str | None:
        """Why its money buys nothing yet. What is over keeps nobody from what the rest has bought."""
        for part in parts:
            if isinstance(one := self.standing.get(part.key), Held) and not is_over(part.key):
                return one.reason
        return "unconfirmed" if self.unconfirmed else None

    def _customer(self, parts: Sequence[Part]) -> str | None:
        for part in parts:
            if isinstance(one := self.standing.get(part.key), Granted):
                return one.customer_id
        return self.owner.customer_id


_assessed = unvalidated(PaymentAssessed)


def _attestation(facts: PaymentFacts, paid: Sequence[str]) -> Attestation | None:
    """How much we know of money that came in several movements is what we know of the one we know least of."""
    if not paid:
        return None
    if facts.claims:
        return "operator"  # a person looked at it
    levels = [facts.attempts[key].attestation for key in paid]
    return None if None in levels else weakest(levels)


def _tell_contradicted(facts: PaymentFacts, tell: Callable[[str, str], None]) -> None:
    """Where a token alone said another amount than more than a token says."""
    for name, attempt in sorted(facts.attempts.items()):
        if (claimed := attempt.contradicted) is not None:
            tell(f"{name or facts.payment_key} {claimed}", "amount_contradicted")


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
        return ("reversed" if facts.reversed_at else "succeeded"), None
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
