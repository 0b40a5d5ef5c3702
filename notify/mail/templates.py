"""Texts of mails: a file for each kind and language, ours or the operator's. All of them are tried at start-up, so that a mistake is found then.

The first line is the subject, the text begins after the blank line below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from notify.kinds import KINDS
from notify.mail.spelling import Spelling
from schemas.errors import ConfigurationError

OURS = Path(__file__).parent / "templates"


class TemplateFailed(ConfigurationError):
    """`place`: file and line. The text may repeat what the template was given, which is personal once it is no example."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place = place


class Text(NamedTuple):
    """What a mail says."""

    subject: str
    body: str


class Templates:
    """Every kind in one language. A file of `folder` stands for ours of the same name. Raises TemplateFailed."""

    def __init__(self, language: str, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise ConfigurationError(f"LUNAS_EMAIL_TEMPLATES names {folder}, which is no folder")
        spelling = Spelling(language)
        folders = [OURS] if folder is None else [folder, OURS]
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folders),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - plain text: there is nothing to escape
            keep_trailing_newline=True,
        )
        environment.filters |= {
            "rupiah": spelling.rupiah,
            "number": spelling.number,
            "moment": spelling.moment,
        }
        self._templates: dict[str, jinja2.Template] = {
            kind: _loaded(environment, f"{kind}.{language}.txt") for kind in KINDS
        }
        for kind in KINDS:
            for values in _examples(kind):
                self.text(kind, values)

    def text(self, kind: str, values: Mapping[str, Any]) -> Text:
        """Raises TemplateFailed."""
        template = self._templates[kind]
        try:
            written = template.render(values)
        except Exception as error:
            # A template may do anything, and so fail in any way; whoever wrote it is told where.
            raise TemplateFailed(_place(template, error), str(error)) from error
        subject, _, body = written.partition("\n")
        if not subject.strip() or body[:1] != "\n" or not body.strip():
            raise TemplateFailed(
                f"{template.filename}:1", "a mail is one line of subject, a blank line, and the text"
            )
        return Text(subject.strip(), body.strip() + "\n")


def _loaded(environment: jinja2.Environment, name: str) -> jinja2.Template:
    try:
        return environment.get_template(name)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateFailed(f"{error.filename}:{error.lineno}", error.message or "") from error
    except UnicodeDecodeError as error:
        raise TemplateFailed(f"{name}:1", "this file is not UTF-8") from error


def _place(template: jinja2.Template, error: BaseException) -> str:
    """File and line of the innermost step inside a template."""
    line, step = 1, error.__traceback__
    file = template.filename
    while step is not None:
        if step.tb_frame.f_code.co_filename.endswith(".txt"):
            file, line = step.tb_frame.f_code.co_filename, step.tb_lineno
        step = step.tb_next
    return f"{file}:{line}"


_AT = datetime(2026, 2, 28, 17, 30, tzinfo=UTC)
_KNOWN = {
    "reference_id": "order-1",
    "payment_id": "py-1",
    "amount": 50_000,
    "refunded_amount": 20_000,
    "paid_at": _AT.isoformat(),
    "credit_tokens": 1_200,
    "low_balance_tokens": 100_000,
    "plan": "pro-bulanan",
    "status": "active",
    "product": None,
    "reason": "unmapped_product",
    "expires_at": _AT.isoformat(),
    "access_until": _AT.isoformat(),
    "cancel_at_period_end": False,
    "customer_id": "budi",
    "provider": "any",
    "resolution": "granted",
}


def _examples(kind: str) -> list[dict[str, Any]]:
    """What a template must be able to say: everything known, and next to nothing."""
    unknown = dict.fromkeys(
        ("reference_id", "amount", "paid_at", "plan", "expires_at", "access_until", "customer_id")
    )
    other = unknown | {"cancel_at_period_end": True, "resolution": "refunded"}
    common = {"kind": kind, "told_at": _AT, "sender": "Toko"}
    return [
        common | {"data": _KNOWN, "name": "Budi", "title": "Pro"},
        common | {"data": _KNOWN | other, "name": None, "title": None},
    ]
