"""Load from wrk (Debian package `wrk`): a second process in C, so that the generator is not what is measured."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

TOKEN = "benchmark-token"

_UNIQUE = """
local counter = 0
local seed = "%(seed)s"
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["x-callback-token"] = "%(token)s"
local body = [[%(body)s]]
request = function()
  counter = counter + 1
  local id = seed .. string.format("%%08d", counter)
  return wrk.format(nil, nil, nil, (string.gsub(body, "UNIQUE", id)))
end
"""

_BODY = """{"event":"payment.capture","business_id":"080846c51a9496ab77c2cae0","created":"2026-07-01T03:04:07.120Z",\
"api_version":"v3","data":{"payment_id":"py-UNIQUE","business_id":"080846c51a9496ab77c2cae0",\
"reference_id":"topup-UNIQUE","payment_request_id":"pr-UNIQUE","type":"PAY","country":"ID","currency":"IDR",\
"request_amount":50000,"capture_method":"AUTOMATIC","channel_code":"QRIS","captures":[{"capture_id":"cptr-UNIQUE",\
"capture_amount":50000,"capture_timestamp":"2026-07-01T03:04:05.900Z"}],"status":"SUCCEEDED","payment_details":\
{"issuer_name":"DANA","payer_name":"RATNA W","receipt_id":"260701030405"},"description":"%(padding)s","metadata":\
{"payment_type":"credit_topup","payer_email":"ratna@contoh.id"},"created":"2026-07-01T03:04:05.900Z",\
"updated":"2026-07-01T03:04:05.900Z"}}"""

BODY = _BODY % {"padding": "x" * 700}
"""About 1.5 KB, the size of a real capture with its metadata."""


class WrkMissing(RuntimeError):
    """The load generator is not installed: apt-get install wrk."""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: requests per second, latencies in ms, answers that were not 2xx, socket errors."""

    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int
    errors: int


def drive(url: str, *, connections: int, seconds: float, seed: str) -> Load:
    """Post unique Xendit captures as fast as `connections` allow. Raises WrkMissing."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise WrkMissing("benchmarks need wrk: apt-get install wrk")
    script = _UNIQUE % {"seed": seed, "token": TOKEN, "body": BODY}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "post.lua"
        path.write_text(script, encoding="utf-8")
        options = [
            "-t1",
            f"-c{connections}",
            f"-d{seconds:g}s",
            "--timeout",
            "20s",
            "--latency",
            "-s",
            str(path),
        ]
        return _parse(subprocess.run([wrk, *options, url], capture_output=True, text=True, check=True).stdout)


def _parse(text: str) -> Load:
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if rate is None:
        raise RuntimeError(f"wrk said nothing that can be read: {text}")
    return Load(
        per_second=float(rate[1]),
        p50_ms=_latency(text, "50%"),
        p99_ms=_latency(text, "99%"),
        refused=int(refused[1]) if refused else 0,
        errors=sum(int(n) for n in errors.groups()) if errors else 0,
    )


def _latency(text: str, percentile: str) -> float:
    found = re.search(rf"^\s+{percentile}\s+([\d.]+)(us|ms|s)", text, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"no {percentile} latency in wrk's report")
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]
