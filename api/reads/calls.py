"""The read calls as data: routes, documentation and contract tests come from here."""

from __future__ import annotations

from api.call_parameters import CURSOR, CUSTOMER, LIMIT, MIN_POSITION, OWNER
from api.parameters import SEGMENT_MAX
from providers.registry import PROVIDERS
from schemas import api
from schemas.calls import Call, NextCall, Parameter
from schemas.credit_api import MAX_PAPERS, MAX_TOKENS
from schemas.email_address import LONGEST
from schemas.subscription_api import Tiers

*_FIRST, _LAST = PROVIDERS
_PROVIDERS = f"{', '.join(_FIRST)} or {_LAST}"

_CUSTOMER, _CURSOR = "$response.body#/customer_id", "$response.body#/next_cursor"
OF_CUSTOMER = tuple(
    NextCall(f"{operation[0].upper()}{operation[1:]}", operation, {"customer_id": _CUSTOMER})
    for operation in ("getBalance", "listSubscriptions", "listEnrollments", "getEntitlements", "listPayments")
)
FIRST_PAYMENT = NextCall(
    "FirstPayment",
    "getPayment",
    {
        "provider": "$response.body#/items/0/provider",
        "payment_id": "$response.body#/items/0/provider_payment_id",
    },
)


def _next(operation: str) -> NextCall:
    return NextCall("NextPage", operation, {"customer_id": _CUSTOMER, "cursor": _CURSOR})


_OF_CUSTOMER = ("customer_not_found", "invalid_parameter", "projection_behind")

GET_CUSTOMER = Call(
    "getCustomer",
    "GET",
    "/v1/customers/{customer_id}",
    "One customer with the tier in force",
    "Satu pelanggan beserta tingkat yang berlaku",
    {200: api.Customer},
    (CUSTOMER, MIN_POSITION),
    problems=_OF_CUSTOMER,
    tag="customers",
    links=OF_CUSTOMER,
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
            "email",
            "query",
            "Matched trimmed and case folded.",
            required=True,
            min_length=3,
            max_length=LONGEST,
            format="email",
            example="budi@example.com",
        ),
        MIN_POSITION,
    ),
    problems=_OF_CUSTOMER,
    tag="customers",
    links=(NextCall("FirstCustomer", "getCustomer", {"customer_id": "$response.body#/items/0/customer_id"}),),
)
GET_BALANCE = Call(
    "getBalance",
    "GET",
    "/v1/customers/{customer_id}/balance",
    "Credit, chat tokens, lifetime totals and tier",
    "Kredit, token obrolan, total seumur hidup, dan tingkat",
    {200: api.Balance},
    (CUSTOMER, MIN_POSITION),
    problems=_OF_CUSTOMER,
    tag="access",
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
    tag="access",
    links=(_next("listSubscriptions"),),
)
LIST_TIERS = Call(
    "listTiers",
    "GET",
    "/v1/customers/{customer_id}/tiers",
    "Every change of a customer's tier, newest first",
    "Setiap perubahan tingkat pelanggan, terbaru lebih dulu",
    {200: Tiers},
    (CUSTOMER, LIMIT, CURSOR, MIN_POSITION),
    problems=_OF_CUSTOMER,
    description="The newest one is in force until its `until`; then its `fallback_tier` is, by the database's clock. Before the first one it is "
    "the first tier of the catalogue.",
    tag="access",
    links=(_next("listTiers"),),
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
    tag="access",
    links=(_next("listEnrollments"),),
)
GET_ENTITLEMENTS = Call(
    "getEntitlements",
    "GET",
    "/v1/customers/{customer_id}/entitlements",
    "Everything that decides access, in one call",
    "Semua yang menentukan akses, dalam satu panggilan",
    {200: api.Entitlements},
    (
        CUSTOMER,
        Parameter(
            "tokens",
            "query",
            "A cost in tokens: `allowed` says whether it could be used now.",
            "integer",
            minimum=0,
            maximum=MAX_TOKENS,
            example="1200",
        ),
        Parameter(
            "papers",
            "query",
            "A cost in papers, likewise.",
            "integer",
            minimum=0,
            maximum=MAX_PAPERS,
            example="1",
        ),
        MIN_POSITION,
    ),
    problems=_OF_CUSTOMER,
    description="Quotas come from the catalogue. Days and months begin at midnight in Asia/Jakarta.",
    tag="access",
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
    tag="payments",
    links=(_next("listPayments"), FIRST_PAYMENT),
)
GET_PAYMENT = Call(
    "getPayment",
    "GET",
    "/v1/payments/{provider}/{payment_id}",
    "One payment with its timeline, by any id the provider uses for it",
    "Satu pembayaran dengan riwayatnya, dicari dengan id apa pun dari penyedia",
    {200: api.Payment},
    (
        Parameter(
            "provider", "path", f"{_PROVIDERS}.", required=True, named="ProviderName", example="xendit"
        ),
        Parameter(
            "payment_id",
            "path",
            "Xendit payment_request_id, payment_id or our reference_id; Scalev data.id or order_id; Mayar transactionId.",
            required=True,
            min_length=1,
            max_length=SEGMENT_MAX,
            example="py-first-try",
        ),
        OWNER,
        MIN_POSITION,
    ),
    problems=("payment_not_found", "invalid_parameter", "projection_behind"),
    tag="payments",
    links=(NextCall("PayingCustomer", "getCustomer", {"customer_id": _CUSTOMER}),),
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
    tag="payments",
    links=(NextCall("NextPage", "listSuspense", {"cursor": _CURSOR}), FIRST_PAYMENT),
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
    tag="books",
)
