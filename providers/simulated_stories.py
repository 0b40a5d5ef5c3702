"""Small stories of a day: what one buyer does, as the webhooks it causes, and what must come of it.

Every story returns its webhooks in the order things happened and notes the outcome in its cast. `STORIES` says how often each is told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from providers.simulated import Buyer, SimulatedWebhook, to_bytes
from providers.simulated_cast import COURSE, COURSE_PRICE, PACKAGES, PLAN, PLAN_PRICE, Cast
from providers.xendit.simulated_bodies import XenditPlan

Webhooks = list[SimulatedWebhook]
Story = Callable[[Cast, datetime], Webhooks]

LARGE_TOPUP = 1_000_000
MINUTE = timedelta(minutes=1)


def topup(cast: Cast, at: datetime) -> Webhooks:
    """The usual one."""
    payment = cast.credited(at)
    return [cast.xendit.event("payment.capture", at, payment=payment)]


def topup_under_two_names(cast: Cast, at: datetime) -> Webhooks:
    """The same money announced by the request and by the payment, or under the older name."""
    payment = cast.credited(at)
    other = cast.rng.choice(("payment_request.succeeded", "payment.succeeded"))
    events = [
        cast.xendit.event("payment.capture", at, payment=payment),
        cast.xendit.event(other, at + timedelta(seconds=1), payment=payment),
    ]
    cast.rng.shuffle(events)
    return events


def topup_by_email(cast: Cast, at: datetime) -> Webhooks:
    """Only the payer's e-mail says whose it is, and not in the case it was registered in."""
    buyer = cast.buyer()
    payment = cast.payment(Buyer(buyer.email.upper(), buyer.name), at)
    cast.outcome.topped_up(buyer.customer_id, payment.amount)
    return [cast.xendit.event("payment.capture", at, payment=payment)]


def late_topup(cast: Cast, at: datetime) -> Webhooks:
    """Paid after it expired: credited all the same."""
    payment = cast.credited(at)
    expired = cast.xendit.event("payment_request.expiry", at - 20 * MINUTE, payment=payment)
    return [expired, cast.xendit.event("payment.capture", at, payment=payment)]


def topup_after_failure(cast: Cast, at: datetime) -> Webhooks:
    """One attempt fails, the next one pays."""
    failed = cast.credited(at)
    paid = cast.xendit.another_attempt(failed)
    return [
        cast.xendit.event("payment.failure", at - MINUTE, payment=failed),
        cast.xendit.event("payment.capture", at, payment=paid),
    ]


def expired_topup(cast: Cast, at: datetime) -> Webhooks:
    """Never paid."""
    payment = cast.payment(cast.buyer(), at)
    return [
        cast.xendit.event(cast.one("payment_request.expiry", "payment_request.expired"), at, payment=payment)
    ]


def refunded_topup(cast: Cast, at: datetime) -> Webhooks:
    """Paid, then given back in part or in full."""
    buyer = cast.buyer()
    payment = cast.payment(buyer, at)
    refunded = cast.one(payment.amount, payment.amount // 5)
    cast.outcome.topped_up(buyer.customer_id, payment.amount)
    cast.outcome.refunded(buyer.customer_id, refunded)
    return [
        cast.xendit.event("payment.capture", at, payment=payment),
        cast.xendit.event("refund.succeeded", at + 30 * MINUTE, payment=payment, refund_amount=refunded),
    ]


def large_topup(cast: Cast, at: datetime) -> Webhooks:
    """Proved by a static token only and too large for that: waits for the provider's confirmation."""
    payment = cast.payment(cast.buyer(), at, amount=LARGE_TOPUP)
    cast.outcome.suspense["awaiting_confirmation"] += payment.amount
    return [cast.xendit.event("payment.capture", at, payment=payment)]


def stranger_topup(cast: Cast, at: datetime) -> Webhooks:
    """Nobody knows the payer."""
    payment = cast.payment(cast.stranger(), at)
    cast.outcome.suspense["customer_unknown"] += payment.amount
    return [cast.xendit.event("payment.capture", at, payment=payment)]


def purposeless_payment(cast: Cast, at: datetime) -> Webhooks:
    """Nothing says what it is for."""
    payment = cast.xendit.payment(amount=60_000, buyer=cast.buyer(), at=at, payment_type=None)
    cast.outcome.suspense["purpose_unknown"] += payment.amount
    return [cast.xendit.event("payment.capture", at, payment=payment)]


def unreadable_amount(cast: Cast, at: datetime) -> Webhooks:
    """Half a rupiah does not exist: the delivery is parked for a person to look at."""
    payment = cast.payment(cast.buyer(), at)
    webhook = cast.xendit.event("payment.capture", at, payment=payment)
    odd = webhook.body.replace(f'"capture_amount":{payment.amount}'.encode(), b'"capture_amount":25000.5')
    cast.outcome.parked += 1
    return [SimulatedWebhook("xendit", webhook.path, webhook.event, odd, webhook.headers, at)]


def package(cast: Cast, at: datetime) -> Webhooks:
    """A token package at Mayar, after a reminder sometimes, announced under both names sometimes."""
    buyer, tier = cast.buyer(), cast.one(*PACKAGES)
    price, tokens = PACKAGES[tier]
    quantity = cast.rng.choices((1, 2, 3), (8, 2, 1))[0]
    sale = cast.mayar.sale(buyer=buyer, at=at, tier=tier, amount=price * quantity, quantity=quantity)
    customer = cast.outcome.of(buyer.customer_id)
    customer.paid_idr += sale.amount
    customer.chat_tokens += tokens * quantity
    names = cast.one(("payment.received",), ("payment.success",), ("payment.received", "payment.success"))
    events = [cast.mayar.event(name, at, sale=sale) for name in names]
    if cast.rng.random() < 0.3:
        events.insert(0, cast.mayar.event("payment.reminder", at - 5 * MINUTE, sale=sale))
    return events


def short_package(cast: Cast, at: datetime) -> Webhooks:
    """The old short form that names neither an amount nor a transaction; once per buyer and package."""
    buyer, tier = cast.buyer(), cast.one(*PACKAGES)
    if (buyer.email, tier) in cast.short_sales:
        return package(cast, at)
    cast.short_sales.add((buyer.email, tier))
    cast.outcome.of(buyer.customer_id).chat_tokens += PACKAGES[tier][1]
    return [cast.mayar.short_sale(tier.lower(), buyer, at)]


def unmapped_package(cast: Cast, at: datetime) -> Webhooks:
    """A tier that the catalogue does not know is never guessed at."""
    sale = cast.mayar.sale(buyer=cast.buyer(), at=at, tier="Platinum", amount=120_000)
    cast.outcome.suspense["unmapped_product"] += sale.amount
    return [cast.mayar.event("payment.received", at, sale=sale)]


def course(cast: Cast, at: datetime) -> Webhooks:
    """An order and its payment; a second one of the same buyer is held."""
    buyer = cast.buyer()
    customer = cast.outcome.of(buyer.customer_id)
    if COURSE in customer.courses:
        cast.outcome.suspense["duplicate_purchase"] += COURSE_PRICE
    else:
        customer.courses.add(COURSE)
        customer.paid_idr += COURSE_PRICE
    return _paid_order(cast, buyer, at)


def stranger_course(cast: Cast, at: datetime) -> Webhooks:
    cast.outcome.suspense["customer_unknown"] += COURSE_PRICE
    return _paid_order(cast, cast.stranger(), at)


def cancelled_order(cast: Cast, at: datetime) -> Webhooks:
    """Ordered, never paid."""
    order = cast.scalev.order(buyer=cast.buyer(), at=at - 60 * MINUTE, variant=cast.variant)
    return [
        cast.scalev.event("order.created", order.created, order=order),
        cast.scalev.event("order.status_changed", at, order=order, status="canceled"),
    ]


def subscription(cast: Cast, at: datetime) -> Webhooks:
    """A plan and its first charge, or one that began a month ago and is renewed today."""
    free = [buyer for buyer in cast.buyers if not cast.outcome.of(buyer.customer_id).plans]
    if not free:
        return topup(cast, at)
    buyer = cast.rng.choice(free)
    renewed = cast.rng.random() < 0.4
    began = _month_before(at) if renewed else at
    plan = cast.xendit.plan(amount=PLAN_PRICE, buyer=buyer, at=began)
    events = [cast.xendit.event("recurring.plan.activated", began, plan=plan)]
    for number, charged in enumerate((began, at) if renewed else (at,), start=1):
        events += _charge(cast, buyer, plan, number, charged)
    customer = cast.outcome.of(buyer.customer_id)
    customer.plans.add(PLAN)
    customer.paid_idr += PLAN_PRICE * (2 if renewed else 1)
    return events


def licence(cast: Cast, at: datetime) -> Webhooks:
    """A Mayar licence is activated."""
    buyer = cast.buyer()
    member = cast.mayar.member(buyer=buyer, expires=at + timedelta(days=30))
    cast.outcome.of(buyer.customer_id).licences.add(member.licence_code)
    return [cast.mayar.event("subscription.activated", at, member=member)]


def connection_test(cast: Cast, at: datetime) -> Webhooks:
    cast.outcome.tests += 1
    if cast.rng.random() < 0.5:
        return [cast.mayar.event("testing", at)]
    return [cast.scalev.event("business.test_event", at)]


def unknown_event(cast: Cast, at: datetime) -> Webhooks:
    """A name that only a later version of us will know."""
    known = cast.mayar.event("shipper.status", at)
    cast.outcome.unknown += 1
    body = to_bytes({"event": f"payment.novelty.{cast.rng.getrandbits(32)}", "data": {}})
    return [SimulatedWebhook("mayar", known.path, "payment.novelty", body, known.headers, at)]


def _paid_order(cast: Cast, buyer: Buyer, at: datetime) -> Webhooks:
    order = cast.scalev.order(buyer=buyer, at=at - 4 * MINUTE, variant=cast.variant, price=COURSE_PRICE)
    events = [
        cast.scalev.event("order.created", order.created, order=order),
        cast.scalev.event("order.payment_status_changed", at, order=order, status="paid"),
    ]
    if cast.rng.random() < 0.5:
        events.append(cast.scalev.event("payment.received", at, order=order, status="paid"))
    if cast.rng.random() < 0.3:
        settled = at + 60 * MINUTE
        events.append(cast.scalev.event("payment.received", settled, order=order, status="settled"))
    if cast.rng.random() < 0.3:
        # The payment overtakes the order that explains it.
        events.append(events.pop(0))
    return events


def _charge(cast: Cast, buyer: Buyer, plan: XenditPlan, number: int, at: datetime) -> Webhooks:
    payment = cast.xendit.payment(amount=PLAN_PRICE, buyer=buyer, at=at, payment_type=None)
    cycle = cast.xendit.event(
        "recurring.cycle.succeeded", at, plan=plan, number=number, payment_id=payment.payment_id
    )
    # The same money again as a payment, for some charges.
    if cast.rng.random() < 0.5:
        return [cycle]
    return [cast.xendit.event("payment.capture", at, payment=payment), cycle]


def _month_before(moment: datetime) -> datetime:
    """The same time a month earlier, on the 28th at the latest."""
    first = moment.replace(day=1) - timedelta(days=1)
    return first.replace(day=min(moment.day, 28))


STORIES: tuple[tuple[Story, int], ...] = (
    (topup, 30),
    (topup_under_two_names, 8),
    (topup_by_email, 8),
    (late_topup, 6),
    (topup_after_failure, 6),
    (expired_topup, 5),
    (refunded_topup, 5),
    (large_topup, 1),
    (stranger_topup, 3),
    (purposeless_payment, 2),
    (unreadable_amount, 1),
    (package, 14),
    (short_package, 3),
    (unmapped_package, 2),
    (course, 12),
    (stranger_course, 2),
    (cancelled_order, 3),
    (subscription, 8),
    (licence, 4),
    (connection_test, 3),
    (unknown_event, 1),
)
"""Each story and its weight."""
