"""What is known while decisions about one case are put together: the case, and what its customers have as the decisions so far leave it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import field
from msgspec.structs import replace

from processor.cases.customer import CustomerRecord
from processor.cases.keys import MAIN, suspense_id
from processor.cases.parts import payment_id_of
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Granted
from processor.cases.world import Decided, World
from schemas import streams
from schemas.decision_model import Grant, ValueMoved
from schemas.streams import StreamName

Said = Iterator[Decided]


class Ledger(msgspec.Struct):
    """`whose`, `by`: what grants say of whose it is, by words and by address. `reason`: why grants go."""

    facts: PaymentFacts
    world: World
    whose: str
    by: str
    reason: str = "corrected"
    purses: dict[str, CustomerRecord] = field(default_factory=dict)

    def actor(self, key: str) -> str | None:
        """Who had a hand in a part."""
        if not self.facts.in_hand:
            return None
        held_id = suspense_id(self.facts.key, key)
        word = self.facts.claims.get(held_id) or self.facts.write_offs.get(held_id)
        return word.actor if word else None

    @property
    def case_stream(self) -> StreamName:
        return streams.case(self.facts.key)


class BookedPart(NamedTuple):
    """One part of the money, as it was granted or is to be."""

    ledger: Ledger
    key: str
    part: Granted

    @property
    def facts(self) -> PaymentFacts:
        return self.ledger.facts

    @property
    def provider(self) -> str:
        return self.ledger.facts.provider

    @property
    def customer_id(self) -> str:
        return self.part.customer_id or ""

    @property
    def purse(self) -> CustomerRecord:
        """A copy of what its customer has, for the decisions so far to change."""
        purses = self.ledger.purses
        if self.customer_id not in purses:
            known = self.ledger.world.customers.get(self.customer_id) or CustomerRecord(self.customer_id)
            purses[self.customer_id] = replace(known, last_topups=[*known.last_topups])
        return purses[self.customer_id]

    @property
    def at(self) -> datetime:
        """When it was paid; earlier programs did not always keep that."""
        return self.part.at or self.ledger.world.now

    @property
    def order_id(self) -> str:
        """What a course is known by."""
        return self.part.order_id or self.facts.payment_key

    @property
    def unproved(self) -> bool:
        return any(self.facts.attempts[attempt].unproved for attempt in self.part.attempts)

    def granted(self, model: Callable[..., Grant], **more: object) -> Decided:
        """Money bought something; with the grounds of that."""
        ledger, part, about = self.ledger, self.part, self._about()
        if part.attempts != (about["payment_id"],):
            about["attempts"] = part.attempts
        if self.key == MAIN or ledger.actor(self.key) is None:
            about["whose"], about["by"] = ledger.whose, ledger.by
        at = part.at or ledger.world.now
        terms = {"part_refund": part.part_refund, "if_late": part.late, "if_overpaid": part.overpaid}
        return self._decided(model(**about, what=part.what, at=at, **terms, **more))

    def taken_back(self, model: type[ValueMoved], refund_id: str, share: int, **more: object) -> Decided:
        """This share of a refund took of it what is said."""
        at = self.facts.refunds[refund_id].at
        return self.said(model, refund_id=refund_id, amount_idr=share, at=at, **more)

    def withdrawn(self, model: type[ValueMoved], **more: object) -> Decided:
        """It was not due."""
        return self.said(model, reason=self.ledger.reason, at=self.ledger.world.now, **more)

    def said(self, model: Callable[..., ValueMoved], **more: Any) -> Decided:
        """Anything about a grant, on the stream of whoever has it."""
        return self._decided(model(**{**self._about(), **more}))

    def _about(self) -> dict[str, Any]:
        facts, part = self.ledger.facts, self.part
        return {
            "case": facts.key,
            "part": self.key,
            "customer_id": part.customer_id,
            "provider": facts.provider,
            "payment_id": payment_id_of(facts, part.attempts),
        }

    def _decided(self, event: ValueMoved) -> Decided:
        customer_id = self.part.customer_id
        return Decided(streams.customer(customer_id) if customer_id else self.ledger.case_stream, event)
