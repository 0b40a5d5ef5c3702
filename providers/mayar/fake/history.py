"""The history of webhooks: what was sent, how it was answered, and sending it again; plus what the merchant sells."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable

from providers.fakes.calls import FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.goods import FakeGood
from providers.fakes.listing import page_of, whole
from providers.fakes.outbox import OutgoingWebhook
from providers.fakes.provider import FakeProvider
from providers.mayar.fake.ledger import NAME, MayarLedger, need
from providers.mayar.fake.payments import bad, done
from providers.simulated import iso


class HistoryDesk:
    """Rows of the outbox in Mayar's words."""

    def __init__(self, fake: FakeProvider, ledger: MayarLedger, goods: tuple[FakeGood, ...]) -> None:
        self._fake, self._ledger, self._goods = fake, ledger, goods
        ledger.state.hook = fake.account.webhook_url

    @property
    def hook(self) -> str | None:
        return self._ledger.state.hook

    def routes(self) -> Iterable[FakeRoute]:
        yield FakeRoute("GET", "/hl/v1/webhook/history", self._by_page)
        for path in ("/hl/v2/webhooks/history", "/hl/v2/webhooks/new-history"):
            yield FakeRoute("GET", path, self._by_cursor)
        for path in ("/hl/v1/webhook/retry", "/hl/v2/webhooks/retry"):
            yield FakeRoute("POST", path, self._retry)
        for method, path in (("GET", "/hl/v1/webhook/register"), ("POST", "/hl/v1/webhook/register"), ("POST", "/hl/v2/webhooks/update")):  # fmt: skip
            yield FakeRoute(method, path, self._register)
        for path in ("/hl/v1/webhook/test", "/hl/v2/webhooks/test"):
            yield FakeRoute("POST", path, self._test)
        yield FakeRoute("GET", "/hl/v1/product", self._products)
        yield FakeRoute("GET", "/hl/v2/products", self._products)

    def _found(self, call: FakeCall) -> list[OutgoingWebhook]:
        query = call.query
        return [
            one
            for one in reversed(self._fake.world.outbox.of(NAME))
            if query.get("status") in (None, "", _status(one))
            and query.get("type") in (None, "", one.event)
            and query.get("urlDestination") in (None, "", self.hook)
        ]

    def _by_page(self, call: FakeCall) -> FakeReply:
        found = self._found(call)
        page, size = whole(call, "page", 1, 10_000), whole(call, "pageSize", 10, 50)
        rows = [self._row(one) for one in found[(page - 1) * size : page * size]]
        count = -(-len(found) // size)
        return done(rows, page=page, pageSize=size, pageCount=count, hasMore=page < count)

    def _by_cursor(self, call: FakeCall) -> FakeReply:
        found = self._found(call)
        rows, more = page_of(found, call, key=_row_id, after="startingAfter")
        return done(
            [self._row(one) for one in rows],
            hasMore=more,
            nextStartingAfter=_row_id(rows[-1]) if more else None,
        )

    def _row(self, one: OutgoingWebhook) -> Json:
        data = one.document.get("data", {})
        last = one.attempts[-1] if one.attempts else None
        return {
            "id": _row_id(one),
            "createdAt": iso(one.created),
            "updatedAt": iso(last.at if last else one.created),
            "nextDelivery": iso(one.next_at) if one.next_at else None,
            "type": one.event,
            "status": _status(one),
            "source": one.source,
            "urlDestination": self.hook,
            "userId": self._fake.account.account_id,
            "paymentLinkId": one.subject or None,
            "paymentLinkTransactionId": data.get("transactionId"),
            "payload": json.dumps(one.document, ensure_ascii=False),
            "responsePayload": last.answer if last else None,
        }

    def _retry(self, call: FakeCall) -> FakeReply:
        if not self.hook:
            raise bad("URL webhook is not registered")
        wanted = call.document().get("webhookHistoryId")
        one = need(
            next((one for one in self._found(call) if _row_id(one) == wanted), None), "Webhook history"
        )
        self._fake.world.outbox.again(one.number)
        return done({"id": wanted})

    def _register(self, call: FakeCall) -> FakeReply:
        wanted = str(call.document().get("urlHook") or call.query.get("urlHook") or "")
        if not wanted:
            raise bad("urlHook is required")
        self._ledger.state.hook = wanted
        return done({"urlHook": self.hook})

    def _test(self, call: FakeCall) -> FakeReply:
        self._ledger.greet()
        return done({"urlHook": self.hook})

    def _products(self, call: FakeCall) -> FakeReply:
        rows = [
            {
                "id": good.product_id,
                "name": good.title,
                "amount": good.price,
                "type": "membership" if good.tier or good.kind == "plan" else "digital_product",
                "status": "active",
                "link": call.page(NAME, good.product_id),
            }
            for good in self._goods
        ]
        return done(rows, page=1, pageSize=len(rows), pageCount=1, hasMore=False)


def _row_id(one: OutgoingWebhook) -> str:
    return str(uuid.UUID(int=one.number, version=4))


def _status(one: OutgoingWebhook) -> str:
    return "SUCCESS" if one.state == "delivered" else "FAILED"
