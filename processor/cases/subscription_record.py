"""What we said about one subscription: a fold of our own decisions. Nothing else writes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import field

from processor.cases.state import State
from processor.cases.world import digest
from schemas import decisions as d
from schemas.decision_model import Decision


class SubscriptionRecord(State):
    """`said`: what readers were told last; `warned_for`: of which end. `held`: why it waits itself, `held_said` as operators were told it.

    `by_claim`: where in the log the claim stands that made it the owner's; `void`: that claim was taken back, so the owner is no pin.
    `called`: plans of the catalogue that its names meant when something was said. `told`: e-mails of others that operators were shown.
    """

    owner: str | None = None
    by_claim: int = 0
    void: bool = False
    said: dict[str, Any] | None = None
    warned_for: datetime | None = None
    held: str | None = None
    held_said: str = ""
    called: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)

    @property
    def pinned(self) -> str | None:
        """Who keeps it, whatever is said of their e-mail."""
        return None if self.void else self.owner

    @property
    def view(self) -> d.SubscriptionDecision | None:
        return d.SubscriptionDecision.model_validate(self.said) if self.said else None

    def apply(self, key: str, decision: Decision) -> None:
        """`key`: which subscription it is; a decision about a plan that its customer bought changes nothing here."""
        if isinstance(decision, d.SuspenseHeld):
            self.held, self.held_said = decision.reason, digest(decision)
        elif isinstance(decision, d.SuspenseReleased):
            self.held, self.held_said = None, ""
        elif isinstance(decision, d.SubscriptionWithdrawn) and decision.subscription_id == key:
            self.owner, self.by_claim, self.void = None, 0, False
            self.said, self.warned_for, self.called = None, None, set()
        elif isinstance(decision, d.SubscriptionDecision) and decision.subscription_id == key:
            if self.void:
                self.by_claim, self.void = 0, False
            self.owner = decision.customer_id
            self.called |= set(decision.called)
            if isinstance(decision, d.SubscriptionExpiringSoon):
                self.warned_for = decision.expires_at
            else:
                self.said = shown(decision)


def shown(decision: d.SubscriptionDecision) -> dict[str, Any]:
    """What readers see of a subscription after a decision."""
    said = decision.model_dump(mode="json", include=_SHOWN)
    absent = [*(() if decision.began else _ANNOUNCED), *(() if decision.held else ("held",))]
    return {name: said[name] for name in said if name not in absent}


_ANNOUNCED = ("began", "named")
_SHOWN = set(d.SubscriptionDecision.model_fields) - {"called", "claimed"}
