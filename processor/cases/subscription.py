"""What the facts say about one subscription, membership or licence, whatever order they came in. Nothing here decides."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from msgspec import field
from msgspec.structs import replace

from processor.cases.attesting import level_of
from processor.cases.joining import joined, put
from processor.cases.own_checkout import OwnPlan, as_reported
from processor.cases.reports import PayerReports, reported
from processor.cases.spoken import Claim, say, take_back
from processor.cases.state import State
from schemas import facts as f
from schemas.attestation import LEVELS, Attestation
from schemas.event_model import EventModel
from schemas.plan_facts import PlanFact


class SubscriptionFacts(State):
    """`payers`: what was reported, by the e-mail it was reported with. `said`: the same, but for charges, apart by who vouches for it and what it calls
    the plan, for whoever decides how much of it counts. `claim`: an operator's newest word on whose it is, of those that stand (`spoken`,
    by what was held; `withdrawn`: where in the log one was last taken back).

    `own`: what our own checkout said, when it asked for it. `reopened`: where in the log it was last taken back that it is written off.
    """

    key: str
    provider: str
    subscription_key: str
    payers: dict[str, PayerReports] = field(default_factory=dict)
    said: dict[str, dict[str, PayerReports]] = field(default_factory=dict)
    claim: Claim | None = None
    spoken: dict[str, Claim] = field(default_factory=dict)
    withdrawn: dict[str, int] = field(default_factory=dict)
    written_off: bool = False
    reopened: int = 0
    own: OwnPlan | None = None

    def observe(self, event: EventModel, position: int) -> None:
        """Merge one fact. Applying it again changes nothing."""
        if isinstance(event, f.SubscriptionReported):
            self._hear(event.payer_email or "", level_of(event), reported(event, position))
        elif isinstance(event, PlanFact):
            self.own = self.own or OwnPlan()
            self.own.observe(event)
            self._hear("", "operator", as_reported(event, position))
        elif isinstance(event, f.SuspenseClaimed):
            self._claim(event, position)
        elif isinstance(event, f.SuspenseClaimWithdrawn):
            self._unclaim(event, position)
        elif isinstance(event, f.SuspenseWrittenOff):
            self.written_off = self.written_off or position > self.reopened
        elif isinstance(event, f.SuspenseWriteOffWithdrawn):
            self.reopened = max(self.reopened, position)
            self.written_off = False

    def _hear(self, payer: str, level: Attestation, told: PayerReports) -> None:
        if payer not in self.said:
            # Earlier programs kept no more than all of it together; what they kept stands.
            earlier = self.payers.get(payer)
            self.said[payer] = {} if earlier is None else {"": _without_charges(earlier)}
        put(self.payers, payer, told, joined)
        put(self.said[payer], f"{level}:{told.naming_key}", _without_charges(told), joined)

    def _claim(self, event: f.SuspenseClaimed, position: int) -> None:
        said = Claim(event.customer_id, event.product, event.actor, position)
        newest = say(self.spoken, self.withdrawn, event.suspense_id, said)
        if newest and (self.claim is None or position > self.claim.position):
            self.claim = said

    def _unclaim(self, event: f.SuspenseClaimWithdrawn, position: int) -> None:
        # Earlier programs kept the newest claim without what it was about.
        nameless = event.suspense_id not in self.spoken and self.claim not in self.spoken.values()
        taken = self.claim if nameless else self.spoken.get(event.suspense_id)
        take_back(self.spoken, self.withdrawn, event.suspense_id, position)
        if self.claim == taken:
            self.claim = max(self.spoken.values(), key=lambda one: one.position, default=None)

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
        return reduce(joined, [one for payer, one in sorted(self.payers.items()) if payer not in strangers])

    def by_level(self, strangers: frozenset[str]) -> Iterator[tuple[Attestation | None, PayerReports]]:
        """The same apart, by who vouches for it and what it calls the plan, without charges. The level is None where an earlier program kept none."""
        for payer, groups in sorted(self.said.items()):
            if payer in strangers:
                continue
            for name, told in sorted(groups.items()):
                level = name.partition(":")[0]
                yield next((one for one in LEVELS if one == level), None), told


def _without_charges(told: PayerReports) -> PayerReports:
    return replace(told, cycles={})
