"""Whatever a caller sends, a fake refuses it in its provider's form: it never breaks."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from multidict import CIMultiDict, MultiDict

from providers.fakes.calls import ApiRefusal, FakeCall, FakeRoute
from providers.fakes.provider import FakeAccount
from providers.fakes.registry import FAKES
from providers.fakes.world import FakeWorld
from tests.unit.providers.fakes import (
    test_mayar,
    test_scalev_orders,
    test_xendit_older,
    test_xendit_plans,
    test_xendit_requests,
    test_xendit_sessions,
    test_xendit_tokens,
)
from tests.unit.providers.fakes import test_xendit_requests as v3
from tests.unit.providers.fakes.stand import GOODS, START

ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "\ud83d",
    [],
    [None],
    ["x"],
    [{}],
    {},
    {"x": None},
    {"x": {}},
)
WISHES: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "xendit": [
        ("POST", "/v3/payment_requests", v3.QRIS),
        ("POST", "/v3/payment_requests", v3.QRIS | v3.VA),
        ("POST", "/v3/payment_requests", v3.QRIS | v3.OVO),
        ("POST", "/v3/payment_requests/{id}/simulate", {"amount": 50_000}),
        ("POST", "/v3/payments/{id}/capture", {"capture_amount": 50_000}),
        ("POST", "/payment_requests", test_xendit_older.OLD),
        ("POST", "/payment_requests", test_xendit_older.OLD | {"payment_method": test_xendit_older.ACCOUNT}),
        ("POST", "/payment_requests/{id}/captures", {"capture_amount": 1}),
        (
            "POST",
            "/refunds",
            {
                "payment_request_id": "{id}",
                "reason": "OTHERS",
                "amount": 1,
                "reference_id": "r",
                "metadata": {},
            },
        ),
        ("POST", "/v2/invoices", test_xendit_older.INVOICE | {"invoice_duration": 60, "metadata": {}}),
        ("POST", "/customers", {"reference_id": "c", "type": "INDIVIDUAL"}),
        (
            "POST",
            "/recurring/plans",
            test_xendit_plans.PLAN | {"payment_tokens": [{"payment_token_id": "pt", "rank": 1}]},
        ),
        ("POST", "/sessions", test_xendit_sessions.SESSION),
        (
            "POST",
            "/sessions",
            test_xendit_sessions.SESSION
            | {
                "session_type": "SUBSCRIPTION",
                "subscription": {"schedule": test_xendit_tokens.SCHEDULE, "immediate_payment": True},
            },
        ),
        ("POST", "/v3/payment_tokens", test_xendit_tokens.TOKEN),
        ("POST", "/v3/payment_requests", test_xendit_requests.QRIS | {"payment_token_id": "pt"}),
        ("POST", "/callback_urls/{type}", {"url": "http://127.0.0.1"}),
    ],
    "scalev": [
        ("POST", "/v3/orders", test_scalev_orders.ORDER | {"product_discount": 1, "external_id": "x"})
    ],
    "mayar": [
        ("POST", "/hl/v2/invoices/create", test_mayar.INVOICE),
        ("POST", "/hl/v2/payments/create", test_mayar.INVOICE | {"amount": 1, "paymentMethod": "qris"}),
        ("POST", "/hl/v2/qr-codes/create", {"amount": 1}),
        ("POST", "/saas/v2/license/verify", {"licenseCode": "x", "productId": "x"}),
        ("POST", "/saas/v2/license/activate", {"licenseCode": "x", "productId": "x"}),
        ("POST", "/hl/v1/webhook/retry", {"webhookHistoryId": "x"}),
        ("POST", "/hl/v1/webhook/register", {"urlHook": "http://127.0.0.1"}),
    ],
}


def spoiled(document: Any) -> Iterator[Any]:
    """The document with each of its parts, at any depth, replaced by each odd value, and without it."""
    keys = list(document) if isinstance(document, dict) else range(len(document))
    for key in keys:
        for value in ODD:
            changed = copy.copy(document)
            changed[key] = value
            yield changed
        if isinstance(document, dict):
            yield {name: part for name, part in document.items() if name != key}
        if isinstance(document[key], dict | list):
            for inner in spoiled(document[key]):
                changed = copy.copy(document)
                changed[key] = inner
                yield changed


class Account:
    """One fake without HTTP."""

    def __init__(self, name: str) -> None:
        world = FakeWorld(wall=lambda: START, frozen=True)
        whose = test_scalev_orders.STORE if name == "scalev" else "akun"
        self.fake = FAKES[name](FakeAccount("k", "s", whose, None, GOODS), world)
        self._routes = {(route.method, route.path): route for route in self.fake.routes()}

    def route(self, method: str, path: str) -> FakeRoute:
        return self._routes[method, path]

    def call(
        self, method: str, path: str, body: bytes, query: dict[str, str] | None = None, ident: str = "x"
    ) -> int:
        headers = CIMultiDict({"api-version": "2024-11-11"})
        names = ("id", "type", "cycle", "store", "variant", "bundle", "slug")
        call = FakeCall(method, path, dict.fromkeys(names, ident), MultiDict(query or {}), headers, body)
        try:
            reply = self.route(method, path).answer(call)
        except ApiRefusal as refusal:
            reply = self.fake.refused(refusal, call)
        json.dumps(reply.document)
        return reply.status


CASES = [(name, *wish) for name, wishes in WISHES.items() for wish in wishes]


@pytest.mark.parametrize(
    ("provider", "method", "path", "document"), CASES, ids=[f"{c[0]} {c[2]} {n}" for n, c in enumerate(CASES)]
)
def test_a_document_of_any_shape_is_answered(
    provider: str, method: str, path: str, document: dict[str, Any]
) -> None:
    account = Account(provider)
    if provider == "scalev":  # what is refused before it is looked at would prove nothing
        assert account.call(method, path, json.dumps(document | {"product_discount": 1}).encode()) == 200
    for wish in [*spoiled(document), *ODD]:
        assert account.call(method, path, json.dumps(wish).encode()) < 500, wish


@pytest.mark.parametrize(
    "body", [b'{"amount":1e999}', b'{"amount":NaN}', b"[" * 500_000, b'{"x":"\\ud83d"}', b"\x00", b"{"]
)
@pytest.mark.parametrize("provider", FAKES)
def test_what_only_looks_like_json_is_refused(provider: str, body: bytes) -> None:
    account = Account(provider)
    for method, path, _ in WISHES[provider]:
        assert 400 <= account.call(method, path, body) < 500


@pytest.mark.parametrize("provider", FAKES)
def test_a_query_of_any_kind_and_an_id_of_nobody_are_answered(provider: str) -> None:
    account = Account(provider)
    for method, path, document in WISHES[provider]:
        account.call(method, path, json.dumps(document).encode())
    for bill in account.fake.bills():
        for act in bill.acts[:1]:
            account.fake.act(bill.key, act, None, frozenset())
    names = ("limit", "page", "pageSize", "page_size", "cursor", "last_id", "after_id", "before_id", "amount", "status", "search",
             "search_field", "startingAfter", "reference_id", "types", "created[gte]", "external_id")  # fmt: skip
    for route in account.fake.routes():
        for body in (b"", b"{", b"[]", b"null", b"\xff"):
            assert account.call(route.method, route.path, body) < 500
        for name in names:
            for value in ("", "0", "-1", "1e9", "x", "²", "9" * 5000):
                assert account.call(route.method, route.path, b"", {name: value}) < 500
