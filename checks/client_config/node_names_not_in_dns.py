"""A component asks for nodes by their names, which no DNS server knows.

metrics-server and the API server reach kubelets by one of the node's addresses, the host's name
first unless told otherwise. Cluster DNS rightly says that there is no such name, where nodes know
each other by /etc/hosts alone.

Limits: where the site's DNS is to know the names, its answer is the fault and not the client's.
Source: kubernetes-sigs/metrics-server pkg/scraper, README (--kubelet-preferred-address-types);
kubernetes/kubernetes v1.31.0 pkg/kubelet/client (NewNodeConnectionInfoGetter).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeNames
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import edit_corefile, look, quoted


@check(
    title="Node names are asked for that no DNS server knows",
    severity=Severity.WARNING,
    family="client-config",
)
def node_names_not_in_dns(names: NodeNames) -> Iterator[Finding]:
    """Yield one finding per place that asks, naming the nodes."""
    places = dict.fromkeys(one.place for one in names.names)
    for place in places:
        several = [one for one in names.names if one.place == place]
        if not any(one.unknown for one in several):
            continue
        shown = ", ".join(one.name for one in several[:3])
        first = quoted(several[0].name, "<node>")
        yield Finding(
            subject=place if place.kind else CLUSTER,
            message=f"{shown}: names of nodes; the DNS of the cluster does not have them",
            quotes=several[0].quotes[:3],
            remedy=(
                look(
                    "See whether the site's DNS knows the name",
                    f"dig @<upstream> {first}; getent hosts {first}",
                    "kubectl get nodes -o wide",
                    verify="no answer: nobody but /etc/hosts knows it",
                ),
                Remedy(
                    title="Let the component use addresses",
                    commands=(
                        "kubectl -n kube-system edit deployment metrics-server",
                        "args: --kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl top nodes",
                    why="kube-apiserver has the same option for logs and exec",
                ),
                edit_corefile(
                    "Or give CoreDNS the names: hosts { <address> <node> fallthrough }",
                    "node-names-not-in-dns",
                ),
            ),
            proven=any(one.certain and one.unknown for one in several),
        )
