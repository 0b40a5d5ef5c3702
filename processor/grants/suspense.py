"""Money in suspense: held for a reason an operator understands, told again when that changes, released when it finds its place."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import asdict

from processor.cases.keys import suspense_id
from processor.cases.parts import payment_id_of
from processor.cases.payment_record import Closed, Held
from processor.cases.world import Decided
from processor.grants import postings
from processor.grants.ledger import Ledger, Said
from schemas.decisions import SuspenseHeld, SuspenseReleased

Resolution = Literal["granted", "refunded", "written_off", "changed"]


def hold(ledger: Ledger, key: str, before: Held | None, part: Held) -> Said:
    """Hold it, for another reason, or with another amount: then what was held is released first."""
    provider = ledger.facts.provider
    moved: postings.Postings = ()
    if before is None:
        moved = postings.held(provider, part.amount)
    elif before.amount != part.amount:
        why: Resolution = "refunded" if part.refunded > before.refunded else "changed"
        yield from release(ledger, key, before, why)
        moved = postings.held(provider, part.amount)
    yield Decided(
        ledger.case_stream,
        SuspenseHeld(
            case=ledger.facts.key,
            part=key,
            provider=provider,
            **asdict(part),
            postings=moved,
        ),
    )


def reopen(ledger: Ledger, key: str, before: Closed, after: Held | None, why: Resolution) -> Said:
    """A write-off is taken back: it waits again, or (`after` None) goes on at once, as it would have meanwhile."""
    facts = ledger.facts
    back = postings.reopened(facts.provider, before.amount, after.amount if after else 0)
    place = {"case": facts.key, "part": key, "provider": facts.provider, "postings": back}
    if after is not None:
        yield Decided(ledger.case_stream, SuspenseHeld(**place, **asdict(after)))
        return
    released = SuspenseReleased(
        **place,
        suspense_id=suspense_id(facts.key, key),
        payment_id=payment_id_of(facts, before.attempts),
        resolution=why,
        at=ledger.world.now,
    )
    yield Decided(ledger.case_stream, released)


def release(ledger: Ledger, key: str, part: Held, why: Resolution, after: Closed | None = None) -> Said:
    """It leaves suspense: into a grant, back to the payer, or for good."""
    provider = ledger.facts.provider
    back = postings.written_off if why == "written_off" else postings.released
    yield Decided(
        ledger.case_stream,
        SuspenseReleased(
            case=ledger.facts.key,
            part=key,
            suspense_id=part.suspense_id,
            provider=provider,
            payment_id=part.payment_id,
            resolution=why,
            actor=ledger.actors.get(key) if why in ("granted", "written_off") else None,
            at=ledger.world.now,
            attempts=after.attempts if after else (),
            refunds=dict(after.refunds) if after else {},
            postings=back(provider, part.amount),
        ),
    )
