"""CoreDNS listens on another port than its Service sends to.

Limits: a Service may send to a port by its name, which only the pod's manifest translates; such a
one is left alone.
Source: coredns/coredns v1.12.0, core/dnsserver/register.go (server block keys); kubernetes/api
core/v1 ServicePort (targetPort).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile, DNSServices
from diagnose.model import Finding, Severity
from diagnose.remedies import edit_corefile, look, quoted

DNS_PORT = 53


@check(
    title="CoreDNS does not listen on the port that its Service sends to",
    severity=Severity.CRITICAL,
    family="corefile-domain",
    explains=("resolution-fails",),
)
def corefile_listen_port_mismatch(corefile: Corefile, services: DNSServices) -> Iterator[Finding]:
    """Yield one finding per port 53 of the Service whose target no server block listens on."""
    owners = corefile.plugin("kubernetes")
    if not owners:
        raise NotApplicable("this Corefile is not of the cluster's DNS server")
    listens = {key.port for block, _ in owners for key in block.keys if key.scheme == "dns"}
    if not listens or corefile.faults:
        return
    for service in services.services:
        told = [one for one in service.ports or () if one.port == DNS_PORT and one.target]
        wrong = {int(one.target[:6]) for one in told if one.target.isdigit()} - listens
        if not wrong:
            continue
        ports = ", ".join(str(port) for port in sorted(wrong))
        name = quoted(service.subject.name, "kube-dns")
        space = quoted(service.subject.namespace, "kube-system")
        yield Finding(
            subject=service.subject,
            message=f"it sends to port {ports}, the Corefile listens on "
            f"{', '.join(str(port) for port in sorted(listens))}",
            quotes=(service.quote.on("targets"), corefile.quote(owners[0][0].line)),
            remedy=(
                look(
                    "Compare the Service, the container's ports and the Corefile",
                    f"kubectl -n {space} get service {name} -o jsonpath='{{.spec.ports}}'",
                    "kubectl -n kube-system get deployment coredns -o jsonpath='{..ports}'",
                    verify="targetPort, containerPort and the server block name one port",
                ),
                edit_corefile(
                    f"Make them equal: .:{ports} in the Corefile, or targetPort in the Service",
                    "corefile-listen-port-mismatch",
                ),
            ),
        )
