"""Tunables of checkout: calls to providers, and requests that wait for an answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from runtime.settings.broker import comma_separated

Minutes = Annotated[tuple[Annotated[int, Field(ge=0)], ...], NoDecode, BeforeValidator(comma_separated)]


class CheckoutSettings(BaseModel):
    """Time-outs, limits and the breaker of outgoing calls; the resolver of requests nobody knows the end of."""

    provider_connect_timeout_seconds: float = Field(
        4.0, gt=0, description="Longest time to reach a provider: beyond a lost packet that is sent again."
    )
    provider_call_timeout_seconds: float = Field(
        15.0,
        gt=0,
        description="Longest time for one call to a provider. A payment request takes one to three seconds; whoever waits for it is a customer.",
    )
    provider_call_attempts: int = Field(
        3,
        ge=1,
        le=10,
        description="Tries of a call that surely changed nothing: it was never sent, or it was refused for its rate.",
    )
    provider_call_budget_seconds: float = Field(
        20.0,
        gt=0,
        description="Longest time for all tries of a call with the pauses between them; a longer `Retry-After` is told to the caller instead.",
    )
    provider_breaker_failures: int = Field(
        5,
        ge=1,
        description="Calls to a provider that failed in a row after which it is left alone for a while.",
    )
    provider_breaker_pause_seconds: float = Field(
        20.0, gt=0, description="How long it is left alone; then one call tries whether it is back."
    )
    outgoing_xendit_per_minute: int = Field(
        60,
        ge=1,
        description="Calls to Xendit; 60 a minute and endpoint with a test key, 600 with a live one.",
    )
    outgoing_scalev_per_hour: int = Field(10_000, ge=1, description="Calls to Scalev: its limit of a key.")
    outgoing_mayar_per_minute: int = Field(
        20, ge=1, description="Calls to Mayar: the lower of the two limits that it names."
    )

    pay_listeners: int = Field(
        1000,
        ge=1,
        description="Payment pages that may wait for news at once; one more is asked to come back.",
    )
    pay_refresh_ms: int = Field(
        1500,
        ge=10,
        description="How often an open payment page looks whether the money came: one look by index.",
    )
    pay_unknown_max: int = Field(
        20,
        ge=1,
        description="Unknown payment links per minute and address before it is slowed; a customer mistypes a few.",
    )

    account_check_seconds: float = Field(
        5.0,
        gt=0,
        description="Longest time for asking one provider about our account, at start-up and by `lunas doctor`: nothing waits longer for a service "
        "that does not answer.",
    )
    checkout_lease_seconds: float = Field(
        45.0,
        gt=0,
        description="How long a request belongs to the process that calls its provider; longer than a call with all its tries.",
    )
    checkout_resolve_seconds: float = Field(
        2.0,
        gt=0,
        description="Pause between looks for requests without an answer, and before a provider is asked what became of one; doubled each time.",
    )
    checkout_give_up_minutes: int = Field(
        60,
        ge=1,
        description="After this a request whose provider never answered is refused. Money that comes for it later still counts.",
    )
    checkout_repeat_after_seconds: float = Field(
        60.0,
        ge=0,
        description="After a call of unknown end, how long an order is only looked for at a provider that would make a second one of it: longer "
        "than such a call takes there, and than its lists lag.",
    )
    checkout_ask_after_minutes: Minutes = Field(
        (1, 30, 360, 1440, 4320, 10080),
        min_length=1,
        max_length=20,
        description="When providers are asked about a request after its end, in minutes: at once, and as long as money was seen to come late.",
    )
    refund_ask_minutes: int = Field(
        30,
        ge=1,
        description="How long after a provider took a refund on it is asked how that ended, and asked again; usually a webhook tells before.",
    )
    refund_hold_days: int = Field(
        14,
        ge=1,
        le=365,
        description="How long credit is set aside for a refund at most; banks take up to two weeks to give money back.",
    )
    plan_link_hours: int = Field(
        72,
        ge=1,
        le=24 * 90,
        description="How long the payer of a subscription has to link a wallet or card. Then the provider is asked, and told to stop a plan that has none.",
    )
    order_minimum_scalev_idr: int = Field(
        10_000,
        ge=1,
        description="Least total of an order at Scalev, which names none: the largest of the least amounts of the channels behind it (BCA accounts).",
    )
    order_minimum_xendit_idr: int = Field(
        10_000,
        ge=1,
        description="Least total of an invoice of Xendit: below it BCA accounts are not offered to the payer.",
    )
    order_minimum_mayar_idr: int = Field(
        10_000,
        ge=1,
        description="Least total of an invoice of Mayar, which names none: the largest of the least amounts of the channels behind it.",
    )
    order_expiry_hours: int = Field(
        24, ge=1, le=720, description="How long an order at a provider can be paid; one by hand has no end."
    )
