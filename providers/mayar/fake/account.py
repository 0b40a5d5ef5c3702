"""The fake Mayar merchant as the machinery of fakes sees it: key, limits, errors, sealing, and what a person can do on a page."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from providers.fakes.bills import FakeBill, Instrument, MoneyLine
from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute
from providers.fakes.limits import Allowance, Usage
from providers.fakes.outbox import Sealed
from providers.fakes.provider import FakeAccount, FakeProvider
from providers.fakes.qris import qris
from providers.fakes.world import FakeWorld
from providers.mayar.fake import ledger, licences
from providers.mayar.fake.history import HistoryDesk
from providers.mayar.fake.ledger import NAME, MayarLedger
from providers.mayar.fake.licences import LicenceDesk
from providers.mayar.fake.payments import PaymentDesk
from providers.mayar.fake.state import LinkState, MayarState, MemberState
from providers.mayar.signature import HEADER
from providers.mayar.simulator import MERCHANT_ID
from providers.simulated import to_bytes

if TYPE_CHECKING:
    from runtime.settings import Settings


class MayarFake(FakeProvider):
    """One merchant with its key. All webhooks go to one address."""

    name: ClassVar[str] = NAME
    quirks: ClassVar[Mapping[str, str]] = {**ledger.QUIRKS, **licences.QUIRKS}
    # Not published.
    retry_gaps = tuple(timedelta(minutes=minutes) for minutes in (5, 30, 120, 720))
    patience_seconds = 15.0

    def __init__(self, account: FakeAccount, world: FakeWorld) -> None:
        super().__init__(account, world)
        self.ledger = MayarLedger(account.account_id, world, self.dice)
        self._history = HistoryDesk(self, self.ledger, account.goods)
        self._desks = (PaymentDesk(self.ledger, world), LicenceDesk(self.ledger), self._history)

    @classmethod
    def account_id_of(cls, settings: Settings) -> str:
        return settings.mayar_merchant_id or MERCHANT_ID

    def webhook_url(self, event: str) -> str | None:
        return self._history.hook

    def routes(self) -> Iterable[FakeRoute]:
        return [route for desk in self._desks for route in desk.routes()]

    def authenticate(self, call: FakeCall) -> None:
        given = call.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"Bearer {self.account.key}".encode()):
            raise ApiRefusal(401, "UNAUTHORIZED", "Failed authentication!")

    def refused(self, refusal: ApiRefusal, call: FakeCall) -> FakeReply:
        document: dict[str, Any] = {"statusCode": refusal.status}
        word = (
            "message"
            if refusal.code in ("ALREADY", "EXPIRED", "LIMIT", "NO_LICENCE", "UNAUTHORIZED")
            else "messages"
        )
        document[word] = refusal.message
        if word == "messages" and refusal.status == 400:
            document |= {"messages": "failed", "error": refusal.message}
        status = 200 if "failure_in_200" in call.quirks else refusal.status
        return FakeReply(status, document)

    def allowance(self, call: FakeCall) -> Allowance:
        # docs.mayar.id/api-reference-v2/rate-limit; another official source says 50.
        return Allowance("all", 20, timedelta(minutes=1))

    def limit_headers(self, usage: Usage) -> Mapping[str, str]:
        return {}

    def over_limit(self, usage: Usage) -> FakeReply:
        document = {"statusCode": 429, "messages": "Too Many Requests"}
        return FakeReply(429, document, {"Retry-After": str(usage.seconds_to_reset)})

    def seal(self, document: dict[str, Any], at: datetime) -> Sealed:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "node-fetch/1.0",
            HEADER: self.account.secret,
        }
        return Sealed(to_bytes(document), headers)

    def ring(self, kind: str, key: str) -> None:
        self.ledger.ring(kind, key)

    def greet(self) -> None:
        self.ledger.greet()

    def sell(self, wish: Mapping[str, Any]) -> FakeBill:
        wanted = str(wish.get("product", ""))
        goods = [good for good in self.account.goods if wanted in (good.product_id, good.title)]
        if not goods or not wish.get("email"):
            raise ApiRefusal(409, "NO_SUCH_GOOD", "a sale names a `product` (title or id) and an `email`")
        return self._of_link(self.ledger.sell(goods[0], wish))

    def memory(self) -> MayarState:
        return self.ledger.state

    def remember(self, memory: MayarState) -> None:
        self.ledger.state = memory

    def bills(self) -> list[FakeBill]:
        state = self.ledger.state
        return [*map(self._of_link, state.links.values()), *map(self._of_member, state.members.values())]

    def bill(self, name: str) -> FakeBill | None:
        link, member = self.ledger.state.link(name), self.ledger.state.member(name)
        if link is not None:
            return self._of_link(link)
        return None if member is None else self._of_member(member)

    def act(self, name: str, act: str, amount: int | None, quirks: frozenset[str]) -> None:
        bill = self.bill(name)
        if bill is None or act not in bill.acts:
            raise ApiRefusal(409, "CONFLICT", f"{act} is not possible now")
        link = self.ledger.state.link(name)
        if link is None:
            self._act_on_member(self.ledger.state.members[bill.key], act)
        elif act == "pay":
            self.ledger.pay(link, amount, quirks)
        else:
            {"fail": self.ledger.fail, "expire": self.ledger.expire, "settle": self.ledger.settle}[act](link)

    def _act_on_member(self, member: MemberState, act: str) -> None:
        if act == "renew":
            prices = [good.price for good in self.account.goods if good.product_id == member.product_id]
            self.ledger.renew(member, prices[0])
        elif act == "change_tier":
            self.ledger.change_tier(member, "Gold" if member.tier.casefold() != "gold" else "Silver")
        else:
            {"unsubscribe": self.ledger.unsubscribe, "lapse": self.ledger.lapse}[act](member)

    def _of_link(self, link: LinkState) -> FakeBill:
        ones = [self.ledger.state.transactions[name] for name in link.transactions]
        paid = [one for one in ones if one.status in ("paid", "settled")]
        acts = ["pay"] if link.status == "active" else []
        acts += ["fail", "expire"] if ones[-1].status == "created" else []
        acts += ["settle"] if any(one.status == "paid" for one in ones) else []
        return FakeBill(
            provider=NAME,
            key=link.link_id,
            reference=link.link_id,
            title=link.title,
            amount=link.amount,
            status="closed" if link.status == "closed" and not paid else ones[-1].status,
            created=link.created,
            expires=link.expires,
            instruments=(Instrument("qr", "QRIS", qris(link.amount, link.link_id)),),
            money=tuple(MoneyLine(one.updated, "paid", one.amount, one.transaction_id) for one in paid),
            acts=tuple(acts),
            back=link.back if paid else None,
            payer=link.customer.name,
            names=(link.link_id, *link.transactions),
        )

    def _of_member(self, member: MemberState) -> FakeBill:
        acts = ("renew", "change_tier", "unsubscribe", "lapse") if member.status == "ACTIVE" else ("renew",)
        return FakeBill(
            provider=NAME,
            key=member.member_id,
            reference=member.licence_code,
            title=f"{member.title} · {member.tier}",
            amount=None,
            status=f"{member.status} · licence {member.licence_status}",
            created=member.created,
            expires=member.expires,
            instruments=(Instrument("code", "Licence", member.licence_code),),
            acts=acts,
            payer=member.customer.name,
            names=(member.member_id, member.licence_code, member.transaction_id),
        )
