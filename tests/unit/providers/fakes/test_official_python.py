"""Xendit's own Python client, with its own validation of every model, against the fake: nobody here wrote it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from xendit import ApiClient, Configuration, XenditSdkException
from xendit.apis import BalanceApi, CustomerApi, InvoiceApi, PaymentRequestApi, RefundApi, TransactionApi
from xendit.customer.model import (
    AddressRequest,
    BusinessDetail,
    CountryCode,
    CustomerRequest,
    IndividualDetail,
    PatchCustomer,
)
from xendit.invoice.model import CreateInvoiceRequest, InvoiceStatus
from xendit.payment_request.model import (
    CaptureParameters,
    EWalletChannelCode,
    EWalletChannelProperties,
    EWalletParameters,
    PaymentMethodParameters,
    PaymentMethodReusability,
    PaymentMethodType,
    PaymentRequestBasket,
    PaymentRequestBasketItem,
    PaymentRequestCaptureMethod,
    PaymentRequestCurrency,
    PaymentRequestParameters,
    QRCodeChannelCode,
    QRCodeParameters,
    VirtualAccountChannelCode,
    VirtualAccountChannelProperties,
    VirtualAccountParameters,
)
from xendit.refund.model import CreateRefund

from tests.unit.providers.fakes.stand import KEYS, Caller, WebhookDoor
from tests.waiting import until

# The generated models are not typed.
ONCE = PaymentMethodReusability("ONE_TIME_USE")  # type: ignore[no-untyped-call]


@pytest.fixture
async def client(caller: Caller) -> AsyncIterator[Any]:
    configuration = Configuration(host=caller.served.bases["xendit"], api_key=KEYS["xendit"])  # type: ignore[no-untyped-call]
    client = ApiClient(configuration)  # type: ignore[no-untyped-call]
    yield client
    client.close()


async def call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """The client blocks; the fake answers from this loop."""
    return await asyncio.to_thread(function, *arguments, **named)


def qris() -> Any:
    return PaymentMethodParameters(
        type=PaymentMethodType("QR_CODE"),
        reusability=ONCE,
        qr_code=QRCodeParameters(channel_code=QRCodeChannelCode("QRIS")),
    )


def account() -> Any:
    details = VirtualAccountChannelProperties(customer_name="Sari")
    inside = VirtualAccountParameters(
        channel_code=VirtualAccountChannelCode("BCA"), channel_properties=details
    )
    return PaymentMethodParameters(
        type=PaymentMethodType("VIRTUAL_ACCOUNT"), reusability=ONCE, virtual_account=inside
    )


def wallet() -> Any:
    details = EWalletChannelProperties(
        mobile_number="+6281290011223", success_return_url="https://toko.example"
    )
    inside = EWalletParameters(channel_code=EWalletChannelCode("OVO"), channel_properties=details)
    return PaymentMethodParameters(type=PaymentMethodType("EWALLET"), reusability=ONCE, ewallet=inside)


async def request(client: Any, method: Any, reference: str = "resmi-1", **further: Any) -> Any:
    wish = PaymentRequestParameters(
        currency=PaymentRequestCurrency("IDR"),
        amount=50_000.0,
        reference_id=reference,
        payment_method=method,
        **further,
    )
    return await call(
        PaymentRequestApi(client).create_payment_request,
        idempotency_key=reference,
        payment_request_parameters=wish,
    )


@pytest.mark.parametrize("method", [qris, account, wallet])
async def test_the_client_asks_reads_lists_and_simulates(
    client: Any, door: WebhookDoor, method: Callable[[], Any]
) -> None:
    made = await request(client, method())
    api = PaymentRequestApi(client)
    read = await call(api.get_payment_request_by_id, made.id)
    assert (read.id, str(read.status)) == (made.id, "REQUIRES_ACTION")
    listed = await call(api.get_all_payment_requests, reference_id=["resmi-1"])
    assert [one.id for one in listed.data] == [made.id]
    said = await call(api.simulate_payment_request_payment, made.id)
    assert said.status == "PENDING"
    await until(lambda: door.taken)
    assert (await call(api.get_payment_request_by_id, made.id)).status.value == "SUCCEEDED"
    captures = await call(api.get_payment_request_captures, made.id)
    assert [one.captured_amount for one in captures.data.value] == [50_000]


async def test_the_clients_idempotency_key_makes_one_request(client: Any) -> None:
    first, second = await request(client, qris()), await request(client, qris())
    assert first.id == second.id


async def test_the_client_gives_money_back(client: Any, caller: Caller) -> None:
    made = await request(client, qris())
    await call(PaymentRequestApi(client).simulate_payment_request_payment, made.id)
    api = RefundApi(client)
    wish = CreateRefund(
        payment_request_id=made.id, amount=20_000.0, currency="IDR", reason="REQUESTED_BY_CUSTOMER"
    )
    refund = await call(api.create_refund, idempotency_key="r", create_refund=wish)
    await caller.advance("2s")
    assert (await call(api.get_refund, refund.id)).amount == 20_000
    assert [one.id for one in (await call(api.get_all_refunds, payment_request_id=made.id)).data] == [
        refund.id
    ]


async def test_the_client_reads_the_accounts_money(client: Any) -> None:
    made = await request(client, qris())
    await call(PaymentRequestApi(client).simulate_payment_request_payment, made.id)
    assert (await call(BalanceApi(client).get_balance, account_type="CASH")).balance == 50_000
    api = TransactionApi(client)
    listed = await call(api.get_all_transactions, reference_id="resmi-1")
    assert [one.amount for one in listed.data] == [50_000]
    one = await call(api.get_transaction_by_id, str(listed.data[0].id.value))
    assert one.reference_id == "resmi-1"


async def test_the_client_writes_and_ends_invoices(client: Any) -> None:
    api = InvoiceApi(client)
    wish = CreateInvoiceRequest(
        external_id="faktur-1", amount=75_000.0, payer_email="sari@contoh.id", description="Kelas"
    )
    made = await call(api.create_invoice, wish)
    assert (await call(api.get_invoice_by_id, made.id)).invoice_url == made.invoice_url
    assert [one.id for one in await call(api.get_invoices, external_id="faktur-1")] == [made.id]
    assert str((await call(api.expire_invoice, made.id)).status) == "EXPIRED"


async def test_the_client_keeps_customers(client: Any) -> None:
    api = CustomerApi(client)
    wish = CustomerRequest(
        reference_id="pelanggan-1", type="INDIVIDUAL", individual_detail=IndividualDetail(given_names="Sari")
    )
    made = await call(api.create_customer, customer_request=wish)
    await call(api.update_customer, made.id, patch_customer=PatchCustomer(email="sari@contoh.id"))
    assert (await call(api.get_customer, made.id)).email == "sari@contoh.id"
    assert [one.id for one in (await call(api.get_customer_by_reference_id, "pelanggan-1")).data] == [made.id]


async def test_what_the_client_says_with_a_request_comes_back(client: Any) -> None:
    item = PaymentRequestBasketItem(
        name="Kelas", quantity=1.0, price=50_000.0, currency="IDR", category="kelas", type="DIGITAL_PRODUCT"
    )
    wish = PaymentRequestParameters(
        currency=PaymentRequestCurrency("IDR"),
        amount=50_000.0,
        reference_id="resmi-1",
        payment_method=qris(),
        description="Kelas",
        metadata={"pembeli": "sari"},
        items=PaymentRequestBasket([item]),
        customer={"reference_id": "sari", "type": "INDIVIDUAL"},
    )
    made = await call(PaymentRequestApi(client).create_payment_request, payment_request_parameters=wish)
    read = await call(PaymentRequestApi(client).get_payment_request_by_id, made.id)
    assert (read.description, read.metadata["pembeli"]) == ("Kelas", "sari")
    assert [one.name for one in read["items"].value] == ["Kelas"]
    assert read.customer["reference_id"] == "sari"


async def test_the_client_takes_part_of_what_is_reserved(client: Any) -> None:
    made = await request(client, qris(), capture_method=PaymentRequestCaptureMethod("MANUAL"))
    api = PaymentRequestApi(client)
    await call(api.simulate_payment_request_payment, made.id)
    assert str((await call(api.get_payment_request_by_id, made.id)).status) == "AWAITING_CAPTURE"
    wish = CaptureParameters(capture_amount=40_000.0)
    captured = await call(api.capture_payment_request, made.id, capture_parameters=wish)
    assert (captured.captured_amount, captured.authorized_amount) == (40_000, 50_000)


async def test_the_client_turns_the_pages_of_its_lists(client: Any) -> None:
    made = [await request(client, qris(), f"resmi-{number}") for number in range(3)]
    for one in made:
        await call(PaymentRequestApi(client).simulate_payment_request_payment, one.id)
    api = PaymentRequestApi(client)
    page = await call(api.get_all_payment_requests, limit=2)
    rest = await call(api.get_all_payment_requests, limit=2, after_id=page.data[-1].id)
    assert [one.id for one in (*page.data, *rest.data)] == [one.id for one in reversed(made)]
    assert (page.has_more, rest.has_more) == (True, False)
    money = TransactionApi(client)
    first = await call(money.get_all_transactions, limit=2.0)
    last = await call(money.get_all_transactions, limit=2.0, after_id=str(first.data[-1].id.value))
    assert [len(first.data), len(last.data), first.has_more] == [2, 1, True]


async def test_the_client_lists_invoices_by_their_state(client: Any) -> None:
    api = InvoiceApi(client)
    made = [
        await call(api.create_invoice, CreateInvoiceRequest(external_id=f"f-{number}", amount=75_000.0))
        for number in range(2)
    ]
    await call(api.expire_invoice, made[0].id)
    listed = await call(api.get_invoices, statuses=[InvoiceStatus("PENDING")], limit=5.0)
    assert [one.id for one in listed] == [made[1].id]


async def test_the_client_keeps_firms_with_everything_about_them(client: Any) -> None:
    firm = BusinessDetail(business_name="PT Sari", business_type="CORPORATION")
    address = AddressRequest(country=CountryCode("ID"), city="Bandung", postal_code="40111")
    wish = CustomerRequest(
        reference_id="pt-sari",
        type="BUSINESS",
        business_detail=firm,
        addresses=[address],
        email="pt@contoh.id",
    )
    made = await call(CustomerApi(client).create_customer, customer_request=wish)
    read = await call(CustomerApi(client).get_customer, made.id)
    assert (read.business_detail.business_name, read.addresses[0].city) == ("PT Sari", "Bandung")


async def test_a_channel_that_is_not_there_is_told_as_the_client_knows_it(client: Any) -> None:
    inside = VirtualAccountParameters(
        channel_code=VirtualAccountChannelCode("PERMATA"),
        channel_properties=VirtualAccountChannelProperties(customer_name="Sari"),
    )
    method = PaymentMethodParameters(
        type=PaymentMethodType("VIRTUAL_ACCOUNT"), reusability=ONCE, virtual_account=inside
    )
    with pytest.raises(XenditSdkException) as caught:
        await request(client, method)
    assert (caught.value.status, caught.value.errorCode) == ("403", "CHANNEL_NOT_ACTIVATED")


async def test_the_client_understands_the_errors(client: Any) -> None:
    with pytest.raises(XenditSdkException) as caught:
        await call(PaymentRequestApi(client).get_payment_request_by_id, "pr-none")
    assert (caught.value.status, caught.value.errorCode) == ("404", "DATA_NOT_FOUND")
    client.configuration.api_key = "wrong"
    with pytest.raises(XenditSdkException) as caught:
        await call(BalanceApi(client).get_balance)
    assert (caught.value.status, caught.value.errorCode) == ("401", "INVALID_API_KEY")
