"""The facts as they are read: as people corrected them, without refunds that failed after all, and by a provider's policies in the catalogue: what disputes
do to the money, and what a payment does that was set back by hand. What was told stays as it is.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from processor.cases.attempts import Attempt, Dispute, Refund, Register, Report
from processor.cases.choice import brought
from processor.cases.payment import PaymentFacts
from processor.cases.spoken import Correction
from schemas.catalog import ProviderPolicy
from schemas.facts import CONTESTED, ProductHint

REVERSAL = "reversal"
"""The id under which a payment that was set back takes everything back that no refund took."""

TAKEN_BACK = "taken_back"
"""Why a payment failed of which only a person had said that it came, and took that back."""

_DISPUTE = "dispute:"
"""Before a dispute's id: the id under which it takes money back."""

_COUNTS: dict[str, tuple[str, ...]] = {"tell": (), "clawback": ("lost",), "freeze": ("opened", "lost")}
"""Which disputes count like a refund: `clawback` once it is lost, `freeze` from its opening on, until it is won."""


def as_read(facts: PaymentFacts, policy: ProviderPolicy) -> PaymentFacts:
    """What policies and decisions see."""
    read = _corrected(facts) if facts.corrections else facts
    if read.failed_refunds:
        read = replace(read, refunds=refunds_that_stand(read))
    if read.disputes:
        read = _disputed(read, policy)
    return read if policy.reversals == "keep" else _reversed(read)


def _corrected(facts: PaymentFacts) -> PaymentFacts:
    """With people's patches, the newest last."""
    words = sorted(facts.corrections.values(), key=lambda one: one.position)
    at = max(facts.payers.values(), default=None) or facts.bought_at
    for word in words:
        facts = _unsaid(facts, word, word.unsaid_at) if word.unsaid_at is not None else facts
    for word in words:
        if at is not None:
            facts = _with_context(facts, word, at)
    amounts = [word.amount for word in words if word.amount is not None]
    return _with_amount(facts, amounts[-1], at) if amounts else facts


def _unsaid(facts: PaymentFacts, word: Correction, said_at: datetime) -> PaymentFacts:
    """Without what a person said then: that its money came, whose it is, what for. What anybody else said of it counts.

    An attempt that its provider told of as well bears another time too, and stays.
    """
    attempts = {key: _unheard(one, said_at) for key, one in facts.attempts.items()}
    told = any(attempt.report or attempt.succeeded for attempt in attempts.values())
    if not told and facts.request is None:
        taken_back = Report(at=said_at, rank=2, status="failed", failure_code=TAKEN_BACK)
        attempts = {key: replace(attempt, report=taken_back) for key, attempt in attempts.items()}
    return replace(
        facts,
        attempts=attempts,
        registers=word.heard | {name: one for name, one in facts.registers.items() if one.at != said_at},
        orders=[one for one in facts.orders if one.at != said_at],
        spam_marks=[one for one in facts.spam_marks if one.at != said_at],
    )


def _unheard(attempt: Attempt, said_at: datetime) -> Attempt:
    """Its amounts of other levels stay as they were told; a level that named none is gone with whoever said it."""
    if not attempt.succeeded or said_at not in (attempt.paid_at, attempt.last_success_at):
        return attempt
    said = {level: told for level, told in attempt.said.items() if told.at != said_at}
    newest = max(said.values(), key=lambda told: (told.at, repr(told.value)), default=None)
    if attempt.paid_at == attempt.last_success_at:
        return replace(
            attempt, succeeded=False, settled=False, success_position=None, amount=None, said={}, bare=None, paid_at=None, last_success_at=None
        )  # fmt: skip
    others = [at for at in (attempt.paid_at, attempt.last_success_at) if at is not None and at != said_at]
    amount = attempt.amount if attempt.amount and attempt.amount.at != said_at else newest
    bare = None if attempt.bare == "operator" else attempt.bare
    return replace(
        attempt, amount=amount, said=said, bare=bare, paid_at=min(others), last_success_at=max(others)
    )


def _with_context(facts: PaymentFacts, word: Correction, at: datetime) -> PaymentFacts:
    """Whose it is and what it is for, also over our own request's word."""
    registers, request = dict(facts.registers), facts.request
    if word.customer_id is not None:
        registers["customer_ref"] = Register(at, word.customer_id)
        request = request and replace(request, customer_id=word.customer_id)
    if word.product is not None:
        credit = word.product == "credit"
        hint = ProductHint(kind="catalog", value=word.product).model_dump()
        registers["products"] = Register(at, [] if credit else [hint])
        registers["payment_type"] = Register(at, "credit_topup" if credit else None)
    return replace(facts, registers=registers, request=request)


def _with_amount(facts: PaymentFacts, amount: int, at: datetime | None) -> PaymentFacts:
    """Of the one attempt that brought money; of several nobody knows which is meant."""
    if len(facts.successes) != 1:
        return facts
    [(key, attempt)] = facts.successes.items()
    worth = attempt.worth
    told = (worth.at if worth else None) or attempt.paid_at or at
    if told is None:
        return facts
    word = Register(told, amount)
    read = replace(attempt, amount=word, said={"operator": word})
    return replace(facts, attempts={**facts.attempts, key: read})


def refunds_that_stand(facts: PaymentFacts) -> dict[str, Refund]:
    """By id. A refund that failed later than it was called successful gave nothing back."""
    failed = facts.failed_refunds
    return {
        refund_id: refund
        for refund_id, refund in facts.refunds.items()
        if refund_id not in failed or failed[refund_id] <= (refund.again or refund.at)
    }


def _counts(dispute_id: str, policy: ProviderPolicy) -> tuple[str, ...]:
    """In which states a dispute counts like a refund."""
    return _COUNTS[policy.disowned if dispute_id.startswith(CONTESTED) else policy.disputes]


def _disputed(facts: PaymentFacts, policy: ProviderPolicy) -> PaymentFacts:
    """A refund of the same amount that the provider tells besides a dispute is the same money: it goes back once."""
    received = brought(facts, facts.successes) if facts.paid else None
    refunds = dict(facts.refunds)
    for dispute_id, dispute in sorted(facts.disputes.items()):
        if received is None or dispute.status not in _counts(dispute_id, policy):
            continue
        same = _same_money(refunds, dispute)
        if same is not None:
            del refunds[same]
        rest = received - sum(refund.amount for refund in refunds.values())
        amount = rest if dispute.amount is None else min(dispute.amount, rest)
        if amount > 0:
            attempt = dispute.attempt_id if dispute.attempt_id in facts.attempts else None
            refunds[f"{_DISPUTE}{dispute_id}"] = Refund(attempt, amount, dispute.at)
    return replace(facts, refunds=refunds)


def is_contested(facts: PaymentFacts, refund_id: str) -> bool:
    """Whether what a refund takes is only taken until its dispute ends: nobody has given anything back."""
    dispute = facts.disputes.get(refund_id.removeprefix(_DISPUTE))
    return refund_id.startswith(_DISPUTE) and dispute is not None and dispute.status == "opened"


def _same_money(refunds: dict[str, Refund], dispute: Dispute) -> str | None:
    """The refund that the provider told because of the dispute, if it did."""
    since = dispute.since or dispute.at
    for refund_id, refund in sorted(refunds.items()):
        told = not refund_id.startswith(_DISPUTE)
        if told and refund.amount == dispute.amount and refund.at >= since:
            return refund_id
    return None


def _reversed(facts: PaymentFacts) -> PaymentFacts:
    """Set back by hand: what no refund took goes back."""
    at = facts.reversed_at
    if at is None:
        return facts
    order = facts.order_snapshot
    received = order.gross_amount if order else brought(facts, facts.successes)
    left = (received or 0) - sum(one.amount for one in facts.refunds.values())
    return replace(facts, refunds={**facts.refunds, REVERSAL: Refund(None, left, at)}) if left > 0 else facts
