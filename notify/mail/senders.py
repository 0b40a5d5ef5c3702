"""Ways of sending a mail: SMTP, an HTTP service like Resend's, and files for development."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

import aiohttp
import aiosmtplib

from notify.mail.message import Mail, Unaddressable, from_header, message_of, to_header
from notify.outcome import Outcome, of_status
from runtime.files import write_whole
from runtime.ids import utc_now
from schemas.email_address import normalise_email
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.settings import Settings

_ADDRESS_REFUSED = Outcome(False, trouble="address_refused", final=True)
_PERMANENT = 500  # SMTP's answers from here on: trying again is of no use
_UNPROCESSABLE = 422
_OF_THE_ADDRESS = re.compile(rb"""invalid_to_address|[`'"]to[`'"] field""")
_READ_BYTES = 4096  # of an answer that says why


class MailSender(Protocol):
    """One way. `send` raises nothing that a mail or a server could cause."""

    async def send(self, mail: Mail) -> Outcome: ...

    async def close(self) -> None: ...


class FileSender:
    """Writes each mail into a folder, once for each message id."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = utc_now) -> None:
        self._folder, self._now = folder, now

    async def send(self, mail: Mail) -> Outcome:
        try:
            message = message_of(mail, self._now())
            await asyncio.to_thread(self._write, f"{mail.message_id}.eml", bytes(message))
        except Unaddressable:
            return _ADDRESS_REFUSED
        except OSError:
            return Outcome(False, trouble="no_connection")
        return Outcome(True)

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._folder / name, content)

    async def close(self) -> None:
        return None


class SmtpSender:
    """A connection for each mail: simple, and no server's idea of how long one may stand."""

    def __init__(
        self, url: str, timeout: float, *, demand_tls: bool, now: Callable[[], datetime] = utc_now
    ) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._tls = parts.scheme == "smtps"
        # A password goes over no open line; without one the server's offer decides.
        self._start_tls = False if self._tls else True if demand_tls and self._user else None
        self._timeout, self._now = timeout, now

    async def send(self, mail: Mail) -> Outcome:
        try:
            message = message_of(mail, self._now())
            async with asyncio.timeout(self._timeout):
                await aiosmtplib.send(
                    message,
                    hostname=self._host,
                    port=self._port,
                    username=self._user,
                    password=self._password,
                    use_tls=self._tls,
                    start_tls=self._start_tls,
                    timeout=self._timeout,
                )
        except Unaddressable:
            return _ADDRESS_REFUSED
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            permanent = bool(codes) and min(codes) >= _PERMANENT
            return Outcome(False, max(codes, default=None), "address_refused", final=permanent)
        except aiosmtplib.SMTPResponseException as error:
            return Outcome(False, error.code, "refused")
        except TimeoutError:
            return Outcome(False, trouble="timeout")
        except (aiosmtplib.SMTPException, OSError, ValueError):
            return Outcome(False, trouble="no_connection")
        return Outcome(True)

    async def close(self) -> None:
        return None


class HttpSender:
    """Resend's call (https://resend.com/docs/api-reference/emails/send-email), which keeps our key for a day."""

    def __init__(self, url: str, key: str, timeout: float) -> None:
        self._url = f"{url.rstrip('/')}/emails"
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout), headers={"Authorization": f"Bearer {key}"}
        )

    async def send(self, mail: Mail) -> Outcome:
        try:
            document = {
                "from": from_header(mail.sender),
                "to": [to_header(mail.to, mail.name)],
                "subject": mail.subject,
                "text": mail.body,
            }
            async with self._session.post(
                self._url,
                json=document,
                headers={"Idempotency-Key": mail.message_id},
                allow_redirects=False,
            ) as answer:
                outcome = of_status(answer.status, answer.headers.get("Retry-After"), utc_now())
                said = await answer.content.read(_READ_BYTES) if answer.status == _UNPROCESSABLE else b""
                answer.close()
        except Unaddressable:
            return _ADDRESS_REFUSED
        except TimeoutError:
            return Outcome(False, trouble="timeout")
        except (aiohttp.ClientError, OSError):
            return Outcome(False, trouble="no_connection")
        # It says the same of a sender that it does not know: that is our mistake, and the mail is sent when it is mended.
        refused = outcome.answered == _UNPROCESSABLE and _OF_THE_ADDRESS.search(said)
        return _ADDRESS_REFUSED._replace(answered=_UNPROCESSABLE) if refused else outcome

    async def close(self) -> None:
        await self._session.close()


def sender_of(settings: Settings) -> MailSender | None:
    """The way that `LUNAS_EMAIL_SENDER` names; None for none. Raises ConfigurationError for what it needs and does not have."""
    check_sender(settings)
    way, timeout = settings.email_sender, settings.notify_timeout_seconds
    if way == "file":
        return FileSender(settings.home / "mail")
    if way == "smtp" and settings.smtp_url is not None:
        url = settings.smtp_url.get_secret_value()
        return SmtpSender(url, timeout, demand_tls=settings.env == "production")
    if way == "resend" and settings.resend_api_key is not None:
        return HttpSender(settings.resend_base_url, settings.resend_api_key.get_secret_value(), timeout)
    return None


def check_sender(settings: Settings) -> None:
    """Raises ConfigurationError for what the way that `LUNAS_EMAIL_SENDER` names needs and does not have."""
    way = settings.email_sender
    if way in ("off", "file"):
        return
    if settings.resend_from_email is None:
        raise ConfigurationError(
            f"LUNAS_EMAIL_SENDER is {way}: set RESEND_FROM_EMAIL to the sender of our mail"
        )
    if normalise_email(parseaddr(settings.resend_from_email)[1]) is None:
        # Every mail would be refused because of it, and given up as if its customer had no address.
        raise ConfigurationError("RESEND_FROM_EMAIL is no sender: write it as Toko Kita <halo@toko.example>")
    if way == "smtp" and settings.smtp_url is None:
        raise ConfigurationError("LUNAS_EMAIL_SENDER is smtp: set LUNAS_SMTP_URL, smtp://host:587")
    if way == "resend" and settings.resend_api_key is None:
        raise ConfigurationError("LUNAS_EMAIL_SENDER is resend: set RESEND_API_KEY")
