"""Bodies of a Mayar merchant: webhooks, transactions, licences (docs.mayar.id/integration/webhook and the API pages)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from providers.fakes.calls import Json
from providers.mayar.fake.state import LinkState, MemberState, TransactionState
from providers.simulated import iso

MERCHANT_NAME = "Warung Palsu"
MERCHANT_MAIL = "halo@warungpalsu.example"


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def merchant(merchant_id: str) -> Json:
    return {"merchantId": merchant_id, "merchantName": MERCHANT_NAME}


def payment_body(link: LinkState, one: TransactionState, merchant_id: str, *, says: str) -> Json:
    """`payment.received` and its kin. `says`: the transactionStatus; the documentation's example says `created` of paid money."""
    fee = link.amount // 50
    body = merchant(merchant_id) | {
        "id": one.transaction_id,
        "transactionId": one.transaction_id,
        # Of the notification, not of the money.
        "status": "SUCCESS",
        "transactionStatus": says,
        "createdAt": ms(one.created),
        "updatedAt": ms(one.updated),
        "merchantEmail": MERCHANT_MAIL,
        "customerId": link.customer.customer_id,
        "customerName": link.customer.name,
        "customerEmail": link.customer.email,
        "customerMobile": link.customer.mobile,
        "amount": one.amount,
        "paymentLinkAmount": link.amount,
        "nettAmount": max(0, one.amount - fee),
        "isAdminFeeBorneByCustomer": None,
        "isChannelFeeBorneByCustomer": None,
        "productId": link.product_id or link.link_id,
        "productName": link.title,
        "productDescription": None,
        "productType": link.kind,
        "qty": link.quantity,
        "couponUsed": None,
        "paymentMethod": one.method or "QRIS",
        "pixelFbp": None,
        "pixelFbc": None,
        "extraData": link.extra,
        "custom_field": [],
        "addOn": [],
    }
    return body | ({"membershipTierName": link.tier} if link.tier else {})


def reminder_body(link: LinkState, one: TransactionState, merchant_id: str, page: str) -> Json:
    whole = payment_body(link, one, merchant_id, says="created")
    gone = ("merchantName", "paymentLinkAmount", "nettAmount", "qty", "couponUsed", "paymentMethod", "extraData", "custom_field", "addOn")  # fmt: skip
    return {name: value for name, value in whole.items() if name not in gone} | {"paymentUrl": page}


def member_body(member: MemberState, merchant_id: str) -> Json:
    """The documented part of a membership's webhook."""
    return merchant(merchant_id) | {
        "status": member.status,
        "memberId": member.member_id,
        "customerId": member.customer.customer_id,
        "customerName": member.customer.name,
        "customerEmail": member.customer.email,
        "customerMobile": member.customer.mobile,
    }


def joined_body(member: MemberState, merchant_id: str) -> Json:
    """What `newMemberRegistered` adds; not published."""
    return member_body(member, merchant_id) | {
        "productId": member.product_id,
        "productName": member.title,
        "membershipTierId": tier_id(member, member.tier),
        "membershipTierName": member.tier,
        "expiredAt": iso(member.expires) if member.expires else None,
    }


def member_row(member: MemberState) -> Json:
    """One member in the list, whose keys are flattened (docs.mayar.id/api-reference-v2/membership/members)."""
    ends = iso(member.expires) if member.expires else None
    return {
        "id": member.customer.customer_id[::-1],
        "createdAt": iso(member.created),
        "customerId": member.customer.customer_id,
        "membershipTierId": tier_id(member, member.tier),
        "nextPayment": ends,
        "status": member.status.lower(),
        "updatedAt": iso(member.updated),
        "memberId": member.member_id,
        "membershipTier.name": member.tier,
        "membershipTier.gracePeriodInDays": "0",
        "customer.name": member.customer.name,
        "customer.mobile": member.customer.mobile,
        "customer.email": member.customer.email,
    }


def member_detail(member: MemberState) -> Json:
    """One member alone (docs.mayar.id/api-reference-v2/membership/memberdetail)."""
    flat = {name: value for name, value in member_row(member).items() if "." not in name}
    buyer = member.customer
    return flat | {
        "expiredAt": flat["nextPayment"],
        "isLifetimePeriod": None,
        "paymentLinkId": member.product_id,
        "paymentLink": {"id": member.product_id, "name": member.title, "status": "active"},
        "customer": {
            "id": buyer.customer_id,
            "email": buyer.email,
            "name": buyer.name,
            "mobile": buyer.mobile,
        },
        "membershipTier": {"id": flat["membershipTierId"], "name": member.tier, "status": "ACTIVE"},
    }


def licence(member: MemberState, *, saas: bool) -> Json:
    body: Json = {
        "licenseCode": member.licence_code,
        "status": member.licence_status,
        "expiredAt": iso(member.expires) if member.expires else None,
        "transactionId": member.transaction_id,
        "productId": member.product_id,
        "customerId": member.customer.customer_id,
        "customerName": member.customer.name,
        "customerEmail": member.customer.email,
        "activationLimit": "Tidak terbatas" if member.limit is None else member.limit,
        "useCount": member.use_count,
        "createdAt": iso(member.created),
        "updatedAt": iso(member.updated),
    }
    if saas:
        body |= {"membershipTierId": tier_id(member, member.tier), "membershipTierName": member.tier}
    return body


def tier_id(member: MemberState, tier: str) -> str:
    """Stable between runs, unlike `hash`."""
    return f"{member.product_id[:-12]}{hashlib.sha256(tier.encode()).hexdigest()[:12]}"


def detail(link: LinkState, one: TransactionState, page: str) -> Json:
    """One transaction, as the authoritative call shows it."""
    return {
        "id": one.transaction_id,
        "status": "paid" if one.status in ("paid", "settled") else one.status,
        "amount": one.amount,
        "createdAt": ms(one.created),
        "updatedAt": ms(one.updated),
        "paymentMethod": one.method,
        "extraData": link.extra,
        "paymentLink": {
            "id": link.link_id,
            "name": link.title,
            "type": link.kind,
            "link": page,
            "status": link.status,
        },
        "customer": {
            "id": link.customer.customer_id,
            "name": link.customer.name,
            "email": link.customer.email,
            "mobile": link.customer.mobile,
        },
    }


def balance_row(link: LinkState, one: TransactionState) -> Json:
    """A row of the settled money: balance history, not transactions."""
    return {
        "id": one.transaction_id[::-1],
        "paymentLinkTransactionId": one.transaction_id,
        "paymentLinkId": link.link_id,
        "credit": one.amount,
        "debit": 0,
        "status": one.status,
        "balanceHistoryType": "payment",
        "createdAt": ms(one.updated),
        "customer": {"name": link.customer.name, "email": link.customer.email},
    }
