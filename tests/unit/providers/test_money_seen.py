"""Money that an authentic body speaks of is never stored as if nothing had happened, whatever the body is called."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.money import MOVED
from providers.registry import PROVIDERS
from schemas.errors import UntranslatableError
from schemas.facts import (
    PaymentAuthorized,
    PaymentPending,
    PaymentSucceeded,
    RefundSucceeded,
    SubscriptionReported,
)
from schemas.translation import Effect, Translation
from tests.unit.providers.said import body_of, outcome
from tests.unit.providers.webhooks import recorded, translate

WRAPPED = st.booleans()
PAID_WORDS = st.sampled_from(
    [
        "SUCCEEDED",
        "COMPLETED",
        "PAID",
        "success",
        "settled",
        "CAPTURED",
        "DONE",
        "FINISHED",
        "berhasil",
        "Lunas",
    ]
)
GONE_WORDS = st.sampled_from(["REFUNDED", "voided", "REVERSED"])
AMOUNT_NAMES = st.sampled_from(
    [
        "amount",
        "paid_amount",
        "grossAmount",
        "total",
        "nominal",
        "capture_amount",
        "totalPrice",
        "amountPaid",
        "value",
        "jumlah_bayar",
    ]
)
NAMES = st.sampled_from(["wallet.happened", "qrcode.v9", "bank.notice", "kredit.event", "x"])


@pytest.mark.parametrize("provider", ["xendit", "mayar", "scalev"])
@given(NAMES, AMOUNT_NAMES, PAID_WORDS | GONE_WORDS, st.integers(1, 10**9), WRAPPED)
def test_an_unknown_name_with_an_amount_that_moved_is_parked(
    provider: str, name: str, key: str, status: str, amount: int, wrapped: bool
) -> None:
    assert (
        outcome(provider, body_of(name, {key: amount, "status": status, "id": "1"}, wrapped=wrapped)) == MOVED
    )


@pytest.mark.parametrize("provider", ["xendit", "mayar", "scalev"])
@given(AMOUNT_NAMES, st.sampled_from(["PENDING", "ACTIVE", "FAILED", "created", "EXPIRED"]), WRAPPED)
def test_an_unknown_name_whose_money_did_not_move_is_stored(
    provider: str, key: str, status: str, wrapped: bool
) -> None:
    found = outcome(
        provider, body_of("wallet.happened", {key: 5000, "status": status, "id": "1"}, wrapped=wrapped)
    )
    assert isinstance(found, Translation)
    assert found.effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("xendit", "wallet.refunded"),
        ("xendit", "bnpl.payment.succeeded"),
        ("mayar", "invoice.refunded"),
        ("mayar", "donation.received"),
        ("scalev", "order.refunded"),
        ("mayar", "membership.renewed"),
    ],
)
@pytest.mark.parametrize(
    "said", [{}, {"status": "ACTIVE"}], ids=["no status", "a status that denies nothing"]
)
def test_a_name_that_says_so_is_enough_where_no_status_is_given(
    provider: str, name: str, said: dict[str, str]
) -> None:
    assert outcome(provider, body_of(name, {"amount": 5000, "id": "1", **said}, wrapped=True)) == MOVED


@pytest.mark.parametrize("provider", ["xendit", "mayar", "scalev"])
@pytest.mark.parametrize("moment", ["paid_at", "paidAt", "refunded_at", "captured_at"])
def test_a_time_at_which_it_moved_says_that_it_did(provider: str, moment: str) -> None:
    body = {"total_price": 5000, "id": "1", moment: "2026-11-20T03:00:00Z"}
    assert outcome(provider, body_of("store.order", body, wrapped=True)) == MOVED
    assert outcome(provider, body_of("store.order", {**body, "status": "FAILED"}, wrapped=True)) != MOVED


@pytest.mark.parametrize(
    "key", ["total_quantity", "amount_currency", "total_pages", "price_id", "valueCount"]
)
def test_a_number_that_is_no_money_parks_nothing(key: str) -> None:
    found = outcome(
        "mayar", body_of("stock.counted", {key: 5000, "status": "SUCCESS", "id": "1"}, wrapped=True)
    )
    assert isinstance(found, Translation)


def test_an_undo_that_names_no_payment_is_parked() -> None:
    body = body_of("card.reversal", {"amount": 5000, "id": "1"}, wrapped=True)
    assert outcome("xendit", body) == "payment_id_missing"


@pytest.mark.parametrize(
    "name", ["payout.succeeded", "disbursement.completed", "batch_disbursement.completed", "remittance.paid"]
)
def test_money_that_we_sent_is_no_payers_money(name: str) -> None:
    found = outcome("xendit", body_of(name, {"amount": 5000, "status": "COMPLETED", "id": "1"}, wrapped=True))
    assert isinstance(found, Translation)
    assert (found.effect, found.reason) == (Effect.NO_EFFECT, "our_own_money")


@pytest.mark.parametrize(
    ("shape", "attempt", "amount", "alias"),
    [
        ("qr.payment", "qrpy_5a1c2d", 25_000, "topup-qr-1"),
        ("qr.payment.flat", "qrpy_9f3311", 1_500, "topup-qr-2"),
        ("retail-outlet.paid", "1751936400123", 100_000, "LUN004512"),
        ("virtual-account.paid", "66f0a1b2c3d4e5f607182941", 50_000, "8808990400005678"),
        ("ewallet.payment.ovo", "b2d0c1aa-ovo", 75_000, "topup-ovo-1"),
        ("ewallet.dana", None, 1_001, "topup-dana-1"),
        ("ewallet.linkaja", None, 30_000, "topup-linkaja-1"),
        ("paylater.payment", "plc_4e1a", 150_000, "order-pl-1"),
        ("direct_debit.payment", "ddpy-7711", 15_000, "order-dd-1"),
        ("capture.succeeded.captured_amount", "cc_8a", 30_000, "pr-8a"),
    ],
)
def test_a_payment_of_every_product_is_a_payment(
    shape: str, attempt: str | None, amount: int, alias: str
) -> None:
    (fact,) = translate("xendit", recorded("xendit", shape)).facts
    assert isinstance(fact.event, PaymentSucceeded)
    assert (fact.event.attempt_id, fact.event.amount) == (attempt, amount)
    assert alias in fact.event.aliases


@pytest.mark.parametrize(
    ("shape", "charge", "amount"),
    [("ewallet.refund", "ewc_1f01", 15_000), ("ewallet.void", "ewc_1f00", 40_000)],
)
def test_an_undo_under_a_products_own_name_is_a_refund_of_its_charge(
    shape: str, charge: str, amount: int
) -> None:
    (fact,) = translate("xendit", recorded("xendit", shape)).facts
    assert isinstance(fact.event, RefundSucceeded)
    assert (fact.event.attempt_id, fact.event.amount) == (charge, amount)


@pytest.mark.parametrize("shape", ["virtual-account.paid", "retail-outlet.paid"])
def test_a_product_without_statuses_is_paid_wrapped_as_well_as_flat(shape: str) -> None:
    flat = recorded("xendit", shape)
    name = {"virtual-account.paid": "virtual_account.payment", "retail-outlet.paid": "retail_outlet.payment"}[
        shape
    ]
    without = {key: value for key, value in flat.items() if key != "status"}
    (known,) = translate("xendit", flat).facts
    (fact,) = translate("xendit", {"event": name, "data": without}).facts
    assert isinstance(fact.event, PaymentSucceeded)
    assert isinstance(known.event, PaymentSucceeded)
    for field in ("payment_key", "amount", "channel", "reference_id", "occurred_at"):
        assert getattr(fact.event, field) == getattr(known.event, field), field


def page(kind: str, event: str = "completed", **more: object) -> dict[str, Any]:
    document = recorded("xendit", "payment_session.completed")
    data = document["data"] | {"session_type": kind, "status": event.upper()} | more
    return document | {"event": f"payment_session.{event}", "data": data}


def test_a_completed_page_of_each_type_is_what_it_says() -> None:
    """No completed page that states money is without effect: it announces a payment or a plan, or money was reserved."""
    (plan,) = translate("xendit", page("SUBSCRIPTION", recurring_plan_id="repl_1")).facts
    assert isinstance(plan.event, SubscriptionReported)
    assert (plan.event.subscription_key, plan.event.report, plan.event.announced) == (
        "repl_1",
        "created",
        True,
    )
    (reserved,) = translate("xendit", page("AUTHORIZATION")).facts
    assert isinstance(reserved.event, PaymentAuthorized)
    assert (reserved.event.requested_amount, reserved.event.announced) == (50_000, False)
    for kind in ("PAY", "PAY_AND_SAVE", "SAVE", "SOMETHING_NEW"):
        (pay,) = translate("xendit", page(kind)).facts
        assert isinstance(pay.event, PaymentPending)
        assert pay.event.announced
    for kind in ("SAVE", "SUBSCRIPTION", "AUTHORIZATION"):
        assert translate("xendit", page(kind, "expired")).facts == ()
    assert translate("xendit", page("SAVE", amount=0)).facts == ()
    assert translate("xendit", page("SAVE", amount=None)).facts == ()


def test_an_event_without_effect_that_says_money_moved_is_parked_all_the_same() -> None:
    document = recorded("xendit", "recurring.cycle.created")
    assert translate("xendit", document).effect is Effect.NO_EFFECT
    document["data"] = document["data"] | {"status": "SUCCEEDED"}
    assert outcome("xendit", document) == MOVED


@pytest.mark.parametrize("name", ["transfer.received", "deposit.incoming", "transfer.credited"])
def test_money_that_comes_in_is_not_ours_to_send(name: str) -> None:
    assert (
        outcome("xendit", body_of(name, {"amount": 5000, "status": "SUCCEEDED", "id": "1"}, wrapped=True))
        == MOVED
    )


def test_what_an_open_payment_of_mayar_is_about_may_be_the_price_of_its_link() -> None:
    data = {"id": "m1", "paymentLinkAmount": 12_000, "customerEmail": "a@contoh.id"}
    for name in ("created", "pending", "failed", "expired"):
        (fact,) = translate("mayar", {"event": f"payment.{name}", "data": data}).facts
        assert getattr(fact.event, "requested_amount", None) == 12_000, name
    assert outcome("mayar", {"event": "payment.received", "data": data}) == "amount_missing"


def test_a_refund_reaches_the_partition_of_its_charge() -> None:
    charge = (
        b'{"event":"ewallet.capture","data":{"id":"ewc_1f01","status":"SUCCEEDED","capture_amount":40000}}'
    )
    refund = b'{"event":"ewallet.refund","data":{"id":"ewr_77","charge_id":"ewc_1f01","status":"SUCCEEDED","refund_amount":1}}'
    xendit = PROVIDERS["xendit"]
    assert xendit.partition_key(charge) == xendit.partition_key(refund) == "xendit:ewc_1f01"


def test_a_completed_page_announces_its_payment_and_is_no_money() -> None:
    (fact,) = translate("xendit", recorded("xendit", "payment_session.completed")).facts
    assert isinstance(fact.event, PaymentPending)
    assert fact.event.announced
    assert (fact.event.amount, fact.event.requested_amount) == (None, 50_000)


def test_damage_where_nobody_reads_costs_nothing_and_where_money_is_read_it_is_refused() -> None:
    xendit = PROVIDERS["xendit"]
    note = b'{"data":{"amount":7,"note":"Ani \\ud83c \\u0000 \xf0\x9f","currency":"IDR"}}'
    assert xendit.stated_amount(note) == 7
    for damaged in ("payment_id", "status", "reference_id"):
        document = recorded("xendit", "payment.capture")
        document["data"] = document["data"] | {damaged: "x\ufffd"}
        with pytest.raises(UntranslatableError):
            translate("xendit", document)


@pytest.mark.parametrize(
    ("provider", "document"),
    [
        ("xendit", {"event": "x.y", "data": {"payment": {"amount": 5, "status": "PAID"}}}),
        ("xendit", {"event": "x.y", "data": [{"amount": 5, "status": "PAID"}]}),
        ("mayar", {"event": "x.y", "data": {"transaction": {"amount": 5}, "paid": True}}),
        ("scalev", {"event": "payment.refunded", "unique_id": "e1", "data": {"order_id": "A"}}),
        (
            "scalev",
            {
                "event": "payment.captured",
                "unique_id": "e2",
                "data": {"order_id": "A", "payment_status": "paid"},
            },
        ),
    ],
)
def test_it_may_be_said_anywhere_in_the_body(provider: str, document: dict[str, Any]) -> None:
    assert outcome(provider, document) == MOVED


def test_an_invoice_that_names_the_product_it_was_paid_by_is_an_invoice() -> None:
    document = recorded("xendit", "invoice.paid") | {
        "ewallet_type": "OVO",
        "retail_outlet_name": "ALFAMART",
        "payment_code": "X1",
    }
    plain = translate("xendit", recorded("xendit", "invoice.paid")).facts[0].event
    named = translate("xendit", document).facts[0].event
    assert named == plain


@pytest.mark.parametrize("status", ["PENDING", "PAID", "SETTLED", "COMPLETED", "FAILED"])
def test_a_disbursement_is_our_own_money_whatever_its_status(status: str) -> None:
    found = translate("xendit", recorded("xendit", "disbursement.completed") | {"status": status})
    assert (found.effect, found.reason) == (Effect.NO_EFFECT, "our_own_money")


def test_a_scalev_payment_that_states_its_amount_without_lines_keeps_it() -> None:
    document = recorded("scalev", "order.payment_status_changed.whole-order")
    del document["data"]["orderlines"]
    (fact,) = translate("scalev", document).facts
    assert isinstance(fact.event, PaymentSucceeded)
    assert fact.event.amount == 150_000


@pytest.mark.parametrize(
    ("name", "channel", "method"),
    [
        ("direct_debit.payment", None, "direct_debit"),
        ("direct_debit.payment", "BA_BRI", "direct_debit"),
        ("paylater.payment", "ID_KREDIVO", "paylater"),
        ("ewallet.payment", None, "ewallet"),
        ("ewallet.payment", "ID_DANA", "ewallet"),
        ("dana.payment", None, "ewallet"),
        ("card.payment", None, "card"),
        ("over_the_counter.payment", None, "retail"),
        ("qr.payment", "ID_DANA", "qris"),
    ],
)
def test_the_product_says_how_it_was_paid_where_its_channel_does_not(
    name: str, channel: str | None, method: str
) -> None:
    body = {"id": "1", "amount": 5000, "status": "COMPLETED", "channel_code": channel}
    told = translate("xendit", body_of(name, body, wrapped=True)).facts[0].event
    assert told.method == method


@pytest.mark.parametrize("status", ["PAID", "SETTLED"])
def test_a_paid_invoice_without_the_field_brought_what_it_was_of(status: str) -> None:
    bare = {"id": "inv-1", "external_id": "order-1", "status": status, "amount": "31000.00", "user_id": "b1"}
    assert translate("xendit", bare).facts[0].event.amount == 31_000
    assert outcome("xendit", {**bare, "paid_amount": None}) == "amount_missing"


def test_money_from_a_named_holder_is_not_ours_to_send() -> None:
    """A disbursement says what it is for; a holder's name stands in what comes in, too."""
    body = {
        "id": "bt-1",
        "amount": 5000,
        "status": "COMPLETED",
        "bank_code": "BCA",
        "account_holder_name": "ANI",
    }
    assert outcome("xendit", body) == "event_missing"
    assert outcome("xendit", {**body, "external_id": "order-1"}) == MOVED


@pytest.mark.parametrize("key", ["membershipTierName", "package"])
def test_a_damaged_name_of_what_was_bought_lets_no_other_field_decide(key: str) -> None:
    document = recorded("mayar", "payment.success.gold")
    document["data"] = (
        document["data"] | {"membershipTierName": "Gold", "package": "silver"} | {key: "Go\ufffdd"}
    )
    assert outcome("mayar", document) == "id_malformed"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"event": "direct_debit.payment", "id": "ddpy-1", "status": "COMPLETED"}, "timestamp"),
        ({"external_id": "la-1", "ewallet_type": "LINKAJA", "status": "COMPLETED"}, "payment_timestamp"),
        ({"external_id": "da-1", "ewallet_type": "DANA", "status": "PAID"}, "transaction_date"),
        (
            {"event": "retail_outlet.payment", "payment_id": "17", "status": "COMPLETED"},
            "transaction_timestamp",
        ),
        ({"event": "qr.payment", "id": "qrpy_1", "status": "COMPLETED"}, "paid_at"),
    ],
    ids=["direct debit", "LinkAja", "DANA", "retail outlet", "QR code"],
)
def test_a_product_says_in_its_own_field_when_it_was_paid(body: dict[str, Any], key: str) -> None:
    (fact,) = translate("xendit", {**body, "amount": 5000, key: "2026-11-20T03:00:00+07:00"}).facts
    assert fact.event.paid_at == datetime(2026, 11, 19, 20, tzinfo=UTC)
    assert fact.event.timed
