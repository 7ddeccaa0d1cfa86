"""The API server is asked through an HTTP proxy, which does not lead there.

A Go program that finds HTTPS_PROXY in its environment sends its requests there, those to the
Service address of the API server too, unless NO_PROXY names it. The CNI plugins that ask the API
(Calico, Multus) are started by the runtime and take its environment.

Limits: the proxy's own name or address is told only where it cannot be reached.
Source: Go 1.22 net/http transport.go (dialConn: the status of the answer to CONNECT is the whole
error; proxyconnect); golang.org/x/net http/httpproxy (NO_PROXY takes addresses and ranges).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import ApiFailures
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.trouble import Reason


@check(
    title="The API server is asked through an HTTP proxy",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=(
        *COREDNS_WITHOUT_API,
        "flannel-daemonset-failing",
        "pods-stuck-container-creating",
    ),
)
def apiserver_through_proxy(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program whose requests to the API server end at a proxy."""
    yield from api_findings(
        failures,
        (Reason.HTTP_PROXY,),
        "an HTTP proxy stands before {target} and does not lead there",
        steps,
    )


def steps(_: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: see who was given a proxy, then name the ranges that need none."""
    return (
        look(
            "See who is given a proxy, on the node",
            "systemctl show -p Environment containerd crio docker kubelet | grep -i proxy",
            "grep -ri proxy /etc/systemd/system /etc/default /etc/environment",
            verify="a service with HTTPS_PROXY whose NO_PROXY lacks the cluster's ranges",
        ),
        Remedy(
            title="Name the ranges of Services, pods and nodes in its NO_PROXY",
            commands=(
                "systemctl edit containerd  # Environment=NO_PROXY=…,.svc,.cluster.local,<ranges>",
                "systemctl daemon-reload; systemctl restart containerd  # on the node",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl get pods -A -o wide  # none waits in ContainerCreating",
        ),
    )
