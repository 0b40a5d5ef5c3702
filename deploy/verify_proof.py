"""Checks a proof that `lunas audit prove` wrote. Python 3.9 or newer and nothing else: no part of lunas, no network.

    python3 verify_proof.py PROOF.json [SEALS.jsonl]

Each event is hashed as it stands in the proof, carried up to the root of its seal, and the seal is hashed in its turn. Its hash was
published when it was made: in SEALS.jsonl, with which it is compared here, or in the log lines `seal.made`, with which you compare what
is printed. Exit code 0: all fits. 1: something does not, and is named. 2: this is not a proof.
"""

import base64
import hashlib
import json
import sys
from typing import Any

EVENT = ("position", "event_id", "recorded_at", "stream_id", "stream", "version", "type", "schema_version")
SEAL = ("number", "after", "through", "events", "root", "previous", "sealed_at")


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf(event: Any) -> bytes:
    """Hash of a zero byte, then every column as LENGTH:BYTES: those of EVENT, data, metadata."""
    texts = [event[name].encode() for name in (*EVENT, "data", "metadata")]
    return sha(b"\0" + b"".join(b"%d:%b," % (len(text), text) for text in texts))


def carried_up(node: bytes, index: int, size: int, path: Any) -> bytes:
    """From a leaf to the root, RFC 9162 section 2.1.3.2; empty when the path does not fit its place."""
    last = size - 1
    for beside in map(bytes.fromhex, path):
        if last == 0:
            return b""
        if index % 2 or index == last:
            node = sha(b"\1" + beside + node)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            node = sha(b"\1" + node + beside)
        index, last = index // 2, last // 2
    return b"" if last else node


def wrong_seals(seals: Any, published: Any) -> Any:
    for number, seal in seals.items():
        lines = "".join(f"{name} {seal[name]}\n" for name in SEAL)
        known = seal["hash"] if published is None else published.get(number)
        if sha(b"lunas seal 1\n" + lines.encode()).hex() != seal["hash"]:
            yield f"seal {number}: its hash is not that of what it says"
        elif known != seal["hash"]:
            yield f"seal {number}: published is {known}, the proof says {seal['hash']}"


def wrong_events(events: Any, seals: Any) -> Any:
    for event in events:
        name, seal = f"event {event['position']} ({event['type']})", seals.get(event["seal"])
        if seal is None or not seal["after"] < int(event["position"]) <= seal["through"]:
            yield f"{name}: no seal of this proof covers it"
        elif carried_up(leaf(event), event["index"], seal["events"], event["path"]).hex() != seal["root"]:
            yield f"{name}: it is not what seal {event['seal']} covers"


def wrong_bodies(deliveries: Any, events: Any) -> Any:
    received = (json.loads(event["data"]) for event in events if event["type"] == "webhook.received")
    digests = {data["delivery_id"]: data["body_sha256"] for data in received}
    bodies = {each["delivery_id"]: sha(base64.b64decode(each["body"])).hex() for each in deliveries}
    others = [name for name, digest in bodies.items() if digest != digests.get(name)]
    yield from (f"delivery {name}: not the bytes that the log names" for name in others)


def published_hashes(name: str) -> dict[int, str]:
    with open(name, encoding="utf-8") as file:
        whole = [json.loads(line) for line in file if line.rstrip().endswith("}")]  # a crash may tear one
    return {seal["number"]: seal["hash"] for seal in whole}


def main(arguments: list[str]) -> int:
    try:
        with open(arguments[0], encoding="utf-8") as file:
            proof = json.load(file)
        published = published_hashes(arguments[1]) if len(arguments) > 1 else None
        events, bodies = proof["events"], proof["deliveries"]
        seals = {seal["number"]: seal for seal in proof["seals"]}
        wrong = [*wrong_bodies(bodies, events), *wrong_events(events, seals), *wrong_seals(seals, published)]
    except (IndexError, OSError, KeyError, TypeError, ValueError) as error:
        sys.stderr.write(f"this is not a proof: {type(error).__name__} {error}\n")
        return 2
    said = wrong or [f"{len(events)} events and {len(bodies)} bodies are as they were sealed"]
    known = "" if wrong or published is None else " (published)"
    said += [f"seal {number} of {seal['sealed_at']}: {seal['hash']}{known}" for number, seal in seals.items()]
    sys.stdout.write("\n".join(said) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
