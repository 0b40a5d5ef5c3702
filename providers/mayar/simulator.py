"""Webhooks as Mayar sends them, signed with a given token. Pure: ids come from the given generator, times from the caller.

`event(name, …)` makes any known event on its own; a sale or member made first ties several events together.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from providers.mayar.events import KNOWN, PAYMENTS, REFUNDS
from providers.mayar.signature import HEADER
from providers.simulated import Buyer, SimulatedWebhook, iso, new_code, new_uuid, to_bytes

MERCHANT_ID = "381febc0-dbf6-49bc-8238-7dc8f63254d6"
EVENTS: tuple[str, ...] = tuple(sorted(KNOWN))

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MayarSale:
    """One transaction."""

    transaction_id: str
    buyer: Buyer
    tier: str
    amount: int
    quantity: int
    created: datetime


@dataclass(frozen=True, slots=True)
class MayarMember:
    """One membership and its licence."""

    member_id: str
    licence_code: str
    buyer: Buyer
    tier: str | None
    expires: datetime


class MayarSimulator:
    """One Mayar merchant that calls us."""

    def __init__(self, secret: str, rng: Random, merchant_id: str = MERCHANT_ID) -> None:
        self._secret = secret
        self._rng = rng
        self._merchant_id = merchant_id

    def sale(
        self, *, buyer: Buyer, at: datetime, tier: str = "Silver", amount: int = 75_000, quantity: int = 1
    ) -> MayarSale:
        """A transaction to send events about."""
        return MayarSale(new_uuid(self._rng), buyer, tier, amount, quantity, at)

    def member(self, *, buyer: Buyer, expires: datetime, tier: str | None = None) -> MayarMember:
        """A membership to send events about."""
        letters = string.ascii_uppercase + string.digits
        licence = f"LCN-{new_code(self._rng, 4, letters)}-{new_code(self._rng, 4, letters)}"
        return MayarMember(new_code(self._rng, 8, letters), licence, buyer, tier, expires)

    def event(
        self,
        name: str,
        at: datetime,
        *,
        sale: MayarSale | None = None,
        member: MayarMember | None = None,
        buyer: Buyer | None = None,
        amount: int | None = None,
    ) -> SimulatedWebhook:
        """Any event of `EVENTS`. Without a sale or member, one is made for `buyer` and `amount`. Raises ValueError for another name."""
        if name not in KNOWN:
            raise ValueError(f"mayar sends no event {name}")
        buyer = buyer or Buyer("ratna.wulandari@contoh.id")
        if name in PAYMENTS:
            sale = sale or self.sale(buyer=buyer, at=at, amount=75_000 if amount is None else amount)
            return self._request(name, self._payment(name, sale, at), at)
        if name in REFUNDS:
            sale = sale or self.sale(buyer=buyer, at=at, amount=75_000 if amount is None else amount)
            return self._request(name, self._refund(sale, at), at)
        if name == "testing":
            data: Body = {"id": new_code(self._rng, 9, string.digits), "status": "SUCCESS"}
            return self._request(name, data | {"customerEmail": "uji.coba@contoh.id"}, at)
        if name == "shipper.status":
            parcel = {"id": new_uuid(self._rng), "status": "DELIVERED", "createdAt": iso(at)}
            return self._request(name, parcel | self._merchant(), at)
        if member is None:
            member = self.member(buyer=buyer, expires=at.replace(year=at.year + 1, day=1), tier="Silver")
        body = self._membership if name.startswith("membership.") else self._subscription
        return self._request(name, body(name, member), at)

    def short_sale(self, package: str, buyer: Buyer, at: datetime) -> SimulatedWebhook:
        """The old short `payment.success` that names no transaction; two of them for one buyer and package are byte-identical."""
        return self._request("payment.success", {"package": package, "customerEmail": buyer.email}, at)

    def _payment(self, name: str, sale: MayarSale, at: datetime) -> Body:
        unpaid = name == "payment.reminder" or PAYMENTS[name] == "pending"
        return self._merchant() | {
            "id": sale.transaction_id,
            "transactionId": sale.transaction_id,
            # Of the notification, not of the money: a reminder says it too.
            "status": "SUCCESS",
            "transactionStatus": "created" if unpaid else PAYMENTS[name].replace("succeeded", "paid"),
            "createdAt": int(sale.created.timestamp() * 1000),
            "updatedAt": int(at.timestamp() * 1000),
            "customerName": sale.buyer.name,
            "customerEmail": sale.buyer.email,
            "customerMobile": sale.buyer.phone,
            "amount": sale.amount,
            "productName": f"Paket Token {sale.tier}",
            "productType": "membership",
            "qty": sale.quantity,
            "paymentMethod": "QRIS",
            "extraData": {"customerId": sale.buyer.customer_id} if sale.buyer.customer_id else None,
            "membershipTierName": sale.tier,
        }

    def _refund(self, sale: MayarSale, at: datetime) -> Body:
        """Nothing of it is documented: what a payment's body would be, and what went back."""
        body = self._payment("payment.received", sale, at)
        return body | {"transactionStatus": "refunded", "amountRefunded": sale.amount}

    def _membership(self, name: str, member: MayarMember) -> Body:
        body = self._merchant() | {
            "status": "ACTIVE" if name.endswith("Registered") else "INACTIVE",
            "memberId": member.member_id,
            "customerName": member.buyer.name,
            "customerEmail": member.buyer.email,
            "customerMobile": member.buyer.phone,
        }
        if name.endswith("Registered"):
            body |= {"membershipTierName": member.tier, "expiredAt": iso(member.expires)}
        return body

    def _subscription(self, name: str, member: MayarMember) -> Body:
        body: Body = {
            "licenseCode": member.licence_code,
            "expiredAt": iso(member.expires),
            "customerEmail": member.buyer.email,
        }
        return body | ({"membershipTierName": member.tier} if member.tier else {})

    def _merchant(self) -> Body:
        return {"merchantId": self._merchant_id, "merchantName": "Kedai Token Nusantara"}

    def _request(self, name: str, data: Body, at: datetime) -> SimulatedWebhook:
        headers = {"content-type": "application/json", "user-agent": "node-fetch/1.0", HEADER: self._secret}
        body = to_bytes({"event": name, "data": data})
        return SimulatedWebhook("mayar", "/webhooks/mayar", name, body, headers, at)
