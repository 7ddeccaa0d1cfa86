"""Look-ups take seconds, most of them as long as a resolver waits before it asks again.

Names do resolve, so that applications are slow and report no fault. A time of 5 s, 2.5 s or a
multiple is the resolver's own time-out: one query or its answer is lost, not slow. What loses a
part of them and what loses all to one server are told apart by whether others are fast.

Limits: a symptom. By the clock alone it is not known which of a client's queries was lost; of a
command that does more than look a name up, only such multiples count.
Source: resolv.conf(5), timeout and attempts; musl src/network/res_msend.c; kubernetes/kubernetes
issue 56903 (5 s DNS look-ups); coredns/coredns v1.12.4 plugin/log/log.go.
"""

from collections.abc import Iterator, Sequence

from diagnose.check import check
from diagnose.facts import DNSPods, SlowLookups
from diagnose.facts.lookup_times import LookupTime
from diagnose.facts.names import in_cluster
from diagnose.findings import times
from diagnose.model import CLUSTER, Finding, Remedy, Severity, Subject
from diagnose.remedies import ask_endpoints, look, quoted

ALWAYS = 3  # without a fast one among them it is no chance
SHOWN = 3


@check(
    title="Look-ups take seconds",
    severity=Severity.WARNING,
    family="conntrack",
    symptom=True,
)
def lookups_slow(slow: SlowLookups, pods: DNSPods | None) -> Iterator[Finding]:
    """Yield one finding for what clients show, and one per CoreDNS pod that answers late."""
    known = pods.pods if pods else ()
    addresses = [pod.ips[0] for pod in known if pod.ips]
    if slow.lost or slow.long or slow.again:
        yield of_clients(slow, addresses)
    for stream, late in slow.logged:
        seconds = [float(match["seconds"]) for match in late]
        names = list(dict.fromkeys(match["qname"].rstrip(".") for match in late))
        inside = all(map(in_cluster, names))
        yield Finding(
            subject=stream.subject if stream.subject.kind else CLUSTER,
            message=f"CoreDNS itself took {span(seconds)} to answer ({times(len(late))}), asked "
            f"for {', '.join(names[:SHOWN])}: "
            + (
                "it answers these from memory, so it gets no processor time or waits for a lock"
                if inside
                else "it waits for its upstream, of which queries or answers are lost"
            ),
            quotes=tuple(match.quote for match in late[:SHOWN]),
            remedy=of_process() if inside else of_upstream(names),
            family="capacity" if inside else "upstream-timeout",
            at=late[0].at,
        )


def of_clients(slow: SlowLookups, addresses: Sequence[str]) -> Finding:
    """Return the finding of what clients and captures show."""
    late = (*slow.lost, *slow.long)
    many = len(late) + len(slow.fast)
    always = len(late) >= ALWAYS and not slow.fast
    told = []
    if late:
        what = "commands" if all(one.whole for one in late) else "look-ups"
        count = f"{len(late)} of {many} {what}" if many > 1 else f"one {what.removesuffix('s')}"
        told.append(f"{count} took {span([one.seconds for one in late])}")
    if slow.again:
        after = span([one.seconds for one in slow.again])
        told.append(f"queries were sent again after {after} ({times(len(slow.again))})")
    causes = ranked(slow, always=always)
    repeats = bool(slow.lost or slow.again)
    why = (
        "a resolver's own time-out, as a query or its answer is lost and asked again"
        if repeats
        else "a healthy one takes milliseconds"
    )
    return Finding(
        subject=place(late) or (slow.again[0].first.subject if slow.again else CLUSTER),
        message=f"{', '.join(told)}: {why}; likeliest {causes[0][0]}, or {causes[1][0]}",
        quotes=(
            *(one.quote for one in late[:SHOWN]),
            *(q for one in slow.again[:1] for q in (one.first.quote, one.again.quote)),
        ),
        remedy=tuple(step(addresses, slow.servers, name) for _, name in causes),
        family="resolv-conf" if always or slow.servers else "",
    )


def place(late: Sequence[LookupTime]) -> Subject | None:
    """Return the one place of the slow look-ups; None where there are several, or none is told."""
    places = {one.subject for one in late if one.subject.kind}
    return places.pop() if len(places) == 1 else None


def span(seconds: Sequence[float]) -> str:
    """Return between which times several lie."""
    least, most = f"{min(seconds):.1f}", f"{max(seconds):.1f}"
    return f"{most} s" if least == most else f"{least} to {most} s"


def ranked(slow: SlowLookups, *, always: bool) -> list[tuple[str, str]]:
    """Return what may lie behind it and the name of the step that looks, the likeliest first."""
    race = ("two queries at once that race in connection tracking", "race")
    replica = ("a dead replica or node behind the Service", "endpoints")
    search = ("search domains whose upstream is silent", "search")
    server = (
        f"a dead one of the {len(slow.servers)} name servers in resolv.conf"
        if slow.servers
        else "a dead one of several name servers in resolv.conf",
        "servers",
    )
    if slow.servers or always:
        return [server, search, replica, race]
    if any(one.lost for one in slow.again):
        return [race, replica, server, search]
    return [replica, race, server, search] if slow.long else [race, replica, server, search]


def step(addresses: Sequence[str], servers: Sequence[str], name: str) -> Remedy:
    """Return the step that looks for one of the causes."""
    if name == "endpoints":
        return ask_endpoints(addresses)
    if name == "race":
        return look(
            "Count how many of 100 look-ups are slow, and what conntrack could not insert",
            "for i in $(seq 100); do time getent ahosts kubernetes.default; done  # in the pod",
            "conntrack -S | grep -o 'insert_failed=[0-9]*'  # on its node, before and after",
            verify="insert_failed grows with the slow ones: the race; options "
            "single-request-reopen in resolv.conf takes them away",
        )
    if name == "servers":
        first = servers[0] if servers else "<each nameserver>"
        others = servers[1:3]
        return look(
            "Ask each name server of the client's resolv.conf by itself",
            "kubectl exec <pod> -- cat /etc/resolv.conf",
            *(
                f"kubectl exec <pod> -- nslookup -timeout=2 kubernetes.default.svc.cluster.local. "
                f"{one}"
                for one in (first, *others)
            ),
            verify="the one that does not answer costs each look-up its time-out",
        )
    return look(
        "Ask with and without the search list: a dot at the end leaves it out",
        "kubectl exec <pod> -- sh -c 'time nslookup example.com; time nslookup example.com.'",
        verify="fast with the dot alone: a search domain that CoreDNS forwards to a silent server",
    )


def of_upstream(names: Sequence[str]) -> tuple[Remedy, ...]:
    """Return the steps that measure the upstreams of CoreDNS."""
    name = names[0] if names else "example.com"
    return (
        look(
            "Ask each upstream of CoreDNS by itself, several times, from a node of CoreDNS",
            "kubectl -n kube-system get configmap coredns -o yaml | grep -A3 forward",
            f"for i in $(seq 20); do dig +time=2 +tries=1 @<upstream> {quoted(name, '<name>')} | "
            "grep -E 'Query time|timed out'; done",
            verify="a part times out: that server, or the way to it, loses queries",
        ),
    )


def of_process() -> tuple[Remedy, ...]:
    """Return the step that looks for what keeps CoreDNS from its work."""
    return (
        look(
            "See whether CoreDNS gets the processor time that it needs",
            "kubectl -n kube-system top pods -l k8s-app=kube-dns",
            "kubectl -n kube-system get deployment coredns -o yaml | grep -A6 resources",
            "cat /sys/fs/cgroup/cpu.stat  # in its cgroup on the node: nr_throttled",
            verify="near its limit, or throttled: raise the limit or the replicas",
        ),
    )
