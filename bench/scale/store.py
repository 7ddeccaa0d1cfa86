"""Writes into etcd, over the gateway that takes its requests as JSON.

Source: etcd v3.6, api/etcdserverpb/rpc.proto and rpc.pb.gw.go (/v3/kv/txn, /v3/kv/range; keys and
values are base64).
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

BATCH_OPERATIONS = 100
BATCH_BYTES = 1_000_000  # before base64; etcd takes 1.5 MB a request unless told otherwise


class Store:
    """One etcd on this machine."""

    def __init__(self, host: str, port: int) -> None:
        """Connect at the first request."""
        self._connection = http.client.HTTPConnection(host, port, timeout=120)

    def load(self, values: Iterable[tuple[str, bytes]]) -> tuple[int, int]:
        """Write many values; return how many, and their bytes."""
        count = size = 0
        for batch in batches(values):
            self.write(dict(batch))
            count += len(batch)
            size += sum(len(value) for _, value in batch)
        return count, size

    def swap(self, writes: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
        """Write or delete values; return what they were before, to be written back."""
        before = {key: self.get(key) for key in writes}
        pairs = list(writes.items())
        for start in range(0, len(pairs), BATCH_OPERATIONS):
            self.write(dict(pairs[start : start + BATCH_OPERATIONS]))
        return before

    def write(self, writes: Mapping[str, bytes | None]) -> None:
        """Write values in one transaction; None deletes."""
        operations: list[dict[str, Any]] = []
        for key, value in writes.items():
            if value is None:
                operations.append({"requestDeleteRange": {"key": encoded(key.encode())}})
            else:
                pair = {"key": encoded(key.encode()), "value": encoded(value)}
                operations.append({"requestPut": pair})
        if operations and not self._post("/v3/kv/txn", {"success": operations}).get("succeeded"):
            raise OSError("etcd did not take a transaction")

    def get(self, key: str) -> bytes | None:
        """Return a value, None where there is none."""
        found = self._post("/v3/kv/range", {"key": encoded(key.encode())}).get("kvs")
        return base64.b64decode(found[0]["value"]) if found else None

    def count(self, prefix: str) -> int:
        """Return how many keys begin so."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        asked = {
            "key": encoded(prefix.encode()),
            "range_end": encoded(end.encode()),
            "count_only": True,
        }
        return int(self._post("/v3/kv/range", asked).get("count", 0))

    def _post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", path, json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise OSError(f"etcd answers {answer.status}: {text[:200]!r}")
        told: Mapping[str, Any] = json.loads(text)
        return told


def batches(values: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    """Yield values in groups that one transaction takes."""
    batch: list[tuple[str, bytes]] = []
    size = 0
    for key, value in values:
        if batch and (len(batch) >= BATCH_OPERATIONS or size + len(value) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((key, value))
        size += len(value)
    if batch:
        yield batch


def encoded(value: bytes) -> str:
    """Return bytes as the gateway takes them."""
    return base64.b64encode(value).decode()
