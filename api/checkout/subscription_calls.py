"""The calls for subscriptions as data."""

from __future__ import annotations

from api.call_parameters import MIN_POSITION, OWNER
from api.checkout.topup_calls import IDEMPOTENCY, REFUSALS
from api.parameters import SEGMENT_MAX
from schemas.calls import Call, NextCall, Parameter
from schemas.subscription_api import (
    ActedSubscription,
    CancelBody,
    ChangeBody,
    MadeSubscription,
    OneSubscription,
    SubscriptionBody,
)

SUBSCRIPTION = Parameter(
    "subscription_id",
    "path",
    "`subscription_id` of the subscription.",
    required=True,
    min_length=1,
    max_length=SEGMENT_MAX,
    example="sub_019bbf5d6a1577a7878a214734d2fcfb",
)
_ID, _POSITION = "$response.body#/subscription_id", "$response.body#/position"
_READ = NextCall("GetSubscription", "getSubscription", {"subscription_id": _ID, "min_position": _POSITION})
_BODY = ("invalid_body", "invalid_parameter", "idempotency_key_reused", "body_too_large")
_ACT = (*_BODY, "subscription_not_found", "subscription_not_active", "subscription_ended", "unavailable")

POST_SUBSCRIPTION = Call(
    "createSubscription",
    "POST",
    "/v1/subscriptions",
    "Charge a customer regularly for a plan",
    "Tagih pelanggan secara berkala untuk sebuah paket",
    {201: MadeSubscription, 202: MadeSubscription},
    (IDEMPOTENCY,),
    body=SubscriptionBody,
    problems=(
        *_BODY,
        "customer_not_found",
        "product_unknown",
        "product_not_for_sale",
        "unavailable",
        *REFUSALS,
    ),
    description="A customer has one live subscription of a plan: asked for again, it is answered again. 202 says that the provider has not "
    "answered: no second plan is made, and the subscription itself says what became of it. Who has cancelled and comes back before what "
    "they paid for is over is charged first when it is: `first_charge_at`.",
    tag="checkout",
    links=(_READ,),
)

GET_SUBSCRIPTION = Call(
    "getSubscription",
    "GET",
    "/v1/subscriptions/{subscription_id}",
    "A subscription with its dated history",
    "Sebuah langganan beserta riwayat bertanggal",
    {200: OneSubscription},
    (SUBSCRIPTION, OWNER, MIN_POSITION),
    problems=("subscription_not_found", "invalid_parameter", "projection_behind", "unavailable"),
    description="Access ends by the database's clock, with or without an event.",
    tag="checkout",
)

CANCEL_SUBSCRIPTION = Call(
    "cancelSubscription",
    "POST",
    "/v1/subscriptions/{subscription_id}/cancel",
    "End a subscription, now or when what is paid for is over",
    "Akhiri langganan, sekarang atau setelah masa yang dibayar habis",
    {200: ActedSubscription},
    (SUBSCRIPTION, IDEMPOTENCY),
    body=CancelBody,
    problems=_ACT,
    description="It counts from this answer on; the provider is told to charge nothing more until it confirms. Money is not given back: that "
    "is a refund.",
    tag="checkout",
    links=(_READ,),
)

CHANGE_SUBSCRIPTION = Call(
    "changeSubscription",
    "POST",
    "/v1/subscriptions/{subscription_id}/change",
    "Go on with another plan",
    "Lanjutkan dengan paket lain",
    {200: ActedSubscription, 202: ActedSubscription},
    (SUBSCRIPTION, IDEMPOTENCY),
    body=ChangeBody,
    problems=(
        *_ACT,
        "product_unknown",
        "product_not_for_sale",
        "subscription_exists",
        "plan_period_differs",
        *REFUSALS,
    ),
    description="A plan is in force when a charge at its price was paid. 202 says that the provider has not answered yet.",
    tag="checkout",
    links=(_READ,),
)
