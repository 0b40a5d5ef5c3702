"""From a notification that is due to a mail on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from notify.mail.message import Mail, sender_name
from notify.mail.recipients import page_of, recipient_of, title_of
from notify.mail.senders import MailSender
from notify.mail.templates import TemplateFailed, Templates
from notify.outcome import Outcome
from notify.webhooks import ToSend
from runtime.database import Pool
from runtime.logs import get_logger
from runtime.pay_pages import public_url

if TYPE_CHECKING:
    from runtime.settings import Settings

DEVELOPMENT_SENDER = "lunas <lunas@localhost>"
UNTOLD = frozenset({"written_off"})
"""Ends of held money that are no customer's news."""

log = get_logger(__name__)


class Mailing:
    """Mails of one process."""

    def __init__(self, settings: Settings, pool: Pool, sender: MailSender) -> None:
        self._pool, self._sender = pool, sender
        self._acquire_seconds = settings.database_acquire_timeout_seconds
        self._public = public_url(settings)
        self._from = settings.resend_from_email or DEVELOPMENT_SENDER
        self._templates = Templates(settings.email_language, settings.email_templates)

    async def send(self, sending: ToSend) -> Outcome:
        """One attempt."""
        data = orjson.loads(sending.data)
        if data.get("resolution") in UNTOLD:
            return Outcome(False, trouble="no_news", final=True)
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            recipient = await recipient_of(connection, sending)
            title = await title_of(connection, data.get("plan") or data.get("product"))
            page = await page_of(connection, data.get("request_id"), self._public)
        if recipient is None:
            return Outcome(False, trouble="no_address", final=True)
        values = {
            "kind": sending.kind,
            "told_at": sending.occurred_at,
            "data": data,
            "name": recipient.name,
            "title": title,
            "page": page,
            "sender": sender_name(self._from),
        }
        try:
            text = self._templates.text(sending.kind, values)
        except TemplateFailed as error:
            # It could say its examples, and cannot say this: tried again, so that a mended template still tells it.
            log.error("a template failed", action="notify.template", kind=sending.kind, place=error.place)
            return Outcome(False, trouble="template")
        message_id = f"{sending.message_id}.email"
        return await self._sender.send(
            Mail(self._from, recipient.address, recipient.name, text.subject, text.body, message_id)
        )

    async def close(self) -> None:
        await self._sender.close()
