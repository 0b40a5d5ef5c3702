"""What schemathesis is told beside the document: which things exist, and what cannot be made up. Loaded by its program as hooks.

A cursor is only ever one that an answer gave, and a key of idempotency belongs to one request: where a call is meant to be accepted, one
made up is exchanged for one that can be. Calls that are meant to be refused go out as they are.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import schemathesis

from api.parameters import encode_cursor

CALLED = "LUNAS_TEST_CALLED"
"""Variable with the file that each call is written to: mode, operation, status."""

_POSITION, _MOMENT = encode_cursor(10**6), encode_cursor("2030-01-01T00:00:00+00:00", "x")
_BY_TIME = ("/v1/suspense", "/v1/customers/{customer_id}/enrollments")
_count = itertools.count()
_topups: set[str] = set()
_orders: set[str] = set()
_plans: list[str] = []
"""The first one is changed, the last one is ended."""
_refunds: set[str] = set()
TOPUPS = {
    "/v1/topups": itertools.cycle(
        [
            {"customer_id": "budi", "amount": 50000, "payment_method": "qris"},
            {
                "customer_id": "budi",
                "amount": 25000,
                "payment_method": "va",
                "va_channel": "BRI_VIRTUAL_ACCOUNT",
            },
            {"customer_id": "nobody", "amount": 50000, "payment_method": "qris"},
        ]
    ),
    "/v1/orders": itertools.cycle(
        [
            {"customer_id": "budi", "items": [{"product": "kelas-python"}]},
            {"customer_id": "budi", "items": [{"product": "pro-bulanan", "quantity": 2}]},
        ]
    ),
    "/v1/subscriptions": itertools.cycle(
        [
            {"customer_id": "budi", "plan": "pro-bulanan", "allow_second": True},
            {"customer_id": "nobody", "plan": "pro-bulanan"},
        ]
    ),
    "/v1/subscriptions/{subscription_id}/cancel": itertools.cycle([{"at": "period_end"}, {"at": "now"}]),
    "/v1/subscriptions/{subscription_id}/change": itertools.cycle(
        [{"plan": "klub"}, {"plan": "pro-bulanan"}]
    ),
    "/v1/refunds": itertools.cycle(
        [
            {"provider": "xendit", "provider_payment_id": f"py-{number}", "amount": 1, "reason": "duplicate"}
            for number in range(4)
        ]
        + [{"provider": "xendit", "provider_payment_id": "py-nobodys", "reason": "duplicate"}]
    ),
    "/v1/suspense/{suspense_id}/claim": itertools.cycle(
        [{"customer_id": "budi", "reason": "a receipt"}, {"customer_id": "nobody", "reason": "a receipt"}]
    ),
    "/v1/suspense/{suspense_id}/refund": itertools.cycle(
        [
            {"amount": 1, "proof": "a receipt", "reason": "paid twice"},
            {"amount": 2, "proof": "another one", "reason": "paid twice"},
        ]
    ),
    "/api/payments/topup": itertools.cycle(
        [
            {"customerId": "budi", "amount": 50000, "paymentMethod": "qris"},
            {
                "customerId": "budi",
                "amount": 100000,
                "paymentMethod": "ewallet",
                "ewalletChannel": "OVO",
                "mobileNumber": "081234567890",
            },
        ]
    ),
}
"""Wishes that can be fulfilled: which amounts and channels there are is the catalogue's business, and no schema's."""
HELD = {"claim": "s0", "undo": "s0", "write-off": "s1", "refund": "s2"}
"""What is spoken about: each word has an entry of its own, but what was claimed is what can be taken back."""
_given: set[str] = set()


def _accepted(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode.value == "positive"


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    if not _accepted(case):
        return
    number = next(_count)
    query, path, headers = case.query or {}, case.path_parameters or {}, case.headers or {}
    if query.get("cursor") and query["cursor"] not in _given:
        query["cursor"] = _MOMENT if case.operation.path in _BY_TIME else _POSITION
    if headers.get("Idempotency-Key"):
        headers["Idempotency-Key"] = f"{number}"
    if isinstance(case.body, dict) and case.body.get("meter") is not None:
        case.body["meter"] = "chat"  # which meters there are is the catalogue's business, and no schema's
    if number % 3 == 0 and case.operation.path not in TOPUPS:
        return
    # Made up, all but the rarest would be of nobody or of the far future.
    for place, name, value in (
        (query, "min_position", 1),
        (query, "email", "budi@example.com"),
        (path, "customer_id", "budi"),
    ):
        if name in place:
            place[name] = value
    if "suspense_id" in path:
        path["suspense_id"] = HELD.get(case.operation.path.rpartition("/")[2], "s3")
    if "subscription_id" in path:
        path["subscription_id"] = _subscription(ends=case.operation.path.endswith("/cancel"))
    if isinstance(case.body, dict) and case.operation.path in TOPUPS:
        case.body = dict(next(TOPUPS[case.operation.path]))
    elif "order_id" in path:
        path["order_id"] = next(iter(_orders), "req_" + "0" * 32)
    elif "refund_id" in path:
        path["refund_id"] = next(iter(_refunds), "rfn_" + "0" * 32)
    elif "payment_id" in path and case.operation.path == "/v1/topups/{payment_id}":
        path["payment_id"] = next(iter(_topups), "req_" + "0" * 32)
    elif "payment_id" in path:
        path |= {"provider": "xendit", "payment_id": f"py-{number % 4}"}


def _subscription(*, ends: bool) -> str:
    if not _plans or (ends and len(_plans) == 1):
        return "sub_" + "0" * 32
    return _plans[-1 if ends else 0]


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    mode = "positive" if _accepted(case) else "negative"
    if response.status_code == 201 and case.operation.path == "/v1/topups":
        _topups.add(response.json()["payment_id"])
    if response.status_code == 201 and case.operation.path == "/v1/orders":
        _orders.add(response.json()["order_id"])
    if response.status_code in (201, 202) and case.operation.path == "/v1/subscriptions":
        _plans.append(response.json()["subscription_id"])
    if response.status_code == 201 and case.operation.path == "/v1/refunds":
        _refunds.add(response.json()["refund_id"])
    if (
        response.status_code == 200
        and response.headers["content-type"][0].startswith("application/json")
        and (cursor := response.json().get("next_cursor"))
    ):
        _given.add(cursor)
    with open(os.environ[CALLED], "a", encoding="utf-8") as file:
        file.write(f"{mode} {case.operation.definition.raw['operationId']} {response.status_code}\n")
