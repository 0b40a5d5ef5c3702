"""The fake Xendit account as the machinery of fakes sees it: key, limits, errors, sealing, and what a person can do on a page."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from providers.fakes.bills import FakeBill, Instrument, MoneyLine
from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute
from providers.fakes.limits import Allowance, Usage
from providers.fakes.outbox import Sealed
from providers.fakes.provider import FakeAccount, FakeProvider
from providers.fakes.world import FakeWorld
from providers.simulated import iso, to_bytes
from providers.xendit.fake.channels import CHANNELS
from providers.xendit.fake.charging import CHANNEL, XenditCharging
from providers.xendit.fake.customers import CustomerDesk
from providers.xendit.fake.invoices import InvoiceDesk
from providers.xendit.fake.ledger import NAME, XenditLedger
from providers.xendit.fake.money import MoneyDesk
from providers.xendit.fake.plans import PlanDesk
from providers.xendit.fake.refunds import REFUND_QUIRKS, RefundDesk
from providers.xendit.fake.sessions import SessionDesk, family_of
from providers.xendit.fake.state import PaymentState, RequestState, XenditState
from providers.xendit.fake.tokens import TokenDesk
from providers.xendit.fake.v2 import SecondGeneration
from providers.xendit.fake.v3 import QUIRKS, ThirdGeneration
from providers.xendit.signature import HEADER
from providers.xendit.simulator import BUSINESS_ID

if TYPE_CHECKING:
    from runtime.settings import Settings

_LABELS = {"qr": "QRIS", "va": "Virtual account", "push": "OVO", "redirect": "GoPay"}


class XenditFake(FakeProvider):
    """One account with its test key, or a live one when the key begins so."""

    name: ClassVar[str] = NAME
    quirks: ClassVar[Mapping[str, str]] = {**QUIRKS, **REFUND_QUIRKS}
    # docs.xendit.co/docs/handling-webhooks: six retries, about a day in all.
    retry_gaps = tuple(timedelta(minutes=minutes) for minutes in (15, 45, 120, 180, 360, 720))
    patience_seconds = 30.0

    def __init__(self, account: FakeAccount, world: FakeWorld) -> None:
        super().__init__(account, world)
        self.ledger = XenditLedger(account.account_id, world, self.dice)
        test = not account.key.startswith("xnd_production_")
        self._calls_a_minute = 60 if test else 600
        self._tokens = TokenDesk(self.ledger, world, self.dice, account.account_id)
        self.charging = XenditCharging(
            self.ledger,
            world,
            self.dice,
            account.account_id,
            lambda plan: self._tokens.store(plan.reference_id, CHANNEL, plan.customer_id, told=False),
        )
        self._plans = PlanDesk(self.ledger, self.charging, world, self.dice, self._tokens.usable)
        self._sessions = SessionDesk(
            self.ledger, self._tokens, self.charging, world, self.dice, account.account_id
        )
        self._desks = (
            self._plans,
            self._sessions,
            self._tokens,
            SecondGeneration(self.ledger, world, self.dice, account.account_id),
            RefundDesk(self.ledger),
            MoneyDesk(self.ledger, account.account_id),
            CustomerDesk(self.ledger, world, self.dice),
            InvoiceDesk(self.ledger, world, self.dice, account.account_id),
        )
        self._third = ThirdGeneration(
            self.ledger, world, self.dice, account.account_id, self._tokens.usable, test_key=test
        )

    @classmethod
    def account_id_of(cls, settings: Settings) -> str:
        return settings.xendit_business_id or BUSINESS_ID

    def webhook_url(self, event: str) -> str | None:
        return self.ledger.state.addresses.get(family_of(event), self.account.webhook_url)

    def routes(self) -> Iterable[FakeRoute]:
        return [*self._third.routes(), *(route for desk in self._desks for route in desk.routes())]

    def authenticate(self, call: FakeCall) -> None:
        given = call.headers.get("Authorization", "")
        right = "Basic " + base64.b64encode(f"{self.account.key}:".encode()).decode()
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), right.encode()):
            raise ApiRefusal(401, "INVALID_API_KEY", "The API key is not authorized for this API service.")

    def refused(self, refusal: ApiRefusal, call: FakeCall) -> FakeReply:
        code = "API_VALIDATION_ERROR" if refusal.code == "MALFORMED" else refusal.code
        code = "DATA_NOT_FOUND" if code == "NOT_FOUND" else code
        return FakeReply(refusal.status, {"error_code": code, "message": refusal.message})

    def allowance(self, call: FakeCall) -> Allowance:
        # docs.xendit.co/apidocs/rate-limits: per endpoint and account.
        place = "/".join("{id}" if "-" in part or "_" in part[3:5] else part for part in call.path.split("/"))
        return Allowance(f"{call.method} {place}", self._calls_a_minute, timedelta(minutes=1))

    def limit_headers(self, usage: Usage) -> Mapping[str, str]:
        return {
            "Rate-Limit-Limit": str(usage.limit),
            "Rate-Limit-Remaining": str(usage.remaining),
            "Rate-Limit-Reset": str(usage.seconds_to_reset),
        }

    def over_limit(self, usage: Usage) -> FakeReply:
        message = "You have exceeded the rate limit. Try again later."
        document = {"error_code": "RATE_LIMIT_EXCEEDED", "message": message}
        return FakeReply(429, document, self.limit_headers(usage))

    def seal(self, document: dict[str, Any], at: datetime) -> Sealed:
        # `created` is the time of the attempt, not of the event.
        moved = document | {"created": iso(at)} if "event" in document else document
        return Sealed(to_bytes(moved), {"Content-Type": "application/json", HEADER: self.account.secret})

    def ring(self, kind: str, key: str) -> None:
        state = self.ledger.state
        if kind in ("charge", "retry"):
            self.charging.ring(kind, key)
        elif kind == "expire" and state.requests[key].open:
            self.ledger.expire(state.requests[key])
        elif kind in ("refund", "refund_failed"):
            self.ledger.finish_refund(
                state.refunds[key], "INSUFFICIENT_BALANCE" if kind == "refund_failed" else None
            )

    def memory(self) -> XenditState:
        return self.ledger.state

    def remember(self, memory: XenditState) -> None:
        self.ledger.state = memory

    def bills(self) -> list[FakeBill]:
        # Charges of a plan are shown with their plan.
        asked = [self._bill(one) for one in self.ledger.state.requests.values() if one.era != "plan"]
        asked += [self._tokens.bill(one) for one in self.ledger.state.tokens.values() if one.link]
        return asked + [self._plans.bill(plan) for plan in self.ledger.state.plans.values()]

    def bill(self, name: str) -> FakeBill | None:
        plan = self.charging.find(name)
        if plan is not None:
            return self._plans.bill(plan)
        token = self._tokens.find(name)
        if token is not None:
            return self._tokens.bill(token)
        request = self.ledger.state.find(name)
        return None if request is None else self._bill(request)

    def act(self, name: str, act: str, amount: int | None, quirks: frozenset[str]) -> None:
        with self.ledger.shapes(quirks):
            self._act(name, act, amount)

    def _act(self, name: str, act: str, amount: int | None) -> None:
        plan = self.charging.find(name)
        if plan is not None:
            self._plans.act(plan, act)
            return
        token = self._tokens.find(name)
        if token is not None:
            self._tokens.act(token, act)
            return
        request = self.ledger.state.find(name)
        if request is None or act not in self._bill(request).acts:
            raise ApiRefusal(409, "INVALID_VALUE_ERROR", f"{act} is not possible now")
        if act == "link":
            self._sessions.link(request)
        elif act == "pay":
            self.ledger.pay(request, amount)
        elif act == "fail":
            self.ledger.fail(request)
        elif act == "expire":
            self.ledger.expire(request)
        else:
            self._act_on_money(self._last_capture(request), act, amount)

    def _act_on_money(self, payment: PaymentState, act: str, amount: int | None) -> None:
        if act == "refund":
            self.ledger.refund(payment, {"amount": amount}, at_once=True)
        else:
            words = {"dispute": "action_required", "win_dispute": "won", "lose_dispute": "lost"}
            self.ledger.dispute(payment, words[act])

    def _last_capture(self, request: RequestState) -> PaymentState:
        return [payment for payment in self.ledger.state.payments_of(request) if payment.captured][-1]

    def _bill(self, request: RequestState) -> FakeBill:
        state = self.ledger.state
        payments = state.payments_of(request)
        lines = [
            MoneyLine(
                one.updated,
                "paid" if one.captured else one.status.lower(),
                one.captured or one.amount,
                one.payment_id,
            )
            for one in payments
        ]
        lines += [
            MoneyLine(refund.updated, f"refund {refund.status.lower()}", refund.amount, refund.refund_id)
            for one in payments
            for refund in state.refunds_of(one)
        ]
        properties = request.channel_properties
        return FakeBill(
            provider=NAME,
            key=request.request_id,
            reference=request.reference_id,
            title=request.channel.replace("_", " "),
            amount=request.amount,
            status=request.status,
            created=request.created,
            expires=request.expires,
            instruments=self._instruments(request),
            money=tuple(sorted(lines, key=lambda line: line.at)),
            acts=self._acts(request, payments),
            back=properties.get("success_return_url") if any(one.captured for one in payments) else properties.get("failure_return_url"),
            names=(request.request_id, request.reference_id, *(one.payment_id for one in payments)),
        )  # fmt: skip

    def _instruments(self, request: RequestState) -> tuple[Instrument, ...]:
        kind = CHANNELS[request.channel].kind
        if kind == "qr":
            return (Instrument("qr", _LABELS[kind], request.instrument),)
        if kind == "va":
            return (Instrument("va", request.channel.split("_")[0], request.instrument),)
        phone = str(request.channel_properties.get("account_mobile_number", ""))
        return (Instrument("push" if kind == "push" else "link", _LABELS[kind], phone),)

    def _acts(self, request: RequestState, payments: list[PaymentState]) -> tuple[str, ...]:
        captured = [payment for payment in payments if payment.captured]
        if request.kind in ("SAVE", "SUBSCRIPTION"):
            return ("link", "expire") if request.open else ()
        acts = ["pay"]
        if request.open:
            acts += ["fail", "expire"]
        if captured:
            acts.append("refund")
            acts += ["dispute"] if captured[-1].disputed is None else []
            acts += ["win_dispute", "lose_dispute"] if captured[-1].disputed == "action_required" else []
        return tuple(acts)
