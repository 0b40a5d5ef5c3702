"""`/customers`: people that plans and requests may name."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.world import FakeWorld
from providers.simulated import iso, new_uuid
from providers.xendit.fake.idempotency import IdempotencyKeys
from providers.xendit.fake.ledger import XenditLedger
from providers.xendit.fake.v3 import invalid

_KEPT = (
    "type", "individual_detail", "business_detail", "description", "email", "mobile_number", "phone_number", "addresses", "identity_accounts",
    "kyc_documents", "metadata",
)  # fmt: skip
_WHOLE = {
    "addresses": ("category", "country", "province_state", "city", "postal_code", "street_line1", "street_line2", "is_primary"),
    "identity_accounts": ("company", "description", "country", "type", "properties"),
    "kyc_documents": ("country", "type", "sub_type", "document_name", "document_number", "expires_at", "holder_name", "document_images"),
}  # fmt: skip
"""What every entry of a list has in an answer, null when it was not said."""


class CustomerDesk:
    """Create, read, find by reference, change."""

    def __init__(self, ledger: XenditLedger, world: FakeWorld, dice: Random) -> None:
        self._ledger, self._world, self._dice = ledger, world, dice
        self._keys = IdempotencyKeys(ledger, "customers")

    @property
    def _customers(self) -> dict[str, Json]:
        return self._ledger.state.customers

    def routes(self) -> Iterable[FakeRoute]:
        return (
            FakeRoute("POST", "/customers", lambda call: self._keys.once(call, self._create)),
            FakeRoute("GET", "/customers", self._find),
            FakeRoute("GET", "/customers/{id}", self._get),
            FakeRoute("PATCH", "/customers/{id}", self._change),
        )

    def _create(self, call: FakeCall) -> FakeReply:
        wish = call.document()
        reference = wish.get("reference_id")
        if not isinstance(reference, str) or not reference:
            raise invalid("reference_id is required")
        if any(one["reference_id"] == reference for one in self._customers.values()):
            raise ApiRefusal(409, "DUPLICATE_ERROR", "a customer with this reference_id exists")
        now = iso(self._world.clock.now())
        customer: Json = {"id": f"cust-{new_uuid(self._dice)}", "reference_id": reference}
        customer |= {name: _whole(name, wish.get(name)) for name in _KEPT} | {"created": now, "updated": now}
        customer["type"] = wish.get("type") or "INDIVIDUAL"
        self._customers[str(customer["id"])] = customer
        return FakeReply(200, customer)

    def _find(self, call: FakeCall) -> FakeReply:
        wanted = call.query.get("reference_id")
        found = [one for one in self._customers.values() if one["reference_id"] == wanted]
        return FakeReply(200, {"data": found, "has_more": False})

    def _get(self, call: FakeCall) -> FakeReply:
        return FakeReply(200, self._customer(call))

    def _change(self, call: FakeCall) -> FakeReply:
        customer = self._customer(call)
        wish = call.document()
        customer |= {name: _whole(name, wish[name]) for name in _KEPT if name in wish}
        customer["updated"] = iso(self._world.clock.now())
        self._customers[str(customer["id"])] = customer
        return FakeReply(200, customer)

    def _customer(self, call: FakeCall) -> Json:
        customer = self._customers.get(call.params["id"])
        if customer is None:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "there is no such customer")
        return customer


def _whole(name: str, value: Any) -> Any:
    """Raises ApiRefusal for a list that is none."""
    if value is None or name not in _WHOLE:
        return value
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise invalid(f"{name} must be a list of objects")
    return [dict.fromkeys(_WHOLE[name]) | one for one in value]
