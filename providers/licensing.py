"""What is asked of a provider about a licence, and what it is told: values only. A provider that sells licences has a client that speaks them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

LicenceStatus = Literal["active", "inactive", "expired", "not_found"]


class LicenceWord(BaseModel):
    """A provider's word on one licence. Nothing of its buyer: who asks about a code need not be who bought it.

    `activation_limit` None: no limit. `tier_name` and `member_active` where the provider sells it as a membership. `transaction_id`: the payment
    that it was sold with, by which we know it where no webhook names its code.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: LicenceStatus
    expires_at: datetime | None = None
    activation_limit: int | None = None
    use_count: int | None = None
    tier_name: str | None = None
    member_active: bool | None = None
    transaction_id: str | None = None


class LicenceClient(Protocol):
    """Calls to one provider. All raise `CallFailed` (providers/outgoing.py)."""

    @property
    def provider(self) -> str:
        """Its name."""

    async def verify(self, code: str, product_id: str) -> LicenceWord:
        """What the provider knows of this code, for this product of its own."""

    async def switch(self, code: str, product_id: str, *, active: bool) -> bool:
        """Activate or deactivate; False when it was so already. Raises CallFailed with a code `licence_…` when the provider will not."""
