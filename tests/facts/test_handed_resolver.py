"""What is concluded of a resolv.conf that a kubelet handed to a pod of its node's network."""

import pytest

from checks.node_resolver.node_resolvconf_loopback import node_resolvconf_loopback
from checks.node_resolver.node_resolvconf_wrong import node_resolvconf_wrong
from diagnose.collect import evidence_of, facts_for
from diagnose.judge import judge
from diagnose.model import Check, Status, Subject, Verdict
from diagnose.parts import Haul, Kind, Part
from diagnose.signatures.base import Emitter

NODE = Subject("Node", "n1")
COREFILE = ".:53 {\n    forward . /etc/resolv.conf\n}\n"
FAILS = "[ERROR] plugin/errors: 2 a.example. A: read udp 10.200.0.5:1->192.0.2.53:53: i/o timeout\n"
KUBELET = "kind: KubeletConfiguration\nresolvConf: /run/systemd/resolve/resolv.conf\n"


def judged(check: Check, text: str, *, handed: bool, log: str = "") -> Verdict:
    """Return the verdict on a node's resolv.conf, beside what CoreDNS and the kubelet are told."""
    file = Part(
        Kind.RESOLV_CONF,
        "n1: resolv.conf",
        text,
        subject=NODE,
        container="kube-flannel" if handed else "",
        command="cat /etc/resolv.conf",
    )
    parts = (
        file,
        Part(Kind.COREFILE, "Corefile", COREFILE),
        Part(Kind.KUBELET_CONFIG, "kubelet", KUBELET),
        Part(Kind.LOG, "coredns.log", log or "CoreDNS-1.12.4\n", emitter=Emitter.COREDNS),
    )
    return judge(check, facts_for((check,), evidence_of(Haul(parts))))


def test_loopback_in_a_copy_is_proven() -> None:
    """The copy is of the file that the kubelet hands out; the node's own stub file is another."""
    text = "nameserver 127.0.0.53\n"
    assert judged(node_resolvconf_loopback, text, handed=True).proven
    assert judged(node_resolvconf_loopback, text, handed=False).status is not Status.PROBLEM


@pytest.mark.parametrize(("handed", "status"), [(True, Status.UNKNOWN), (False, Status.PROBLEM)])
def test_a_server_that_fails(handed: bool, status: Status) -> None:
    """That CoreDNS was handed what another pod was handed too decides nothing."""
    text = "nameserver 192.0.2.53\n"
    assert judged(node_resolvconf_wrong, text, handed=handed, log=FAILS).status is status


def test_another_server_in_an_old_copy() -> None:
    """A copy may be older than CoreDNS: that it names another server is no drift."""
    text = "nameserver 192.0.2.99\n"
    assert judged(node_resolvconf_wrong, text, handed=True, log=FAILS).status is not Status.PROBLEM
