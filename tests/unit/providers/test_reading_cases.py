"""How amounts, currencies, times and changed shapes are read (cases C55 to C57, C65 to C67, C98, C106)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from providers.moments import parse_moment
from schemas.errors import AmountError, UntranslatableError
from schemas.facts import PaymentPending, PaymentSucceeded
from schemas.translation import Effect
from tests.unit.providers.webhooks import changed, recorded, translate

SHAPES = [
    ("xendit", "payment.capture"),
    ("mayar", "payment.received"),
    ("scalev", "order.payment_status_changed"),
]


@pytest.mark.parametrize("provider", ["xendit", "mayar", "scalev", "manual"])
def test_c55_an_unknown_event_is_stored_and_harmless(provider) -> None:
    translation = translate(provider, recorded(provider, "unknown.event"))
    assert (translation.effect, translation.facts) == (Effect.UNKNOWN, ())
    assert translation.event_name
    assert translation.dedupe_key.startswith(f"{provider}:")


@pytest.mark.parametrize(("provider", "shape"), SHAPES)
def test_c56_new_fields_change_nothing(provider, shape) -> None:
    document = recorded(provider, shape)
    new = changed(document, {"baru": [1, {"x": None}]}, fieldBaru={"a": [True]})
    assert translate(provider, new).facts == translate(provider, document).facts


@pytest.mark.parametrize(
    ("provider", "shape", "field"),
    [
        ("xendit", "payment.capture", "payment_details"),
        ("xendit", "payment.capture", "metadata"),
        ("xendit", "payment.capture", "channel_code"),
        ("xendit", "payment.capture", "updated"),
        ("mayar", "payment.received", "extraData"),
        ("mayar", "payment.received", "paymentMethod"),
        ("mayar", "payment.received", "createdAt"),
        ("scalev", "order.created", "destination_address"),
        ("scalev", "order.created", "payment_method"),
        ("scalev", "order.created", "last_updated_at"),
    ],
)
@pytest.mark.parametrize("value", [None, 7, [], {}, "", True, "xyz"])
def test_c56_an_optional_field_of_another_type_is_skipped(provider, shape, field, value) -> None:
    assert translate(provider, changed(recorded(provider, shape), **{field: value})).facts


@pytest.mark.parametrize(
    ("provider", "shape", "field", "value", "reason"),
    [
        ("mayar", "subscription.activated", "expiredAt", "besok", "time_malformed"),
        ("mayar", "subscription.renewed", "expiredAt", {"at": 1}, "time_malformed"),
        ("mayar", "subscription.activated", "expiredAt", 10**20, "time_malformed"),
        ("xendit", "payment.capture", "status", "HALFWAY", "status_contradicts_event"),
        ("xendit", "payment.capture", "status", 7, "status_malformed"),
        ("xendit", "payment.capture", "captures", "cptr-1", "captures_malformed"),
        ("xendit", "payment.capture", "captures", ["cptr-1"], "captures_malformed"),
        ("xendit", "payment.capture", "payment_id", {"id": "py"}, "id_malformed"),
        ("xendit", "payment.capture", "payment_id", "x" * 300, "id_malformed"),
        ("xendit", "refund.succeeded", "id", None, "refund_id_missing"),
        ("xendit", "recurring.cycle.succeeded", "plan_id", None, "subscription_key_missing"),
        ("xendit", "recurring.cycle.succeeded", "attempt_details", {}, "attempt_details_malformed"),
        ("mayar", "payment.received", "qty", "banyak", "quantity_malformed"),
        ("mayar", "payment.received", "transactionId", True, "id_malformed"),
        ("scalev", "order.payment_status_changed", "payment_status", None, "status_missing"),
        ("scalev", "order.created", "orderlines", {}, "orderlines_malformed"),
        ("scalev", "order.created", "order_id", [], "id_malformed"),
    ],
)
def test_c56_a_gap_that_money_depends_on_is_refused(provider, shape, field, value, reason) -> None:
    with pytest.raises(UntranslatableError) as caught:
        translate(provider, changed(recorded(provider, shape), **{field: value}))
    assert caught.value.reason == reason


@pytest.mark.parametrize("body", [None, [], "x", 7, True])
@pytest.mark.parametrize("provider", ["xendit", "mayar", "scalev", "manual"])
def test_c56_a_document_that_is_no_object_is_refused(provider, body) -> None:
    with pytest.raises(UntranslatableError) as caught:
        translate(provider, body)
    assert caught.value.reason == "not_an_object"


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("payment_request.expiry", "payment_request.expired"),
        ("payment.failure", "payment.failed"),
        ("payment.capture", "payment.succeeded"),
        ("payment.authorization", "payment.awaiting_capture"),
        ("recurring.plan.activated", "recurring.plan.activation"),
    ],
)
def test_c57_both_vocabularies_mean_one_fact(new, old) -> None:
    document = recorded("xendit", new)
    assert translate("xendit", document | {"event": old}).facts == translate("xendit", document).facts


def test_c57_mayar_reminders_are_never_a_success() -> None:
    for change in ({}, {"status": True}, {"transactionStatus": "paid"}):
        fact = translate("mayar", changed(recorded("mayar", "payment.reminder"), **change)).facts[0]
        assert isinstance(fact.event, PaymentPending)


@pytest.mark.parametrize("amount", [75000, 75000.0, "75000", "75000.00", " 75000 "])
def test_c65_every_exact_spelling_of_an_amount_is_read(amount) -> None:
    assert (
        translate("mayar", changed(recorded("mayar", "payment.received"), amount=amount))
        .facts[0]
        .event.amount
        == 75000
    )


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("75.000", "amount_malformed"),
        ("75,000", "amount_malformed"),
        ("Rp75000", "amount_malformed"),
        ("7.5e4", "amount_malformed"),
        (75000.5, "amount_fractional"),
        (-1, "amount_negative"),
        (10**15 + 1, "amount_too_large"),
        (10**30, "amount_too_large"),
        (None, "amount_missing"),
        ("", "amount_missing"),
        (True, "amount_malformed"),
        ([75000], "amount_malformed"),
    ],
)
@pytest.mark.parametrize(
    ("provider", "shape", "field"),
    [
        ("mayar", "payment.received", "amount"),
        ("scalev", "order.created", "gross_revenue"),
        ("xendit", "invoice.paid", "paid_amount"),
        ("xendit", "refund.succeeded", "amount"),
        ("xendit", "recurring.cycle.succeeded", "amount"),
    ],
)
def test_c65_every_other_amount_is_refused_by_name(provider, shape, field, amount, reason) -> None:
    with pytest.raises(AmountError) as caught:
        translate(provider, changed(recorded(provider, shape), **{field: amount}))
    assert caught.value.reason == reason


def test_c66_amounts_are_whole_rupiah_down_to_one() -> None:
    assert translate("xendit", recorded("xendit", "payment.capture.one-rupiah")).facts[0].event.amount == 1


@pytest.mark.parametrize("currency", ["USD", "", 360, "idr2"])
@pytest.mark.parametrize(
    ("provider", "shape"),
    [
        ("xendit", "payment.capture"),
        ("xendit", "payment_request.expiry"),
        ("xendit", "invoice.paid"),
        ("xendit", "refund.succeeded"),
        ("xendit", "recurring.cycle.succeeded"),
        ("xendit", "recurring.plan.activated"),
        ("xendit", "payment_session.expired"),
        ("mayar", "payment.received"),
        ("scalev", "order.created"),
        ("scalev", "payment.received"),
    ],
)
def test_c67_c77_another_currency_is_refused_and_never_converted(provider, shape, currency) -> None:
    with pytest.raises(UntranslatableError) as caught:
        translate(provider, changed(recorded(provider, shape), currency=currency))
    assert caught.value.reason == "currency_unexpected"


def test_c98_order_states_are_never_read_as_payment() -> None:
    for status in ("confirmed", "in_process", "ready", "shipped", "completed"):
        document = changed(recorded("scalev", "order.status_changed.confirmed"), status=status)
        assert translate("scalev", document).effect is Effect.NO_EFFECT
    spam = translate("scalev", recorded("scalev", "order.spam_created"))
    assert not any(isinstance(fact.event, PaymentSucceeded) for fact in spam.facts)
    assert spam.facts[0].event.spam


UTC_NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-07-01T12:00:00Z", UTC_NOON),
        ("2026-07-01T19:00:00+07:00", UTC_NOON),
        ("2026-07-01T21:00:00+0900", UTC_NOON),
        ("2026-07-01T12:00:00", UTC_NOON),
        (1782907200000, UTC_NOON),
        ("1782907200000", UTC_NOON),
        (1782907200, UTC_NOON),
        ("2026-07-01", datetime(2026, 7, 1, 16, 59, 59, tzinfo=UTC)),
        ("2028-02-29T23:59:59.999999Z", datetime(2028, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)),
        ("2026-02-30T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        (10**30, None),
        (-5, None),
        (True, None),
        ("kemarin", None),
        (None, None),
    ],
)
def test_c106_times_of_every_spelling_become_utc_or_nothing(value, expected) -> None:
    assert parse_moment(value, UTC) == expected


@pytest.mark.parametrize(
    ("provider", "shape", "payer"),
    [
        ("mayar", "payment.received", {"customerEmail": "a@b@c.id"}),
        (
            "scalev",
            "order.payment_status_changed",
            {"customer": {"email": "a@b@c.id"}, "destination_address": {}},
        ),
        ("xendit", "payment.capture", {"metadata": {"payer_email": "a@b@c.id"}}),
    ],
)
def test_a_payers_malformed_email_is_no_email_and_the_money_is_a_fact_all_the_same(
    provider, shape, payer
) -> None:
    translation = translate(provider, changed(recorded(provider, shape), **payer))
    assert translation.effect is Effect.FACTS
    assert {fact.event.payer_email for fact in translation.facts} == {None}
