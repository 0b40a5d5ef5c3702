"""The calls for top-ups as data."""

from __future__ import annotations

from api.call_parameters import CURSOR, CUSTOMER, LIMIT, MIN_POSITION, OWNER
from api.checkout import idempotency
from api.parameters import SEGMENT_MAX
from schemas.calls import Call, NextCall, Parameter
from schemas.checkout_api import (
    CreatedTopUp,
    OneTopUp,
    SourceError,
    SourceTopUp,
    SourceTopUpBody,
    TopUpBody,
    TopUps,
)

REFUSALS = (
    "channel_unavailable", "provider_unavailable", "provider_busy", "provider_silent", "provider_failing", "provider_unreadable",
    "provider_refused", "provider_credentials", "provider_misconfigured", "provider_not_configured", "payment_method_inactive",
    "amount_refused", "duplicate_request", "request_cancelled",
)  # fmt: skip
IDEMPOTENCY = Parameter(
    "Idempotency-Key",
    "header",
    "Repeating a request with it does nothing and answers the same.",
    min_length=1,
    max_length=idempotency.KEY_MAX,
    pattern=idempotency.KEY_PATTERN,
)
_ID, _POSITION = "$response.body#/payment_id", "$response.body#/position"
_CUSTOMER, _CURSOR = "$response.body#/customer_id", "$response.body#/next_cursor"

POST_TOPUP = Call(
    "createTopUp",
    "POST",
    "/v1/topups",
    "Ask a customer to pay a top-up",
    "Minta pelanggan membayar isi ulang",
    {201: CreatedTopUp, 202: CreatedTopUp},
    (IDEMPOTENCY,),
    body=TopUpBody,
    problems=(
        "invalid_body", "invalid_parameter", "idempotency_key_reused", "customer_not_found", "body_too_large", "amount_not_offered",
        "channel_required", "channel_unknown", "phone_required", "phone_invalid", *REFUSALS,
    ),
    description="While an equal request can still be paid it is answered again, however often this is called. 202 says that the provider has "
    "not answered: nothing is charged twice, and the top-up itself says what became of it.",
    tag="checkout",
    links=(NextCall("GetTopUp", "getTopUp", {"payment_id": _ID, "min_position": _POSITION}),),
)  # fmt: skip

GET_TOPUP = Call(
    "getTopUp",
    "GET",
    "/v1/topups/{payment_id}",
    "A top-up and what became of it",
    "Sebuah isi ulang dan hasilnya",
    {200: OneTopUp},
    (
        Parameter(
            "payment_id", "path", "`payment_id` of the top-up.", required=True, min_length=1, max_length=SEGMENT_MAX,
            example="req_019bbf5d6a1577a7878a214734d2fcfb",
        ),
        OWNER,
        MIN_POSITION,
    ),
    problems=("request_not_found", "invalid_parameter", "projection_behind"),
    tag="checkout",
)  # fmt: skip

LIST_TOPUPS = Call(
    "listTopUps",
    "GET",
    "/v1/customers/{customer_id}/topups",
    "Top-ups a customer asked for",
    "Isi ulang yang diminta seorang pelanggan",
    {200: TopUps},
    (CUSTOMER, LIMIT, CURSOR, MIN_POSITION),
    problems=("customer_not_found", "invalid_parameter", "projection_behind"),
    tag="checkout",
    links=(NextCall("NextPage", "listTopUps", {"customer_id": _CUSTOMER, "cursor": _CURSOR}),),
)

POST_SOURCE_TOPUP = Call(
    "createTopUpAsSource",
    "POST",
    "/api/payments/topup",
    "The same in the source application's shapes",
    "Hal yang sama dalam bentuk aplikasi asal",
    {200: SourceTopUp},
    (IDEMPOTENCY,),
    body=SourceTopUpBody,
    problems=(*POST_TOPUP.problems, "outcome_unknown"),
    refusal=SourceError,
    tag="checkout",
    description="Every refusal is `{error}` in Indonesian; its status is the one of the same problem elsewhere, and 400 for a wrong body.",
)
