"""Cases and customers as the log says they are: a fold of facts and of our own decisions, for a page of it at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from eventstore.read import StoredEvent
from processor.cases.case import PaymentCase
from processor.cases.customer import CustomerRecord, PlanAccess, TierState
from processor.cases.keys import foreign_key
from processor.cases.subscription import SubscriptionCase
from processor.cases.world import World, digest
from processor.fulfilment.desk import Case, Desk, cause_of
from processor.grants.step import Step
from processor.policies.deciding import follow
from runtime.database import Connection
from schemas.catalog import Catalog
from schemas.decision_model import Decision, Grant, ValueMoved
from schemas.decisions import (
    SubscriptionDecision,
    SubscriptionExpiringSoon,
    SuspenseHeld,
    SuspenseReleased,
    TierChanged,
)
from schemas.errors import Permanent
from schemas.event_model import EventModel
from schemas.facts import CatalogPublished, CustomerRegistered, SuspenseClaimed, SuspenseWrittenOff


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
        claimed = [fact.case for fact in facts if isinstance(fact, SuspenseClaimed | SuspenseWrittenOff)]
        await desk.load_cases(connection, [*claimed, *named])
        ids = {one for _, fact in decoded if (one := getattr(fact, "customer_id", None))}
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
            word = isinstance(said, SuspenseClaimed | SuspenseWrittenOff)
            keys = desk.concerned(said) if word else [desk.case_of(said).key]  # type: ignore[arg-type]
            for key in keys:
                desk.cases[key].observe(said, event.position)
                desk.touch(key, cause)

    def _decision(self, desk: Desk, case: Case, said: Decision, position: int) -> None:
        if isinstance(said, TierChanged):
            customer = desk.customers[said.customer_id]
            customer.tier = TierState(said.tier, said.until, said.fallback_tier)
            desk.changed_customers.add(said.customer_id)
        elif isinstance(said, SubscriptionDecision):
            self._subscription(desk, case, said)
        elif isinstance(case, SubscriptionCase):
            _held(case, said)
        else:
            self._payment(desk, case, said, position)

    def _payment(self, desk: Desk, case: PaymentCase, said: Decision, position: int) -> None:
        if isinstance(said, Grant) and said.part == "main" and not said.whose:
            raise DecisionWithoutGrounds(position)
        if isinstance(said, ValueMoved) and said.case != case.key and " " not in said.part:
            # It was said of a case that turned out to be this one.
            said = said.amended(part=foreign_key(said.case, said.part))
        step = Step(World(self.catalog, self.now, desk.customers, desk.by_email))
        follow(case, said, desk.customers, step, {})
        desk.changed_customers |= step.changed

    def _subscription(self, desk: Desk, case: Case, said: SubscriptionDecision) -> None:
        customer = desk.customers[said.customer_id]
        desk.changed_customers.add(said.customer_id)
        _plan(customer, said)
        view = SubscriptionDecision.model_validate(
            {name: getattr(said, name) for name in SubscriptionDecision.model_fields}
        ).model_dump(mode="json")
        if said.subscription_id.startswith("plan:"):
            customer.plan_rows[said.plan or ""] = view
        elif isinstance(case, SubscriptionCase):
            case.owner = said.customer_id
            if isinstance(said, SubscriptionExpiringSoon):
                case.warned_for = said.expires_at
            else:
                case.snapshot = view


def _plan(customer: CustomerRecord, said: SubscriptionDecision) -> None:
    if said.status in ("active", "past_due", "cancelled") and said.tier:
        customer.plans[said.subscription_id] = PlanAccess(said.tier, said.access_until)
    else:
        customer.plans.pop(said.subscription_id, None)


def _held(case: SubscriptionCase, said: Decision) -> None:
    if isinstance(said, SuspenseHeld):
        case.held, case.held_said = said.reason, digest(said)
    elif isinstance(said, SuspenseReleased):
        case.held = None
