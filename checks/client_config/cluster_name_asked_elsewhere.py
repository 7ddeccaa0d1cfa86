"""A cluster name is asked of a resolver that is not the cluster's.

A node's own resolver (systemd-resolved's stub, NetworkManager's dnsmasq) forwards to the site's
servers; those hold no Service. Whoever tries a Service's name on a node sees that, and nothing
about the cluster's DNS. The pods of CoreDNS have that resolver too: what is tried inside of them
does not ask CoreDNS.

Limits: a node whose resolver is told to ask cluster DNS for the domain can answer; only a failed
look-up counts, and by itself it is a possibility. Proof is that cluster DNS knows the same name. A
cloud's resolver may have been asked on purpose, or be a pod's second server: a possibility always.
Source: systemd v255 src/resolve/resolved-dns-stub.h (127.0.0.53, 127.0.0.54); network-manager of
Ubuntu 16.04, which starts dnsmasq with --listen-address=127.0.1.1; kubernetes/kubernetes v1.31.0,
pkg/kubelet/network/dns/dns.go: only pods are given the cluster's servers.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import AskedElsewhere
from diagnose.facts.asked_elsewhere import DNS_PODS
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A cluster name is asked of a resolver outside of the cluster",
    severity=Severity.WARNING,
    family="client-config",
    explains=("internal-names-fail", "short-names-fail"),
)
def cluster_name_asked_elsewhere(elsewhere: AskedElsewhere) -> Iterator[Finding]:
    """Yield one finding per place and server that was asked."""
    for one in elsewhere.asked:
        name = quoted(one.names[0], "<name>")
        server = quoted(one.cluster_server, "<DNS service>")
        known = f"; {one.cluster_server or 'cluster DNS'} knows it" if one.answered else ""
        inside = ", in a pod of CoreDNS" if one.place.name.startswith(DNS_PODS) else ""
        whose = "a server that the pod is given" if one.given else "a node's own resolver"
        whose = "the cloud's resolver" if one.cloud else whose
        yield Finding(
            subject=one.place if one.place.kind else CLUSTER,
            message=f"{', '.join(one.names[:3])}: asked of {one.server}, {whose}"
            f"{inside}, which does not ask cluster DNS{known}",
            quotes=one.quotes,
            remedy=(
                look(
                    "Ask from a pod, or cluster DNS itself",
                    f"nslookup {name} {server}",
                    f"kubectl exec <pod> -- nslookup {name}",
                    verify="an answer: cluster DNS is well, only this client does not ask it",
                ),
                Remedy(
                    title="Where programs on the node need the name, use the Service's address, "
                    "or send the cluster's domain to cluster DNS",
                    commands=(
                        f"resolvectl dns <pod network's interface> {server}",
                        "resolvectl domain <pod network's interface> '~cluster.local'",
                    ),
                    risk=Risk.MANUAL,
                    verify=f"resolvectl query {name}",
                    why="it is asked for that domain alone; as a name server of the node it would "
                    "make CoreDNS forward to itself",
                ),
            ),
            proven=one.answered and not one.cloud,
        )
