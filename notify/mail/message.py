"""One mail as its parts, and as what goes over SMTP. Pure."""

from __future__ import annotations

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import NamedTuple


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
    """With the name where that can stand there. Raises Unaddressable."""
    for display in (name or "", ""):
        if display.isprintable():
            try:
                return str(Address(display_name=display, addr_spec=address))
            except (ValueError, MessageError, IndexError):
                continue
    raise Unaddressable


def message_of(mail: Mail, at: datetime) -> EmailMessage:
    """Raises Unaddressable."""
    message = EmailMessage()
    try:
        message["From"] = mail.sender
        message["To"] = to_header(mail.to, mail.name)
        message["Subject"] = mail.subject
        domain = parseaddr(mail.sender)[1].partition("@")[2]
        message["Message-ID"] = f"<{mail.message_id}@{domain or 'localhost'}>"
        message["Date"] = format_datetime(at)
        # Nobody's holiday answers it.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.body)
    except (ValueError, MessageError) as error:
        raise Unaddressable from error
    return message
