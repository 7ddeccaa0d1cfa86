"""The line of a field is the one that it stands in, in YAML, in printed JSON and in one line."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.kubelet_config import KubeletConfig
from diagnose.model import ObjectQuote, Quote
from diagnose.parsers import described
from diagnose.parsers.decode import decode
from diagnose.parsers.object_lines import FIELDS, JSONBody, ObjectLines, YAMLBody, at
from diagnose.parsers.object_lines import Path as Way
from diagnose.parsers.objects import parse, parse_kubelet_config
from diagnose.parsers.part_text import PartText
from diagnose.parts import Kind, Part

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "coredns-x", "labels": {"k8s-app": "kube-dns", "tier": "dns"}},
    "spec": {
        "containers": [{"name": "coredns", "image": "coredns:1.12.4"}],
        "dnsPolicy": "Default",
    },
    "status": {
        "phase": "Running",
        "containerStatuses": [
            {"name": "sidecar", "ready": True, "state": {"running": {}}},
            {
                "name": "coredns",
                "ready": False,
                "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
                "state": {"waiting": {"message": "back-off: 5m", "reason": "CrashLoopBackOff"}},
            },
        ],
    },
}
SLICE: dict[str, Any] = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "kube-dns-x"},
    "addressType": "IPv4",
    "endpoints": [
        {"addresses": ["10.200.0.5"], "conditions": {"ready": True}},
        {"addresses": ["10.200.1.5"], "conditions": {"ready": False}},
    ],
}
OTHER: dict[str, Any] = {**POD, "metadata": {"name": "other"}, "status": {"phase": "Pending"}}


def part(text: str, **more: Any) -> Part:
    """Return a part of objects."""
    return Part(Kind.OBJECTS, "objects", text, **more)


def quotes(text: str, **more: Any) -> list[ObjectQuote]:
    """Return the quotes of the objects of a text, in order."""
    found = [getattr(one, "quote", None) for one in parse(part(text, **more)).items]
    return [one for one in found if isinstance(one, ObjectQuote)]


def line_of(quote: Quote, text: str, first: int = 1) -> str:
    """Return the line of the text that a quote names."""
    assert quote.line is not None
    return text.split("\n")[quote.line - first]


def as_list(*objects: dict[str, Any]) -> dict[str, Any]:
    """Return objects as kubectl prints several."""
    copies = json.loads(json.dumps(objects))  # else PyYAML writes anchors
    return {"apiVersion": "v1", "items": copies, "kind": "List"}


WRITTEN = {
    "yaml": yaml.safe_dump(as_list(OTHER, POD)),
    "documents": f"# a comment\n{yaml.safe_dump(OTHER)}---\n{yaml.safe_dump(POD)}",
    "indented": "\n".join(
        f"    {line}" for line in yaml.safe_dump(as_list(OTHER, POD)).split("\n")
    ),
    "printed": json.dumps(as_list(OTHER, POD), indent=4),
    "one line": json.dumps(as_list(OTHER, POD), separators=(",", ":")),
    "rows": f"{json.dumps(OTHER)}\n{json.dumps(POD)}\n",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize(
    ("wanted", "key", "value"),
    [
        ((), "reason", "CrashLoopBackOff"),
        (("end", "OOMKilled"), "reason", "OOMKilled"),
        (("labels", "tier"), "tier", "dns"),
        (("dns_policy",), "dnsPolicy", "Default"),
        (("image", "coredns"), "image", "coredns:1.12.4"),
        (("name",), "name", "coredns-x"),
    ],
)
def test_a_field_is_quoted_as_it_stands(
    text: str, wanted: tuple[str, ...], key: str, value: str
) -> None:
    """Of the second of two objects, however they are written."""
    first = 10
    quote = quotes(text, first_line=first)[1].on(*wanted)
    assert isinstance(quote, ObjectQuote)
    seen = quote.seen()
    assert isinstance(seen, ObjectQuote)
    assert not seen.summary
    assert seen.text in line_of(seen, text, first)
    assert seen.text.replace('"', "").removeprefix("- ").replace(": ", ":") == f"{key}:{value}"
    assert seen.short == quote.text


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"phase": "Running"}, "phase: Running"),
        ({"phase": "Failed", "reason": "Evicted"}, "reason: Evicted"),
        (
            {"containerStatuses": [{"name": "coredns", "ready": False, "state": {"running": {}}}]},
            "ready: false",
        ),
        (
            {
                "initContainerStatuses": [
                    {"name": "x", "ready": False, "state": {"terminated": {"reason": "Error"}}}
                ]
            },
            "reason: Error",
        ),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/2 nodes"}]},
            "- message: 0/2 nodes",
        ),
    ],
)
def test_a_pod_is_quoted_for_what_keeps_it_from_running(changed: dict[str, Any], text: str) -> None:
    """Its waiting or ended container, its own reason, the scheduler's, or that it is not ready."""
    (quote,) = quotes(yaml.safe_dump({**POD, "status": changed}))
    assert quote.seen().text == text


def test_endpoints_are_quoted_for_the_one_that_is_not_ready() -> None:
    """Where an address is meant its line; where nothing is there the list that is empty."""
    text = yaml.safe_dump(SLICE)
    (quote,) = quotes(text)
    assert quote.seen().text == "ready: false"
    address = quote.on("addresses", "10.200.0.5")
    assert isinstance(address, ObjectQuote)
    assert line_of(address.seen(), text).strip() == "- 10.200.0.5"
    (quote,) = quotes(json.dumps({**SLICE, "endpoints": None}, separators=(",", ":")))
    assert quote.seen().text == '"endpoints":null'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "kind: KubeletConfiguration\nclusterDNS:\n- 10.32.0.10\nclusterDomain: x\n",
            "- 10.32.0.10",
        ),
        ("kind: KubeletConfiguration\nclusterDNS: [10.32.0.10]\n", "clusterDNS: [10.32.0.10]"),
        ("kind: KubeletConfiguration\nclusterDNS: []\nclusterDomain: x\n", "clusterDNS: []"),
        (
            '{"kubeletconfig":{"clusterDNS":["10.32.0.10"],"clusterDomain":"cluster.local"}}',
            '"clusterDNS":["10.32.0.10"]',
        ),
        (
            json.dumps({"kubeletconfig": {"clusterDNS": ["10.32.0.10"], "a": 1}}, indent=1),
            '"10.32.0.10"',
        ),
    ],
)
def test_a_list_is_quoted_with_what_is_in_it(text: str, said: str) -> None:
    """A short one whole where it stands in one line, else its item."""
    (item,) = parse_kubelet_config(Part(Kind.KUBELET_CONFIG, "kubelet", text)).items
    assert isinstance(item, KubeletConfig)
    quote = item.quote.on("cluster_dns")
    assert isinstance(quote, ObjectQuote)
    seen = quote.seen()
    assert seen.text == said
    assert said in line_of(seen, text)


def test_what_no_line_says_stays_a_summary() -> None:
    """A field that is not there, one that no kind of object has, and YAML that is not followed."""
    text = "kind: KubeletConfiguration\nclusterDomain: cluster.local\n"
    (item,) = parse_kubelet_config(Part(Kind.KUBELET_CONFIG, "kubelet", text)).items
    assert isinstance(item, KubeletConfig)
    for wanted in ("cluster_dns", "colour"):
        quote = item.quote.on(wanted)
        assert isinstance(quote, ObjectQuote)
        assert quote.seen() == Quote("kubelet", quote.text, 2)
        assert quote.seen().summary
    flow = "{apiVersion: v1, kind: Pod,\n metadata: {name: x},\n status: {phase: Failed}}\n"
    (quote,) = quotes(flow)
    assert quote.seen().text == quote.text
    assert quote.seen().summary


def test_an_object_in_flow_style_is_quoted_with_its_line() -> None:
    """As is a member of it."""
    text = (
        "items:\n"
        "- {apiVersion: v1, kind: Node, metadata: {name: a}, spec: {podCIDR: 10.41.1.0/24}}\n"
        "- apiVersion: v1\n  kind: Node\n  metadata: {name: b}\n"
        "  spec: {podCIDR: 10.41.2.0/24}\n"
    )
    found = [one.on("pod_cidrs") for one in quotes(text)]
    assert [one.seen().line for one in found if isinstance(one, ObjectQuote)] == [2, 6]


def test_an_event_is_told_beside_its_message_without_it() -> None:
    """Nobody needs it twice."""
    event = {
        "kind": "Event",
        "type": "Warning",
        "reason": "FailedMount",
        "involvedObject": {"kind": "Pod", "name": "coredns-x", "namespace": "kube-system"},
        "message": 'configmap "coredns" not found',
    }
    (quote,) = quotes(json.dumps(event))
    assert quote.text.endswith('configmap "coredns" not found')
    seen = quote.seen()
    assert isinstance(seen, ObjectQuote)
    assert seen.text == r'"message": "configmap \"coredns\" not found"'
    assert seen.short.endswith("FailedMount   pod/coredns-x")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(POD)[:-30],
        json.dumps(POD, indent=2).replace("}", ",}"),
        json.dumps(POD).replace('"', "\u201c"),
        yaml.safe_dump(POD).replace("phase", "phase: :"),
        yaml.safe_dump(POD).replace("  ", "\t"),
        f"\x1b[1m{json.dumps(POD)}",
    ],
)
def test_what_is_broken_costs_no_more_than_the_line(text: str) -> None:
    """What is quoted of it stands there, or it is told in short."""
    for quote in quotes(text):
        seen = quote.seen()
        assert seen.summary or seen.text in line_of(seen, text).expandtabs(1)


# ---------------------------------------------------------------- any object


KEYS = st.text("abcdefg/.-", min_size=1, max_size=8).filter(lambda text: text.strip("-.") != "")
LEAVES = st.text("abc 019:#-'\"[]{}", max_size=20) | st.integers(0, 99) | st.booleans()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)
OBJECTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=5)


def leaves(value: object, path: Way = ()) -> list[tuple[Way, object]]:
    """Return each single value with its path."""
    if isinstance(value, dict):
        return [one for key, each in value.items() for one in leaves(each, (*path, key))]
    if isinstance(value, list):
        return [one for key, each in enumerate(value) for one in leaves(each, (*path, key))]
    return [(path, value)]


@given(OBJECTS, st.sampled_from([None, 1, 4]))
def test_each_value_of_json_is_found(value: dict[str, Any], indent: int | None) -> None:
    """The piece of each is where it stands, and reads as it."""
    text = json.dumps(value, indent=indent)
    body = JSONBody(PartText(part(text)), 0)
    assert body.value() == value
    for path, leaf in leaves(value):
        quote = body.quote(path)
        assert quote is not None
        assert quote.text in line_of(quote, text)
        assert json.dumps(leaf) in quote.text


@given(OBJECTS, st.booleans())
def test_each_value_of_yaml_is_found(value: dict[str, Any], listed: bool) -> None:
    """The line of each is that of which a parser says that the value begins there."""
    text = yaml.safe_dump([value, {"after": 1}] if listed else value, width=10_000)
    body = YAMLBody(PartText(part(text)), 0)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for path, _ in leaves(value):
        mark = node_at(root, (0, *path) if listed else path).start_mark.line
        quote = body.quote(path)
        assert quote is not None
        assert quote.line == mark + 1


def node_at(node: Any, path: Way) -> Any:
    """Return the node of a composed document at a path."""
    for step in path:
        if isinstance(step, int):
            node = node.value[step]
        else:
            node = next(value for key, value in node.value if key.value == step)
    return node


@given(st.text("ab:-#{}[]\"'| \n\t", max_size=200), st.lists(st.sampled_from(["a", "b", 0, 1])))
def test_no_text_makes_it_fail(text: str, path: list[str | int]) -> None:
    """Whatever stands there, there is a quote or none."""
    whole = PartText(part(text))
    for body in (YAMLBody(whole, 0), *([JSONBody(whole, 0)] if text else [])):
        quote = body.quote(tuple(path))
        assert quote is None or quote.text in text.replace("\t", " ")


ON = re.compile(r"\.on\(\s*\"(\w+)\"")


def test_checks_and_facts_name_fields_that_there_are() -> None:
    """A word that no kind of object has would silently leave the summary."""
    known = {word for fields in FIELDS.values() for word in fields}
    root = Path(__file__).parent.parent.parent
    files = [*(root / "checks").rglob("*.py"), *(root / "diagnose" / "facts").rglob("*.py")]
    named = {word for file in files for word in ON.findall(file.read_text(encoding="utf-8"))}
    assert named
    assert named <= known
    assert set(described.FIELDS) <= known


def test_fields_are_looked_for_in_any_value() -> None:
    """What a value lacks, or has of another type, is not there."""
    for value in ({}, {"spec": 1, "status": [], "metadata": None}, {"status": {"conditions": [1]}}):
        for fields in FIELDS.values():
            for field in fields.values():
                for wanted in ((), ("x",)):
                    assert all(at(value, *path) is not None for path in field(value, *wanted))


def test_deep_and_large_objects_take_bounded_time() -> None:
    """A nesting without end has no line, and of a large object one field is found at once."""
    deep = '{"kind":"Event","a":' + "[" * 50_000 + "]" * 50_000 + ',"message":"x"}'
    assert ObjectLines(PartText(part(deep)), "Event", 0, 0).quote(()) is None
    large = {
        **POD,
        "metadata": {"annotations": {f"k{number}": "v" * 50 for number in range(10_000)}},
    }
    for text in (json.dumps(large), yaml.safe_dump(large)):
        (found,) = decode(text).found
        begun = time.perf_counter()
        assert ObjectLines(PartText(part(text)), "Pod", found.line, found.at).quote(())
        assert time.perf_counter() - begun < 3
