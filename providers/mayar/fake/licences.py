"""Licences and members over HTTP, on the routes for software and for memberships (saas)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute
from providers.fakes.listing import page_of
from providers.mayar.fake import documents
from providers.mayar.fake.ledger import MayarLedger
from providers.mayar.fake.payments import done
from providers.mayar.fake.state import MemberState
from schemas.licence_examples import EXAMPLE_CODE, EXAMPLE_PRODUCT

QUIRKS = {
    "saas_unauthorized": "Mayar's saas routes answer 401 to a key that works elsewhere",
    "failure_in_200": "every refusal of Mayar's comes as HTTP 200 with `statusCode` in the body",
}


class LicenceDesk:
    """Verify, activate, deactivate."""

    def __init__(self, ledger: MayarLedger) -> None:
        self._ledger = ledger

    def routes(self) -> Iterable[FakeRoute]:
        for family in ("software", "saas"):
            for version in ("v1", "v2"):
                base = f"/{family}/{version}/license"
                yield FakeRoute("POST", f"{base}/verify", self._verify)
                yield FakeRoute("POST", f"{base}/activate", self._switch("ACTIVE"))
                yield FakeRoute("POST", f"{base}/deactivate", self._switch("INACTIVE"))
        yield FakeRoute("GET", "/hl/v2/memberships/members", self._members)
        yield FakeRoute("GET", "/hl/v2/memberships/members/{id}", self._one_member)

    def _verify(self, call: FakeCall) -> FakeReply:
        member = self._member(call)
        if member is None:
            # The failure stands in the body of a good answer.
            code = call.document().get("licenseCode")
            return FakeReply(
                200, {"statusCode": 400, "message": f"There's no license {code} for this product"}
            )
        saas = call.path.startswith("/saas/")
        body = documents.licence(member, saas=saas)
        if call.path.startswith("/saas/v2/"):
            body["memberStatus"] = member.status
        active = member.licence_status == "ACTIVE"
        return FakeReply(200, {"statusCode": 200, "isLicenseActive": active, "licenseCode": body})

    def _switch(self, status: str) -> Callable[[FakeCall], FakeReply]:
        word = status.lower()

        def answer(call: FakeCall) -> FakeReply:
            member = self._member(call)
            if member is None:
                raise ApiRefusal(400, "NO_LICENCE", "There's no license for this product")
            if member.licence_status == "EXPIRED":
                raise ApiRefusal(400, "EXPIRED", "License is expired")
            if status == "ACTIVE" and member.limit is not None and member.use_count >= member.limit:
                raise ApiRefusal(400, "LIMIT", "License has reached its activation limit")
            if member.licence_status == status:
                raise ApiRefusal(400, "ALREADY", f"License is already {word}")
            member.licence_status = status
            member.use_count += status == "ACTIVE"
            return FakeReply(200, {"statusCode": 200, "message": f"License is now {word}"})

        return answer

    def _member(self, call: FakeCall) -> MemberState | None:
        """Raises ApiRefusal where the saas routes refuse a key."""
        if "saas_unauthorized" in call.quirks and call.path.startswith("/saas/"):
            raise ApiRefusal(401, "UNAUTHORIZED", "Failed authentication!")
        wish = call.document()
        if not wish.get("licenseCode") or not wish.get("productId"):
            raise ApiRefusal(400, "BAD_REQUEST", "licenseCode and productId are required")
        named = (wish["licenseCode"], wish["productId"])
        if named == (EXAMPLE_CODE, EXAMPLE_PRODUCT):
            self._ledger.sell_example(*named)
        member = self._ledger.state.member(str(wish["licenseCode"]))
        if member is None or member.product_id != wish["productId"]:
            return None
        # What was sold as software is unknown on the routes for memberships.
        return member if member.saas or not call.path.startswith("/saas/") else None

    def _members(self, call: FakeCall) -> FakeReply:
        """Of one product, newest first. Neither a row nor the detail has the licence: only who has the code can ask about it."""
        product = _product(call)
        found = [one for one in reversed(self._ledger.state.members.values()) if one.product_id == product]
        rows, more = page_of(found, call, key=lambda member: member.member_id, after="startingAfter")
        following = rows[-1].member_id if rows else None
        return done(
            [documents.member_row(member) for member in rows], hasMore=more, nextStartingAfter=following
        )

    def _one_member(self, call: FakeCall) -> FakeReply:
        product, name = _product(call), call.params["id"]
        member = self._ledger.state.members.get(name)
        if member is None or member.product_id != product:
            raise ApiRefusal(404, "NOT_FOUND", f"Member dengan ID {name} tidak ditemukan.")
        return done(documents.member_detail(member))


def _product(call: FakeCall) -> str:
    """Raises ApiRefusal: members are those of a product."""
    named = call.query.get("productId")
    if not named:
        raise ApiRefusal(400, "BAD_REQUEST", "Invalid query parameters")
    return named
