"""The servers that CoreDNS fails to reach come from its node's resolv.conf.

The file names a resolver of a network that the node left, of a VPN that is down, or that only the
node itself can reach; or it was corrected since, and the pod still has the old copy.

Limits: that the server does not answer the node either is not always seen, so it is a possibility;
where it is seen to answer the node, the file is right.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go (resolv.conf is copied when a
pod starts).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, Undecided, check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import ask_upstream, restart_coredns


@check(
    title="CoreDNS's failing upstream comes from the node's resolv.conf",
    severity=Severity.CRITICAL,
    family="resolv-conf",
    explains=(
        "upstream-timeout",
        "upstream-connection-refused",
        "upstream-no-route",
        "upstream-network-unreachable",
    ),
)
def node_resolvconf_wrong(
    failures: UpstreamFailures, resolvers: ResolvConfs, corefile: Corefile | None
) -> Iterator[Finding]:
    """Yield one finding per failing server that the node's file names, or named before."""
    upstreams = corefile.upstreams(".") if corefile else ()
    if upstreams and not any(one.startswith("/") for one in upstreams):
        raise NotApplicable(f"the Corefile names its upstreams itself: {', '.join(upstreams)}")
    failing = {
        one.server: one
        for one in failures.failures
        if one.server and not one.probe_only and not one.answers_node and one.answers_now is None
    }
    own = [file for file in resolvers.of_nodes if not file.handed]
    for file in own:
        if not file.nameservers:
            continue
        for server, failure in failing.items():
            stale = server not in file.nameservers and bool(upstreams)
            if server not in file.nameservers and not stale:
                continue
            what = (
                f"CoreDNS still asks {server}, the file now names {', '.join(file.nameservers)}"
                if stale
                else f"{server} of the node's file does not answer CoreDNS"
            )
            yield Finding(
                subject=file.subject if file.subject.kind else CLUSTER,
                message=what,
                quotes=(failure.quote, *file.quote_of(server)[:2]),
                remedy=(
                    ask_upstream(server, file.subject.node),
                    Remedy(
                        title="Correct the node's resolver configuration",
                        commands=("set the servers in netplan, NetworkManager or resolved.conf",),
                        risk=Risk.MANUAL,
                        verify="dig answers from each server of the file",
                    ),
                    restart_coredns("resolv.conf is written once, when a pod starts"),
                ),
                proven=False,
                at=failure.first_at,
            )
    # Of a copy that a pod was handed it is neither known what the file holds now, nor worth a word
    # that CoreDNS was handed the same.
    handed = {server for file in resolvers.files if file.handed for server in file.nameservers}
    if not own and (common := sorted(handed & set(failing))):
        raise Undecided(f"whether {common[0]} answers the node itself is not seen")
