"""Mail: real servers receive it, texts are those of the folder or ours, and a text that is wrong names its file and line."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from notify.kinds import MAILED
from notify.mail.examples import examples
from notify.mail.message import Mail, sender_name
from notify.mail.senders import FileSender, HttpSender, SmtpSender, sender_of
from notify.mail.spelling import Spelling
from notify.mail.templates import OURS, TemplateFailed, Templates
from runtime.settings import Settings
from schemas.errors import ConfigurationError
from tests.ports import held_ports

MAIL = Mail(
    "Toko Kita <halo@toko.example>",
    "budi@example.com",
    "Budi",
    "Sudah kami terima ☕",
    "Halo Budi,\n",
    "msg_1.email",
)


class Postbox:
    """What aiosmtpd was handed. `refused`: answers 550 to this address, `busy` to all."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self.logins: list[bytes] = []
        self.refused, self.busy = "", False

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.busy:
            return "451 later"
        if address == self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.got.append(envelope)
        return "250 OK"

    def letters(self) -> list[EmailMessage]:
        parsed = (
            email.message_from_bytes(cast("bytes", one.content), policy=email.policy.default)
            for one in self.got
        )
        return [cast("EmailMessage", one) for one in parsed]


@contextmanager
def mail_server(box: Postbox, **options: Any) -> Iterator[int]:
    def login(_s: SMTP, _session: Session, _e: Envelope, _how: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        box.logins.append(data.password)
        return AuthResult(success=data.password == b"rahasia", handled=False)  # the server says so itself

    with held_ports(1) as (port,):
        server = Controller(
            box, hostname="127.0.0.1", port=port, authenticator=login, auth_require_tls=False, **options
        )
        server.start()
        try:
            yield port
        finally:
            server.stop()


async def test_a_mail_arrives_by_smtp_as_it_was_meant() -> None:
    box = Postbox()
    with mail_server(box) as port:
        sender = SmtpSender(f"smtp://kasir:rahasia@127.0.0.1:{port}", 10.0, demand_tls=False)
        assert (await sender.send(MAIL)).ok
        assert (await sender.send(MAIL)).ok
    first, again = box.letters()
    assert box.logins == [b"rahasia"] * 2
    assert (first["To"], first["From"]) == ("Budi <budi@example.com>", "Toko Kita <halo@toko.example>")
    assert first["Subject"] == MAIL.subject
    assert first.get_content().splitlines() == MAIL.body.splitlines()
    assert first["Message-ID"] == again["Message-ID"] == "<msg_1.email@toko.example>"
    assert first["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("to", "reached"),
    [
        ("Budi@Bücher.example", "Budi@xn--bcher-kva.example"),
        ("budi@xn--bcher-kva.example", "budi@xn--bcher-kva.example"),
        ("budi..s@docomo.example", "budi..s@docomo.example"),
        ("budi.@docomo.example", "budi.@docomo.example"),
        ("o'neil+kelas@example.com", "o'neil+kelas@example.com"),
    ],
)
async def test_whoever_may_register_an_address_gets_mail_there(to: str, reached: str) -> None:
    """A host in letters of another script made a header that no server takes; two dots in a row made none at all."""
    box = Postbox()
    sender = "Toko Kita <halo@tokokü.example>"
    with mail_server(box) as port:
        outcome = await SmtpSender(f"smtp://127.0.0.1:{port}", 10.0, demand_tls=False).send(
            MAIL._replace(to=to, name="Budi, S.Kom", sender=sender)
        )
    assert outcome.ok, outcome
    assert [one.rcpt_tos for one in box.got] == [[reached]]
    assert box.got[0].mail_from == "halo@xn--tokok-ova.example"
    header = cast("bytes", box.got[0].content).partition(b"\r\n\r\n")[0]
    assert reached.encode() in header
    assert header.isascii()


@pytest.mark.parametrize(
    ("to", "final", "trouble"),
    [
        ("büdi@example.com", True, "address_refused"),
        ("gone@example.com", True, "address_refused"),
        ("no address", True, "address_refused"),
        ("a@b.example\r\nBcc: all@example.com", True, "address_refused"),
    ],
)
async def test_an_address_that_no_attempt_can_reach_is_given_up(to: str, final: bool, trouble: str) -> None:
    box = Postbox()
    box.refused = "gone@example.com"
    with mail_server(box) as port:
        outcome = await SmtpSender(f"smtp://127.0.0.1:{port}", 10.0, demand_tls=False).send(
            MAIL._replace(to=to)
        )
    assert (outcome.ok, outcome.final, outcome.trouble) == (False, final, trouble)
    assert box.got == []


async def test_a_server_that_is_busy_or_away_or_refuses_us_is_tried_again() -> None:
    box = Postbox()
    box.busy = True
    with mail_server(box) as port:
        busy = await SmtpSender(f"smtp://127.0.0.1:{port}", 10.0, demand_tls=False).send(MAIL)
        wrong = await SmtpSender(f"smtp://kasir:salah@127.0.0.1:{port}", 10.0, demand_tls=False).send(MAIL)
        open_line = await SmtpSender(f"smtp://kasir:rahasia@127.0.0.1:{port}", 10.0, demand_tls=True).send(
            MAIL
        )
    away = await SmtpSender("smtp://127.0.0.1:1", 10.0, demand_tls=False).send(MAIL)
    assert [(one.ok, one.final) for one in (busy, wrong, open_line, away)] == [(False, False)] * 4
    assert (wrong.answered, wrong.trouble) == (535, "refused")
    assert b"rahasia" not in box.logins  # it does not go over an open line where TLS is demanded


async def test_a_name_with_line_breaks_or_quotes_writes_no_header_of_its_own(tmp_path: Path) -> None:
    for name in ('Budi "Boss" <x@y.example>', "Budi\r\nBcc: all@example.com", "Wati ☕"):
        assert (await FileSender(tmp_path).send(MAIL._replace(name=name))).ok
        letter = email.message_from_bytes(
            (tmp_path / "msg_1.email.eml").read_bytes(), policy=email.policy.default
        )
        assert letter["Bcc"] is None
        assert [one.addr_spec for one in letter["To"].addresses] == ["budi@example.com"]


async def test_a_mail_of_the_http_service_names_itself_and_its_refusals_are_final_only_where_they_are() -> (
    None
):
    got: list[tuple[str | None, str | None, Any]] = []
    answers = [200, 500, 429, 422, 422, 422, 422]
    why = {
        3: '{"statusCode":422,"name":"validation_error","message":"Invalid `to` field. The email address needs to follow …"}',
        4: '{"statusCode":422,"name":"invalid_from_address","message":"Invalid `from` field."}',
        5: '{"statusCode":422,"name":"missing_required_field"}',
    }

    async def take(request: web.Request) -> web.Response:
        headers = request.headers
        got.append((headers.get("Authorization"), headers.get("Idempotency-Key"), await request.json()))
        number = len(got) - 1
        return web.Response(status=answers[number], headers={"Retry-After": "7"}, text=why.get(number, ""))

    app = web.Application()
    app.add_routes([web.post("/emails", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    sender = HttpSender(f"http://127.0.0.1:{port}/", "re_key", 10.0)
    outcomes = [await sender.send(MAIL) for _ in answers]
    await sender.close()
    await runner.cleanup()
    assert [(one.ok, one.final) for one in outcomes] == [
        (True, False),
        (False, False),
        (False, False),
        (False, True),
        (False, False),  # our own sender is wrong: every mail would be given up
        (False, False),
        (False, False),
    ]
    assert outcomes[2].retry_after == 7.0
    assert {(key, own) for key, own, _ in got} == {("Bearer re_key", "msg_1.email")}
    assert got[0][2] == {
        "from": MAIL.sender,
        "to": ["Budi <budi@example.com>"],
        "subject": MAIL.subject,
        "text": MAIL.body,
    }


@pytest.mark.parametrize("language", ["id", "en"])
def test_there_is_a_text_for_every_kind_in_both_languages(language: str) -> None:
    Templates(language)
    assert {path.name for path in OURS.glob(f"*.{language}.txt")} == {
        f"{kind}.{language}.txt" for kind in MAILED
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Judul\n\nHalo {{ nama }}\n", 3),
        ("Judul\n\n{% if name %}\nHalo\n", 3),
        ("Judul\n\n\n{{ data.amount | dolar }}\n", 4),
        ("Judul {{ data.tidak_ada }}\n\nHalo\n", 1),
        ("Judul\nHalo\n", 1),
        ("Judul\n\nHalo {{ data.paid_at | rupiah }}\n", 3),
        ("", 1),
        ("Judul\n\n{{ data.credit_tokens }}\n", 3),
        ("Judul\n\nHalo\n\n{% include 'nowhere.txt' %}\n", 5),
    ],
    ids=[
        "unknown name",
        "no end",
        "unknown filter",
        "unknown field",
        "no blank line",
        "wrong kind of value",
        "empty",
        "field of another kind",
        "includes nothing",
    ],
)
def test_a_text_with_an_error_names_file_and_line_at_the_start(tmp_path: Path, text: str, line: int) -> None:
    file = tmp_path / "payment.received.id.txt"
    file.write_text(text)
    with pytest.raises(TemplateFailed) as failed:
        Templates("id", tmp_path)
    assert failed.value.place == f"{file}:{line}"


@pytest.mark.parametrize("name", ["_kaki.txt", "_kaki.jinja", "_kaki.id.txt"])
@pytest.mark.parametrize("wrong", ["{% if %}", "{{ data.tidak_ada }}", "{{ data.paid_at | rupiah }}"])
def test_an_error_in_a_file_that_is_included_names_that_file(tmp_path: Path, name: str, wrong: str) -> None:
    (tmp_path / name).write_text(f"Salam,\n{wrong}\n")
    (tmp_path / "payment.received.id.txt").write_text(f"Judul\n\n\nHalo {{% include '{name}' %}}\n")
    with pytest.raises(TemplateFailed) as failed:
        Templates("id", tmp_path)
    assert failed.value.place == f"{tmp_path / name}:2"


@pytest.mark.parametrize("name", ["payment.recieved.id.txt", "receipt.en.txt"])
def test_a_file_that_stands_for_no_mail_is_told_at_the_start(tmp_path: Path, name: str) -> None:
    """Ours would be sent in its place, and nobody would know why."""
    (tmp_path / name).write_text("Judul\n\nHalo\n")
    with pytest.raises(TemplateFailed, match=r"there are payment\.received") as failed:
        Templates("id", tmp_path)
    assert failed.value.place == f"{tmp_path / name}:1"


@pytest.mark.parametrize("kind", MAILED)
def test_a_text_may_use_every_field_that_its_notification_is_documented_to_have(
    tmp_path: Path, kind: str
) -> None:
    fields = documented(kind)
    told = "".join(f"{{{{ data.{name} }}}}\n" for name in fields)
    (tmp_path / f"{kind}.id.txt").write_text(
        f"Judul\n\n{{{{ name }}}} {{{{ title }}}} {{{{ sender }}}}\n{told}"
    )
    Templates("id", tmp_path)
    assert {field for one in examples(kind) for field in one["data"]} == fields


def documented(kind: str) -> set[str]:
    """Fields of `data` by the table of docs/notifications.md."""
    page = (Path(__file__).parents[3] / "docs" / "notifications.md").read_text("utf-8")
    same: set[str] = set()
    for kinds, _, cell in re.findall(r"^\| (`[a-z].*?) \| (.*?) \| (.*?) \|$", page, re.MULTILINE):
        named = set(re.findall(r"`(\w+)`", cell.partition(" without ")[0].partition(":")[0]))
        without = set(re.findall(r"`(\w+)`", cell.partition(" without ")[2].partition(",")[0]))
        plus = set(re.findall(r"`(\w+)`", cell.partition(" with ")[2].partition(":")[0]))
        same = (same - without) | plus if cell.startswith("the same") else named
        if f"`{kind}`" in kinds:
            return same
    raise AssertionError(f"the page does not tell of {kind}")


def test_a_folder_of_the_operators_stands_before_ours(tmp_path: Path) -> None:
    (tmp_path / "balance.low.id.txt").write_text("Isi ulang\n\nSisa {{ data.credit_tokens | number }}.\n")
    templates = Templates("id", tmp_path)
    text = templates.text("balance.low", {"data": {"credit_tokens": 1_234}})
    assert text == ("Isi ulang", "Sisa 1.234.\n")
    with pytest.raises(ConfigurationError, match="LUNAS_EMAIL_TEMPLATES"):
        Templates("id", tmp_path / "nowhere")


def test_amounts_and_times_are_written_as_people_read_them() -> None:
    assert Spelling("id").rupiah(1_250_000) == "Rp 1.250.000"
    assert Spelling("en").rupiah(1_250_000) == "Rp 1,250,000"
    assert Spelling("id").moment("2026-02-28T17:30:00Z") == "1 Maret 2026 pukul 00.30 WIB"
    assert Spelling("en").moment("2026-12-31T16:59:00+00:00") == "31 December 2026, 23:59 WIB"
    assert [sender_name(one) for one in ("Toko <a@b.id>", "a@b.id")] == ["Toko", "b.id"]


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"email_sender": "smtp"}, "RESEND_FROM_EMAIL"),
        ({"email_sender": "smtp", "resend_from_email": "a@b.id"}, "LUNAS_SMTP_URL"),
        ({"email_sender": "resend", "resend_from_email": "a@b.id"}, "RESEND_API_KEY"),
        ({"email_sender": "resend", "resend_from_email": "Toko Kita"}, "RESEND_FROM_EMAIL is no sender"),
        ({"email_sender": "smtp", "resend_from_email": "Toko <halo@>"}, "RESEND_FROM_EMAIL is no sender"),
    ],
)
def test_a_way_without_what_it_needs_is_refused_by_name(fields: dict[str, Any], missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        sender_of(Settings(env="development", home=Path("unused"), **fields))


async def test_development_writes_files_and_nothing_is_sent_where_nobody_asked(tmp_path: Path) -> None:
    sender = sender_of(Settings(env="development", home=tmp_path))
    assert isinstance(sender, FileSender)
    assert (await sender.send(MAIL)).ok
    assert [path.name for path in (tmp_path / "mail").iterdir()] == ["msg_1.email.eml"]
    assert sender_of(Settings(env="production", home=tmp_path)) is None
    await asyncio.sleep(0)
