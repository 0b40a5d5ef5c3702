"""Mayar."""

from __future__ import annotations

from providers.mayar.amounts import STATED
from providers.mayar.signature import HEADER, by_head, verify
from providers.mayar.subject import subject
from providers.mayar.translate import translate
from providers.mayar.zone import ZONE
from providers.payer import PayerFields
from providers.provider import Provider
from providers.traits import Traits

MAYAR = Provider(
    name="mayar",
    webhooks=True,
    verify=verify,
    by_head=by_head,
    token_header=HEADER,
    translate=translate,
    subject=subject,
    zone=ZONE,
    earlier_paths=("/api/webhook/mayar",),
    account_setting="mayar_merchant_id",
    amounts=STATED,
    payer=PayerFields(
        ids=(
            "data.extraData.customerId",
            "data.customerEmail",
            "data.customer.email",
            "data.membershipCustomer.customerEmail",
        ),
        phones=("data.customerMobile", "data.customer.mobile", "data.membershipCustomer.customerMobile"),
        names=("data.customerName", "data.customer.name", "data.membershipCustomer.customerName"),
    ),
    traits=Traits(
        announces_memberships=True,
        sells_licences=True,
        order_needs=frozenset({"email", "phone"}),
        unsigned=True,
    ),
)
