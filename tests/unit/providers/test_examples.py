"""The examples that a provider's dashboard sends are tests, whatever account is ours; our own money never is."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.translation import Effect
from tests.unit.providers.webhooks import recorded, translate


@pytest.mark.parametrize("account", [None, "080846c51a9496ab77c2cae0"])
@pytest.mark.parametrize(
    "sample",
    [
        "62440e322008e87fb29c1fd0",
        "59e0daf7049b567510c63f67",
        "57b4e5181473eeb61c11f9b9",
        "6094fa76c2fd53701b8e079c",
        "58cd618ba0464eb64acdb246",
        "5781d19b2e2385880609791c",
    ],
)
def test_examples_of_the_providers_reference_are_tests_whatever_account_is_ours(
    account: str | None, sample: str
) -> None:
    document = recorded("xendit", "payment.capture") | {"business_id": sample}
    assert translate("xendit", document, account_id=account).effect is Effect.TEST


def test_money_of_our_own_account_is_never_taken_for_a_test() -> None:
    own = "62440e322008e87fb29c1fd0"
    document = recorded("xendit", "payment.capture") | {"business_id": own}
    document["data"] = document["data"] | {"business_id": own}
    assert translate("xendit", document, account_id=own).effect is Effect.FACTS


@pytest.mark.parametrize(
    "document",
    [
        {
            "event": "qr.payment",
            "id": "qrpy_8182837te-87st-49ing-8696-1239bd4d759c",
            "amount": 1500,
            "qr_code": {"external_id": "testing_id_123", "type": "DYNAMIC"},
            "status": "COMPLETED",
        },
        {
            "id": "579c8d61f23fa4ca35e52da4",
            "external_id": "invoice_123124123",
            "status": "PAID",
            "amount": 50_000,
            "paid_amount": 50_000,
        },
        {
            "event": "refund.succeeded",
            "business_id": "6094fa76c2fd53701b8e079c",
            "data": {
                "event": "refund.succeeded",
                "data": {"id": "rfd-1", "payment_id": "p", "currency": "PHP", "amount": 1},
            },
        },
    ],
    ids=["QR code without an account", "invoice", "refund, wrapped twice"],
)
@pytest.mark.parametrize("account", [None, "080846c51a9496ab77c2cae0"])
def test_an_example_of_an_older_product_is_a_test(document: dict[str, Any], account: str | None) -> None:
    assert translate("xendit", document, account_id=account).effect is Effect.TEST
