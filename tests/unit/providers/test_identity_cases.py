"""Which deliveries are the same, which contradict each other, and which are not ours (cases C06 to C11, C40 to C45)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from providers.identity import dedupe_key
from schemas.translation import Effect
from tests.unit.providers.webhooks import NOW, changed, recorded, translate

OURS = "080846c51a9496ab77c2cae0"
MERCHANT = "381febc0-dbf6-49bc-8238-7dc8f63254d6"


def test_c06_a_replay_years_later_has_the_same_key_and_says_the_same() -> None:
    document = recorded("xendit", "payment.capture")
    first = translate("xendit", document)
    later = translate("xendit", document, received_at=NOW + timedelta(days=3650))
    assert (later.dedupe_key, later.says) == (first.dedupe_key, first.says)


@pytest.mark.parametrize(
    "document",
    [
        changed(recorded("xendit", "payment.capture"), {"business_id": "0" * 24}),
        changed(recorded("xendit", "payment.capture"), business_id="0" * 24),
        recorded("xendit", "invoice.paid") | {"user_id": "0" * 24},
    ],
)
def test_c09_a_xendit_webhook_of_another_account_is_quarantined(document) -> None:
    translation = translate("xendit", document, account_id=OURS)
    assert (translation.effect, translation.reason, translation.facts) == (
        Effect.QUARANTINED,
        "wrong_account",
        (),
    )


def test_c09_a_mayar_webhook_of_another_merchant_is_quarantined() -> None:
    document = recorded("mayar", "payment.received")
    assert translate("mayar", document, account_id="x").reason == "wrong_account"
    assert translate("mayar", document, account_id=MERCHANT).effect is Effect.FACTS


@pytest.mark.parametrize(
    ("shape", "named"),
    [
        ("checkout_intent.completed", {"store": {"unique_id": "store_A"}}),
        ("order.created", {"store": {"name": "Toko", "unique_id": "store_A"}}),
        ("order.created", {"store_unique_id": "store_A"}),
    ],
)
def test_c09_a_scalev_webhook_of_another_store_is_quarantined(shape, named) -> None:
    document = recorded("scalev", shape)
    document = document | {"data": document["data"] | named}
    assert translate("scalev", document, account_id="store_B").reason == "wrong_account"
    assert translate("scalev", document, account_id="store_A").effect is not Effect.QUARANTINED
    assert translate("scalev", document).effect is not Effect.QUARANTINED


def test_c09_a_webhook_that_names_no_account_is_taken_for_ours() -> None:
    assert translate("mayar", recorded("mayar", "payment.success"), account_id=MERCHANT).facts
    assert translate("xendit", recorded("xendit", "payment.capture"), account_id=OURS).facts


@pytest.mark.parametrize(
    ("marker", "production", "effect"),
    [
        ({"livemode": False}, True, Effect.QUARANTINED),
        ({"livemode": True}, False, Effect.QUARANTINED),
        ({"environment": "sandbox"}, True, Effect.QUARANTINED),
        ({"mode": "LIVE"}, False, Effect.QUARANTINED),
        ({"environment": "production"}, True, Effect.FACTS),
        ({"mode": "PAYMENT_LINK"}, True, Effect.FACTS),
        ({}, True, Effect.FACTS),
    ],
)
@pytest.mark.parametrize(
    ("provider", "shape"),
    [("xendit", "payment.capture"), ("mayar", "payment.received"), ("scalev", "order.created")],
)
def test_c10_only_an_explicit_marker_of_the_other_environment_quarantines(
    provider, shape, marker, production, effect
) -> None:
    translation = translate(provider, recorded(provider, shape) | marker, production=production)
    assert translation.effect is effect
    assert translation.reason == ("wrong_environment" if effect is Effect.QUARANTINED else None)


@pytest.mark.parametrize(
    ("provider", "shape"),
    [
        ("mayar", "testing"),
        ("scalev", "business.test_event"),
        ("scalev", "business.test_event.old"),
        ("xendit", "connection-test.invoice"),
        ("xendit", "connection-test.payment"),
    ],
)
def test_c11_a_connection_test_is_a_test_and_nothing_else(provider, shape) -> None:
    translation = translate(provider, recorded(provider, shape), account_id="another")
    assert (translation.effect, translation.facts) == (Effect.TEST, ())


def test_c40_a_xendit_retry_differs_only_in_its_delivery_time() -> None:
    first = recorded("xendit", "payment.capture")
    again = first | {"created": "2026-07-01T03:19:07.000Z"}
    assert translate("xendit", again) == translate("xendit", first)


def test_c41_two_names_of_one_fact_keep_their_keys_and_share_the_payment() -> None:
    received = translate("mayar", recorded("mayar", "payment.received"))
    success = translate("mayar", recorded("mayar", "payment.success.same-transaction"))
    assert received.dedupe_key != success.dedupe_key
    assert received.facts == success.facts
    capture = recorded("xendit", "payment.capture")
    request = changed(
        capture,
        {"event": "payment_request.succeeded"},
        latest_payment_id=capture["data"]["payment_id"],
        captures=[],
        payment_id=None,
    )
    by_request, by_capture = translate("xendit", request), translate("xendit", capture)
    assert by_request.dedupe_key != by_capture.dedupe_key
    assert by_request.facts[0].stream == by_capture.facts[0].stream


def test_c41_a_charged_cycle_and_its_capture_are_one_payment() -> None:
    cycle = recorded("xendit", "recurring.cycle.succeeded")
    payment_id = cycle["data"]["attempt_details"][0]["payment_id"]
    capture = changed(recorded("xendit", "payment.capture"), payment_id=payment_id)
    assert translate("xendit", cycle).facts[0].stream == translate("xendit", capture).facts[0].stream


@pytest.mark.parametrize(
    ("provider", "shape", "change"),
    [
        ("scalev", "order.created", {"gross_revenue": "1.00"}),
        ("scalev", "order.created", {"order_id": "260504AAAAAA"}),
        ("scalev", "order.created", {"customer": {"email": "lain@contoh.id"}}),
        ("scalev", "order.payment_status_changed", {"payment_status": "conflict"}),
        ("scalev", "order.status_changed", {"status": "completed"}),
        ("xendit", "payment.capture", {"metadata": {"payer_email": "lain@contoh.id"}}),
        ("xendit", "payment.capture", {"request_amount": 60000}),
        ("xendit", "payment.capture", {"payment_request_id": "pr-lain"}),
        ("xendit", "payment.failure", {"request_amount": 1}),
        ("xendit", "refund.succeeded", {"amount": 1}),
        ("mayar", "payment.received", {"amount": 1}),
        ("mayar", "payment.received", {"productId": "lain"}),
        ("mayar", "payment.reminder", {"amount": 1}),
        ("mayar", "subscription.activated", {"customerEmail": "lain@contoh.id"}),
    ],
)
def test_c42_the_same_key_with_other_content_says_something_else(provider, shape, change) -> None:
    first = translate(provider, recorded(provider, shape))
    other = translate(provider, changed(recorded(provider, shape), **change))
    assert other.dedupe_key == first.dedupe_key
    assert other.says != first.says


def test_c42_a_scalev_event_id_under_another_name_contradicts_the_first() -> None:
    first = recorded("scalev", "order.payment_status_changed")
    other = first | {"event": "payment.received"}
    one, two = translate("scalev", first), translate("scalev", other)
    assert one.dedupe_key == two.dedupe_key
    assert one.says != two.says


@pytest.mark.parametrize(
    ("provider", "shape", "change"),
    [
        ("xendit", "payment.capture", {"description": "lain", "updated": "2026-07-01T03:04:09.000Z"}),
        ("xendit", "payment.capture", {"request_amount": "50000.00"}),
        (
            "mayar",
            "payment.received",
            {"customerName": "Lain", "customerEmail": " RATNA.Wulandari@contoh.id "},
        ),
        ("scalev", "order.created", {"notes": "lain", "gross_revenue": 149000}),
    ],
)
def test_c42_what_is_not_substance_is_no_contradiction(provider, shape, change) -> None:
    first = translate(provider, recorded(provider, shape))
    other = translate(provider, changed(recorded(provider, shape), **change))
    assert (other.dedupe_key, other.says) == (first.dedupe_key, first.says)


def test_c43_one_id_at_two_accounts_or_providers_is_two_deliveries() -> None:
    document = recorded("xendit", "payment.capture")
    data = dict(document["data"])
    data.pop("business_id")
    keys = {
        translate("xendit", document | {"business_id": account, "data": data}).dedupe_key for account in "ab"
    }
    assert len(keys) == 2
    scalev = recorded("scalev", "payment.received")
    assert translate("scalev", scalev).dedupe_key.startswith("scalev:")


def test_c44_without_any_id_the_content_is_the_key() -> None:
    document = recorded("mayar", "payment.success")
    swapped = {"data": dict(reversed(document["data"].items())), "event": document["event"]}
    first, again = translate("mayar", document), translate("mayar", swapped)
    assert again.dedupe_key == first.dedupe_key
    assert first.facts[0].event.without_id
    other = changed(document, package="gold")
    assert translate("mayar", other).dedupe_key != first.dedupe_key
    assert translate("mayar", other).facts[0].stream != first.facts[0].stream


def test_c44_when_it_was_sent_is_no_part_of_the_key() -> None:
    document = recorded("mayar", "payment.success")
    first, again = ({"created": f"2026-07-02T0{hour}:00:00.000Z"} | document for hour in (1, 2))
    assert translate("mayar", first).dedupe_key == translate("mayar", again).dedupe_key


def test_c44_a_membership_event_counts_once_a_day() -> None:
    document = recorded("mayar", "membership.memberUnsubscribed")
    today, tomorrow = (
        translate("mayar", document),
        translate("mayar", document, received_at=NOW + timedelta(days=1)),
    )
    assert today.dedupe_key != tomorrow.dedupe_key
    assert translate("mayar", document, received_at=NOW + timedelta(hours=1)).dedupe_key == today.dedupe_key


def test_c44_a_renewal_until_another_day_is_another_renewal() -> None:
    document = recorded("mayar", "subscription.renewed")
    again = changed(document, expiredAt="2026-10-01T16:59:59Z")
    assert translate("mayar", document).dedupe_key != translate("mayar", again).dedupe_key


def test_c45_two_payments_alike_in_all_but_their_id_are_two() -> None:
    document = recorded("xendit", "payment.capture")
    other = translate("xendit", changed(document, payment_id="py-lain"))
    assert other.dedupe_key != translate("xendit", document).dedupe_key
    assert other.facts[0].stream != translate("xendit", document).facts[0].stream


def test_parts_of_a_key_cannot_run_into_each_other() -> None:
    assert dedupe_key("xendit", "a:b", "c") != dedupe_key("xendit", "a", "b:c")
    assert dedupe_key("xendit", "a%3Ab") != dedupe_key("xendit", "a:b")


def test_a_long_key_stays_short_enough_for_an_index_and_distinct() -> None:
    one, two = (dedupe_key("xendit", "payment.capture", "x" * 5000 + end) for end in "ab")
    assert one != two
    assert len(one) < 400


def test_c45_a_reusable_code_succeeds_once_per_payment() -> None:
    document = recorded("xendit", "payment_request.succeeded.v3-shape")
    again = changed(document, latest_payment_id="py-kedua")
    assert translate("xendit", document).dedupe_key != translate("xendit", again).dedupe_key
