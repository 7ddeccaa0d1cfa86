"""The upstream does not answer over TCP.

CoreDNS asks over TCP when an answer over UDP was cut off, so what fails then are names with long
answers, while all others resolve. Filters often let UDP 53 through and not TCP 53.

Limits: with force_tcp every query goes over TCP, so a dead server looks the same; that it is TCP
alone is proven only where the Corefile is known.
Source: coredns/coredns v1.12.0, plugin/forward/forward.go (ServeDNS); RFC 7766.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, UpstreamFailures
from diagnose.facts.names import in_cluster
from diagnose.facts.upstream_failures import DNS_PORT, UpstreamFailure
from diagnose.findings import times
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile, look, quoted
from diagnose.signatures.trouble import Reason

FAMILY = {
    Reason.TIMEOUT: "upstream-timeout",
    Reason.REFUSED: "upstream-refused",
    Reason.RESET: "upstream-refused",
}


@check(
    title="The upstream does not answer over TCP",
    severity=Severity.WARNING,
    family="upstream-timeout",
    explains=(
        "upstream-timeout",
        "upstream-connection-refused",
        "external-names-fail",
        "dns-tcp-lost",
    ),
)
def upstream_tcp_blocked(
    failures: UpstreamFailures, corefile: Corefile | None
) -> Iterator[Finding]:
    """Yield one finding per server that fails over TCP alone."""
    over_udp = {one.server for one in failures.failures if not one.tcp}
    servers: dict[tuple[str, Reason], list[UpstreamFailure]] = {}
    for one in failures.failures:
        if over_tcp(one) and one.server not in over_udp:
            servers.setdefault((one.server, one.trouble.reason), []).append(one)
    forced = corefile is None or any(
        option.name == "force_tcp"
        for _, directive in corefile.plugin("forward")
        for option in directive.block
    )
    for (server, reason), several in servers.items():
        count = sum(one.count for one in several)
        subjects = {one.subject for one in several}
        names = ", ".join(dict.fromkeys(name for one in several for name in one.names[:3]))
        address = quoted(server, "<upstream>")
        yield Finding(
            subject=several[0].subject if len(subjects) == 1 else CLUSTER,
            message=f"{server}: {reason.value} over TCP, none such over UDP ({times(count)})"
            + (f"; asked for {names}" if names else ""),
            quotes=tuple(one.quote for one in several[:2]),
            remedy=(
                look(
                    "Ask over both, from the node and from a pod",
                    f"dig @{address} example.com; dig +tcp @{address} example.com",
                    verify="UDP answers and TCP does not: a filter, or the server",
                ),
                edit_corefile(
                    "Let TCP 53 through to the server; until then prefer_udp in the block of "
                    "forward, and bufsize 1232 in its server block",
                    "upstream-tcp-blocked",
                ),
            ),
            proven=count > 1 and not forced,
            family=FAMILY[reason],
            at=several[0].first_at,
        )


def over_tcp(one: UpstreamFailure) -> bool:
    """Whether plain DNS over TCP failed for a name outside; a node's cache asks so for all others.

    Nobody but the loop plugin asked where no name is told.
    """
    outside = any(not in_cluster(name) for name in one.names)
    plain = one.tcp and one.port == DNS_PORT and bool(one.server)
    return plain and outside and one.trouble.reason in FAMILY
