"""The version of CoreDNS: by its log, else by its image."""

from __future__ import annotations

import pytest

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.logs import LogStream
from diagnose.facts.pods import Container, Pod
from diagnose.facts.version import CoreDNSVersion
from diagnose.facts.workloads import Deployment
from diagnose.model import Gap, Quote, Subject
from diagnose.signatures.base import Emitter

POD = Subject("Pod", "coredns-6b7f9c5d4-h2vqk", "kube-system")
QUOTE = Quote("pods", "coredns-6b7f9c5d4-h2vqk 1/1 Running")


def of_image(image: str) -> CoreDNSVersion:
    """Return the fact that a pod with this image makes."""
    pod = Pod(POD, "pods", QUOTE, containers=(Container("coredns", image=image),))
    fact = Evidence(items=(pod,), looked=frozenset({Ask.DNS_PODS})).fetch(CoreDNSVersion)
    assert isinstance(fact, CoreDNSVersion)
    return fact


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("registry.k8s.io/coredns/coredns:v1.12.4", "1.12.4"),
        ("k8s.gcr.io/coredns:1.7.0", "1.7.0"),
        ("docker.io/coredns/coredns:1.6.9", "1.6.9"),
        ("rancher/hardened-coredns:v1.11.1-build20240305", "1.11.1"),
        ("602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/coredns:v1.10.1-eksbuild.4", "1.10.1"),
        ("registry.example:5000/mirror/coredns:v1.9.3@sha256:" + "0" * 64, "1.9.3"),
        ("registry.k8s.io/coredns/coredns@sha256:" + "1" * 64, ""),
        ("coredns/coredns:latest", ""),
        ("registry.k8s.io/cpa/cluster-proportional-autoscaler:v1.8.8", ""),
        ("registry.example/coredns-autoscaler:1.8.5", ""),
        ("", ""),
    ],
)
def test_tag_tells_the_version(image: str, version: str) -> None:
    """A tag that begins with an upstream version names it; a digest or another image does not."""
    assert of_image(image).newest == version


def test_newest_is_by_number() -> None:
    """Versions are compared by their numbers, whichever item told them."""
    stream = LogStream(Emitter.COREDNS, POD, "log", 5, version="1.9.3")
    proxy = LogStream(Emitter.KUBE_PROXY, Subject("Pod"), "log", 5, version="v1.30.5")
    deployment = Deployment(
        Subject("Deployment", "coredns", "kube-system"),
        "deployments",
        QUOTE,
        images=("registry.k8s.io/coredns/coredns:v1.12.1",),
    )
    fact = Evidence(items=(stream, proxy, deployment)).fetch(CoreDNSVersion)
    assert isinstance(fact, CoreDNSVersion)
    assert fact.versions == ("1.12.1", "1.9.3")


def test_nothing_known_is_a_gap() -> None:
    """Without pods, Deployments and logs nobody can tell."""
    assert isinstance(Evidence().fetch(CoreDNSVersion), Gap)
