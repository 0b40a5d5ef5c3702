"""What is known while decisions about one case are put together: the case, and what its customers have as the decisions so far leave it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from processor.cases.customer import CustomerRecord
from processor.cases.keys import MAIN
from processor.cases.parts import payment_id_of
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Granted
from processor.cases.world import Decided, World
from schemas import streams
from schemas.event_model import EventModel
from schemas.streams import StreamName

Said = Iterator[Decided]


@dataclass(slots=True)
class Ledger:
    """`pins`: what grants say of whose it is, by words and by address."""

    facts: PaymentFacts
    world: World
    whose: str
    by: str
    actors: dict[str, str]
    reason: str = "corrected"
    purses: dict[str, CustomerRecord] = field(default_factory=dict)

    def purse(self, customer_id: str | None) -> CustomerRecord:
        """A copy of what a customer has, for the decisions so far to change."""
        key = customer_id or ""
        if key not in self.purses:
            known = self.world.customers.get(key) or CustomerRecord(key)
            self.purses[key] = replace(known, last_topups=[*known.last_topups])
        return self.purses[key]

    def at(self, part: Granted) -> datetime:
        """When it was paid; earlier programs did not always keep that."""
        return part.at or self.world.now

    def of_customer(self, part: Granted, event: EventModel) -> Decided:
        return Decided(streams.customer(part.customer_id) if part.customer_id else self.case_stream, event)

    @property
    def case_stream(self) -> StreamName:
        return streams.case(self.facts.key)

    def granting(self, key: str, part: Granted) -> dict[str, object]:
        """What every grant says: also of its grounds."""
        said = self.about(key, part)
        said["attempts"] = () if part.attempts == (said["payment_id"],) else part.attempts
        said["what"], said["part_refund"] = part.what, part.part_refund
        if key not in self.actors or key == MAIN:
            said["whose"], said["by"] = self.whose, self.by
        return said

    def about(self, key: str, part: Granted) -> dict[str, object]:
        """What every decision about a grant says."""
        return {
            "case": self.facts.key,
            "part": key,
            "customer_id": part.customer_id,
            "provider": self.facts.provider,
            "payment_id": payment_id_of(self.facts, part.attempts),
        }

    def unproved(self, part: Granted) -> bool:
        return any(self.facts.attempts[attempt].unproved for attempt in part.attempts)
