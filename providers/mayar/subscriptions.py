"""Facts about memberships and licences."""

from __future__ import annotations

from datetime import datetime

from providers.mayar import payloads
from providers.mayar.payloads import PROVIDER
from providers.section import Section
from schemas import streams
from schemas.errors import UntranslatableError
from schemas.facts import Report, SubscriptionReported
from schemas.translation import Fact


def subscription(event_name: str, report: Report, data: Section, received_at: datetime) -> Fact:
    """One report on a licence, or on a member where there is no licence. Raises UntranslatableError without either."""
    licence, member = data.identifier("licenseCode"), data.identifier("memberId")
    key = licence or member
    if key is None:
        raise UntranslatableError("subscription_key_missing")
    occurred = payloads.happened_at(data)
    event = SubscriptionReported(
        provider=PROVIDER,
        subscription_key=key,
        report=_of_member(report, data) if event_name == "membership.newMemberRegistered" else report,
        aliases=tuple(dict.fromkeys(one for one in (licence, member) if one is not None)),
        customer_ref=payloads.customer_ref(data),
        payer_email=payloads.payer_email(data),
        products=payloads.products(data),
        licence_code=licence,
        member_id=member,
        expires_at=payloads.expires_at(data),
        token_only=True,
        occurred_at=occurred or received_at,
        timed=occurred is not None,
    )
    return Fact(streams.subscription(PROVIDER, key), event)


def _of_member(report: Report, data: Section) -> Report:
    """A member who registered without being active has no access yet."""
    status = data.status("status")
    return report if status is None or status.upper() == "ACTIVE" else "created"
