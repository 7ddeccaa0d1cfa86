"""Which versions of CoreDNS run, by their own word or by the tag of their images.

Limits: distributions build their own images; a tag tells the upstream version only where it
begins with it, as `v1.11.1-build20240305` of RKE2 and `v1.10.1-eksbuild.4` of EKS do. A digest
tells none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.coredns_metrics import Metrics
from diagnose.facts.logs import LogStream
from diagnose.facts.pods import Pod, unique
from diagnose.facts.workloads import Deployment
from diagnose.model import Fact, Gap
from diagnose.signatures.base import Emitter
from diagnose.text.regex import regex
from diagnose.values import dataclass

# The end of the name only: registries are mirrored under any path, and RKE2 says hardened-coredns
IMAGE_TAG = regex(
    r"coredns(?:-(?:amd64|arm64|arm|ppc64le|s390x))?:v?(?P<version>\d+\.\d+\.\d+)(?![\d.])"
)
SAID = regex(r"v?(?P<version>\d+\.\d+\.\d+)(?![\d.])")


@dataclass(frozen=True, kw_only=True)
class CoreDNSVersion(Fact):
    """The versions of CoreDNS that run, the newest first; none where nothing tells."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_PODS, Ask.DEPLOYMENTS, Ask.DNS_LOGS)

    versions: tuple[str, ...] = ()

    @property
    def newest(self) -> str:
        """The newest version; "" when it is not known."""
        return self.versions[0] if self.versions else ""

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what logs, pods and Deployments of CoreDNS tell; a gap when there are none.

        A version that somebody named stands for all of them.
        """
        if named := evidence.of(cls):
            return named[0]
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.COREDNS)
        pods = tuple(pod for pod in unique(evidence.of(Pod)) if pod.serves_dns)
        deployments = tuple(one for one in evidence.of(Deployment) if one.serves_dns)
        metrics = evidence.of(Metrics)
        items: tuple[Readable, ...] = (*streams, *pods, *deployments, *metrics)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        words = [stream.version for stream in streams] + [one.version for one in metrics]
        told = {*said(words), *tagged(pods, deployments)}
        return cls(
            origin=found[0], gaps=found[1], versions=tuple(sorted(told, key=parts, reverse=True))
        )


def said(words: list[str]) -> Iterator[str]:
    """Yield the versions that CoreDNS printed at its start, or says in its metrics."""
    for word in words:
        if match := SAID.match(word):
            yield match["version"]


def tagged(pods: tuple[Pod, ...], deployments: tuple[Deployment, ...]) -> Iterator[str]:
    """Yield the versions that the tags of images name."""
    images = [container.image for pod in pods for container in pod.containers]
    images += [image for deployment in deployments for image in deployment.images]
    for image in images:
        if match := IMAGE_TAG.search(image.partition("@")[0]):
            yield match["version"]


def parts(version: str) -> tuple[int, ...]:
    """Return a version's numbers, to compare by."""
    return tuple(int(number) for number in version.split("."))
