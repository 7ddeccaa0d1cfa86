"""CoreDNS is never ready, because its Corefile has no ready plugin to ask.

The readiness probe of the usual manifests asks :8181/ready, the liveness probe :8080/health; who
answers there are the plugins ready and health. With a Corefile of an older version nobody does.

Limits: a manifest whose probes ask something else needs neither plugin; its pods are ready then.
A file with faults is not the one that they run; that a piece of one seems to have some, tells
nothing.
Source: coredns/coredns v1.12.0, plugin/ready/README.md; coredns/deployment
kubernetes/coredns.yaml.sed.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile, UnreadyCoreDNS
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile


@check(
    title="The probes ask a plugin that the Corefile does not have",
    severity=Severity.CRITICAL,
    family="corefile-domain",
    explains=("coredns-not-ready",),
)
def corefile_health_ready_missing(corefile: Corefile, unready: UnreadyCoreDNS) -> Iterator[Finding]:
    """Yield one finding when pods are not ready and nothing can say that they are."""
    owners = corefile.plugin("kubernetes")
    if not owners:
        raise NotApplicable("this Corefile is not of the cluster's DNS server")
    silent = [one for one in unready.pods if not one.plugins]
    refused = bool(corefile.faults) and not corefile.torn
    if corefile.plugin("ready") or refused or not silent:
        return
    yield Finding(
        subject=CLUSTER,
        message=f"{len(silent)} pods run and are not ready: no ready plugin answers on :8181",
        quotes=(corefile.quote(owners[0][0].line), *silent[0].quotes[:1]),
        remedy=edit_corefile(
            "Add to the block: ready"
            + ("" if corefile.plugin("health") else ", and health for the liveness probe"),
            "corefile-health-ready-missing",
        ),
    )
