"""The Corefile exposes no metrics.

Limits: a note: it hurts nobody's names, only those who want to see how DNS does.
Source: coredns/coredns v1.12.0, plugin/metrics/README.md; coredns/deployment
kubernetes/coredns.yaml.sed (prometheus :9153).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile


@check(
    title="CoreDNS exposes no metrics",
    severity=Severity.INFO,
    family="corefile-domain",
    explains=("coredns-metrics-unreachable",),
)
def corefile_prometheus_missing(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding when no block of the cluster's server has the prometheus plugin."""
    owners = corefile.plugin("kubernetes")
    if not owners:
        raise NotApplicable("this Corefile is not of the cluster's DNS server")
    if corefile.plugin("prometheus") or corefile.faults or corefile.torn:
        return
    yield Finding(
        subject=CLUSTER,
        message="no prometheus plugin: response codes, latency and failures are not measured",
        quotes=(corefile.quote(owners[0][0].line),),
        remedy=edit_corefile("Add to the block: prometheus :9153", "corefile-prometheus-missing"),
    )
