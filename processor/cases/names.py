"""Which facts belong to one case: the names a case is found by."""

from __future__ import annotations

from providers.registry import traits_of
from schemas import facts as f
from schemas.event_model import EventModel
from schemas.plan_facts import PlanFact
from schemas.refund_facts import OwnRefundFact
from schemas.request_facts import CheckoutFact, CheckoutOpened, CheckoutRequested, is_own_reference
from schemas.settlement_facts import SettlementStated

_ORDER_EVENTS = (f.OrderRecorded, f.OrderCancelled, f.OrderDeleted)
_MONEY_BACK = (f.RefundFact, f.DisputeFact)
_OF_A_PAYMENT = (
    f.PaymentFact,
    *_MONEY_BACK,
    OwnRefundFact,
    SettlementStated,
)  # a union would be made anew for every fact


def names_of(event: EventModel) -> tuple[str, ...]:
    """Names under which the case of a fact is known, most telling first. Empty for other events.

    A reference that an application made is not among them: a recurring plan repeats it on every charge. One of our checkout's is: it names one
    request, also while the provider's ids are not known yet. A reusable code's request is not either: each of its payments is a case of its own.
    """
    if isinstance(event, f.PaymentFact):
        own = _own(event.reference_id)
        if traits_of(event.provider).orders_carry_payments:
            return _prefixed(event.provider, event.payment_key, *event.aliases, own)
        group = None if event.reusable and event.attempt_id else event.group_id
        return _prefixed(event.provider, event.attempt_id, event.payment_key, group, own)
    if isinstance(event, f.SubscriptionReported | PlanFact):
        return (subscription_case(event.provider, key_of(event)),)
    if isinstance(event, CheckoutOpened):
        return _prefixed(event.provider, event.reference, event.payment_key, event.group_id, *event.aliases)
    if isinstance(event, CheckoutRequested):
        return _prefixed(event.provider, event.reference, event.rest_of)
    if isinstance(event, CheckoutFact):
        return _prefixed(event.provider, event.reference)
    if isinstance(event, OwnRefundFact | SettlementStated):
        return _prefixed(event.provider, event.payment_key)
    if isinstance(event, _ORDER_EVENTS):
        return _prefixed(event.provider, event.order_key, *event.aliases)
    if isinstance(event, _MONEY_BACK):
        return _prefixed(event.provider, event.attempt_id, event.payment_key, event.group_id)
    return ()


def number_of(event: EventModel) -> str | None:
    """The order number that a fact bears beside other ids of its order; None when it names the order by one name alone.

    Two orders never share a number. Where they share another id, one of them was told wrongly, and they are not one.
    """
    if isinstance(event, _ORDER_EVENTS):
        return event.order_key if {event.order_key} < set(event.aliases) else None
    if isinstance(event, f.PaymentFact) and traits_of(event.provider).orders_carry_payments:
        return event.payment_key if {event.payment_key} < set(event.aliases) else None
    return None


def payment_case(provider: str, key: str) -> str:
    """Key of the case of a payment or an order."""
    return f"{provider}:{key}"


def subscription_case(provider: str, key: str) -> str:
    """Key of the case of a subscription."""
    return f"{provider}:subscription:{key}"


def key_of(event: EventModel) -> str:
    """The provider's key of what a fact is about."""
    if isinstance(event, _OF_A_PAYMENT):
        return event.payment_key
    if isinstance(event, _ORDER_EVENTS):
        return event.order_key
    if isinstance(event, CheckoutFact):
        return event.reference
    if isinstance(event, f.SubscriptionReported):
        return event.subscription_key
    if isinstance(event, PlanFact):
        return event.plan_key
    raise TypeError(f"{type(event).__name__} belongs to no case")


def _prefixed(provider: str, *names: str | None) -> tuple[str, ...]:
    return tuple({f"{provider}:{name}": None for name in names if name})  # each once, in this order


def _own(reference: str | None) -> str | None:
    return reference if is_own_reference(reference) else None
