"""Logs never carry secrets, personal data or payloads, and one event stays one line."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr
from structlog.testing import capture_logs

from runtime.logs import (
    REMOVED,
    VALUE_LIMIT_CHARS,
    configure_logging,
    drop_private_values,
    get_logger,
    truncate_values,
)
from schemas.errors import StoreUnavailable


@pytest.fixture
def json_logs() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("ingress", form="json", stream=stream)
    yield stream
    root.handlers, root.level = before
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_personal_data_and_payloads_are_dropped_at_any_depth() -> None:
    event = {
        "event": "payment seen",
        "email": "ani@example.com",
        "payment": {"id": "pay_1", "payer_email": "ani@example.com", "parts": [{"phone": "+62811"}]},
        "note": b"raw bytes",
        "key": SecretStr("hush"),
    }
    assert drop_private_values(None, "info", event) == {
        "event": "payment seen",
        "email": REMOVED,
        "payment": {"id": "pay_1", "payer_email": REMOVED, "parts": [{"phone": REMOVED}]},
        "note": REMOVED,
        "key": REMOVED,
    }


def test_long_values_are_cut() -> None:
    cut = truncate_values(None, "info", {"event": "x", "text": "a" * 10_000, "list": ["b" * 10_000], "n": 3})
    assert len(cut["text"]) == VALUE_LIMIT_CHARS + 1
    assert len(cut["list"]) == VALUE_LIMIT_CHARS + 1
    assert cut["n"] == 3


def test_an_event_is_one_json_line_with_its_action_and_process(json_logs: io.StringIO) -> None:
    get_logger("test").info("batch committed", action="intake.commit", events=3, text="two\nlines")
    lines = json_logs.getvalue().splitlines()
    assert len(lines) == 1
    record = json.loads(lines[0])
    assert record | {"timestamp": ""} == {
        "event": "batch committed", "action": "intake.commit", "events": 3, "text": "two\nlines",
        "process": "ingress", "level": "info", "timestamp": "",
    }  # fmt: skip


def test_an_exception_stays_on_its_line_and_other_libraries_log_alike(json_logs: io.StringIO) -> None:
    try:
        raise ValueError("of ratna@contoh.id")
    except ValueError:
        get_logger("test").exception("it failed", action="test.fail")
    logging.getLogger("some.library").warning("careful %s", "there")
    first, second = (json.loads(line) for line in json_logs.getvalue().splitlines())
    assert first["exception"].endswith("ValueError")
    assert "test_logs.py" in first["exception"]
    assert second["event"] == "careful there"


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_exceptions_text_is_told_only_where_we_wrote_it(form: str) -> None:
    stream = io.StringIO()
    configure_logging("ingress", form=form, stream=stream)
    try:
        try:
            raise KeyError("ratna@contoh.id")
        except KeyError as cause:
            raise ExceptionGroup(
                "ratna@contoh.id", [StoreUnavailable(), ValueError("ratna@contoh.id")]
            ) from cause
    except ExceptionGroup:
        get_logger("test").exception("it failed", action="test.fail")
        logging.getLogger("some.library").exception("theirs failed")
    written = stream.getvalue()
    assert "ratna" not in written
    for told in (
        "KeyError",
        "ValueError",
        "StoreUnavailable: The database did not answer in time.",
        "test_logs.py",
    ):
        assert written.count(told) >= 2, told


def test_a_command_of_a_person_logs_trouble_only_and_never_on_stdout() -> None:
    program = (
        "from runtime.logs import configure_command_logging, get_logger\n"
        "configure_command_logging()\n"
        "get_logger('x').info('broker connected')\n"
        "get_logger('x').warning('broker unreachable', email='a@b.id')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "broker unreachable" in done.stderr
    assert "broker connected" not in done.stderr
    assert "a@b.id" not in done.stderr


def test_a_logger_that_one_test_has_used_is_heard_by_the_next(json_logs: io.StringIO) -> None:
    """Of the tests themselves: a process keeps what it has configured for a logger, and whoever captures lines in a later test would hear nothing of it."""
    log = get_logger("heard")
    log.info("one")
    structlog.reset_defaults()
    with capture_logs() as told:
        log.info("two")
    assert [one["event"] for one in told] == ["two"]
    assert '"one"' in json_logs.getvalue()
