"""NodeLocal DNSCache does not know the address of CoreDNS's own Service.

Its Service kube-dns-upstream selects CoreDNS's pods under an address that the cache does not take
for itself. The kubelet tells it by an environment variable, of Services that are there when the pod
starts. Without it the Corefile forwards to "<nil>", and CoreDNS ends at once.

Limits: the line is harmless where the Corefile names the address itself; where no Corefile of the
cache is seen, this is a possibility.
Source: kubernetes/dns 1.22.28, cmd/node-cache/app/cache_app.go (NewCacheApp, toSvcEnv),
configmap.go (updateCorefile).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import UnknownUpstreams
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="The node-local DNS cache does not know CoreDNS's address",
    severity=Severity.CRITICAL,
    family="node-local-dns",
    explains=(
        "corefile-forward-invalid",
        "coredns-crashloop",
        "nodelocaldns-down",
        "internal-names-fail",
    ),
)
def nodelocaldns_upstream_unknown(upstreams: UnknownUpstreams) -> Iterator[Finding]:
    """Yield one finding per cache that did not find the address when it started."""
    for one in upstreams.caches:
        yield Finding(
            subject=one.subject,
            message=f"no address of the Service {one.service or '(none named)'}: {one.env} was not "
            "set to one when the cache started",
            quotes=one.quotes,
            remedy=steps(quoted(one.service, "kube-dns-upstream")),
            proven=one.certain,
            at=one.at,
        )


def steps(service: str) -> tuple[Remedy, ...]:
    """Return the remedy: the Service first, the pods that start after it second."""
    return (
        look(
            "See whether the Service exists, and is older than the cache's pods",
            f"kubectl -n kube-system get service {service} -o wide",
            "kubectl -n kube-system get daemonset node-local-dns -o yaml "
            "| grep -E 'upstreamsvc|enableServiceLinks' -A1",
            verify="an address; the argument names this Service; enableServiceLinks is not false",
        ),
        Remedy(
            title="Create the Service that selects CoreDNS's pods",
            commands=("kubectl apply -f nodelocaldns.yaml",),
            risk=Risk.SAFE,
            verify=f"kubectl -n kube-system get endpoints {service}  # CoreDNS's pods",
        ),
        Remedy(
            title="Then start the caches anew, which read the variable only at their start",
            commands=("kubectl -n kube-system rollout restart daemonset node-local-dns",),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system logs -l k8s-app=node-local-dns | grep 'Unable to "
            "lookup'  # nothing",
        ),
    )
