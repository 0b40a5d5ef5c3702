"""`/v3/payment_tokens`: an instrument that a payer allows to be charged again (docs.xendit.co/apidocs: create-payment-token and its neighbours)."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from providers.fakes.bills import FakeBill, Instrument
from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json, part
from providers.fakes.world import FakeWorld
from providers.simulated import iso, new_uuid
from providers.xendit import simulated_bodies as bodies
from providers.xendit.fake.announcing import envelope
from providers.xendit.fake.channels import CHANNELS
from providers.xendit.fake.ledger import NAME, XenditLedger
from providers.xendit.fake.state import RequestState, TokenState
from providers.xendit.fake.v3 import invalid, metadata_of, right_version, storable

_ACTS = {"link": ("ACTIVE", "activation"), "fail": ("FAILED", "failure"), "expire": ("EXPIRED", "expiry")}


class TokenDesk:
    """Create, read, cancel; and what a payer does on the page where an account is linked."""

    def __init__(self, ledger: XenditLedger, world: FakeWorld, dice: Random, business_id: str) -> None:
        self._ledger, self._world, self._dice = ledger, world, dice
        self._business_id = business_id
        ledger.stores = self.store_paid

    def routes(self) -> Iterable[FakeRoute]:
        one = "/v3/payment_tokens/{id}"
        return (
            FakeRoute("POST", "/v3/payment_tokens", self._create),
            FakeRoute("GET", one, self._get),
            FakeRoute("POST", f"{one}/cancel", self._cancel),
        )

    def _create(self, call: FakeCall) -> FakeReply:
        right_version(call)
        wish = call.document()
        reference, channel = wish.get("reference_id"), CHANNELS.get(str(wish.get("channel_code")))
        if not isinstance(reference, str) or not 0 < len(reference) <= 255:
            raise invalid("reference_id must be a text of 1 to 255 characters")
        if (wish.get("country"), wish.get("currency")) != ("ID", "IDR"):
            raise invalid("country must be ID and currency IDR on this account")
        storable(channel)
        if reference in self._ledger.state.names:
            raise ApiRefusal(409, "DUPLICATE_ERROR", "a payment token with this reference_id exists")
        token = self._new(reference, str(wish["channel_code"]), wish.get("customer_id"))
        token.channel_properties = part(wish, "channel_properties")
        token.description, token.metadata = wish.get("description"), metadata_of(wish)
        token.link = call.page(NAME, token.token_id)
        self._ledger.state.names[reference] = token.token_id
        return FakeReply(201, self.shown(token))

    def _get(self, call: FakeCall) -> FakeReply:
        right_version(call)
        return FakeReply(200, self.shown(self._token(call)))

    def _cancel(self, call: FakeCall) -> FakeReply:
        """The provider tells nobody."""
        right_version(call)
        token = self._token(call)
        if token.status not in ("ACTIVE", "REQUIRES_ACTION"):
            raise invalid(f"a token that is {token.status} cannot be canceled", "INVALID_VALUE_ERROR")
        self._move(token, "CANCELED")
        return FakeReply(200, self.shown(token))

    def _token(self, call: FakeCall) -> TokenState:
        token = self._ledger.state.tokens.get(call.params["id"])
        if token is None:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "there is no such payment token")
        return token

    def _new(self, reference: str, channel: str, customer_id: str | None) -> TokenState:
        now = self._world.clock.now()
        token = TokenState(f"pt-{new_uuid(self._dice)}", reference, channel, customer_id, now, now)
        self._ledger.state.tokens[token.token_id] = token
        return token

    def store(self, reference: str, channel: str, customer_id: str | None, *, told: bool) -> TokenState:
        """A payer has linked an account on another page: of a session, a plan, or a payment that saves."""
        token = self._new(reference, channel, customer_id)
        self._move(token, "ACTIVE")
        if told:
            self._tell(token, "activation")
        return token

    def store_paid(self, request: RequestState) -> None:
        token = self.store(request.reference_id, request.channel, request.customer_id, told=True)
        request.further["payment_token_id"] = token.token_id

    def usable(self, token_id: str) -> TokenState:
        """Raises ApiRefusal for a token that is not there, or not active."""
        token = self._ledger.state.tokens.get(token_id)
        if token is None or token.status != "ACTIVE":
            state = "unknown" if token is None else token.status
            raise ApiRefusal(400, "INVALID_TOKEN", f"the payment token is {state}")
        return token

    def find(self, name: str) -> TokenState | None:
        state = self._ledger.state
        token = state.tokens.get(state.names.get(name, name))
        # One that was stored on another page is shown there.
        return token if token is not None and token.link else None

    def act(self, token: TokenState, act: str) -> None:
        """Raises ApiRefusal when that cannot be."""
        if act not in acts_of(token):
            raise ApiRefusal(409, "INVALID_VALUE_ERROR", f"{act} is not possible now")
        status, what = _ACTS[act]
        token.failure_code = "USER_DID_NOT_AUTHORIZE" if act == "fail" else None
        self._move(token, status)
        self._tell(token, what)

    def shown(self, token: TokenState) -> Json:
        actions: list[Json] = []
        if token.status == "REQUIRES_ACTION":
            actions = [{"type": "REDIRECT_CUSTOMER", "descriptor": "WEB_URL", "value": token.link}]
        body = bodies.instrument("payment_token_id", token.token_id, token.status, token.updated) | {
            "business_id": self._business_id,
            "reference_id": token.reference_id,
            "customer_id": token.customer_id,
            "currency": "IDR",
            "channel_code": token.channel,
            "channel_properties": token.channel_properties,
            "actions": actions,
            "token_details": {"account_name": "LUNAS"} if token.status == "ACTIVE" else None,
            "description": token.description,
            "failure_code": token.failure_code,
            "metadata": token.metadata,
            "created": iso(token.created),
        }
        return {name: value for name, value in body.items() if value is not None}

    def bill(self, token: TokenState) -> FakeBill:
        open_ = token.status == "REQUIRES_ACTION"
        title = f"{token.channel.replace('_', ' ')} PAYMENT TOKEN"
        return FakeBill(
            provider=NAME,
            key=token.token_id,
            reference=token.reference_id,
            title=title,
            amount=None,
            status=token.status,
            created=token.created,
            expires=None,
            instruments=(Instrument("link", token.channel, ""),) if open_ else (),
            acts=acts_of(token),
            back=token.channel_properties.get("success_return_url") if token.status == "ACTIVE" else None,
            names=(token.token_id, token.reference_id),
        )

    def _move(self, token: TokenState, status: str) -> None:
        token.status, token.updated = status, self._world.clock.now()

    def _tell(self, token: TokenState, what: str) -> None:
        """A webhook has what an answer leaves out when it is empty."""
        event = f"payment_token.{what}"
        empty: Json = {"customer_id": None, "failure_code": None, "metadata": {}}
        body = empty | {"token_details": {"account_name": "LUNAS"}} | self.shown(token)
        document = envelope(event, self._business_id, token.updated, body)
        self._world.outbox.post(NAME, event, token.token_id, document)


def acts_of(token: TokenState) -> tuple[str, ...]:
    if token.status == "REQUIRES_ACTION":
        return ("link", "fail")
    return ("expire",) if token.status == "ACTIVE" else ()
