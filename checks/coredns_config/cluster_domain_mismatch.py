"""Pods search another cluster domain than CoreDNS serves.

The kubelet writes clusterDomain into each pod's search list; CoreDNS serves the zones of its
kubernetes plugin. Where they differ, short names become names that nobody holds.

Limits: a Corefile may serve several domains, and rewrite others; then no mismatch is claimed. Names
of another domain that were asked for in vain are a hint: whoever typed them may have erred.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go
(generateSearchesForDNSClusterFirst); coredns/coredns v1.12.0 plugin/kubernetes/README.md.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile, SearchedDomains
from diagnose.facts.names import normal
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import edit_corefile


@check(
    title="Pods search another cluster domain than CoreDNS serves",
    severity=Severity.CRITICAL,
    family="corefile-domain",
    explains=(
        "internal-names-fail",
        "short-names-fail",
    ),
)
def cluster_domain_mismatch(corefile: Corefile, pods: SearchedDomains) -> Iterator[Finding]:
    """Yield one finding per kubelet or pod whose domain CoreDNS does not serve."""
    zones = [normal(zone) for zone in corefile.kubernetes_zones() if "arpa" not in zone]
    if not zones:
        raise NotApplicable("the Corefile has no kubernetes plugin with a zone of names")
    rewritten = bool(corefile.plugin("rewrite"))
    told = [one for one in pods.told if one.domain]
    for one in told or pods.asked:
        domain = normal(one.domain)
        if any(domain == zone or domain.endswith("." + zone) for zone in zones):
            continue
        owner = corefile.plugin("kubernetes")[0][1]
        what = f"pods search {domain}" if told else f"names of {domain} are asked for"
        yield Finding(
            subject=one.subject,
            message=f"{what}, CoreDNS serves {', '.join(zones)}",
            quotes=(one.quote.on("cluster_domain"), corefile.quote(owner.line)),
            remedy=(
                edit_corefile(
                    f"Serve the domain that pods search: kubernetes {domain} in-addr.arpa ip6.arpa",
                    "cluster-domain-mismatch",
                ),
                Remedy(
                    title="Or change it on every kubelet, and recreate the pods",
                    commands=(
                        f"set clusterDomain: {zones[0]} in /var/lib/kubelet/config.yaml",
                        "systemctl restart kubelet",
                    ),
                    risk=Risk.MANUAL,
                    verify=f"kubectl exec <pod> -- grep search /etc/resolv.conf  # svc.{zones[0]}",
                ),
            ),
            severity=None if told else Severity.WARNING,
            proven=bool(told) and not rewritten,
        )
