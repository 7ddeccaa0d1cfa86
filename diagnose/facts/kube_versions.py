"""Which versions of Kubernetes the kubelets and the API server are.

Limits: k3s and RKE2 run kubelet and API server of one binary, so there a control-plane node tells
the server's version; elsewhere only the image of kube-apiserver does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod, unique
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.text.regex import regex
from diagnose.values import dataclass

VERSION = regex(r"v?(?P<major>\d{1,3})\.(?P<minor>\d{1,4})\.\d{1,4}")
SERVER_IMAGE = regex(r"kube-apiserver(?:-\w+)?:v?(?P<version>\d{1,3}\.\d{1,4}\.\d{1,4}[\w.+-]*)")
ONE_BINARY = ("+k3s", "+rke2")
ROLE = "node-role.kubernetes.io/"
SERVERS = ("control-plane", "master", "controlplane")


@dataclass(frozen=True)
class Running:
    """One kubelet or API server; `minor` is (major, minor) of its version, `text` all of it."""

    subject: Subject
    minor: tuple[int, int]
    text: str
    quote: Quote


@dataclass(frozen=True, kw_only=True)
class KubeVersions(Fact):
    """The versions of the kubelets, one per node, and of the API servers as far as they show."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.NODES,)

    kubelets: tuple[Running, ...] = ()
    servers: tuple[Running, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what nodes and the images of kube-apiserver tell."""
        nodes = {one.subject.name: one for one in evidence.of(Node) if one.kubelet_version}
        pods = [one for one in unique(evidence.of(Pod)) if "kube-apiserver" in one.subject.name]
        items: tuple[Readable, ...] = (*nodes.values(), *pods)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(
            origin=found[0],
            gaps=found[1],
            kubelets=tuple(one for node in nodes.values() for one in running_of(node)),
            servers=(*of_nodes(tuple(nodes.values())), *of_images(pods)),
        )


def running(subject: Subject, text: str, quote: Quote) -> Iterator[Running]:
    """Yield what a version says; nothing where it is none."""
    if match := VERSION.match(text):
        yield Running(subject, (int(match["major"]), int(match["minor"])), text, quote)


def running_of(node: Node) -> Iterator[Running]:
    """Yield what the version of a node's kubelet says."""
    return running(node.subject, node.kubelet_version, node.quote.on("kubelet_version"))


def of_nodes(nodes: tuple[Node, ...]) -> Iterator[Running]:
    """Yield the API servers of distributions in which they are one binary with the kubelet."""
    for node in nodes:
        labels = {one.removeprefix(ROLE) for one in node.labels or () if one.startswith(ROLE)}
        roles = labels.union(node.roles)
        one_binary = any(word in node.kubelet_version for word in ONE_BINARY)
        if one_binary and roles.intersection(SERVERS):
            yield from running_of(node)


def of_images(pods: list[Pod]) -> Iterator[Running]:
    """Yield the API servers whose image names its version."""
    for pod in pods:
        for container in pod.containers:
            if match := SERVER_IMAGE.search(container.image):
                yield from running(
                    pod.subject, match["version"], pod.quote.on("image", container.name)
                )
