"""The container runtime cannot start a pod's sandbox.

Before the network or behind it the runtime starts a process that holds the pod's namespaces. That
it does not come to life is the runtime's or the node's trouble: a binary replaced while the daemon
ran, no memory or disk, a hook or a security module that refuses.

Limits: the reason is the runtime's own; what it cannot start for memory or disk may be over. A
deadline alone does not tell what hung, so it stays a possibility.
Source: containerd v1.7.22, internal/cri/server/podsandbox/sandbox_run.go (Start); cri-o v1.28,
internal/oci/runtime_oci.go; kubernetes/kubernetes v1.18, pkg/kubelet/dockershim/docker_sandbox.go
(RunPodSandbox); opencontainers/runc v1.1, libcontainer/process_linux.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.sandbox import SandboxFailure, by_place, seen
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted, stuck_pods_go_on
from diagnose.signatures.kubelet import CGROUP_DRIVER_MISMATCH, POD_CGROUP_FAILED
from diagnose.signatures.mechanisms import DEADLINE, RUNTIME_AWAY
from diagnose.signatures.runtime import SANDBOX_IMAGE_FAILED, SANDBOX_START_FAILED
from diagnose.text.regex import regex

SHORTAGE = regex(
    r"no space left on device|[Cc]annot allocate memory|[Rr]esource temporarily unavailable"
    r"|too many open files|read-only file system|quota exceeded"
)
STARTS = (SANDBOX_START_FAILED, POD_CGROUP_FAILED, RUNTIME_AWAY)
NAMES = frozenset(one.name for one in STARTS)
ELSEWHERE = frozenset((CGROUP_DRIVER_MISMATCH.name, SANDBOX_IMAGE_FAILED.name))
# Each layer quotes the one below; what the innermost says stands behind the last of these.
LAYERS = regex(r'(?:caused:?|failed:|init:|process:|task:|daemon:) \\*"?')
SHOWN = 200


@check(
    title="The container runtime cannot start a pod's sandbox",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("pods-stuck-container-creating", "sandbox-name-reserved"),
)
def sandbox_not_started(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node whose runtime starts no sandbox, with the innermost reason."""
    failed = (one for one in failures.matching(*STARTS) if not named_elsewhere(one))
    for place, several in by_place(failed):
        match = next(m for one in several for m in one.reasons if m.signature in NAMES)
        reason = innermost(match["reason"])
        what = "the runtime cannot start it"
        if match.signature == RUNTIME_AWAY.name:
            what = f"the runtime does not answer at {match['address']}"
        elif match.signature == POD_CGROUP_FAILED.name:
            what = "the kubelet cannot make the pod's cgroup"
        node = quoted(place.name if place.kind == "Node" else place.node, NODE)
        short = bool(SHORTAGE.search(reason))
        yield Finding(
            subject=place,
            message=f"{what}{': ' if reason else ''}{reason} ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=steps(node, short=short),
            proven=DEADLINE.match(reason) is None,
            family="node-pressure" if short else "",
            at=several[0].first_at,
        )


def named_elsewhere(failure: SandboxFailure) -> bool:
    """Whether a check of its own tells of this failure."""
    return any(match.signature in ELSEWHERE for match in failure.reasons)


def innermost(reason: str) -> str:
    """Return what the innermost of the programs that quote each other said, shortened."""
    text = reason.replace("\\", "").strip('" ]')
    inner = LAYERS.split(text)[-1].strip('" ') or text
    return inner.removesuffix(": unknown").rstrip('" ')[:SHOWN]


def steps(node: str, *, short: bool) -> tuple[Remedy, ...]:
    """Return the remedy: what the node lacks, or the runtime itself."""
    if short:
        first = look(
            "See what the node lacks",
            f"df -h / /run /var/lib; df -i /var/lib; free -m  # on {node}",
            "systemctl show kubelet containerd -p TasksCurrent -p TasksMax",
            verify="a file system or a limit that is full",
        )
    else:
        first = look(
            "Read the runtime's own log of the moment",
            f"journalctl -u containerd -u crio -u docker -n 50  # on {node}",
            "crictl info | head -20; runc --version",
            verify="the line before the failure names the program or setting",
        )
    return (
        first,
        Remedy(
            title="Restart the runtime: its binaries may be newer than the daemon that runs",
            commands=(f"systemctl restart containerd  # on {node}; crio or docker likewise",),
            risk=Risk.DISRUPTIVE,
            verify="crictl pods --state ready  # new sandboxes appear",
            why="after an update of its package a daemon may execute files that are gone",
        ),
        stuck_pods_go_on(),
    )
