"""Customers as our applications registered them; the newest registration counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from projections.projection import Event, Projection, Table
from schemas.email_address import normalise_email
from schemas.facts import CustomerRegistered
from schemas.personal_facts import CustomerErased


@dataclass(slots=True)
class CustomerRow:
    customer_id: str
    email: str | None
    email_normalized: str | None
    name: str | None
    phone: str | None
    position: int


@dataclass(slots=True)
class CustomerRows:
    customers: dict[str, CustomerRow] = field(default_factory=dict)


def registered(state: CustomerRows, event: Event) -> None:
    data = event.data
    customer_id: str = data["customer_id"]
    email: str | None = data.get("email")
    state.customers[customer_id] = CustomerRow(
        customer_id=customer_id,
        email=email,
        email_normalized=normalise_email(email),
        name=data.get("name"),
        phone=data.get("phone"),
        position=event.position,
    )


def erased(state: CustomerRows, event: Event) -> None:
    customer_id: str = event.data["customer_id"]
    state.customers[customer_id] = CustomerRow(customer_id, None, None, None, None, event.position)


CUSTOMERS = Projection(
    name="customers",
    tables=(Table("customers", CustomerRow, ("customer_id",)),),
    new_state=CustomerRows,
    handlers={CustomerRegistered.TYPE: registered, CustomerErased.TYPE: erased},
    keys=lambda event: (event.data["customer_id"],),
    loaded=False,
)
