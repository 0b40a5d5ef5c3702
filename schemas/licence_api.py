"""What the API takes and answers about licences."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from schemas.api import CUSTOMER_ID_PATTERN, UNSEEN, ApiModel, Read
from schemas.vocabulary import LicenceState, ProblemCode, ProviderName, SubscriptionStatus

CODE_MAX = 200
"""Characters; the longest codes that are sold have a quarter of it."""

_SEEN = rf"[\t\n\r ]*[^{UNSEEN}\s][^{UNSEEN}]*[\t\n\r ]*"
_LINE = re.compile(_SEEN)


def _named(value: str) -> str:
    if not value.strip("\t\n\r "):
        raise ValueError("string_empty")
    if _LINE.fullmatch(value) is None:
        raise ValueError("control_characters")
    return value.strip()


_Named = Annotated[
    str,
    Field(min_length=1, max_length=CODE_MAX, json_schema_extra={"pattern": f"^{_SEEN}$"}),
    AfterValidator(_named),
]


class LicenceBody(ApiModel):
    """A licence, and of what it is."""

    licence_code: _Named = Field(description="As the buyer got it; blanks around it do not count.")
    product_id: _Named | None = Field(
        None,
        description="The provider's id of the product, or the catalogue's. Without it our own records and the catalogue tell.",
    )
    customer_id: Annotated[str, Field(pattern=f"^{CUSTOMER_ID_PATTERN}$", max_length=128)] | None = Field(
        None, description="Who uses it: a licence that we know as another customer's is refused."
    )


class LicenceSubscription(ApiModel):
    """What our own records say of it."""

    subscription_id: str
    customer_id: str
    plan: str | None = Field(description="Catalogue product; null when the provider did not say which.")
    tier: str | None
    status: SubscriptionStatus = Field(
        description="As of now. What was cancelled stays `cancelled`, also after its end."
    )
    has_access: bool = Field(description="Whether it opens anything right now.")
    expires_at: datetime | None
    access_until: datetime | None = Field(description="`expires_at` and grace.")


class LicenceAnswer(Read):
    """What is known of a licence, from whom, and how old that is."""

    licence_code: str
    product_id: str | None = Field(description="The provider's id of the product; null when no product fits.")
    provider: ProviderName
    valid: bool = Field(description="Whether it can be used right now; its end counts by our own clock.")
    status: LicenceState = Field(
        description="`not_found`: the provider has no such licence of these products."
    )
    expires_at: datetime | None = Field(description="Null when it has no end.")
    activation_limit: int | None = Field(description="Null when there is none, or nobody said.")
    use_count: int | None
    tier_name: str | None = Field(description="As the provider calls it.")
    source: Literal["provider", "cache", "records"] = Field(
        description="`provider`: asked just now; `cache`: its last answer; `records`: it cannot be asked, and this is what its webhooks told us."
    )
    checked_at: datetime | None = Field(description="When the provider said so; null for `records`.")
    age_seconds: float | None = Field(description="How long ago that was.")
    problem: ProblemCode | None = Field(
        description="Why the provider was not asked, or what became of it; null when all is well."
    )
    subscription: LicenceSubscription | None = Field(
        description="By its code, where a webhook named it; else by the payment that the provider says it was sold with. Null when neither tells."
    )


class SwitchedLicence(Read):
    """A licence that is active, or is not any more."""

    licence_code: str
    product_id: str
    provider: ProviderName
    active: bool
    changed: bool = Field(description="False when it was so already.")
    at: datetime
