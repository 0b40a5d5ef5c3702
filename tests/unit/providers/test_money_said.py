"""Whether money moved, in whatever words, shapes and fields a body says it; and a state that contradicts its event is nobody's guess."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.money import MOVED
from providers.registry import PROVIDERS
from schemas.facts import OrderRecorded, PaymentSucceeded
from schemas.translation import Effect, Translation
from tests.unit.providers.said import body_of, outcome
from tests.unit.providers.webhooks import recorded, translate


@pytest.mark.parametrize("provider", ["xendit", "mayar", "scalev"])
@pytest.mark.parametrize(
    "said",
    [
        {"status": "PAYMENT_SUCCESS"},
        {"paymentStatus": "Paid Off"},
        {"charge_status": "partially-refunded"},
        {"trxStatus": "transaksi berhasil"},
        {"status": True},
        {"isPaid": True},
        {"payment_succeeded": True},
        {"paidAt": 1_764_500_000_000},
        {"settlement": {"settled_on": "2026-11-20"}},
    ],
    ids=str,
)
def test_a_success_in_other_words_is_one(provider: str, said: dict[str, Any]) -> None:
    assert outcome(provider, body_of("x.y", {"amount": 5000, "id": "1", **said}, wrapped=True)) == MOVED


@pytest.mark.parametrize(
    "said",
    [
        {"status": "NOT_PAID"},
        {"status": "belum dibayar"},
        {"status": "PAYMENT_PENDING"},
        {"paymentStatus": "payment failed"},
        {"status": False},
        {"isNotPaid": True},
        {"paid": False},
        {"paidAt": ""},
        {"paid_at": None},
    ],
    ids=str,
)
def test_a_denial_in_other_words_is_one(said: dict[str, Any]) -> None:
    found = outcome("xendit", body_of("x.y", {"amount": 5000, "id": "1", **said}, wrapped=True))
    assert isinstance(found, Translation)
    assert found.effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({"amount": {"value": 5000, "currency": "IDR"}}, 5000),
        ({"total": {"amount": "5000.00"}, "paid": True}, 5000),
        ({"paid": 5000}, 5000),
        ({"tagihan": 5000, "custom": [{"value": "Bandung"}]}, 5000),
        ({"amount": {"value": 50, "currency": "USD"}}, None),
        ({"total": 5000, "nett": 4500}, None),
    ],
    ids=str,
)
def test_the_amount_of_a_parked_body_is_found_where_it_stands(
    fields: dict[str, Any], amount: int | None
) -> None:
    body = body_of("x.y", {**fields, "status": "PAID", "id": "1"}, wrapped=True)
    assert outcome("xendit", body) == MOVED
    assert PROVIDERS["xendit"].stated_amount(json.dumps(body).encode()) == amount


@pytest.mark.parametrize("status", ["VOIDED", "REFUNDED", "PARTIALLY_REFUNDED", "REVERSED"])
@pytest.mark.parametrize("name", ["ewallet.capture", "ewallet.payment", "qr.payment", "paylater.payment"])
def test_a_charge_that_went_back_is_no_failed_one(name: str, status: str) -> None:
    body = body_of(name, {"id": "1", "amount": 5000, "status": status}, wrapped=True)
    assert outcome("xendit", body) == MOVED


@pytest.mark.parametrize(
    "name", ["payment.failure", "payment.expiry", "payment.pending", "payment.authorization"]
)
def test_no_unpaid_state_says_that_money_went_back(name: str) -> None:
    document = recorded("xendit", "payment.failure") | {"event": name}
    document["data"] = document["data"] | {"status": "REFUNDED"}
    assert outcome("xendit", document) == "status_contradicts_event"


@pytest.mark.parametrize("word", ["voided", "REVERSED", "chargeback", "declined", "partially_refunded"])
@pytest.mark.parametrize("key", ["status", "transactionStatus"])
def test_a_payment_of_mayar_that_was_taken_back_is_none(key: str, word: str) -> None:
    document = recorded("mayar", "payment.received")
    document["data"] = document["data"] | {key: word}
    assert outcome("mayar", document) == "status_contradicts_event"


@pytest.mark.parametrize("word", ["paid", "SETTLED", "refunded"])
@pytest.mark.parametrize("name", ["payment.created", "payment.pending", "payment.failed", "payment.expired"])
def test_a_payment_of_mayar_that_is_called_paid_is_not_stored_as_unpaid(name: str, word: str) -> None:
    """Its `status` says how the notification went, `transactionStatus` how the money stands."""
    document = recorded("mayar", "payment.received") | {"event": name}
    document["data"] = document["data"] | {"status": "SUCCESS", "transactionStatus": word}
    assert outcome("mayar", document) == "status_contradicts_event"
    document["data"] = document["data"] | {"transactionStatus": "created"}
    assert isinstance(outcome("mayar", document), Translation)


@pytest.mark.parametrize("status", ["refunded", "PARTIALLY_REFUNDED", "chargeback", "lunas"])
def test_an_order_of_scalev_that_says_something_new_of_its_money_is_parked(status: str) -> None:
    document = recorded("scalev", "order.updated")
    document["data"] = document["data"] | {"payment_status": status}
    assert outcome("scalev", document) == MOVED


@pytest.mark.parametrize("shape", ["order.updated", "order.payment_status_changed", "payment.received"])
def test_the_case_of_scalevs_status_says_nothing(shape: str) -> None:
    document = recorded("scalev", shape)
    document["data"] = document["data"] | {"payment_status": "Paid"}
    found = translate("scalev", document)
    assert any(isinstance(fact.event, PaymentSucceeded) for fact in found.facts)


def test_an_order_whose_status_changed_and_that_says_it_is_paid_is_paid() -> None:
    document = recorded("scalev", "order.status_changed.confirmed")
    assert translate("scalev", document).effect is Effect.NO_EFFECT
    document["data"] = document["data"] | {"payment_status": "paid", "paid_time": "2026-11-20T03:00:00Z"}
    (fact,) = translate("scalev", document).facts
    assert isinstance(fact.event, PaymentSucceeded)
    line = {"quantity": 1, "variant_unique_id": "v", "variant_price": "150000.00"}
    document["data"] = document["data"] | {"gross_revenue": "150000.00", "orderlines": [line]}
    assert {type(fact.event) for fact in translate("scalev", document).facts} == {
        OrderRecorded,
        PaymentSucceeded,
    }
