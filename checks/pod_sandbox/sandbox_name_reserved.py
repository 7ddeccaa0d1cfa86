"""An earlier try for the same sandbox hangs, and its name is reserved for it.

The kubelet gives up a try after its deadline and begins another; the runtime still works on the
first, mostly in a CNI plugin that waits for its agent, or on a disk that is slow.

Limits: it says that something hangs, not what; the event before it, or the runtime's processes, do.
Source: containerd/containerd v1.7.22, internal/cri/server/sandbox_run.go (RunPodSandbox).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.runtime import SANDBOX_NAME_RESERVED


@check(
    title="An earlier try for the sandbox hangs",
    severity=Severity.WARNING,
    family="sandbox-other",
    explains=("pods-stuck-container-creating",),
)
def sandbox_name_reserved(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which a sandbox's name is reserved."""
    yield from sandbox_findings(
        failures, (SANDBOX_NAME_RESERVED,), message, steps, proven=lambda _: False
    )


def message(match: Match) -> str:
    """Return whose name is reserved."""
    pod = match["sandbox"].split("_")[0]
    return f"the name of {pod or 'a sandbox'} is reserved by an earlier try that has not ended"


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: what hangs, then the runtime."""
    return (
        look(
            "Find what hangs: a plugin that waits for its agent, or the disk",
            f"ps -eo pid,etime,stat,args | grep -E '/opt/cni/bin|runc' | grep -v grep  # on {node}",
            "kubectl get events -A | grep -E 'DeadlineExceeded|deadline exceeded'",
            "iostat -x 1 3 || cat /proc/pressure/io",
            verify="an old plugin process (repair the agent that it asks), or a busy disk",
        ),
        Remedy(
            title="Once that is repaired, restart the runtime to drop the reservation",
            commands=("systemctl restart containerd",),
            risk=Risk.DISRUPTIVE,
            verify="kubectl get events -A --field-selector reason=FailedCreatePodSandBox",
            why="the kubelet tries again by itself; a restart alone hides what hangs",
        ),
    )
