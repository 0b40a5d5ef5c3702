"""The calls of credit and quotas as data: routes, documentation and contract tests come from here."""

from __future__ import annotations

from api.checkout import idempotency
from schemas import credit_api
from schemas.api import CUSTOMER_ID_PATTERN
from schemas.calls import Call, NextCall, Parameter

CUSTOMER = Parameter(
    "customer_id",
    "path",
    "Id given by your application.",
    required=True,
    pattern=f"^{CUSTOMER_ID_PATTERN}$",
    example="budi",
)
RESERVATION = Parameter(
    "reservation_id",
    "path",
    "Id from the answer to the reservation.",
    required=True,
    pattern="^[0-9a-f-]{1,64}$",
    example="019bbf5d-6a1a-7766-9f45-4356d2ce9f62",
)
KEY = Parameter(
    "Idempotency-Key",
    "header",
    "Repeating a request with it does nothing and answers the same.",
    min_length=1,
    max_length=idempotency.KEY_MAX,
    pattern=idempotency.KEY_PATTERN,
)
BALANCE = NextCall(
    "GetBalance",
    "getBalance",
    {"customer_id": "$response.body#/customer_id", "min_position": "$response.body#/position"},
)

_WRITE = (
    "customer_not_found",
    "invalid_body",
    "invalid_parameter",
    "idempotency_key_reused",
    "body_too_large",
)
_SPENDING = (*_WRITE, "insufficient_balance", "account_frozen", "reference_reused")
_CLOSING = (*_WRITE, "reservation_not_found", "reservation_closed")

SPEND = Call(
    "spend",
    "POST",
    "/v1/customers/{customer_id}/spends",
    "Use credit up",
    "Pakai saldo",
    {201: credit_api.SpendAnswer},
    (CUSTOMER, KEY),
    body=credit_api.SpendBody,
    problems=_SPENDING,
    description="Never more than there is, whoever else spends at the same time. The oldest top-up is used up first.",
    tag="credit",
    scope="spend",
    links=(BALANCE,),
)
RESERVE = Call(
    "reserve",
    "POST",
    "/v1/customers/{customer_id}/reservations",
    "Set credit aside before its cost is known",
    "Sisihkan saldo sebelum biayanya diketahui",
    {201: credit_api.ReservationAnswer},
    (CUSTOMER, KEY),
    body=credit_api.ReservationBody,
    problems=_SPENDING,
    description="Nobody else can spend it until it is captured, released, or its time is over: then it gives itself up.",
    tag="credit",
    scope="spend",
    links=(BALANCE,),
)
CAPTURE = Call(
    "captureReservation",
    "POST",
    "/v1/customers/{customer_id}/reservations/{reservation_id}/capture",
    "Use a reservation, all of it or less",
    "Pakai reservasi, seluruhnya atau sebagian",
    {200: credit_api.ReservationAnswer},
    (CUSTOMER, RESERVATION, KEY),
    body=credit_api.CaptureBody,
    problems=(*_CLOSING, "capture_exceeds_reservation"),
    tag="credit",
    scope="spend",
    links=(BALANCE,),
)
RELEASE = Call(
    "releaseReservation",
    "POST",
    "/v1/customers/{customer_id}/reservations/{reservation_id}/release",
    "Give a reservation up",
    "Lepaskan reservasi",
    {200: credit_api.ReservationAnswer},
    (CUSTOMER, RESERVATION, KEY),
    problems=_CLOSING,
    tag="credit",
    scope="spend",
    links=(BALANCE,),
)
USE = Call(
    "reportUsage",
    "POST",
    "/v1/customers/{customer_id}/usage",
    "Report use of the product",
    "Laporkan pemakaian produk",
    {201: credit_api.UsageAnswer},
    (CUSTOMER, KEY),
    body=credit_api.UsageBody,
    problems=(*_SPENDING, "quota_exceeded"),
    description=(
        "Counts against the quotas of the tier in force, by the calendar of Asia/Jakarta; on a tier that is paid from credit it spends "
        "credit. What does not fit is not recorded at all."
    ),
    tag="credit",
    scope="spend",
    links=(BALANCE,),
)
