"""What happens to the money of one Xendit account, and whom it is told: the same whichever generation of the API asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

from providers.fakes.calls import ApiRefusal
from providers.fakes.world import FakeWorld
from providers.simulated import new_code, new_uuid
from providers.xendit.fake import announcing
from providers.xendit.fake.channels import CHANNELS
from providers.xendit.fake.state import PaymentState, RefundState, RequestState, XenditState

NAME = "xendit"
REFUND_TAKES = timedelta(seconds=2)
REFUND_REASONS = ("FRAUDULENT", "DUPLICATE", "REQUESTED_BY_CUSTOMER", "CANCELLATION", "OTHERS")

Watcher = Callable[[RequestState, PaymentState | None], None]
"""Told when money came, or when a request ended without any; for invoices, which send webhooks of their own."""


class XenditLedger:
    """Payments come, fail, expire and go back. Every change is told by the webhooks of the generation that asked."""

    def __init__(self, business_id: str, world: FakeWorld, dice: Random) -> None:
        self.state = XenditState()
        self._business_id, self._world, self._dice = business_id, world, dice
        self.watchers: dict[str, Watcher] = {}
        self.stores: Callable[[RequestState], None] = lambda _: None
        """Stores the instrument of a payment that was asked to."""
        self._odd = False

    @contextmanager
    def shapes(self, quirks: frozenset[str]) -> Iterator[None]:
        """Webhooks of what happens inside have the shapes that the quirks ask for."""
        self._odd = "odd_shapes" in quirks
        try:
            yield
        finally:
            self._odd = False

    def open_request(self, request: RequestState) -> RequestState:
        """Takes a request on, under all its names, and sets the alarm of its end."""
        self.state.requests[request.request_id] = request
        for name in (request.reference_id, request.instrument):
            if name:
                self.state.names.setdefault(name, request.request_id)
        if request.expires is not None:
            self._world.clock.alarm(request.expires, NAME, "expire", request.request_id)
        return request

    def pay(self, request: RequestState, amount: int | None) -> PaymentState:
        """Money arrives: in time, late, again, too much or too little; a provider takes it all."""
        if request.capture_method == "MANUAL" and request.open:
            return self._authorize(request, amount)
        payment = self._new_payment(request, amount, "SUCCEEDED")
        payment.captured = payment.amount
        if request.open and request.kind != "REUSABLE_PAYMENT_CODE":
            self._move(request, "SUCCEEDED")
            if request.kind == "PAY_AND_SAVE":
                self.stores(request)
        self._tell_payment(request, payment)
        return payment

    def capture(self, payment: PaymentState, amount: int | None) -> None:
        """Takes authorised money. Raises ApiRefusal."""
        if payment.status != "AUTHORIZED":
            raise ApiRefusal(400, "INVALID_VALUE_ERROR", "only an authorized payment can be captured")
        if amount is not None and not 0 < amount <= payment.amount:
            raise ApiRefusal(400, "CAPTURE_AMOUNT_EXCEEDED", "the amount exceeds what is authorized")
        request = self.state.requests[payment.request_id]
        payment.captured = payment.amount if amount is None else amount
        self._settle_payment(request, payment, "SUCCEEDED")
        self._move(request, "SUCCEEDED")

    def fail(self, request: RequestState, code: str = "USER_DID_NOT_AUTHORIZE") -> PaymentState:
        """An attempt fails. A wallet's request ends with it; a code or an account number can be tried again."""
        payment = self._new_payment(request, None, "FAILED")
        payment.failure_code = code
        if CHANNELS[request.channel].kind in ("push", "redirect") and request.open:
            request.failure_code = code
            self._move(request, "FAILED")
        self._tell_payment(request, payment)
        return payment

    def expire(self, request: RequestState) -> None:
        """The request's end without money. Raises ApiRefusal when it has ended already."""
        if not request.open:
            raise ApiRefusal(409, "INVALID_VALUE_ERROR", f"the request is {request.status}")
        self._move(request, "EXPIRED")
        watch = self.watchers.get(request.era)
        if watch is not None:
            watch(request, None)
        elif request.era == "v3":
            self._post(request, *announcing.of_expired_request(request, self._business_id))
        elif request.era == "v2":
            self._post(request, *announcing.of_expired_method(request, self._business_id))

    def cancel(self, request: RequestState) -> None:
        """By our call; the provider tells nobody. Raises ApiRefusal."""
        if not request.open:
            raise ApiRefusal(
                400, "INVALID_VALUE_ERROR", f"a request that is {request.status} cannot be canceled"
            )
        self._move(request, "CANCELED")

    def refund(
        self, payment: PaymentState, wish: dict[str, Any], *, at_once: bool = False, fails: bool = False
    ) -> RefundState:
        """Gives money back, all that is left of it when no amount is named. Raises ApiRefusal (docs.xendit.co: refund errors)."""
        request = self.state.requests[payment.request_id]
        channel = CHANNELS[request.channel]
        given = self.state.refunds_of(payment)
        left = payment.captured - sum(one.amount for one in given if one.status in ("PENDING", "SUCCEEDED"))
        amount = wish.get("amount")
        amount = left if amount is None else int(amount)
        self._refuse_refund(payment, channel.refunds, channel.refund_days, amount, left, given)
        now = self._world.clock.now()
        refund = RefundState(
            refund_id=f"rfd-{new_uuid(self._dice)}",
            payment_id=payment.payment_id,
            request_id=request.request_id,
            reference_id=str(wish.get("reference_id") or f"refund-{new_code(self._dice, 12)}"),
            amount=amount,
            status="PENDING",
            reason=str(wish.get("reason") or "REQUESTED_BY_CUSTOMER"),
            created=now,
            updated=now,
            metadata=wish.get("metadata"),
            invoice_id=wish.get("invoice_id"),
        )
        self.state.refunds[refund.refund_id] = refund
        if at_once:
            self.finish_refund(refund, None)
        else:
            kind = "refund_failed" if fails else "refund"
            self._world.clock.alarm(now + REFUND_TAKES, NAME, kind, refund.refund_id)
        return refund

    def finish_refund(self, refund: RefundState, failure_code: str | None) -> None:
        if refund.status != "PENDING":
            return
        refund.status = "FAILED" if failure_code else "SUCCEEDED"
        refund.failure_code, refund.updated = failure_code, self._world.clock.now()
        request = self.state.requests[refund.request_id]
        self._post(request, *announcing.of_refund(request, refund, self._business_id))

    def dispute(self, payment: PaymentState, what: str) -> None:
        """`action_required` opens it; `won` and `lost` end it. Raises ApiRefusal."""
        if not payment.captured:
            raise ApiRefusal(409, "INVALID_VALUE_ERROR", "only captured money can be disputed")
        if (what == "action_required") != (payment.disputed is None):
            raise ApiRefusal(409, "INVALID_VALUE_ERROR", "this dispute is already there, or not yet")
        payment.disputed = what
        request, now = self.state.requests[payment.request_id], self._world.clock.now()
        self._post(request, *announcing.of_dispute(request, payment, what, self._business_id, now))

    def _refuse_refund(
        self, payment: PaymentState, refunds: str, days: int, amount: int, left: int, given: list[RefundState]
    ) -> None:
        now = self._world.clock.now()
        if payment.status != "SUCCEEDED":
            raise ApiRefusal(
                400, "INELIGIBLE_TRANSACTION_STATUS", "only a payment that succeeded can be refunded"
            )
        if refunds == "no":
            raise ApiRefusal(403, "REFUND_NOT_SUPPORTED", "this channel does not support refunds")
        if refunds == "full" and amount != payment.captured:
            raise ApiRefusal(
                403, "PARTIAL_REFUND_NOT_SUPPORTED", "this channel refunds the whole amount only"
            )
        if any(one.status == "PENDING" for one in given):
            raise ApiRefusal(400, "REFUND_IN_PROGRESS", "another refund of this payment is in progress")
        if not 0 < amount <= left:
            raise ApiRefusal(400, "REFUND_AMOUNT_EXCEEDED", "the amount exceeds what is left of the payment")
        if now > payment.updated + timedelta(days=days):
            raise ApiRefusal(400, "INELIGIBLE_TRANSACTION_STATUS", f"a refund is possible for {days} days")

    def _authorize(self, request: RequestState, amount: int | None) -> PaymentState:
        payment = self._new_payment(request, amount, "AUTHORIZED")
        self._move(request, "AUTHORIZED")
        self._tell_payment(request, payment)
        return payment

    def _new_payment(self, request: RequestState, amount: int | None, status: str) -> PaymentState:
        paid = request.amount if amount is None else amount
        if paid is None or paid <= 0:
            raise ApiRefusal(400, "API_VALIDATION_ERROR", "an open amount has to be named, and is positive")
        now = self._world.clock.now()
        payment = PaymentState(
            payment_id=f"py-{new_uuid(self._dice)}",
            request_id=request.request_id,
            capture_id=f"cptr-{new_uuid(self._dice)}",
            amount=paid,
            status=status,
            created=now,
            updated=now,
        )
        self.state.payments[payment.payment_id] = payment
        request.payment_ids.append(payment.payment_id)
        self.state.names[payment.payment_id] = request.request_id
        return payment

    def _settle_payment(self, request: RequestState, payment: PaymentState, status: str) -> None:
        payment.status, payment.updated = status, self._world.clock.now()
        self._tell_payment(request, payment)

    def _move(self, request: RequestState, status: str) -> None:
        request.status, request.updated = status, self._world.clock.now()

    def _tell_payment(self, request: RequestState, payment: PaymentState) -> None:
        watch = self.watchers.get(request.era)
        if watch is not None:
            watch(request, payment)
            return
        self._post(request, *announcing.of_payment(request, payment, self._business_id))

    def _post(self, request: RequestState, event: str, document: dict[str, Any]) -> None:
        shaped = announcing.oddly(document) if self._odd else document
        self._world.outbox.post(NAME, event, request.request_id, shaped)
