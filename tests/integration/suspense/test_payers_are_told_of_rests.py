"""The rest was asked for: its payer is told by mail how much, where and until when, and applications by a webhook; each once."""

from __future__ import annotations

import json
import re

import pytest

from notify.following import Follower
from notify.mail.mailing import Mailing
from notify.mail.message import Mail
from notify.outcome import Outcome
from notify.webhooks import ToSend
from runtime.database import open_pool
from runtime.settings import Settings
from tests.integration.checkout.street import Street
from tests.integration.suspense.test_asking_for_the_rest import PUBLIC, asked, rest_of, short

WORDS = {
    "en": ("Rp 30,000 of your payment are missing", "Pay here"),
    "id": ("Pembayaran Anda masih kurang Rp 30.000", "Bayar di sini"),
}


class Tray:
    """A sender that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> Outcome:
        self.mails.append(mail)
        return Outcome(True)

    async def close(self) -> None:
        """Nothing is open."""


def told_in(street: Street, language: str) -> Settings:
    kinds = ("payment.rest_asked",)
    more = {
        "email_sender": "file",
        "email_language": language,
        "email_kinds": kinds,
        "api_public_url": PUBLIC,
    }
    return street.shop.refunds.settings.model_copy(update=more)


@pytest.mark.parametrize("language", WORDS)
async def test_c61_the_payer_is_told_by_mail_how_much_where_and_until_when(
    street: Street, language: str
) -> None:
    made = await short(street)
    given, tray = told_in(street, language), Tray()
    follower = Follower(given)
    async with open_pool(given, "notify", role="lunas_notifier") as pool:
        async with pool.acquire() as connection:
            await follower.begin(connection)
            told = await asked(street, made["held"])
            # Nothing to pay before the provider has taken it.
            await follower.page(connection)
            assert await connection.fetchval("SELECT count(*) FROM notifications") == 0
            await street.shop.checkout.opener.resolve()
            await street.shop.settle()
            for _ in range(2):
                await follower.page(connection)
            rows = await connection.fetch(
                "SELECT event_id, receiver, position, kind, customer_id, occurred_at, data, attempts FROM notifications"
            )
        assert [(row["kind"], row["receiver"]) for row in rows] == [("payment.rest_asked", "email")]
        data = json.loads(rows[0]["data"])
        assert (data["request_id"], data["suspense_id"], data["amount"], data["customer_id"]) == (
            told.request_id,
            made["held"],
            30_000,
            "budi",
        )
        assert "@" not in rows[0]["data"]
        assert "/pay/" not in rows[0]["data"]
        outcome = await Mailing(given, pool, tray).send(ToSend(**dict(rows[0])))
    assert outcome.ok
    (mail,) = tray.mails
    subject, pay = WORDS[language]
    assert (mail.to, mail.subject) == ("budi@example.com", subject)
    page = re.search(rf"{pay} *: (\S+)", mail.body)
    assert page is not None
    assert page[1] == (await rest_of(street, made["held"])).page
    assert await street.shop.log("checkout.rest_asked") == ["checkout.rest_asked"]
