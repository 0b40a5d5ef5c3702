"""Cases and customers as the log says they are: a fold of facts and of our own decisions, for a page of it at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from eventstore.read import StoredEvent
from processor.cases.case import Case, PaymentCase
from processor.cases.keys import MAIN, foreign_key
from processor.cases.world import World
from processor.fulfilment.desk import Desk, cause_of
from processor.grants.step import Step
from processor.policies.deciding import follow
from runtime.database import Connection
from schemas.catalog import Catalog
from schemas.decision_model import Decision, Grant, ValueMoved
from schemas.decisions import PaymentAssessed
from schemas.errors import Permanent
from schemas.event_model import EventModel
from schemas.facts import CatalogPublished, CustomerRegistered, SuspenseFact


class DecisionWithoutGrounds(Permanent):
    """The log holds decisions of a program that did not write down what they rest on; cases cannot be built from them."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the decision at position {position} does not say what it rests on")
        self.position = position


class Following:
    """Folds pages of the log. `catalog` is the one in force so far."""

    def __init__(self, now: datetime, catalog: Catalog | None = None) -> None:
        self.catalog = catalog or Catalog()
        self.now = now

    async def page(self, connection: Connection, events: Sequence[StoredEvent]) -> Desk:
        """The cases and customers that these events concern, as they are after them."""
        desk, decoded = Desk(), [(event, event.decoded()) for event in events]
        facts = [fact for _, fact in decoded if not isinstance(fact, Decision)]
        named = {one.case for _, one in decoded if isinstance(one, Decision)}
        await desk.look(connection, facts, named)
        await desk.load_cases(connection, named)
        await desk.load_claimed(connection, facts)
        ids = {one for _, fact in decoded if (one := getattr(fact, "customer_id", None))}
        ids |= {one for _, said in decoded if isinstance(said, PaymentAssessed) for one in said.given}
        ids |= {
            one for case in desk.cases.values() if isinstance(case, PaymentCase) for one in case.record.given
        }
        await desk.load_customers(connection, ids, set())
        for event, said in decoded:
            self._fold(desk, event, said)
        return desk

    def _fold(self, desk: Desk, event: StoredEvent, said: EventModel) -> None:
        cause = cause_of(event)
        if isinstance(said, CustomerRegistered):
            desk.register(said)
        elif isinstance(said, CatalogPublished):
            self.catalog = Catalog.model_validate(said.content)
        elif isinstance(said, Decision):
            case = desk.cases[desk.aliases.get(said.case, said.case)]
            desk.touch(case.key, cause)
            self._decision(desk, case, said, event.position)
        else:
            word = isinstance(said, SuspenseFact)
            keys = desk.concerned(said) if word else [desk.case_of(said).key]  # type: ignore[arg-type]
            for key in keys:
                desk.cases[key].observe(said, event.position)
                desk.touch(key, cause)

    def _decision(self, desk: Desk, case: Case, said: Decision, position: int) -> None:
        if isinstance(said, Grant) and said.part == MAIN and not said.whose:
            raise DecisionWithoutGrounds(position)
        if isinstance(said, ValueMoved) and said.case != case.key and " " not in said.part:
            # It was said of a case that turned out to be this one.
            said = said.amended(part=foreign_key(said.case, said.part))
        step = Step(World(self.catalog, self.now, desk.customers, desk.by_email))
        follow(case, said, desk.customers, step)
        desk.changed_customers |= step.changed
