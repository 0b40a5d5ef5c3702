"""Checks a file that `lunas log archive` wrote. Python 3.9 or newer and nothing else: no part of lunas, no database, no network.

    python3 verify_log_part.py PART.jsonl.gz [SEALS.jsonl]

Every event is hashed as it stands in the file, the hashes under each seal make its root, each seal is hashed and names the one before. Their hashes were
published when they were made: in SEALS.jsonl, with which they are compared here, or in the log lines `seal.made`, with which you compare the last one, which is
printed. Exit code 0: all fits. 1: something does not, and is named. 2: this is no such file.
"""

import gzip
import hashlib
import json
import sys
import zlib
from typing import Any

EVENT = ("position", "event_id", "recorded_at", "stream_id", "stream", "version", "type", "schema_version")
SEAL = ("number", "after", "through", "events", "root", "previous", "sealed_at")


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf(event: Any) -> bytes:
    """Hash of a zero byte, then every column as LENGTH:BYTES: those of EVENT, data, metadata."""
    texts = [event[name].encode() for name in (*EVENT, "data", "metadata")]
    return sha(b"\0" + b"".join(b"%d:%b," % (len(text), text) for text in texts))


def root(level: Any) -> bytes:
    """Of the tree of RFC 6962: pairs are hashed level by level, one without a neighbour goes up as it is."""
    while len(level) > 1:
        above = [sha(b"\1" + left + right) for left, right in zip(level[::2], level[1::2])]  # noqa: B905 - older Pythons know no strict=
        level = above + level[len(level) - len(level) % 2 :]
    return level[0] if level else b""


def sealed(seal: Any) -> str:
    lines = "".join(f"{name} {seal[name]}\n" for name in SEAL)
    return sha(b"lunas seal 1\n" + lines.encode()).hex()


def wrong_seal(seal: Any, before: Any, hashes: Any, published: Any) -> Any:
    """What does not fit of one seal and the hashes of its events by position."""
    name, positions = f"seal {seal['number']}", sorted(hashes)
    if len(positions) != seal["events"] or root([hashes[each] for each in positions]).hex() != seal["root"]:
        yield f"{name}: the events are not those that it covers"
    elif positions[0] <= seal["after"] or positions[-1] != seal["through"]:
        yield f"{name}: its events stand elsewhere"
    if sealed(seal) != seal["hash"]:
        yield f"{name}: its hash is not that of what it says"
    elif published is not None and published.get(seal["number"]) != seal["hash"]:
        yield f"{name}: published is {published.get(seal['number'])}, the file says {seal['hash']}"
    if before and (before["number"] + 1, before["through"], before["hash"]) != (
        seal["number"],
        seal["after"],
        seal["previous"],
    ):
        yield f"{name}: it does not follow the one before"


def checked(lines: Any, published: Any) -> Any:
    """Header, the last seal, the number of events, and everything that is wrong."""
    head = next(lines)
    if head["format"] != "lunas log part 1":
        raise ValueError(head["format"])
    first, wrong, events = head["first"] if head["first"] is not None else -(2**63), [], 0
    seal, before, hashes = None, None, {}
    for line in lines:
        if "event" in line:
            position = int(line["event"]["position"])
            if position in hashes or not first <= position < head["before"]:
                wrong.append(f"event {position}: it does not belong here")
            hashes[position], events = leaf(line["event"]), events + 1
            continue
        if seal is not None:
            wrong += wrong_seal(seal, before, hashes, published)
            before = seal
        elif "seal" in line and line["seal"]["after"] >= max(first, 1):
            wrong.append("the first events of this part are missing")
        if "seal" not in line:
            if line["events"] != events:
                wrong.append(f"{line['events']} events were written, {events} are here")
            return head, before, events, wrong
        seal, hashes = line["seal"], {position: bytes.fromhex(text) for position, text in line["elsewhere"]}
        wrong += [f"event {each}: left out" for each in hashes if first <= each < head["before"]]
    raise ValueError("its end is missing")


def published_hashes(name: str) -> dict[int, str]:
    with open(name, encoding="utf-8") as file:
        whole = [json.loads(line) for line in file if line.rstrip().endswith("}")]  # a crash may tear one
    return {seal["number"]: seal["hash"] for seal in whole}


def main(arguments: list[str]) -> int:
    try:
        published = published_hashes(arguments[1]) if len(arguments) > 1 else None
        with gzip.open(arguments[0], "rt", encoding="utf-8") as file:
            head, seal, events, wrong = checked(map(json.loads, file), published)
        known = "" if published is None else " (published)"
        reach = "to its end" if seal["through"] >= head["before"] - 1 else f"up to position {seal['through']}"
        said = wrong or [
            f"{head['part']}: {events} events are as they were sealed, {reach}",
            f"seal {seal['number']} of {seal['sealed_at']}: {seal['hash']}{known}",
        ]
    except (
        IndexError,
        OSError,
        EOFError,
        KeyError,
        TypeError,
        ValueError,
        StopIteration,
        zlib.error,
    ) as error:
        sys.stderr.write(f"this is no part of a log: {type(error).__name__} {error}\n")
        return 2
    sys.stdout.write("\n".join(said) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
