"""One mail as its parts, and as what goes over SMTP. Pure."""

from __future__ import annotations

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import NamedTuple

from schemas.email_address import normalise_email


class Unaddressable(ValueError):
    """An address or a name that cannot stand in a mail's header."""


class Mail(NamedTuple):
    """`message_id` is the same at every attempt, so that mail systems see one mail in two copies. Personal data: never logged."""

    sender: str
    to: str
    name: str | None
    subject: str
    body: str
    message_id: str


def sender_name(sender: str) -> str:
    """What a mail is signed with: the name of its sender, or its domain."""
    name, address = parseaddr(sender)
    return name or address.partition("@")[2] or sender


def to_header(address: str, name: str | None) -> str:
    """With the name where that can stand there; the host as mail servers know it, and the mailbox as its owner writes it (`a..b` is one at some hosts).
    Raises Unaddressable, also for a mailbox with other than ASCII letters: few servers take one."""
    normal, mailbox = normalise_email(address), address.strip().rpartition("@")[0]
    if normal is None or not mailbox.isascii():
        raise Unaddressable
    host = normal.rpartition("@")[2]
    for display in (name or "", ""):
        if display.isprintable():
            try:
                return str(Address(display_name=display, username=mailbox, domain=host))
            except (ValueError, MessageError, IndexError):
                continue
    raise Unaddressable


def from_header(sender: str) -> str:
    """`Toko <halo@toko.example>`, as `to_header` writes it. Raises Unaddressable."""
    name, address = parseaddr(sender)
    return to_header(address, name)


def message_of(mail: Mail, at: datetime) -> EmailMessage:
    """Raises Unaddressable."""
    message = EmailMessage()
    try:
        sender = from_header(mail.sender)
        message["From"] = sender
        message["To"] = to_header(mail.to, mail.name)
        message["Subject"] = mail.subject
        domain = parseaddr(sender)[1].rpartition("@")[2]
        message["Message-ID"] = f"<{mail.message_id}@{domain}>"
        message["Date"] = format_datetime(at)
        # Nobody's holiday answers it.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.body)
    except (ValueError, MessageError) as error:
        raise Unaddressable from error
    return message
