"""The sandbox's own image (pause) cannot be pulled.

Every sandbox starts with it, so no pod of the node starts while it is missing, whatever the pods'
own images.

Limits: a registry's name that the node cannot look up, a registry that is away and an image that
does not exist look alike but for the text behind the message.
Source: containerd/containerd v1.7.22, internal/cri/server/podsandbox/sandbox_run.go (Start);
kubernetes/kubernetes v1.18, pkg/kubelet/dockershim/docker_sandbox.go, helpers.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, stuck_pods_go_on
from diagnose.signatures.runtime import SANDBOX_IMAGE_FAILED
from diagnose.signatures.trouble import Reason, classify

OLD_REGISTRY = "k8s.gcr.io"


@check(
    title="The sandbox's image cannot be pulled",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("pods-stuck-container-creating",),
)
def sandbox_image_unavailable(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node that cannot pull the image of its sandboxes."""
    yield from sandbox_findings(failures, (SANDBOX_IMAGE_FAILED,), message, steps)


def message(match: Match) -> str:
    """Return which image is missing, and why as far as the text tells."""
    image, why = match["image"] or "the sandbox's image", classify(match["reason"])
    text = f"{image} cannot be pulled"
    if why.reason is Reason.NAME_NOT_FOUND:
        return f"{text}: the node cannot look up the registry's name"
    if why.reason not in (Reason.OTHER, Reason.HIDDEN):
        return f"{text}: {why.reason.value}"
    return f"{text}: no such image there" if "not found" in match["reason"] else text


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: try it, repair the way to the registry, or name another image."""
    image = match["image"] or "registry.k8s.io/pause:3.9"
    moved = f"; {OLD_REGISTRY} is frozen, use registry.k8s.io" if OLD_REGISTRY in image else ""
    return (
        look(
            "Try the pull on the node, and the look-up of the registry's name",
            f"crictl pull {image}  # on {node}",
            "getent hosts registry.k8s.io; cat /etc/resolv.conf",
            verify="the error of the pull, or that the node's own resolver fails",
        ),
        Remedy(
            title="Repair the node's resolver, its proxy or its way to the registry",
            commands=("systemctl show containerd -p Environment; resolvectl status",),
            risk=Risk.MANUAL,
            verify=f"crictl pull {image}  # up to date",
            why="the node asks its own resolver, not cluster DNS",
        ),
        Remedy(
            title=f"Or name an image that can be pulled in the runtime's configuration{moved}",
            commands=(
                "set sandbox_image (containerd 1), pinned_images.sandbox (containerd 2) or "
                "pause_image (CRI-O)",
                "systemctl restart containerd",
            ),
            risk=Risk.DISRUPTIVE,
            verify="crictl info | grep -i sandboximage",
        ),
        stuck_pods_go_on(),
    )
