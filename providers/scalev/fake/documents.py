"""An order as Scalev shows it: the whole snapshot, the short bodies of its events, a row of a list (docs.scalev.com/en/webhook-events)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from providers.fakes.calls import Json
from providers.scalev.fake.state import ORDER_TIMES, PAYMENT_TIMES, OrderState
from providers.simulated import iso_micro

BUSINESS = {"username": "lunaspalsu", "client_id": "cli_lunaspalsu0000000000"}
STORE_NAME = "Toko Palsu"


def money(amount: int) -> str:
    return f"{amount}.00"


def snapshot(order: OrderState) -> Json:
    """Everything that `order.created` and its kin carry."""
    total = sum(line.price * line.quantity for line in order.lines)
    who = {name: order.customer.get(name) for name in ("name", "email", "phone")}
    parts = {
        "net_revenue": order.gross,
        "product_price": total,
        "product_discount": order.extras.get("product_discount", 0),
        "other_income": order.extras.get("other_income", 0),
        "shipping_cost": order.extras.get("shipping_cost", 0),
        "shipping_discount": order.extras.get("shipping_discount", 0),
        "unique_code_discount": 0,
        "discount_code_discount": 0,
        "payment_link_income": 0,
        "discount_rate": 0,
        "cogs": 0,
        "payment_fee": 0,
    }
    return {
        **_ids(order),
        "secret_slug": order.slug,
        "status": order.status,
        **_times(order, ORDER_TIMES),
        "payment_status": order.payment_status,
        **_times(order, PAYMENT_TIMES),
        "business": BUSINESS,
        "store": {"name": STORE_NAME},
        "epayment_provider": "xendit" if order.gateway else None,
        "payment_method": order.payment_method,
        "financial_entity": None,
        "payment_account_holder": None,
        "payment_account_number": order.instrument if order.payment_method.startswith("va_") else None,
        "transferproof_url": None,
        "transfer_time": None,
        "final_variants": {line.title: line.quantity for line in order.lines},
        "total_quantity": sum(line.quantity for line in order.lines),
        "gross_revenue": money(order.gross),
        **{name: money(amount) for name, amount in parts.items()},
        "other_income_name": None,
        "customer_id": 500_000 + order.number,
        "customer": who,
        "destination_address": who | dict.fromkeys(("address", "subdistrict", "city", "province", "postal_code", "notes")),
        "origin_address": None,
        "warehouse": None,
        "courier_service": None,
        "courier_aggregator_code": None,
        "shipment_receipt": None,
        "shipment_status": None,
        "rtsproof_url": None,
        "awb_status": "unavailable",
        "awb_ca_status": "unavailable",
        "product_weight": 0,
        "weight_bump": 0,
        "total_weight": 0,
        "notes": order.notes,
        "tags": [],
        "orderlines": [_line(line) for line in order.lines if line.variant_id],
        "orderbundles": [
            {"quantity": line.quantity, "bundle_price_option_unique_id": line.bundle_id, "price": money(line.price)}
            for line in order.lines
            if line.bundle_id
        ],
        "message_variables": {},
    }  # fmt: skip


def payment_body(order: OrderState) -> Json:
    """What the payment events carry: no amount, no customer, no line."""
    return {
        **_ids(order),
        "business": BUSINESS,
        "payment_status": order.payment_status,
        "payment_account_id": None,
        "epayment_provider": "xendit" if order.gateway else None,
        "payment_method": order.payment_method,
        "financial_entity": None,
        "payment_account_holder": None,
        "payment_account_number": order.instrument if order.payment_method.startswith("va_") else None,
        "transferproof_url": "",
        "pg_payment_info": order.gateway,
        "pg_reference_id": order.gateway_reference,
        "pg_paid_info": {"status": "SUCCEEDED", "amount": order.paid[-1][1]} if order.paid else None,
        **_times(order, PAYMENT_TIMES),
        "transfer_time": None,
        "payment_status_history": [
            {"at": iso_micro(at), "status": status, "by": None if status == "unpaid" else {"avatar": None, "email": None, "name": "System"}}
            for at, status in order.history
        ],
    }  # fmt: skip


def status_body(order: OrderState) -> Json:
    return _ids(order) | {"business": BUSINESS, "status": order.status} | _times(order, ORDER_TIMES)


def deleted_body(order: OrderState) -> Json:
    return {name: value for name, value in _ids(order).items() if "spam" not in name}


def shown(order: OrderState, page: str) -> Json:
    """The whole order, as create and read answer."""
    return snapshot(order) | {
        "metadata": order.metadata,
        "external_id": order.external_id,
        "public_order_url": page,
        "payment_url": f"{page}/success",
        "pg_payment_info": order.gateway,
        "pg_reference_id": order.gateway_reference,
        "payment_status_history": payment_body(order)["payment_status_history"],
    }


def row(order: OrderState, page: str) -> Json:
    """A row of a list: numbers here, texts there."""
    whole = shown(order, page)
    kept = (
        "id", "order_id", "secret_slug", "status", "payment_status", "payment_method", "customer", "external_id", "metadata",
        "paid_time", "settled_time", "created_at", "last_updated_at", "pg_reference_id", "public_order_url", "net_revenue",
    )  # fmt: skip
    return {name: whole[name] for name in kept} | {"gross_revenue": order.gross}


def _ids(order: OrderState) -> Json:
    return {
        "id": order.record_id,
        "order_id": order.order_id,
        "payment_link_id": None,
        "is_from_payment_link": False,
        "is_probably_spam": order.spam,
        "mark_as_spam_by": "ai" if order.spam else None,
        "created_at": iso_micro(order.created),
        "last_updated_at": iso_micro(order.updated),
    }


def _times(order: OrderState, names: tuple[str, ...]) -> dict[str, str | None]:
    reached: Mapping[str, datetime] = order.times
    return {f"{name}_time": iso_micro(reached[name]) if name in reached else None for name in names}


def _line(line: Any) -> Json:
    zero = money(0)
    return {
        "quantity": line.quantity,
        "is_inventory": False,
        "weight": 0,
        "product_name": line.title,
        "variant_unique_id": line.variant_id,
        "variant_sku": None,
        "variant_price": money(line.price),
        "variant_cogs": zero,
        "product_price": money(line.price * line.quantity),
        "discount": zero,
        "discount_code_discount": zero,
        "cogs": zero,
    }
