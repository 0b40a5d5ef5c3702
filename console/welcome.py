"""What `make run` says when everything is up: addresses, and a first payment to paste."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.messages import text

if TYPE_CHECKING:
    from runtime.settings import Settings

DOORS = ("ingress", "api", "console", "fakes")
"""In the order in which they are shown."""
CUSTOMER = "budi"
AMOUNT = 50_000

# A Xendit payment in the shape of today's documentation: https://docs.xendit.co/apidocs/payment-webhook-notification
PAYMENT = {
    "event": "payment.capture",
    "business_id": "first-try",
    "data": {
        "payment_id": "py-first-try",
        "payment_request_id": "pr-first-try",
        "status": "SUCCEEDED",
        "request_amount": AMOUNT,
        "currency": "IDR",
        "channel_code": "QRIS",
        "captures": [
            {
                "capture_amount": AMOUNT,
                "capture_timestamp": "2026-01-15T03:00:00Z",
                "capture_id": "cap-first-try",
            }
        ],
        "metadata": {"customer_id": CUSTOMER, "payment_type": "credit_topup"},
        "created": "2026-01-15T03:00:00Z",
        "updated": "2026-01-15T03:00:00Z",
    },
}


def welcome(settings: Settings, addresses: Mapping[str, str]) -> str:
    """Addresses of the doors, then three commands: register a customer, pay, look at the balance."""
    lines = [text("welcome.running"), ""]
    notes = {"console": f"   {text('welcome.sign_in', password=_operator_key(settings))}"}
    lines += [
        f"  {text(f'welcome.{name}'):<24}{addresses[name]}{notes.get(name, '')}"
        for name in DOORS
        if name in addresses
    ]
    if "ingress" in addresses and "api" in addresses:
        lines += ["", text("welcome.try"), "", *(f"  {line}" for line in first_payment(settings, addresses))]
    lines += ["", text("welcome.more")]
    return "\n".join(lines)


def announcement(settings: Settings, addresses: Mapping[str, str]) -> str:
    """The same for a program that reads our output: one line of JSON."""
    said = {
        "action": "instance.ready",
        "event": "lunas is running",
        "addresses": {name: addresses[name] for name in DOORS if name in addresses},
    }
    if "ingress" in addresses and "api" in addresses:
        said["first_payment"] = first_payment(settings, addresses)
    return json.dumps(said, ensure_ascii=False)


def first_payment(settings: Settings, addresses: Mapping[str, str]) -> list[str]:
    """Three `curl` commands. Secrets are shown only when they are the known development ones."""
    key = _shown(settings.require_api_key(), "dev-api-key", "$LUNAS_API_KEY")
    secrets = [secret.get_secret_value() for secret in settings.webhook_secrets("xendit")]
    token = _shown(secrets[0] if secrets else "", "dev-xendit-secret", "${XENDIT_WEBHOOK_SECRET%%,*}")
    payment = dict(PAYMENT)
    if settings.xendit_business_id:
        payment["business_id"] = settings.xendit_business_id
    customer = f"{addresses['api']}/v1/customers/{CUSTOMER}"
    return [
        f'curl -sS -X PUT {customer} -H "Authorization: Bearer {key}" -H "Content-Type: application/json" '
        f"""-d '{{"email":"budi@example.com"}}'; echo""",
        f'curl -sS {addresses["ingress"]}/webhooks/xendit -H "x-callback-token: {token}" -H "Content-Type: application/json" '
        f"-d '{json.dumps(payment, separators=(',', ':'))}'; echo",
        f'sleep 1; curl -sS {customer}/balance -H "Authorization: Bearer {key}"; echo',
    ]


def _operator_key(settings: Settings) -> str:
    return _shown(settings.require_operator_key(), "dev-operator-key", "$LUNAS_OPERATOR_KEY")


def _shown(value: str, known: str, variable: str) -> str:
    return value if value == known else variable
