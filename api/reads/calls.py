"""The read calls as data: routes, documentation and contract tests come from here."""

from __future__ import annotations

from providers.registry import PROVIDERS
from schemas import api
from schemas.calls import Call, Parameter

*_FIRST, _LAST = PROVIDERS
_PROVIDERS = f"{', '.join(_FIRST)} or {_LAST}"

CUSTOMER = Parameter("customer_id", "path", "Id given by your application.", required=True, example="budi")
MIN_POSITION = Parameter(
    "min_position",
    "query",
    "Wait until the answer reflects this log position, so that you read your own write.",
    kind="integer",
    minimum=0,
    example="42",
)
LIMIT = Parameter(
    "limit",
    "query",
    "Most items in the answer; at most 200 unless the server says otherwise.",
    kind="integer",
    minimum=1,
    example="20",
)
CURSOR = Parameter("cursor", "query", "`next_cursor` of the answer before.")

_OF_CUSTOMER = ("customer_not_found", "invalid_parameter", "projection_behind")

GET_CUSTOMER = Call(
    "getCustomer",
    "GET",
    "/v1/customers/{customer_id}",
    "One customer with the tier in force",
    "Satu pelanggan beserta tier yang berlaku",
    {200: api.Customer},
    (CUSTOMER, MIN_POSITION),
    problems=_OF_CUSTOMER,
)
FIND_CUSTOMERS = Call(
    "findCustomers",
    "GET",
    "/v1/customers",
    "Customers with one e-mail",
    "Pelanggan dengan satu alamat e-mail",
    {200: api.CustomersByEmail},
    (
        Parameter(
            "email", "query", "Matched trimmed and case folded.", required=True, example="budi@example.com"
        ),
        MIN_POSITION,
    ),
    problems=_OF_CUSTOMER,
)
GET_BALANCE = Call(
    "getBalance",
    "GET",
    "/v1/customers/{customer_id}/balance",
    "Credit, chat tokens, lifetime totals and tier",
    "Kredit, token chat, total seumur hidup, dan tier",
    {200: api.Balance},
    (CUSTOMER, MIN_POSITION),
    problems=_OF_CUSTOMER,
)
LIST_SUBSCRIPTIONS = Call(
    "listSubscriptions",
    "GET",
    "/v1/customers/{customer_id}/subscriptions",
    "Subscriptions with their status as of now",
    "Langganan beserta statusnya saat ini",
    {200: api.Subscriptions},
    (CUSTOMER, LIMIT, CURSOR, MIN_POSITION),
    problems=_OF_CUSTOMER,
    description="Access ends by the database's clock: an ended subscription shows as expired with or without an event.",
)
LIST_ENROLLMENTS = Call(
    "listEnrollments",
    "GET",
    "/v1/customers/{customer_id}/enrollments",
    "Courses opened for a customer",
    "Kelas yang dibuka untuk pelanggan",
    {200: api.Enrollments},
    (CUSTOMER, LIMIT, CURSOR, MIN_POSITION),
    problems=_OF_CUSTOMER,
)
GET_ENTITLEMENTS = Call(
    "getEntitlements",
    "GET",
    "/v1/customers/{customer_id}/entitlements",
    "Everything that decides access, in one call",
    "Semua yang menentukan akses, dalam satu panggilan",
    {200: api.Entitlements},
    (CUSTOMER, MIN_POSITION),
    problems=_OF_CUSTOMER,
    description="Quotas come from the catalogue. Days and months begin at midnight in Asia/Jakarta.",
)
LIST_PAYMENTS = Call(
    "listPayments",
    "GET",
    "/v1/customers/{customer_id}/payments",
    "Payments of a customer, newest first",
    "Pembayaran seorang pelanggan, terbaru lebih dulu",
    {200: api.Payments},
    (CUSTOMER, LIMIT, CURSOR, MIN_POSITION),
    problems=_OF_CUSTOMER,
)
GET_PAYMENT = Call(
    "getPayment",
    "GET",
    "/v1/payments/{provider}/{payment_id}",
    "One payment with its timeline, by any id the provider uses for it",
    "Satu pembayaran dengan riwayatnya, dicari dengan id apa pun dari penyedia",
    {200: api.Payment},
    (
        Parameter("provider", "path", f"{_PROVIDERS}.", required=True, example="xendit"),
        Parameter(
            "payment_id",
            "path",
            "Xendit payment_request_id, payment_id or our reference_id; Scalev data.id or order_id; Mayar transactionId.",
            required=True,
            example="py-first-try",
        ),
        MIN_POSITION,
    ),
    problems=("payment_not_found", "invalid_parameter", "projection_behind"),
)
LIST_SUSPENSE = Call(
    "listSuspense",
    "GET",
    "/v1/suspense",
    "Verified money that waits for a home",
    "Uang terverifikasi yang menunggu pemiliknya",
    {200: api.Suspense},
    (LIMIT, CURSOR, MIN_POSITION),
    problems=("invalid_parameter", "projection_behind"),
)
CHECK_LEDGER = Call(
    "checkLedger",
    "GET",
    "/v1/ledger",
    "Sums of the double-entry ledger, per unit",
    "Jumlah buku besar berpasangan, per satuan",
    {200: api.LedgerCheck},
    (MIN_POSITION,),
    problems=("invalid_parameter", "projection_behind"),
)
