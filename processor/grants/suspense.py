"""Money in suspense: held for a reason an operator understands, told again when that changes, released when it finds its place."""

from __future__ import annotations

from typing import Any, Literal

from msgspec.structs import asdict

from processor.cases.keys import suspense_id
from processor.cases.parts import payment_id_of
from processor.cases.payment_record import Closed, Held
from processor.cases.world import Decided
from processor.grants import postings
from processor.grants.ledger import Ledger, Said
from schemas.decisions import SuspenseHeld, SuspenseReleased

Resolution = Literal["granted", "refunded", "written_off", "changed"]


def hold(ledger: Ledger, key: str, before: Held | Closed | None, part: Held) -> Said:
    """Hold it, for another reason, or with another amount: then what was held is released first. A write-off that is taken back waits again."""
    provider = ledger.facts.provider
    moved: postings.Postings = ()
    if isinstance(before, Closed):
        moved = postings.reopened(provider, before.amount, part.amount)
    elif before is None or before.amount != part.amount:
        if before is not None:
            why: Resolution = "refunded" if part.refunded > before.refunded else "changed"
            yield from release(ledger, key, before, why)
        moved = postings.held(provider, part.amount)
    said = SuspenseHeld(case=ledger.facts.key, part=key, provider=provider, **asdict(part), postings=moved)
    yield Decided(ledger.case_stream, said)


def reopen(ledger: Ledger, key: str, before: Closed, why: Resolution) -> Said:
    """A write-off is taken back, and the money goes on at once, as it would have meanwhile."""
    yield _released(
        ledger,
        key,
        why,
        suspense_id=suspense_id(ledger.facts.key, key),
        payment_id=payment_id_of(ledger.facts, before.attempts),
        postings=postings.reopened(ledger.facts.provider, before.amount, 0),
    )


def release(ledger: Ledger, key: str, part: Held, why: Resolution, after: Closed | None = None) -> Said:
    """It leaves suspense: into a grant, back to the payer, or for good."""
    move = postings.written_off if why == "written_off" else postings.released
    yield _released(
        ledger,
        key,
        why,
        suspense_id=part.suspense_id,
        payment_id=part.payment_id,
        actor=ledger.actor(key) if why in ("granted", "written_off") else None,
        attempts=after.attempts if after else (),
        refunds=dict(after.refunds) if after else {},
        postings=move(ledger.facts.provider, part.amount),
    )


def _released(ledger: Ledger, key: str, why: Resolution, **more: Any) -> Decided:
    facts = ledger.facts
    about: dict[str, Any] = {
        "case": facts.key,
        "part": key,
        "provider": facts.provider,
        "at": ledger.world.now,
    }
    return Decided(ledger.case_stream, SuspenseReleased(**about, resolution=why, **more))
