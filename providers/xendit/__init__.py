"""Xendit."""

from __future__ import annotations

from providers.payer import PayerFields
from providers.provider import Provider
from providers.traits import Traits
from providers.xendit.amounts import STATED
from providers.xendit.refundable import obstacle
from providers.xendit.signature import HEADER, by_head, verify
from providers.xendit.subject import subject
from providers.xendit.translate import translate
from providers.xendit.zone import ZONE

XENDIT = Provider(
    name="xendit",
    webhooks=True,
    verify=verify,
    by_head=by_head,
    token_header=HEADER,
    translate=translate,
    subject=subject,
    zone=ZONE,
    earlier_paths=("/api/webhooks/xendit",),
    account_setting="xendit_business_id",
    amounts=STATED,
    payer=PayerFields(
        ids=("data.metadata.customer_id", "data.metadata.payer_email", "payer_email"),
        phones=("data.channel_properties.account_mobile_number", "data.channel_properties.mobile_number"),
        names=("data.payment_details.payer_name",),
    ),
    refunds=obstacle,
    traits=Traits(unknown_purpose="purpose_unknown", unsigned=True),
)
