"""JSON and YAML: where objects stand, what is missing of them, and that half of one proves nothing.

What parsers make of the objects is tested beside them; here it is how they are found.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from diagnose.collect import diagnose, evidence_of
from diagnose.parsers.decode import DEEPEST, MOST_OBJECTS, MOST_TROUBLES, decode
from diagnose.registry import load
from diagnose.sources.given import read

CHECKS = load().checks
DNS = {"k8s-app": "kube-dns"}


def values(text: str) -> list[dict[str, Any]]:
    """Return the objects of a text that is read without trouble."""
    found = decode(text)
    assert found.troubles == []
    return [dict(one.value) for one in found.found]


# ---------------------------------------------------------------- JSON


def test_each_value_has_its_line() -> None:
    """Lines count from 0 in the text: of the object, and of its name."""
    text = '\n{"kind": "A",\n "metadata": {\n  "name": "x"}}\n{"kind": "B"}\n'
    assert [(one.line, one.name_line) for one in decode(text).found] == [(1, 3), (4, 4)]


def test_the_name_of_another_thing_is_not_the_objects() -> None:
    """A container or an owner of the same name comes first, and is passed over."""
    value = {
        "kind": "Pod",
        "apiVersion": "v1",
        "spec": {"containers": [{"name": "coredns"}]},
        "metadata": {"ownerReferences": [{"name": "other"}], "name": "coredns"},
    }
    text = json.dumps(value, indent=1)
    (found,) = decode(text).found
    line = text.split("\n")[found.name_line]
    assert line == '  "name": "coredns"'
    assert "metadata" in "\n".join(text.split("\n")[: found.name_line])


def test_items_take_the_kind_of_their_list() -> None:
    """Of PodList Pod, of List nothing, and their own where they have one."""
    for kind, own, implied in (("PodList", {}, "Pod"), ("List", {"kind": "Pod"}, "")):
        (found,) = decode(json.dumps({"kind": kind, "items": [{"metadata": {}, **own}]})).found
        assert (found.value.get("kind", ""), found.implied) == (own.get("kind", ""), implied)


def test_text_around_json_is_not_of_it() -> None:
    """A prompt before and behind, and a log between, cost no value."""
    text = '$ kubectl get x -o json\n{"kind": "A"}\nW1123 warning\n{"kind": "B"}\n$ exit\n'
    assert [one.value["kind"] for one in decode(text).found] == ["A", "B"]


def test_a_value_that_ends_in_the_middle_tells_where() -> None:
    """What is open is a path, and the member that was cut is not in the value."""
    text = '{"kind": "Pod", "status": {"phase": "Running", "podIP": "10.2'
    (found,) = decode(text).found
    assert found.open[0] == "status"
    assert found.value["status"] == {"phase": "Running"}


def test_a_list_that_ends_in_the_middle_keeps_its_whole_items_apart() -> None:
    """Only the last item is open."""
    text = json.dumps({"kind": "List", "items": [{"kind": "A"}, {"kind": "B", "x": [1, 2]}]})
    found = decode(text[:-4]).found
    assert [one.value["kind"] for one in found] == ["A", "B"]
    assert [bool(one.open) for one in found] == [False, True]


# ---------------------------------------------------------------- YAML


def test_types_are_those_of_json() -> None:
    """Dates, versions, octal numbers and yes are texts; numbers, truth and nothing are not."""
    text = "a: 2026-11-23\nb: 1.10\nc: 0755\nd: yes\ne: 12\nf: true\ng: ~\nh: '12'\ni: =\n"
    (value,) = values(text)
    assert value == {
        "a": "2026-11-23",
        "b": "1.10",
        "c": "0755",
        "d": "yes",
        "e": 12,
        "f": True,
        "g": None,
        "h": "12",
        "i": "=",
    }


def test_a_merge_key_adds_what_is_not_there() -> None:
    """What stands beside it wins."""
    text = "base: &b {a: 1, b: 2}\nkind: Pod\nlabels:\n  <<: *b\n  b: 3\n"
    assert values(text)[0]["labels"] == {"a": 1, "b": 3}


@pytest.mark.parametrize("tag", ["!!python/name:os.system", "!Ref", "!!python/object:x.Y"])
def test_a_tag_is_not_obeyed(tag: str) -> None:
    """The document is refused, with the tag named, and the next one is read."""
    found = decode(f"kind: A\nx: {tag} y\n---\nkind: B\n")
    assert [one.value["kind"] for one in found.found] == ["B"]
    assert "tag" in found.troubles[0].because


def test_a_list_of_lists_that_name_themselves_ends() -> None:
    """Aliases neither recurse nor multiply: the text is refused or read once."""
    levels = "".join(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    for text in ("- &a [*a]\n", "&a {kind: List, items: [*a]}\n", f"- &a0 [{{}}, {{}}]\n{levels}"):
        assert len(decode(text).found) <= MOST_OBJECTS


def test_managed_fields_are_passed_over() -> None:
    """They are most of an object, name its fields, and tell nothing of it."""
    text = "kind: Pod\nmetadata:\n  managedFields:\n  - f:x: {f:y: {}}\n  name: a\n"
    assert values(text) == [{"kind": "Pod", "metadata": {"name": "a"}}]


def test_nesting_has_an_end() -> None:
    """What is deeper than any object of the API is refused."""
    text = "".join("  " * n + "a:\n" for n in range(DEEPEST + 5))
    assert decode(text).troubles


def test_troubles_are_bounded() -> None:
    """A file that is no YAML in each of its lines does not fill the report."""
    text = "".join(f"---\nkind: [{n}\n" for n in range(500))
    assert len(decode(text).troubles) <= MOST_TROUBLES


# ---------------------------------------------------------------- half of it proves nothing


def meta(name: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    """Return metadata as the API writes it."""
    return {
        "creationTimestamp": "2026-11-20T10:00:00Z",
        "labels": labels or DNS,
        "name": name,
        "namespace": "kube-system",
        "resourceVersion": "1234",
        "uid": "5b1f2c1e-7e55-4b8f-9b42-6a7f5a0f7d11",
    }


COREFILE = """\
.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    reload
    loop
}
"""
KUBELET = """\
apiVersion: kubelet.config.k8s.io/v1beta1
clusterDNS:
- 10.32.0.10
clusterDomain: cluster.local
kind: KubeletConfiguration
resolvConf: /run/systemd/resolve/resolv.conf
"""
SOUND: dict[str, dict[str, Any]] = {
    "configmap": {
        "apiVersion": "v1",
        "data": {"Corefile": COREFILE},
        "kind": "ConfigMap",
        "metadata": meta("coredns"),
    },
    "kubelet-config": {
        "apiVersion": "v1",
        "data": {"kubelet": KUBELET},
        "kind": "ConfigMap",
        "metadata": meta("kubelet-config"),
    },
    "endpoints": {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": meta("kube-dns"),
        "subsets": [
            {
                "addresses": [{"ip": "10.200.0.5", "nodeName": "n1"}, {"ip": "10.200.1.6"}],
                "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}],
            }
        ],
    },
    "pod": {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta("coredns-5d78c9869d-x2lqv"),
        "spec": {"containers": [{"image": "coredns:v1.12.4", "name": "coredns"}], "nodeName": "n1"},
        "status": {
            "conditions": [{"status": "True", "type": "Ready"}],
            "containerStatuses": [
                {"name": "coredns", "ready": True, "restartCount": 0, "state": {"running": {}}}
            ],
            "phase": "Running",
            "podIP": "10.200.0.5",
        },
    },
    "deployment": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta("coredns"),
        "spec": {"replicas": 2, "selector": {"matchLabels": DNS}},
        "status": {"availableReplicas": 2, "readyReplicas": 2, "replicas": 2},
    },
    "daemonset": {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": meta("kube-proxy", {"k8s-app": "kube-proxy"}),
        "status": {"currentNumberScheduled": 2, "desiredNumberScheduled": 2, "numberReady": 2},
    },
    "role": {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "system:coredns"},
        "rules": [
            {
                "apiGroups": ["", "discovery.k8s.io"],
                "resources": ["services", "namespaces", "endpointslices"],
                "verbs": ["list", "watch"],
            }
        ],
    },
    "service": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta("kube-dns"),
        "spec": {
            "clusterIP": "10.32.0.10",
            "clusterIPs": ["10.32.0.10"],
            "ipFamilies": ["IPv4"],
            "ports": [{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53}],
            "selector": DNS,
            "type": "ClusterIP",
        },
    },
}


class Printed(yaml.SafeDumper):
    """Writes YAML as kubectl does: no aliases, texts of several lines as literal blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        """Whether a value that comes twice is written twice."""
        return True


def text_of(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    """Return the node of a text."""
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


Printed.add_representer(str, text_of)
FORMS: dict[str, Any] = {
    "yaml": lambda value: yaml.dump(value, Dumper=Printed),
    "json": lambda value: json.dumps(value, indent=4),
    "compact": json.dumps,
}


def proven(text: str) -> set[str]:
    """Return the causes that a paste of the text proves; a symptom is never one."""
    haul = read("-", io.BytesIO(text.encode()))
    found = diagnose(CHECKS, evidence_of(haul), datetime(2026, 11, 23, 10, tzinfo=UTC))
    return {one.verdict.check for one in found.causes if one.proven}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SOUND)
def test_half_of_what_is_sound_proves_nothing(name: str, form: str) -> None:
    """A paste that ends anywhere, alone or in a list, lacks what follows; nothing is wrong."""
    one = SOUND[name]
    listed = {"apiVersion": "v1", "items": [one, one], "kind": "List"}
    for value in (one, listed):
        text = FORMS[form](value)
        assert proven(text) == set(), "the whole is sound"
        ends = [end for end, character in enumerate(text) if character in "\n,"]
        for end in ends:
            assert proven(text[:end]) == set(), text[:end][-200:]


def test_a_fault_in_a_whole_configmap_is_proven() -> None:
    """What keeps silent about halves does not keep silent about the whole."""
    whole = FORMS["yaml"](
        {**SOUND["configmap"], "data": {"Corefile": COREFILE.replace("loop\n}", "loop\n")}}
    )
    assert proven(whole) == {"corefile-syntax-error"}


def test_what_a_page_or_a_pager_puts_into_yaml() -> None:
    """No-break spaces in place of blanks, and colours, do not hide an object."""
    text = "apiVersion: v1\nkind: Node\nmetadata:\n  name: n1\n"
    coloured = "".join(f"\x1b[36m{line}\x1b[0m\n" for line in text.splitlines())
    for shown in (text, text.replace(" ", "\u00a0"), coloured):
        assert values(shown) == values(text)
