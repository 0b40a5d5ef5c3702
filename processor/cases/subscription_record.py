"""What we said about one subscription: a fold of our own decisions. Nothing else writes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import field

from processor.cases.state import State
from processor.cases.world import digest
from schemas.decision_model import Decision
from schemas.decisions import SubscriptionDecision, SubscriptionExpiringSoon, SuspenseHeld, SuspenseReleased


class SubscriptionRecord(State):
    """`said`: what readers were told last; `warned_for`: of which end. `held`: why it waits itself, `held_said` as operators were told it.

    `called`: plans of the catalogue that its names meant when something was said. `told`: e-mails of others that operators were shown.
    """

    owner: str | None = None
    said: dict[str, Any] | None = None
    warned_for: datetime | None = None
    held: str | None = None
    held_said: str = ""
    called: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)

    @property
    def view(self) -> SubscriptionDecision | None:
        return SubscriptionDecision.model_validate(self.said) if self.said else None

    def apply(self, key: str, decision: Decision) -> None:
        """`key`: which subscription it is; a decision about a plan that its customer bought changes nothing here."""
        if isinstance(decision, SuspenseHeld):
            self.held, self.held_said = decision.reason, digest(decision)
        elif isinstance(decision, SuspenseReleased):
            self.held, self.held_said = None, ""
        elif isinstance(decision, SubscriptionDecision) and decision.subscription_id == key:
            self.owner = decision.customer_id
            self.called |= set(decision.called)
            if isinstance(decision, SubscriptionExpiringSoon):
                self.warned_for = decision.expires_at
            else:
                self.said = shown(decision)


def shown(decision: SubscriptionDecision) -> dict[str, Any]:
    """What readers see of a subscription after a decision."""
    said = decision.model_dump(mode="json", include=_SHOWN)
    absent = {name for name in _ANNOUNCED if decision.began is None} | (
        {"held"} if decision.held is None else set()
    )
    return {name: said[name] for name in said if name not in absent}


_ANNOUNCED = ("began", "named")
_SHOWN = set(SubscriptionDecision.model_fields) - {"called"}
