"""An answer is one complete message."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import pytest

from ingress import answers
from ingress.answers import Answer

EVERY = [
    answers.SUCCESS,
    answers.INVALID_SIGNATURE,
    answers.ONLY_POST,
    answers.INTERNAL,
    answers.too_many(7),
    answers.not_durable(5),
]


@pytest.mark.parametrize("answer", EVERY, ids=lambda answer: str(answer.status))
@pytest.mark.parametrize("last", [False, True], ids=["kept open", "last"])
def test_it_is_one_complete_http_message(answer: Answer, last: bool) -> None:
    head, _, body = answer.wire(last=last).partition(b"\r\n\r\n")
    status, *lines = head.decode("ascii").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    assert status.startswith(f"HTTP/1.1 {answer.status} ")
    assert body == answer.body
    assert int(fields["Content-Length"]) == len(body)
    assert fields["Server"] == "lunas"
    assert fields.get("Connection") == ("close" if last else None)
    assert parsedate_to_datetime(fields["Date"]).utcoffset() is not None
    assert answer.wire(last=last, bare=True) == answer.wire(last=last).removesuffix(body)


def test_it_tells_when_to_come_back() -> None:
    assert re.search(rb"\r\nRetry-After: 9\r\n", answers.not_durable(9).wire(last=False))
