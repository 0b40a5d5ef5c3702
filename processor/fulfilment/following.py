"""Cases and customers as the log says they are: a fold of facts and of our own decisions, for a page of it at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from eventstore.read import StoredEvent
from processor.cases.case import Case, PaymentCase
from processor.cases.keys import MAIN, WaitKey, foreign_key
from processor.cases.world import World
from processor.fulfilment.desk import Desk
from processor.fulfilment.work import Work, reported, take_in
from processor.policies.deciding import Step, follow
from runtime.database import Connection
from schemas.catalog import Catalog
from schemas.decision_model import Decision, Grant, ValueMoved
from schemas.decisions import PaymentAssessed
from schemas.errors import Permanent


class DecisionWithoutGrounds(Permanent):
    """The log holds decisions of a program that did not write down what they rest on; cases cannot be built from them."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the decision at position {position} does not say what it rests on")
        self.position = position


class Following:
    """Folds pages of the log. `catalog` is the one in force so far; `woken`: what cases may have waited for, of the page that was folded last."""

    def __init__(self, now: datetime, catalog: Catalog | None = None) -> None:
        self.catalog = catalog or Catalog()
        self.now = now
        self.woken: set[WaitKey] = set()

    async def page(self, connection: Connection, events: Sequence[StoredEvent]) -> Desk:
        """The cases and customers that these events concern, as they are after them."""
        work = Work(Desk(), self.now, self.catalog, create_unknown=False, undecidable={})
        desk, told = work.desk, reported(events)
        self.woken = set()
        facts = [one.fact for one in told if not isinstance(one.fact, Decision)]
        named = {one.fact.case for one in told if isinstance(one.fact, Decision)}
        await desk.look(connection, facts, named)
        await desk.load_cases(connection, named)
        await desk.load_claimed(connection, facts)
        ids = {customer for one in told if (customer := getattr(one.fact, "customer_id", None))}
        for one in told:
            ids.update(one.fact.given if isinstance(one.fact, PaymentAssessed) else ())
        for case in desk.cases.values():
            ids.update(case.record.given if isinstance(case, PaymentCase) else ())
        await desk.load_customers(connection, ids, set())
        for one in told:
            if isinstance(one.fact, Decision):
                case = desk.cases[desk.aliases.get(one.fact.case, one.fact.case)]
                desk.touch(case.key, one.cause)
                self._decision(desk, case, one.fact, one.position)
            else:
                self.woken |= take_in(work, one).keys()
        self.catalog = work.catalog
        return desk

    def _decision(self, desk: Desk, case: Case, said: Decision, position: int) -> None:
        if isinstance(said, Grant) and said.part == MAIN and not said.whose:
            raise DecisionWithoutGrounds(position)
        if isinstance(said, ValueMoved) and said.case != case.key and " " not in said.part:
            # It was said of a case that turned out to be this one.
            said = said.amended(part=foreign_key(said.case, said.part))
        step = Step(World(self.catalog, self.now, desk.customers, desk.by_email), desk.customers)
        follow(case, said, step)
        desk.changed_customers |= step.changed
        self.woken |= step.wakes
