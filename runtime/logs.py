"""Structured logs: one event, one line; JSON for collectors, readable at a terminal.

Every record has `event` (what happened, a fixed sentence), `action` (a stable key to search by), `process`, and ids.
Payloads, secrets and personal data never appear: a processor drops them by type and by key, whatever a caller passes.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any, TextIO, cast

import orjson
import structlog
from pydantic import SecretBytes, SecretStr

from runtime.log_lines import PersonRenderer
from schemas.errors import LunasError

VALUE_LIMIT_CHARS = 4096  # a longer value is an accident; it would drown the line
FRAMES = 15  # innermost places of an exception that are told
REMOVED = "[removed]"

# Keys that name personal data, secrets or whole payloads. Matched exactly, after lower-casing.
FORBIDDEN_KEYS = frozenset(
    {
        "postal_address", "api_key", "authorization", "body", "card", "cookie", "customer_email", "customer_name", "customer_phone",
        "database_url", "broker_url", "dsn", "email", "headers", "mobile_number", "operator_key", "password", "payer_email",
        "payer_name", "payload", "phone", "phone_number", "raw", "secret", "signature", "token", "webhook_secret",
    }
)  # fmt: skip

Entry = MutableMapping[str, Any]


def configure_logging(
    process: str,
    *,
    level: str = "info",
    form: str = "auto",
    stream: TextIO | None = None,
    steps: Sequence[structlog.types.Processor] = (),
) -> None:
    """Sets up logging of this process once, to stderr. `form`: `json`, `console` or `auto` (a terminal reads text).

    `steps`: what else is done to every entry, before what must not be told is dropped.
    """
    stream = stream or sys.stderr
    as_text = form == "console" or (form == "auto" and stream.isatty())
    renderer = (
        PersonRenderer(colours=stream.isatty())
        if as_text
        else structlog.processors.JSONRenderer(serializer=_to_json)
    )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        *steps,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        tell_failures,
        drop_private_values,
        truncate_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Access logs would hold query strings, and these hold e-mail addresses.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def configure_command_logging() -> None:
    """For commands of a person: trouble only, to stderr, because stdout is their answer. What a process configured stays.

    Libraries are silent: whatever fails becomes a sentence of the command's own.
    """
    if structlog.is_configured():
        return
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())
    structlog.configure(
        processors=[
            _trouble_only,
            tell_failures,
            drop_private_values,
            truncate_values,
            *structlog.get_config()["processors"],
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Logger of one module; call it as `log.info("batch committed", action="intake.commit", events=3)`."""
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))


def drop_private_values(_logger: object, _method: str, event: Entry) -> Entry:
    """Replaces secrets (by type), and personal data and payloads (by key and by type), at any depth."""
    return {key: _scrub(key, value) for key, value in event.items()}


def tell_failures(_logger: object, _method: str, event: Entry) -> Entry:
    """An exception as its kind and where it was, innermost last; never its text, which may quote what somebody sent. Ours says what we wrote."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if given is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_told(one) for one in _chain(error))
    return event


def _chain(error: BaseException) -> Iterator[BaseException]:
    """What it was caused by, first; then itself."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _chain(cause)
    yield error
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _chain(one)


def _told(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    said = f": {error}" if isinstance(error, LunasError) else ""
    return "\n".join([*places, f"{type(error).__name__}{said}"])


def _trouble_only(_logger: object, method: str, event: Entry) -> Entry:
    if method in ("debug", "info"):
        raise structlog.DropEvent
    return event


def truncate_values(_logger: object, _method: str, event: Entry) -> Entry:
    """Cuts every value at VALUE_LIMIT_CHARS."""
    return {key: _cut(value) for key, value in event.items()}


def _scrub(key: object, value: Any) -> Any:
    if isinstance(key, str) and key.lower() in FORBIDDEN_KEYS:
        return REMOVED
    if isinstance(value, SecretStr | SecretBytes | bytes | bytearray | memoryview):
        return REMOVED
    if isinstance(value, Mapping):
        return {inner: _scrub(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrub(None, item) for item in value]
    return value


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= VALUE_LIMIT_CHARS else value[:VALUE_LIMIT_CHARS] + "…"
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, Mapping | list):
        text = _to_json(value)
        return value if len(text) <= VALUE_LIMIT_CHARS else text[:VALUE_LIMIT_CHARS] + "…"
    return value


def _to_json(value: Any, **_options: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode("utf-8")
