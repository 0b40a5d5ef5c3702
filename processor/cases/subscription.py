"""What the facts say about one subscription, membership or licence, whatever order they came in. Nothing here decides."""

from __future__ import annotations

from msgspec import field

from processor.cases.own_plan import OwnPlan, as_reported
from processor.cases.reports import PayerReports, reported
from processor.cases.spoken import Claim
from processor.cases.state import State
from schemas.event_model import EventModel
from schemas.facts import (
    SubscriptionReported,
    SuspenseClaimed,
    SuspenseWriteOffWithdrawn,
    SuspenseWrittenOff,
)
from schemas.plan_facts import PlanFact


class SubscriptionFacts(State):
    """`payers`: what was reported, by the e-mail it was reported with. `claim`: an operator's newest word on whose it is.

    `own`: what our own checkout said, when it asked for it. `reopened`: where in the log it was last taken back that it is written off.
    """

    key: str
    provider: str
    subscription_key: str
    payers: dict[str, PayerReports] = field(default_factory=dict)
    claim: Claim | None = None
    written_off: bool = False
    reopened: int = 0
    own: OwnPlan | None = None

    def observe(self, event: EventModel, position: int) -> None:
        """Merge one fact. Applying it again changes nothing."""
        if isinstance(event, SubscriptionReported):
            self._tell(event.payer_email or "", reported(event, position))
        elif isinstance(event, PlanFact):
            self.own = self.own or OwnPlan()
            self.own.observe(event)
            self._tell("", as_reported(event, position))
        elif isinstance(event, SuspenseClaimed):
            if self.claim is None or position > self.claim.position:
                self.claim = Claim(event.customer_id, event.product, event.actor, position)
        elif isinstance(event, SuspenseWrittenOff):
            self.written_off = self.written_off or position > self.reopened
        elif isinstance(event, SuspenseWriteOffWithdrawn):
            self.reopened = max(self.reopened, position)
            self.written_off = False

    def _tell(self, payer: str, told: PayerReports) -> None:
        if payer in self.payers:
            self.payers[payer].join(told)
        else:
            self.payers[payer] = told

    @property
    def first_payer(self) -> str | None:
        """The e-mail this subscription was first reported with."""
        named = [payer for payer in self.payers if payer]
        return min(named, key=lambda payer: self.payers[payer].first_position, default=None)

    @property
    def in_use(self) -> bool:
        """Somebody said it was usable, or a charge succeeded."""
        return any(
            payer.active_at or any(cycle.succeeded for cycle in payer.cycles.values())
            for payer in self.payers.values()
        )

    @property
    def customer_ref(self) -> str | None:
        """Whose it is by our own word: what we asked for, else our reference as it was last told."""
        if self.own is not None and self.own.customer_id:
            return self.own.customer_id
        known = [one.words["customer_ref"] for one in self.payers.values() if "customer_ref" in one.words]
        newest = max(known, key=lambda word: (word.at, word.value), default=None)
        return newest.value if newest else None

    def reports_without(self, strangers: frozenset[str]) -> PayerReports:
        """Everything that was said but with these e-mails, as one."""
        first, *more = [one for payer, one in sorted(self.payers.items()) if payer not in strangers]
        if not more:
            return first
        together = first.copied()
        for one in more:
            together.join(one)
        return together
