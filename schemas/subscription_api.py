"""What the calls about subscriptions take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from schemas.api import CUSTOMER_ID_PATTERN, ApiModel, Page, Read
from schemas.checkout_api import CustomerId
from schemas.vocabulary import ProviderName, SubscriptionRequestStatus

_PLAN = Field(min_length=1, max_length=64, description="Id of a plan of the catalogue.")
_OWNER = Field(
    None,
    pattern=f"^{CUSTOMER_ID_PATTERN}$",
    max_length=128,
    description="Whose it is; a key of one customer needs it, and of somebody else's the call knows nothing.",
)


class SubscriptionBody(ApiModel):
    """A plan that a customer wants to be charged for regularly."""

    customer_id: str = CustomerId
    plan: str = _PLAN
    payment_method: str | None = Field(
        None,
        min_length=1,
        max_length=128,
        description="The provider's id of a stored wallet or card. Without one, the customer links one at `action_url`.",
    )
    allow_second: bool = Field(
        False, strict=True, description="Make a further subscription although one of this plan is live."
    )


class CancelBody(ApiModel):
    """When a subscription is to end."""

    at: Literal["now", "period_end"] = Field(
        description="`now` ends access at once; `period_end` when what is paid for is over. Either way nothing more is charged."
    )
    customer_id: str | None = _OWNER


class ChangeBody(ApiModel):
    """The plan that a subscription is to go on with."""

    plan: str = _PLAN
    at: Literal["auto", "now", "period_end"] = Field(
        "auto",
        description="`now`: the next period is charged today at the new price, and the new tier is in force when that is paid. "
        "`period_end`: with the next charge when it is due. `auto`: `now` for a tier above the one that is paid for, else "
        "`period_end`.",
    )
    customer_id: str | None = _OWNER


class AskedSubscription(ApiModel):
    """A subscription that was asked for here, with its status as of now."""

    subscription_id: str = Field(description="Ours; `provider_subscription_id` is the provider's.")
    customer_id: str
    provider: ProviderName
    provider_subscription_id: str | None = Field(description="The provider's; null until it has answered.")
    plan: str = Field(description="The plan in force, or asked for.")
    tier: str | None
    amount: int = Field(description="What the next charge will be, in rupiah.")
    next_plan: str | None = Field(
        description="The plan from the next charge on, where it is another one; null when it stays or ends."
    )
    status: SubscriptionRequestStatus = Field(
        description="`unknown` while the provider has not answered: ask again, it is being looked up."
    )
    has_access: bool = Field(description="Whether it opens anything right now.")
    action_url: str | None = Field(
        description="Where the customer links a wallet or card; null when that is done."
    )
    started_at: datetime | None
    expires_at: datetime | None
    access_until: datetime | None = Field(description="`expires_at` and grace.")
    cancel_at_period_end: bool
    first_charge_at: datetime | None = Field(
        description="When it is charged first, where a subscription of this plan that goes on no more is paid for until then; "
        "null: as soon as a wallet or card is linked."
    )
    created_at: datetime
    failure_code: str | None = Field(
        description="Why it failed; `never_linked` when it was ended because nobody linked anything in time."
    )


class MadeSubscription(AskedSubscription):
    """A subscription as asked for. `position` is where the log stands with it: pass it as `min_position` to read your write."""

    created: bool = Field(description="False when one of this plan was live already: this is that one.")
    position: int


class ActedSubscription(AskedSubscription):
    """A subscription after a word on its end or its plan. `position` is where the log stands with that word."""

    position: int


class SubscriptionStep(ApiModel):
    """One step of a subscription's history: from `at` on it was so."""

    at: datetime
    type: str
    plan: str | None
    tier: str | None
    status: str
    expires_at: datetime | None
    access_until: datetime | None
    position: int


class OneSubscription(Read, AskedSubscription):
    """A subscription and what became of it; `history` is dated and oldest first."""

    history: list[SubscriptionStep]


class TierChange(ApiModel):
    """A tier that was in force from `since` on, until the next change or its own end."""

    tier: str
    since: datetime
    until: datetime | None = Field(description="When it ends by the clock alone; null when it does not.")
    fallback_tier: str = Field(description="The tier that follows that end.")
    reason: str
    position: int


class Tiers(Page):
    """Changes of a customer's tier."""

    customer_id: str
    items: list[TierChange]
