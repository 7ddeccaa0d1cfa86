"""The DNS service lacks one of DNS's two ports.

DNS takes UDP and TCP port 53 (RFC 7766): without TCP, answers that do not fit fail; without UDP,
almost everything does.

Limits: of an object that was cut behind its first port the rest is not known, hence a possibility.
To which port of the pods it sends is corefile-listen-port-mismatch's matter.
Source: Kubernetes API, core/v1 ServiceSpec.ports; coredns/deployment kubernetes/coredns.yaml.sed.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSServices
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

DNS_PORT = 53
PROTOCOLS = frozenset({"UDP", "TCP", "SCTP"})  # any other word is a piece of one
NEEDED = {"UDP": "dns", "TCP": "dns-tcp"}


@check(
    title="The DNS service lacks a port",
    severity=Severity.CRITICAL,
    family="no-endpoints",
    explains=(
        "resolution-fails",
        "service-proxy-broken",
        "dns-udp-lost",
        "dns-tcp-lost",
        "nodelocaldns-upstream-unreachable",
    ),
)
def dns_service_port_mismatch(services: DNSServices) -> Iterator[Finding]:
    """Yield one finding per DNS service without UDP or without TCP port 53."""
    for one in services.services:
        if not one.ports or one.type == "ExternalName":
            continue
        has = {port.protocol for port in one.ports if port.port == DNS_PORT}
        lacks = [protocol for protocol in NEEDED if protocol not in has]
        if not lacks:
            continue
        each = tuple(dict.fromkeys(f"{port.port}/{port.protocol}" for port in one.ports))
        shown = ", ".join(each)
        space = quoted(one.subject.namespace, "kube-system")
        name = quoted(one.subject.name, "kube-dns")
        yield Finding(
            subject=one.subject,
            message=f"no {' and no '.join(f'53/{protocol}' for protocol in lacks)}; it has {shown}",
            quotes=(one.quote.on("ports"),),
            remedy=(
                look(
                    "See the ports and where they lead",
                    f"kubectl -n {space} get service {name} -o jsonpath='{{.spec.ports}}'",
                    verify="53/UDP named dns and 53/TCP named dns-tcp, both to the pods' port 53",
                ),
                Remedy(
                    title="Add what is missing",
                    commands=tuple(
                        f"kubectl -n {space} patch service {name} --type json -p '["
                        '{"op":"add","path":"/spec/ports/-","value":'
                        f'{{"name":"{NEEDED[protocol]}","port":53,"protocol":"{protocol}",'
                        '"targetPort":53}}]\''
                        for protocol in lacks
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="dig @<DNS service address> kubernetes.default.svc.cluster.local; "
                    "dig +tcp …  # both answer",
                ),
            ),
            severity=None if "UDP" in lacks else Severity.WARNING,
            # A paste may have cut the rest off: further ports, or the type behind, show the end.
            proven=bool(one.type)
            and ("UDP" in lacks or len(each) > 1)
            and {port.protocol for port in one.ports} <= PROTOCOLS,
        )
