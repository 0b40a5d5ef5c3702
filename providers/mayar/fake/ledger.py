"""What happens to the money and the members of one Mayar merchant, and what its one webhook address is told."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from providers.fakes.calls import ApiRefusal, Json
from providers.fakes.goods import FakeGood
from providers.fakes.world import FakeWorld
from providers.mayar.fake import documents
from providers.mayar.fake.state import LinkState, MayarCustomer, MayarState, MemberState, TransactionState
from providers.simulated import new_code, new_uuid

NAME = "mayar"
REMINDER_AFTER = timedelta(minutes=29)
MONTH = timedelta(days=30)
_CODE = string.ascii_uppercase + string.digits

QUIRKS = {
    "paid_says_created": "Mayar's `payment.received` says `transactionStatus: created`, as its documentation's example does",
    "short_success": "Mayar tells a payment by its old short `payment.success`, without id and amount",
}


class MayarLedger:
    """Links are paid, members join and leave."""

    def __init__(self, merchant_id: str, world: FakeWorld, dice: Random) -> None:
        self.state = MayarState()
        self._merchant_id, self._world, self._dice = merchant_id, world, dice

    def customer(self, name: str, email: str, mobile: str) -> MayarCustomer:
        """The customer with this address, or a new one."""
        key = email.casefold()
        if key not in self.state.customers:
            self.state.customers[key] = MayarCustomer(new_uuid(self._dice), name, email, mobile)
        return self.state.customers[key]

    def open_link(self, link: LinkState) -> TransactionState:
        """Takes on what is to be paid, with its first transaction, and the alarms of its reminder and its end."""
        self.state.links[link.link_id] = link
        one = self._transaction(link)
        now = self._world.clock.now()
        self._world.clock.alarm(now + REMINDER_AFTER, NAME, "remind", link.link_id)
        if link.expires is not None:
            self._world.clock.alarm(link.expires, NAME, "expire", link.link_id)
        return one

    def new_id(self) -> str:
        return new_uuid(self._dice)

    def pay(self, link: LinkState, amount: int | None, quirks: frozenset[str]) -> TransactionState:
        """Money arrives; a second time, or late, it is a further transaction."""
        one = self.state.transactions[link.transactions[-1]]
        if one.status != "created":
            one = self._transaction(link)
        one.status, one.updated, one.method = "paid", self._world.clock.now(), one.method or "QRIS"
        one.amount = link.amount if amount is None else amount
        if "short_success" in quirks:
            short = {"package": (link.tier or link.title).lower(), "customerEmail": link.customer.email}
            self._post("payment.success", link.link_id, short)
        else:
            says = "created" if "paid_says_created" in quirks else "paid"
            self._tell_payment(link, one, "payment.received", says)
        return one

    def fail(self, link: LinkState) -> None:
        """Only integrations of earlier times know this event."""
        one = self.state.transactions[link.transactions[-1]]
        one.status, one.updated = "failed", self._world.clock.now()
        self._tell_payment(link, one, "payment.failed", "failed")

    def expire(self, link: LinkState) -> None:
        """Nobody is told: there is no such event."""
        one = self.state.transactions[link.transactions[-1]]
        if one.status == "created":
            one.status, one.updated = "expired", self._world.clock.now()

    def settle(self, link: LinkState) -> None:
        for name in link.transactions:
            one = self.state.transactions[name]
            one.status = "settled" if one.status == "paid" else one.status

    def remind(self, link: LinkState) -> None:
        one = self.state.transactions[link.transactions[-1]]
        if one.status == "created" and link.status == "active":
            page = f"https://warungpalsu.example/invoices/{link.link_id}"
            body = documents.reminder_body(link, one, self._merchant_id, page)
            self._post("payment.reminder", link.link_id, body)

    def sell(
        self, good: FakeGood, wish: Mapping[str, Any], quirks: frozenset[str] = frozenset()
    ) -> LinkState:
        """Somebody buys at the shop page: money, and for what has a tier a membership with its licence."""
        now = self._world.clock.now()
        buyer = self.customer(
            str(wish.get("name") or "Ratna Wulandari"),
            str(wish["email"]),
            str(wish.get("mobile") or "081290011223"),
        )
        quantity = int(wish.get("quantity") or 1)
        lasting = good.tier is not None or good.kind == "plan"
        link = LinkState(
            link_id=self.new_id(),
            kind="membership" if lasting else "digital_product",
            title=good.title,
            amount=good.price * quantity,
            quantity=quantity,
            customer=buyer,
            created=now,
            expires=None,
            product_id=good.product_id,
            tier=good.tier or (good.title if lasting else None),
        )
        self.state.links[link.link_id] = link
        self._transaction(link)
        paid = self.pay(link, None, quirks)
        if lasting:
            member = self.join(link, paid, now + MONTH)
            member.saas = not wish.get("software")
            member.limit = int(wish["limit"]) if wish.get("limit") else None
        return link

    def join(self, link: LinkState, paid: TransactionState, expires: datetime) -> MemberState:
        now = self._world.clock.now()
        member = MemberState(
            member_id=new_code(self._dice, 8, _CODE),
            licence_code="-".join(new_code(self._dice, 5, _CODE) for _ in range(4)),
            customer=link.customer,
            product_id=link.product_id or link.link_id,
            title=link.title,
            tier=link.tier or link.title,
            transaction_id=paid.transaction_id,
            created=now,
            updated=now,
            expires=expires,
        )
        self.state.members[member.member_id] = member
        self.state.names[member.licence_code] = member.member_id
        self._world.clock.alarm(expires, NAME, "lapse", member.member_id)
        self._tell_member(member, "membership.newMemberRegistered", documents.joined_body)
        return member

    def sell_example(self, code: str, product_id: str) -> None:
        """The licence of our API's examples, known from the first question about it; nobody is told of it."""
        if self.state.member(code) is not None:
            return
        now = self._world.clock.now()
        member = MemberState(
            member_id=new_code(self._dice, 8, _CODE),
            licence_code=code,
            customer=self.customer("Contoh", "contoh@warungpalsu.example", "081290011223"),
            product_id=product_id,
            title="Contoh",
            tier="Gold",
            transaction_id=new_uuid(self._dice),
            created=now,
            updated=now,
            expires=now + MONTH,
        )
        self.state.members[member.member_id] = member
        self.state.names[code] = member.member_id

    def renew(self, member: MemberState, price: int) -> None:
        """Another payment of an existing member; no event of its own says that it was a renewal."""
        now = self._world.clock.now()
        link = LinkState(
            link_id=self.new_id(),
            kind="membership",
            title=member.title,
            amount=price,
            quantity=1,
            customer=member.customer,
            created=now,
            expires=None,
            product_id=member.product_id,
            tier=member.tier,
        )
        self.state.links[link.link_id] = link
        self._transaction(link)
        self.pay(link, None, frozenset())
        member.expires = max(member.expires or now, now) + MONTH
        member.status = member.licence_status = "ACTIVE"
        member.updated = now
        self._world.clock.alarm(member.expires, NAME, "lapse", member.member_id)

    def unsubscribe(self, member: MemberState) -> None:
        member.status, member.updated = "INACTIVE", self._world.clock.now()
        self._tell_member(member, "membership.memberUnsubscribed", documents.member_body)

    def lapse(self, member: MemberState) -> None:
        """The end of a membership, or what a person calls one before its time."""
        member.status, member.licence_status = "INACTIVE", "EXPIRED"
        member.updated = self._world.clock.now()
        self._tell_member(member, "membership.memberExpired", documents.member_body)

    def change_tier(self, member: MemberState, tier: str) -> None:
        before, member.tier, member.updated = member.tier, tier, self._world.clock.now()
        previous = {
            "previousMembershipTierId": documents.tier_id(member, before),
            "previousMembershipTierName": before,
        }
        body = documents.joined_body(member, self._merchant_id) | previous
        self._post("membership.changeTierMemberRegistered", member.member_id, body)

    def ring(self, kind: str, key: str) -> None:
        if kind == "lapse":
            member = self.state.members[key]
            # A renewal moved the end; its own alarm rings then.
            if (
                member.expires is not None
                and member.expires <= self._world.clock.now()
                and member.licence_status == "ACTIVE"
            ):
                self.lapse(member)
        elif kind == "remind":
            self.remind(self.state.links[key])
        else:
            self.expire(self.state.links[key])

    def greet(self) -> None:
        """The test button."""
        data = {
            "id": new_code(self._dice, 9, string.digits),
            "status": "SUCCESS",
            "customerEmail": "uji@warungpalsu.example",
        }
        self._post("testing", "", data)

    def _transaction(self, link: LinkState) -> TransactionState:
        now = self._world.clock.now()
        one = TransactionState(new_uuid(self._dice), link.link_id, link.amount, "created", now, now)
        self.state.transactions[one.transaction_id] = one
        self.state.names[one.transaction_id] = link.link_id
        link.transactions.append(one.transaction_id)
        return one

    def _tell_payment(self, link: LinkState, one: TransactionState, event: str, says: str) -> None:
        self._post(event, link.link_id, documents.payment_body(link, one, self._merchant_id, says=says))

    def _tell_member(self, member: MemberState, event: str, body: Any) -> None:
        self._post(event, member.member_id, body(member, self._merchant_id))

    def _post(self, event: str, subject: str, data: Json) -> None:
        self._world.outbox.post(NAME, event, subject, {"event": event, "data": data})


def need(found: Any, what: str) -> Any:
    """Raises ApiRefusal when nothing was found."""
    if found is None:
        raise ApiRefusal(404, "NOT_FOUND", f"{what} not found")
    return found
