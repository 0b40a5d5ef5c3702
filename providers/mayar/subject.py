"""What a Mayar webhook is about: the name by which related deliveries find the same partition.

A payment is its transaction, a membership its licence or its member, as in the facts about them. The short form
`{package, customerEmail}` names neither.
"""

from __future__ import annotations

from providers.mayar.events import SUBSCRIPTIONS, event_name
from providers.section import Section

_PAYMENT = ("transactionId", "id")
_MEMBERSHIP = ("licenseCode", "memberId")


def subject(top: Section) -> str | None:
    """The transaction, licence or member; None when nothing is named. Raises UntranslatableError."""
    data = top.section("data")
    names = (*_MEMBERSHIP, *_PAYMENT) if event_name(top) in SUBSCRIPTIONS else _PAYMENT
    return data.first_identifier(*names) or top.identifier("id")
