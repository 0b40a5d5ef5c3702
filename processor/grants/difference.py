"""From what was said of a payment to what should be true: the decisions that lead there. Nothing where both are the same.

Every kind knows how to go from any of its states to any other, and which posting that is.
"""

from __future__ import annotations

from types import ModuleType

from msgspec.structs import replace

from processor.cases.parts import payment_id_of
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Closed, Granted, Held, PaymentRecord, Standing
from processor.cases.reading import as_read
from processor.cases.world import Decided, World, digest, short
from processor.grants import courses, credit, postings, sales, suspense, tokens
from processor.grants.ledger import BookedPart, Ledger, Said
from processor.grants.outcome import PaymentOutcome
from schemas import streams
from schemas.decisions import FeeBooked
from schemas.facts import CustomerRegistered

KINDS: dict[str, ModuleType] = {
    "credit": credit,
    "tokens": tokens,
    "course": courses,
    "sale": sales,
    "plan": sales,
}


def difference(
    facts: PaymentFacts, record: PaymentRecord, outcome: PaymentOutcome, world: World
) -> list[Decided]:
    """Pure: the record and the world stay as they are."""
    said: list[Decided] = []
    facts = as_read(facts, world.catalog.policy(facts.provider))
    if outcome.parts != record.parts or outcome.owner.new:
        said += _money(facts, record, outcome, world)
    return said + _fee(facts, record, outcome) + _views(facts, record, outcome)


def _money(facts: PaymentFacts, record: PaymentRecord, outcome: PaymentOutcome, world: World) -> Said:
    ledger = Ledger(facts, world, outcome.words, _by(record, outcome))
    owner = outcome.owner
    if owner.new and owner.customer_id:
        registered = CustomerRegistered(customer_id=owner.customer_id, email=owner.email, source="payment")
        yield Decided(streams.customer(owner.customer_id), registered)
    # First what goes: the same money may be granted anew.
    yield from _leaving(ledger, record, outcome)
    for key, wanted in outcome.parts.items():
        was = record.parts.get(key)
        if isinstance(wanted, Held) and was != wanted:
            yield from suspense.hold(ledger, key, None if isinstance(was, Granted) else was, wanted)
        elif isinstance(wanted, Granted):
            yield from _grant(BookedPart(ledger, key, wanted), was)


def _fee(facts: PaymentFacts, record: PaymentRecord, outcome: PaymentOutcome) -> list[Decided]:
    """What the provider keeps is another amount than was booked: once, however often and in whatever order it is told."""
    if outcome.fee == record.fee:
        return []
    said = FeeBooked(
        case=facts.key,
        provider=facts.provider,
        payment_id=payment_id_of(facts, tuple(facts.successes)),
        amount_idr=outcome.fee,
        before_idr=record.fee,
        postings=postings.fee(facts.provider, outcome.fee - record.fee),
    )
    return [Decided(streams.case(facts.key), said)]


def _leaving(ledger: Ledger, record: PaymentRecord, outcome: PaymentOutcome) -> Said:
    """Grants that are not what should be, held money that is held no more, and a write-off that was taken back."""
    for key, before in record.parts.items():
        after = outcome.parts.get(key)
        if isinstance(before, Granted) and not _stays(before, after):
            gone = _gone(before, outcome)
            ledger.reason = "refunded" if gone else _reason(ledger.facts, record, key, after)
            if gone:
                yield from _take_back(BookedPart(ledger, key, gone), before.refunds)
            yield from KINDS[before.kind].withdraw(BookedPart(ledger, key, gone or before))
        elif isinstance(before, Held) and not isinstance(after, Held):
            closed = after if isinstance(after, Closed) else None
            yield from suspense.release(ledger, key, before, _resolution(key, after, outcome), closed)
        elif isinstance(before, Closed) and key in record.void and not isinstance(after, Held | Closed):
            yield from suspense.reopen(ledger, key, before, _resolution(key, after, outcome))


def _grant(entry: BookedPart, before: Standing | None) -> Said:
    kind, after = KINDS[entry.part.kind], entry.part
    taken: dict[str, int] = {}
    if isinstance(before, Granted) and _stays(before, after):
        taken = before.refunds
        if (before.at, before.order_id) != (after.at, after.order_id):
            yield from kind.date(entry, before)
    else:
        yield from kind.grant(entry._replace(part=replace(after, refunds={})) if after.refunds else entry)
    if after.refunds != taken:
        yield from _take_back(entry, taken)


def _take_back(entry: BookedPart, taken: dict[str, int]) -> Said:
    """For each refund that is new."""
    part = replace(entry.part, refunds=taken)
    for refund_id, share in entry.part.refunds.items():
        if refund_id not in taken:
            clawed, part = part.clawed, replace(part, refunds={**part.refunds, refund_id: share})
            due = part.clawed - clawed
            yield from KINDS[part.kind].take_back(entry._replace(part=part), refund_id, share, due)


def _gone(before: Granted, outcome: PaymentOutcome) -> Granted | None:
    """A grant whose money went back and gave way to other money, with the refunds that took it."""
    back = [one.refunds for one in outcome.returned.values() if set(one.attempts) <= set(before.attempts)]
    refunds = {refund_id: share for shares in back for refund_id, share in shares.items()}
    if not refunds or sum(refunds.values()) != before.amount:
        return None
    return replace(before, refunds=refunds) if before.refunds.items() <= refunds.items() else None


def _stays(before: Granted, after: Standing | None) -> bool:
    """What was granted is what should be, up to when it was paid and what went back since."""
    if not isinstance(after, Granted):
        return False
    if before.undated != after.undated:
        return False
    return all(after.refunds.get(one) == share for one, share in before.refunds.items())


def _reason(facts: PaymentFacts, record: PaymentRecord, key: str, after: Standing | None) -> str:
    """Why a grant was never due."""
    if " " in key:
        return "counted_twice"
    if key in record.void:
        return "claim_withdrawn"
    if isinstance(after, Held) and after.reason == "duplicate_purchase":
        return after.reason
    return facts.order_problem() or "corrected"


def _resolution(key: str, after: Standing | None, outcome: PaymentOutcome) -> suspense.Resolution:
    if isinstance(after, Granted):
        return "granted"
    if isinstance(after, Closed):
        return "written_off"
    return "refunded" if key in outcome.returned else "changed"


def _by(record: PaymentRecord, outcome: PaymentOutcome) -> str:
    if outcome.owner.email:
        return short(outcome.owner.email)
    owned = record.pins.owned
    return (owned.email or "") if owned and owned.words == outcome.words else ""


def _views(facts: PaymentFacts, record: PaymentRecord, outcome: PaymentOutcome) -> list[Decided]:
    """payment.assessed for each record whose view changed; the first one names the facts that were new."""
    said: list[Decided] = []
    untold = tuple(sorted(set(record.untold)))
    for view in outcome.views:
        main = view.record == facts.key
        news = untold if main else ()
        given = outcome.given if main else {}
        if news or record.assessed.get(view.record) != digest(view) or (main and record.given != given):
            # The words by which it is whose it is may have become others, and lead to the same customer.
            whose = outcome.words if record.owned and record.owned.words != outcome.words else ""
            grounds = {"facts": news, "given": given, **({"whose": whose} if news else {})}
            said.append(Decided(streams.case(facts.key), view.amended(**grounds)))
    return said
