"""The calls for orders as data."""

from __future__ import annotations

from api.call_parameters import CURSOR, CUSTOMER, LIMIT, MIN_POSITION, OWNER
from api.checkout.topup_calls import IDEMPOTENCY, REFUSALS
from api.parameters import SEGMENT_MAX
from schemas.calls import Call, NextCall, Parameter
from schemas.checkout_api import CreatedOrder, OneOrder, OrderBody, Orders

_ID, _POSITION = "$response.body#/order_id", "$response.body#/position"
_CUSTOMER, _CURSOR = "$response.body#/customer_id", "$response.body#/next_cursor"

POST_ORDER = Call(
    "createOrder",
    "POST",
    "/v1/orders",
    "Sell products of the catalogue to a customer",
    "Jual produk katalog kepada pelanggan",
    {201: CreatedOrder, 202: CreatedOrder},
    (IDEMPOTENCY,),
    body=OrderBody,
    problems=(
        "invalid_body", "invalid_parameter", "idempotency_key_reused", "customer_not_found", "body_too_large", "product_unknown",
        "product_not_for_sale", "order_below_minimum", "order_rejected", "store_mismatch", "store_unnamed",
        "customer_incomplete", *REFUSALS,
    ),
    description="`PAYMENT_PROVIDER` decides where it is paid. The prices of now are the order's, whatever the catalogue says later. While an equal "
    "order can still be paid it is answered again.",
    tag="checkout",
    links=(NextCall("GetOrder", "getOrder", {"order_id": _ID, "min_position": _POSITION}),),
)  # fmt: skip

GET_ORDER = Call(
    "getOrder",
    "GET",
    "/v1/orders/{order_id}",
    "An order and what became of it",
    "Sebuah pesanan dan hasilnya",
    {200: OneOrder},
    (
        Parameter(
            "order_id", "path", "`order_id` of the order.", required=True, min_length=1, max_length=SEGMENT_MAX,
            example="req_019bbf5d6a1577a7878a214734d2fcfc",
        ),
        OWNER,
        MIN_POSITION,
    ),
    problems=("request_not_found", "invalid_parameter", "projection_behind"),
    tag="checkout",
)  # fmt: skip

LIST_ORDERS = Call(
    "listOrders",
    "GET",
    "/v1/customers/{customer_id}/orders",
    "Orders of a customer",
    "Pesanan seorang pelanggan",
    {200: Orders},
    (CUSTOMER, LIMIT, CURSOR, MIN_POSITION),
    problems=("customer_not_found", "invalid_parameter", "projection_behind"),
    tag="checkout",
    links=(NextCall("NextPage", "listOrders", {"customer_id": _CUSTOMER, "cursor": _CURSOR}),),
)
