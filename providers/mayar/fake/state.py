"""What a Mayar merchant remembers: what was asked for, what was paid, and members with their licences."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class MayarCustomer:
    """A buyer, known by the e-mail address."""

    customer_id: str
    name: str
    email: str
    mobile: str


@dataclass(slots=True)
class TransactionState:
    """One transaction. `status`: created, paid, settled, expired, failed."""

    transaction_id: str
    link_id: str
    amount: int
    status: str
    created: datetime
    updated: datetime
    method: str | None = None


@dataclass(slots=True)
class LinkState:
    """An invoice, a single payment or a shop page's sale. `status`: active, closed. `kind`: invoice, payment_request, membership, …"""

    link_id: str
    kind: str
    title: str
    amount: int
    quantity: int
    customer: MayarCustomer
    created: datetime
    expires: datetime | None
    status: str = "active"
    extra: Any = None
    back: str | None = None
    product_id: str | None = None
    tier: str | None = None
    items: list[dict[str, Any]] = field(default_factory=list)
    transactions: list[str] = field(default_factory=list)


@dataclass(slots=True)
class MemberState:
    """One membership with its licence. `status` of the member: ACTIVE, INACTIVE; of the licence also EXPIRED."""

    member_id: str
    licence_code: str
    customer: MayarCustomer
    product_id: str
    title: str
    tier: str
    transaction_id: str
    created: datetime
    updated: datetime
    expires: datetime | None
    status: str = "ACTIVE"
    licence_status: str = "ACTIVE"
    use_count: int = 0
    limit: int | None = None
    saas: bool = True


@dataclass(slots=True)
class MayarState:
    """Everything, by id; `names`: any other name of a link or member."""

    customers: dict[str, MayarCustomer] = field(default_factory=dict)
    links: dict[str, LinkState] = field(default_factory=dict)
    transactions: dict[str, TransactionState] = field(default_factory=dict)
    members: dict[str, MemberState] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    made: dict[str, datetime] = field(default_factory=dict)
    """When something was last asked for in the same words."""
    hook: str | None = None
    """The one address of the account; registered by a call, or given at the start."""

    def link(self, name: str) -> LinkState | None:
        return self.links.get(self.names.get(name, name))

    def member(self, name: str) -> MemberState | None:
        return self.members.get(self.names.get(name, name))
