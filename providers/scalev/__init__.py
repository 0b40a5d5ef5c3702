"""Scalev."""

from __future__ import annotations

from providers.payer import PayerFields
from providers.provider import Provider
from providers.scalev.amounts import STATED
from providers.scalev.signature import by_head, signed_at, verify
from providers.scalev.subject import subject
from providers.scalev.translate import translate
from providers.scalev.zone import ZONE
from providers.traits import Traits

SCALEV = Provider(
    name="scalev",
    webhooks=True,
    verify=verify,
    by_head=by_head,
    translate=translate,
    subject=subject,
    zone=ZONE,
    signed_at=signed_at,
    earlier_paths=("/api/webhooks/scalev",),
    account_setting="scalev_store_unique_id",
    amounts=STATED,
    payer=PayerFields(
        ids=("data.customer.email", "data.destination_address.email"),
        phones=("data.customer.phone", "data.destination_address.phone"),
        names=("data.customer.name", "data.destination_address.name"),
    ),
    traits=Traits(orders_carry_payments=True, sells_store_products=True),
)
