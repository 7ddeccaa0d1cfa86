"""Events as kube-apiserver stores them: protobuf behind its envelope.

Events are not held in the server's watch cache, so each list decodes them from etcd; as JSON that
would cost the server more than it does in a cluster. All other objects are decoded once, when the
cache is filled.
Source: kubernetes/kubernetes v1.35, staging/src/k8s.io/apimachinery/pkg/runtime/serializer/protobuf
(the prefix and runtime.Unknown); the numbers of the fields are those of
staging/src/k8s.io/api/core/v1/generated.proto and apimachinery/pkg/apis/meta/v1/generated.proto.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

PREFIX = b"k8s\x00"
VARINT, BYTES = 0, 2


def stored_event(event: Mapping[str, Any]) -> bytes:
    """Return an Event of core/v1, given as its JSON, in the form in which it is stored."""
    kind = message(text(1, event["apiVersion"]), text(2, event["kind"]))
    source = event["source"]
    body = message(
        part(1, metadata(event["metadata"])),
        part(2, reference(event["involvedObject"])),
        text(3, event["reason"]),
        text(4, event["message"]),
        part(5, message(text(1, source["component"]), text(2, source.get("host", "")))),
        part(6, time(event["firstTimestamp"])),
        part(7, time(event["lastTimestamp"])),
        number(8, event["count"]),
        text(9, event["type"]),
        part(10, b""),
        text(12, ""),
        text(14, event["reportingComponent"]),
        text(15, event["reportingInstance"]),
    )
    return PREFIX + message(part(1, kind), part(2, body), text(3, ""), text(4, ""))


def metadata(value: Mapping[str, Any]) -> bytes:
    """Return an ObjectMeta with the fields that an Event has."""
    return message(
        text(1, value["name"]),
        text(3, value["namespace"]),
        text(5, value["uid"]),
        number(7, 0),
        part(8, time(value["creationTimestamp"])),
        *(part(17, managed(one)) for one in value.get("managedFields", ())),
    )


def managed(value: Mapping[str, Any]) -> bytes:
    """Return a ManagedFieldsEntry; its fields are JSON there too."""
    return message(
        text(1, value["manager"]),
        text(2, value["operation"]),
        text(3, value["apiVersion"]),
        part(4, time(value["time"])),
        text(6, value["fieldsType"]),
        part(7, text(1, json.dumps(value["fieldsV1"], separators=(",", ":")))),
        text(8, ""),
    )


def reference(value: Mapping[str, Any]) -> bytes:
    """Return an ObjectReference."""
    keys = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
    return message(*(text(n, value.get(key, "")) for n, key in enumerate(keys, 1)))


def time(value: str) -> bytes:
    """Return a time of whole seconds."""
    return number(1, int(datetime.fromisoformat(value).timestamp()))


def message(*fields: bytes) -> bytes:
    """Return fields in a row."""
    return b"".join(fields)


def text(field: int, value: str) -> bytes:
    """Return a field of text."""
    return part(field, value.encode())


def part(field: int, value: bytes) -> bytes:
    """Return a field of bytes, or of a message."""
    return varint(field << 3 | BYTES) + varint(len(value)) + value


def number(field: int, value: int) -> bytes:
    """Return a field of a number that is not negative."""
    return varint(field << 3 | VARINT) + varint(value)


def varint(value: int) -> bytes:
    """Return a number in groups of seven bits, the least first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
