"""Taking a grant back that was never due: news of earlier times came after it. Not a refund: the money is still with us, and looks for its place anew.

Everything that was granted goes back, also what was spent meanwhile (a balance may fall below zero: the value would be there twice otherwise).
"""

from __future__ import annotations

from processor.cases.parts import payment_id_of
from processor.cases.payment import Grant, PaymentCase
from processor.cases.situation import CustomerRecord, Situation, TopUp
from processor.grants import postings
from processor.grants.plan_purchases import withdraw_purchase
from processor.grants.tiers import settle_tier
from schemas.corrections import CourseWithdrawn, CreditWithdrawn, SaleWithdrawn, TokensWithdrawn


def withdraw_all(case: PaymentCase, reason: str, owner: str | None, situation: Situation) -> None:
    """Everything that was granted or closed for this case, and by cases that turned out to be this one: as if nothing had been decided yet.

    `owner` is the customer whose plans may remember money that went back before it was granted.
    """
    for part in list(case.grants):
        withdraw(case, part, reason, situation)
    for name, grant in case.stray_grants.items():
        withdraw_grant(case, name, grant, reason, situation)
    for part in case.closed:
        # A plan whose money went back before it was granted is known to the customer's memberships.
        _forget(case, f"{case.key} {part}", owner, situation)
    case.stray_grants.clear()
    case.closed.clear()
    case.main.clear()
    case.sold = case.owner = None


def withdraw(case: PaymentCase, part: str, reason: str, situation: Situation) -> None:
    """What was granted for one part."""
    grant = case.grants.pop(part)
    withdraw_grant(case, f"{case.key} {part}", grant, reason, situation)


def withdraw_grant(case: PaymentCase, name: str, grant: Grant, reason: str, situation: Situation) -> None:
    """A grant that the case no longer lists. `name`: the case that granted it, and its part."""
    if grant.kind == "credit":
        _credit(case, grant, situation.customers[grant.customer_id or ""], reason, situation)
    elif grant.kind == "tokens":
        _tokens(case, grant, situation.customers[grant.customer_id or ""], reason, situation)
    elif grant.kind == "course":
        _course(case, grant, situation.customers[grant.customer_id or ""], reason, situation)
    else:
        _sale(case, grant, reason, situation)
    _forget(case, name, grant.customer_id, situation)


def _left(grant: Grant) -> int:
    """Rupiah of it that did not go back to the payer."""
    return max((grant.amount_idr or 0) - grant.refunded_idr, 0)


def _credit(
    case: PaymentCase, grant: Grant, customer: CustomerRecord, reason: str, situation: Situation
) -> None:
    amount, left = grant.amount_idr or 0, _left(grant)
    tokens = grant.tokens - grant.clawed_tokens
    customer.credit_tokens -= tokens
    if grant.at is not None:
        customer.not_topped_up(TopUp(grant.at, amount))
    last = customer.last_topup
    situation.say_of(
        customer.customer_id,
        CreditWithdrawn(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, tuple(case.main)),
            amount_idr=amount,
            tokens=tokens,
            reason=reason,
            at=situation.now,
            last_top_up_at=last.at if last else None,
            last_top_up_idr=last.amount_idr if last else None,
            postings=postings.credit_taken_back(case.provider, customer.customer_id, left, left, tokens),
        ),
    )
    if not grant.refunds or left:
        customer.topups -= 1
        settle_tier(customer, case.key, "withdrawn", situation)


def _tokens(
    case: PaymentCase, grant: Grant, customer: CustomerRecord, reason: str, situation: Situation
) -> None:
    tokens = grant.tokens - grant.clawed_tokens
    customer.chat_tokens -= tokens
    situation.say_of(
        customer.customer_id,
        TokensWithdrawn(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, tuple(case.main)),
            product=grant.product,
            chat_tokens=tokens,
            amount_idr=grant.amount_idr,
            reason=reason,
            at=situation.now,
            postings=(
                *postings.sale_returned(case.provider, grant.product, _left(grant)),
                *postings.chat_tokens(customer.customer_id, -tokens),
            ),
        ),
    )


def _course(
    case: PaymentCase, grant: Grant, customer: CustomerRecord, reason: str, situation: Situation
) -> None:
    if not grant.revoked:
        customer.close_course(grant.product)
        situation.wakes.add(f"course:{customer.customer_id}:{grant.product}")
    situation.say_of(
        customer.customer_id,
        CourseWithdrawn(
            case=case.key,
            customer_id=customer.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, tuple(case.main)),
            course=grant.product,
            order_id=grant.order_id or case.payment_key,
            amount_idr=grant.amount_idr,
            reason=reason,
            at=situation.now,
            postings=postings.sale_returned(case.provider, grant.product, _left(grant)),
        ),
    )


def _sale(case: PaymentCase, grant: Grant, reason: str, situation: Situation) -> None:
    situation.say(
        f"customer-{grant.customer_id}" if grant.customer_id else f"case-{case.key}",
        SaleWithdrawn(
            case=case.key,
            customer_id=grant.customer_id,
            provider=case.provider,
            payment_id=payment_id_of(case, tuple(case.main)),
            product=grant.product,
            amount_idr=grant.amount_idr or 0,
            reason=reason,
            at=situation.now,
            postings=postings.sale_returned(case.provider, grant.product, _left(grant)),
        ),
    )


def _forget(case: PaymentCase, name: str, customer_id: str | None, situation: Situation) -> None:
    """What the customer's plans and subscriptions remember of this money."""
    customer = situation.customers.get(customer_id or "")
    if customer is None:
        return
    withdraw_purchase(case, name, customer, situation, hide=True)
    for charge in [*(attempt for attempt in case.attempts if attempt), case.payment_key]:
        if customer.charges.pop(charge, None):
            situation.wakes.add(f"charge:{case.provider}:{charge}")
