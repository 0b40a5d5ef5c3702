"""The calls for refunds as data."""

from __future__ import annotations

from api.call_parameters import MIN_POSITION, OWNER
from api.checkout.topup_calls import IDEMPOTENCY
from api.parameters import SEGMENT_MAX
from schemas.calls import Call, NextCall, Parameter
from schemas.refund_api import CreatedRefund, OneRefund, RefundBody

_ID, _POSITION = "$response.body#/refund_id", "$response.body#/position"

POST_REFUND = Call(
    "createRefund",
    "POST",
    "/v1/refunds",
    "Give a payment back, or a part of it",
    "Kembalikan pembayaran, seluruhnya atau sebagian",
    {201: CreatedRefund, 202: CreatedRefund},
    (IDEMPOTENCY,),
    body=RefundBody,
    problems=(
        "invalid_body", "invalid_parameter", "idempotency_key_reused", "body_too_large", "payment_not_found", "refund_not_supported",
        "refund_exceeds_payment", "refund_in_progress", "refund_funds_missing", "provider_unavailable", "provider_busy",
        "provider_refused", "provider_credentials", "provider_misconfigured", "provider_not_configured", "duplicate_request",
    ),
    description="What is to go back is reserved before the provider is asked: refunds that are asked for at once never exceed their payment. "
    "202 says that the provider has not answered: nothing is refunded twice, and the refund itself says what became of it. What was bought "
    "is taken back when the money has gone.",
    tag="refunds",
    scope="refund",
    links=(NextCall("GetRefund", "getRefund", {"refund_id": _ID, "min_position": _POSITION}),),
)  # fmt: skip

GET_REFUND = Call(
    "getRefund",
    "GET",
    "/v1/refunds/{refund_id}",
    "A refund and what became of it",
    "Sebuah pengembalian dana dan hasilnya",
    {200: OneRefund},
    (
        Parameter(
            "refund_id", "path", "`refund_id` of the refund.", required=True, min_length=1, max_length=SEGMENT_MAX,
            example="rfn_019bbf5d6a1577a7878a214734d2fcfd",
        ),
        OWNER,
        MIN_POSITION,
    ),
    problems=("refund_not_found", "invalid_parameter", "projection_behind"),
    tag="refunds",
)  # fmt: skip
