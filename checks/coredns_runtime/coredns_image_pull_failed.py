"""The image of CoreDNS cannot be pulled.

Limits: a state of ImagePullBackOff alone does not tell why; the event of the failed pull does. That
the node cannot look up the registry's name is a matter of the node's own resolver.
Source: kubernetes/kubernetes v1.30.5, pkg/kubelet/images/image_manager.go (EnsureImageExists).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSPodTroubles
from diagnose.facts.dns_pod_troubles import PodTrouble, Trouble
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted
from diagnose.signatures.trouble import Reason, classify

NO_IMAGE = (": not found", "manifest unknown", "does not exist", "InvalidImageName")
NO_ACCESS = ("denied", "unauthorized", "authorization failed", "403 Forbidden")
WRONG_MACHINE = ("no match for platform", "no matching manifest")


@check(
    title="CoreDNS's image cannot be pulled",
    severity=Severity.CRITICAL,
    family="coredns-image",
    explains=("no-ready-endpoints", "resolution-fails"),
)
def coredns_image_pull_failed(troubles: DNSPodTroubles) -> Iterator[Finding]:
    """Yield one finding per CoreDNS pod that waits for its image."""
    for one in troubles.of(Trouble.IMAGE):
        yield Finding(
            subject=one.subject,
            message=f"{one.image or 'its image'} cannot be pulled{why(one)}",
            quotes=one.quotes[:3],
            remedy=steps(one),
            severity=Severity.WARNING if troubles.others_ready else None,
        )


def why(one: PodTrouble) -> str:
    """Return why the pull failed, as far as the text tells; "" otherwise."""
    if any(word in one.detail for word in NO_IMAGE):
        return ": no such image there"
    if any(word in one.detail for word in WRONG_MACHINE):
        return ": there is none for this machine's architecture"
    reason = classify(one.detail).reason if one.detail else Reason.HIDDEN
    if reason is Reason.NAME_NOT_FOUND:
        return ": the node cannot look up the registry's name"
    if reason not in (Reason.OTHER, Reason.HIDDEN):
        return f": {reason.value}"
    return ": the registry refuses" if any(word in one.detail for word in NO_ACCESS) else ""


def steps(one: PodTrouble) -> tuple[Remedy, ...]:
    """Return the remedy: try it on the node, the way to the registry, another image."""
    node, image = quoted(one.subject.node, NODE), quoted(one.image, "<image>")
    return (
        look(
            "Try the pull on the node, and the look-up of the registry's name",
            f"crictl pull {image}  # on {node}",
            "getent hosts registry.k8s.io; cat /etc/resolv.conf",
            verify="the error of the pull",
        ),
        Remedy(
            title="Name an image that exists (since Kubernetes 1.21 <registry>/coredns/coredns:v…)",
            commands=(
                "kubectl -n kube-system set image deployment/coredns "
                "coredns=registry.k8s.io/coredns/coredns:v1.11.3",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status deployment coredns",
            why="k8s.gcr.io is frozen; take the version that your Kubernetes release ships",
        ),
        Remedy(
            title="Or repair the node's way to the registry, its mirror or its proxy",
            commands=("systemctl show containerd -p Environment; resolvectl status",),
            risk=Risk.MANUAL,
            verify=f"crictl pull {image}",
            why="the node asks its own resolver, not cluster DNS",
        ),
    )
