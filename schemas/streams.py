"""Names of streams: `<category>-<of what>`. Nobody else puts one together; what follows the first dash is never taken apart again."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import NewType

StreamName = NewType("StreamName", str)

CUSTOMER = "customer"
"""Category of the streams of customers, whose versions decisions rest on."""

CATALOG = StreamName("catalog-main")
"""Every published catalogue, in order."""


def category(stream: str) -> str:
    """Part of a stream's name before the first dash."""
    return stream.partition("-")[0]


def webhooks(provider: str, received_at: datetime) -> StreamName:
    """Deliveries of a provider by the day (UTC) they came: a stream for each would cost a head each."""
    return _webhooks_of_day(provider, received_at.date())


@lru_cache(maxsize=64)
def _webhooks_of_day(provider: str, day: date) -> StreamName:
    """Remembered: nearly all come on the same day, and writing a date takes longer than finding it."""
    return StreamName(f"webhook-{provider}-{day:%Y-%m-%d}")


def payment(provider: str, key: str) -> StreamName:
    """What a provider says of one payment."""
    return StreamName(f"payment-{provider}-{key}")


def order(provider: str, key: str) -> StreamName:
    """What a provider says of one order."""
    return StreamName(f"order-{provider}-{key}")


def subscription(provider: str, key: str) -> StreamName:
    """What a provider says of one subscription or membership."""
    return StreamName(f"subscription-{provider}-{key}")


def customer(customer_id: str) -> StreamName:
    """What we know of a customer and decided for them."""
    return StreamName(f"{CUSTOMER}-{customer_id}")


def request(request_id: str) -> StreamName:
    """A request of our own checkout: what we asked for, and what its provider answered."""
    return StreamName(f"request-{request_id}")


def refund(refund_id: str) -> StreamName:
    """A refund that we ask for, and what its provider answered."""
    return StreamName(f"refund-{refund_id}")


def credit(customer_id: str) -> StreamName:
    """What a customer did with credit and quotas: spends, reservations, usage. Beside the customer's own stream, whose versions decisions rest on."""
    return StreamName(f"credit-{customer_id}")


def case(case_key: str) -> StreamName:
    """What we concluded about one case, whoever it belongs to."""
    return StreamName(f"case-{case_key}")


def correction(change_id: str) -> StreamName:
    """What operators said of a payment instead of its provider."""
    return StreamName(f"correction-{change_id}")


def settlement(statement: str) -> StreamName:
    """What operators recorded of one statement of settlement."""
    return StreamName(f"settlement-{statement}")


def suspense(suspense_id: str) -> StreamName:
    """What operators said of held money."""
    return StreamName(f"suspense-{suspense_id}")
