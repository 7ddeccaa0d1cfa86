"""Diagnoses made by hand, one per thing that a report must be able to say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from diagnose.asks import ASKS, Ask
from diagnose.facts.dns_answers import Asked, NameKind
from diagnose.facts.lookups import Outcome
from diagnose.facts.probe_matrix import ProbeMatrix
from diagnose.model import (
    CLUSTER,
    Cause,
    Check,
    Diagnosis,
    Fact,
    Finding,
    Gap,
    GapKind,
    Need,
    Quote,
    Recognised,
    Remedy,
    Risk,
    Severity,
    Status,
    Subject,
    Verdict,
)
from tests.facts.asked import (
    API,
    CACHE,
    COREDNS_1,
    COREDNS_2,
    HOST_1,
    HOST_2,
    SERVICE,
    UPSTREAM,
    UPSTREAM_2,
    WEB_1,
    World,
    pod,
)

TAKEN_AT = datetime(2026, 3, 14, 2, 47, 9, tzinfo=UTC)


class Known(Fact):
    """A fact that stands for all of them."""

    asks = (Ask.DNS_LOGS, Ask.DNS_PODS)


class Helpful(Fact):
    """A fact that only sharpens a message."""

    asks = (Ask.DNS_CONFIG,)


def nothing(fact: Known) -> Iterator[Finding]:
    """Find nothing."""
    yield from ()


def a_check(
    layer: str,
    identifier: str,
    title: str,
    *explains: str,
    severity: Severity = Severity.CRITICAL,
    symptom: bool = False,
) -> Check:
    """Return a check without a body."""
    return Check(
        id=identifier,
        layer=layer,
        family=identifier,
        title=title,
        severity=severity,
        explains=explains,
        needs=(Need(Known, True, "known"), Need(Helpful, False, "helpful")),
        find=nothing,
        symptom=symptom,
    )


CHECKS = (
    a_check("client-config", "kubelet-clusterdns-missing", "The kubelet hands out no DNS server"),
    a_check("client-config", "resolution-fails", "Clients cannot resolve names", symptom=True),
    a_check("cni", "cni0-conflict", "cni0 has an address of another subnet"),
    a_check("cni", "cni-ipam-exhausted", "The node's range has no free pod address"),
    a_check(
        "control-plane",
        "endpointslice-ipfamily-fallback",
        "The controller manager is newer than the API server",
        severity=Severity.INFO,
    ),
    a_check("coredns-config", "corefile-syntax-error", "CoreDNS cannot read its Corefile"),
    a_check(
        "coredns-config",
        "corefile-prometheus-missing",
        "CoreDNS serves no metrics",
        severity=Severity.INFO,
    ),
    a_check(
        "coredns-runtime",
        "coredns-crashloop",
        "CoreDNS ends again and again",
        "no-ready-endpoints",
        symptom=True,
    ),
    a_check("coredns-runtime", "coredns-not-ready", "CoreDNS runs and is not ready", symptom=True),
    a_check("coredns-runtime", "loop", "CoreDNS forwards queries to itself", "coredns-crashloop"),
    a_check(
        "node-resolver",
        "node-resolvconf-loopback",
        "A node's resolv.conf names a loopback address",
        "loop",
    ),
    a_check("node-resolver", "node-resolvconf-wrong", "A node's resolv.conf names no DNS server"),
    a_check(
        "overlay", "flannel-daemonset-failing", "flannel does not run", "flannel-subnet-env-missing"
    ),
    a_check(
        "pod-sandbox",
        "pods-stuck-container-creating",
        "Pods wait for their sandbox",
        symptom=True,
        severity=Severity.WARNING,
    ),
    a_check(
        "service-proxy",
        "kube-proxy-not-running",
        "kube-proxy does not run",
        "apiserver-unreachable-timeout",
        "flannel-daemonset-failing",
    ),
    a_check(
        "service-proxy", "no-ready-endpoints", "The DNS service has no ready endpoint", symptom=True
    ),
    a_check("upstream", "external-names-fail", "Names outside of the cluster fail", symptom=True),
    a_check("upstream", "upstream-no-route", "CoreDNS has no route to its upstream"),
    a_check(
        "upstream",
        "upstream-timeout",
        "The upstream resolver does not answer CoreDNS",
        "external-names-fail",
    ),
)
BY_ID = {check.id: check for check in CHECKS}

LOOK_AT_RESOLVERS = Remedy(
    title="See which upstreams CoreDNS inherits from its node",
    commands=(
        "kubectl -n kube-system get configmap coredns -o yaml | grep -A2 forward",
        "grep resolvConf /var/lib/kubelet/config.yaml  # on worker-2; without it: /etc/resolv.conf",
        "cat /run/systemd/resolve/resolv.conf /etc/resolv.conf",
    ),
    risk=Risk.SAFE,
    verify="one of the files names real resolvers, not 127.0.0.0/8, ::1 or the DNS service",
)
GIVE_RESOLVERS = Remedy(
    title="Give the kubelet the file with the real resolvers",
    commands=(
        "set resolvConf: /run/systemd/resolve/resolv.conf in /var/lib/kubelet/config.yaml",
        "systemctl restart kubelet",
    ),
    risk=Risk.MANUAL,
    verify="grep resolvConf /var/lib/kubelet/config.yaml",
    why="this repairs every pod with dnsPolicy Default, not CoreDNS alone",
)
RECREATE = Remedy(
    title="Recreate the CoreDNS pods",
    commands=("kubectl -n kube-system rollout restart deployment coredns",),
    risk=Risk.DISRUPTIVE,
    verify="kubectl -n kube-system rollout status deployment coredns",
    why="resolv.conf is written once, when a pod starts",
)


def ok(identifier: str, *origins: str) -> Verdict:
    """Return a verdict that looked at these origins."""
    return Verdict(identifier, Status.OK, note=", ".join(origins))


def missing(
    ask: Ask, kind: GapKind = GapKind.NOT_COLLECTED, because: str = "not in the evidence"
) -> Gap:
    """Return the gap of an ask."""
    return Gap(ASKS[ask].title, kind, because, ASKS[ask].by_hand)


def unknown(identifier: str, *gaps: Gap) -> Verdict:
    """Return a verdict that could not look."""
    return Verdict(identifier, Status.UNKNOWN, because=gaps)


def proven_loop() -> Diagnosis:
    """Return the founding case: a loop, proven, with the crash loop folded under it."""
    pod = Subject("Pod", "coredns-7c65d6cfc9-4xk2p", "kube-system", "worker-2")
    other = Subject("Pod", "coredns-7c65d6cfc9-w8zjd", "kube-system", "worker-2")
    text = (
        '[FATAL] plugin/loop: Loop (127.0.0.1:36286 -> :53) detected for zone ".", see '
        "https://coredns.io/plugins/loop#troubleshooting. "
        'Query: "HINFO 1048258276942848743.906062863108256161."'
    )
    loop = Verdict(
        "loop",
        Status.PROBLEM,
        (
            Finding(
                pod,
                "queries for zone . return to CoreDNS through /etc/resolv.conf: 127.0.0.1 is "
                "CoreDNS itself, the pod's resolv.conf names a loopback address",
                (Quote("coredns-7c65d6cfc9-4xk2p.previous.log", text, 6),),
                (LOOK_AT_RESOLVERS, GIVE_RESOLVERS, RECREATE),
                at=datetime(2026, 3, 14, 2, 44, 1, 250_000, tzinfo=UTC),
            ),
        ),
    )
    crashes = Verdict(
        "coredns-crashloop",
        Status.PROBLEM,
        tuple(
            Finding(
                one,
                f"restarted {count} times; the last run ended with exit code 1",
                (Quote("pods.txt", f"{one.name}   0/1   CrashLoopBackOff   {count}   9m", line),),
                proven=False,
            )
            for one, count, line in ((pod, 6, 2), (other, 5, 3))
        ),
    )
    endpoints = Verdict(
        "no-ready-endpoints",
        Status.PROBLEM,
        (
            Finding(
                Subject("Service", "kube-dns", "kube-system"),
                "no address behind 10.32.0.10 is ready: every query to it is lost",
                (Quote("endpoints.txt", "kube-dns   <none>   9m", 2),),
            ),
        ),
    )
    resolvers = missing(Ask.RESOLV_CONF)
    denied = Gap(
        ASKS[Ask.EVENTS].title,
        GapKind.DENIED,
        'events is forbidden: User "oncall" cannot list resource "events" in API group ""',
        "list events in all namespaces (see `corediag rbac`)",
    )
    open_cause = unknown("node-resolvconf-loopback", resolvers)
    logs = ("coredns-7c65d6cfc9-4xk2p.log", "coredns-7c65d6cfc9-4xk2p.previous.log")
    verdicts = (
        unknown("kubelet-clusterdns-missing", denied),
        Verdict("resolution-fails", Status.NOT_APPLICABLE, note="no client's output"),
        unknown("cni0-conflict", denied),
        unknown("cni-ipam-exhausted", denied),
        ok("corefile-syntax-error", *logs, "corefile.yaml"),
        crashes,
        ok("coredns-not-ready", "pods.txt"),
        loop,
        open_cause,
        unknown("node-resolvconf-wrong", resolvers),
        ok("kube-proxy-not-running", "daemonsets.txt"),
        endpoints,
        ok("upstream-timeout", *logs),
        ok("upstream-no-route", *logs),
    )
    return Diagnosis(
        causes=(
            Cause(
                loop,
                Severity.CRITICAL,
                "loop",
                True,
                explained=(crashes, endpoints),
                not_ruled_out=(open_cause,),
                reasons=(
                    "proven",
                    "explains 2 other findings: coredns-crashloop, no-ready-endpoints",
                    "concerns single pods",
                    "severity critical",
                ),
            ),
        ),
        verdicts=verdicts,
        taken_at=TAKEN_AT,
        source="incident-4711/",
        recognised=(
            Recognised("coredns-7c65d6cfc9-4xk2p.log", "log of CoreDNS", "1-4"),
            Recognised("coredns-7c65d6cfc9-4xk2p.previous.log", "log of CoreDNS", "1-6"),
            Recognised("corefile.yaml", "Kubernetes objects", "1-31"),
            Recognised("pods.txt", "kubectl get table", "1-3"),
            Recognised("endpoints.txt", "kubectl get table", "1-2"),
            Recognised("daemonsets.txt", "kubectl get table", "1-3"),
        ),
        context=(("requests", ("GET /api/v1/pods 200 18211 B 41 ms",)),),
        checks=CHECKS,
    )


def tied() -> Diagnosis:
    """Return two possible causes that the evidence cannot tell apart."""
    server = "10.64.0.2:53"
    pod = Subject("Pod")
    excerpt = Gap(
        ASKS[Ask.DNS_LOGS].title,
        GapKind.PARTIAL,
        "an excerpt: what it leaves out is not known",
        ASKS[Ask.DNS_LOGS].by_hand,
    )
    look = Remedy(
        "Ask the upstream itself, from the node and from a pod of that node",
        (
            f"dig +time=2 +tries=1 @{server.partition(':')[0]} example.com  # on the node",
            f"kubectl exec <pod> -- nslookup example.com {server.partition(':')[0]}",
        ),
        Risk.SAFE,
        "fails everywhere: the server; only in pods: masquerading, a filter or a policy",
    )
    timeout = Verdict(
        "upstream-timeout",
        Status.PROBLEM,
        (
            Finding(
                pod,
                f"{server} does not answer (3 times); so far only CoreDNS's own loop self-test "
                "(HINFO) asked it",
                (
                    Quote(
                        "stdin",
                        "[ERROR] plugin/errors: 2 5514370823.8871146402. HINFO: read udp "
                        "10.42.3.7:48110->10.64.0.2:53: i/o timeout",
                        14,
                    ),
                ),
                (
                    look,
                    Remedy(
                        "Let CoreDNS forward to a resolver that answers: forward . <resolver>",
                        ("kubectl -n kube-system edit configmap coredns",),
                        Risk.DISRUPTIVE,
                        "corediag run --check 'upstream-*'",
                        "where the address comes from the node's resolv.conf, repair that file",
                    ),
                ),
                proven=False,
            ),
        ),
        (excerpt,),
    )
    resolver = Verdict(
        "node-resolvconf-wrong",
        Status.PROBLEM,
        (
            Finding(
                Subject("Node", "edge-11"),
                "10.64.0.2 is in the node's resolv.conf and answers nobody",
                (Quote("stdin", "nameserver 10.64.0.2", 31),),
                (
                    look,
                    Remedy(
                        "Name resolvers that answer in the node's resolv.conf",
                        ("resolvectl dns eth0 <resolver>",),
                        Risk.MANUAL,
                        "resolvectl query example.com",
                    ),
                    RECREATE,
                ),
                proven=False,
            ),
        ),
        (excerpt,),
    )
    unread = unknown("upstream-no-route", missing(Ask.NODE_NETWORK))
    note = Verdict(
        "corefile-prometheus-missing",
        Status.PROBLEM,
        (
            Finding(
                Subject("ConfigMap", "coredns", "kube-system"),
                "no server block has the prometheus plugin: nothing can be scraped on :9153",
                (Quote("stdin", ".:53 {", 36),),
            ),
        ),
    )
    possible = (
        Cause(
            timeout,
            Severity.CRITICAL,
            "upstream-timeout",
            False,
            not_ruled_out=(unread,),
            reasons=("a possibility", "explains 0 other findings"),
        ),
        Cause(
            resolver,
            Severity.CRITICAL,
            "node-resolver",
            False,
            not_ruled_out=(unread,),
            reasons=("a possibility", "explains 0 other findings"),
        ),
    )
    return Diagnosis(
        causes=(*possible, Cause(note, Severity.INFO, "metrics", True)),
        verdicts=(
            unknown("kubelet-clusterdns-missing", missing(Ask.KUBELET_CONFIG)),
            unknown("resolution-fails", missing(Ask.CLIENT_OUTPUT)),
            unknown("cni0-conflict", missing(Ask.EVENTS)),
            unknown("cni-ipam-exhausted", missing(Ask.EVENTS)),
            unknown("corefile-syntax-error", excerpt),
            note,
            unknown("coredns-crashloop", missing(Ask.DNS_PODS), excerpt),
            unknown("coredns-not-ready", missing(Ask.DNS_PODS), excerpt),
            unknown("loop", excerpt),
            resolver,
            unknown("kube-proxy-not-running", missing(Ask.DAEMON_SETS)),
            unknown("no-ready-endpoints", missing(Ask.DNS_ENDPOINTS), missing(Ask.DNS_SERVICES)),
            unread,
            timeout,
        ),
        taken_at=TAKEN_AT,
        source="stdin",
        recognised=(
            Recognised("stdin", "log of CoreDNS", "1-29"),
            Recognised("stdin", "resolv.conf", "30-33"),
            Recognised("stdin", "Corefile", "36-58"),
        ),
        checks=CHECKS,
    )


def symptom_only() -> Diagnosis:
    """Return something that fails, of which nothing says why."""
    verdict = Verdict(
        "resolution-fails",
        Status.PROBLEM,
        (
            Finding(
                CLUSTER,
                "kubernetes.default does not resolve in a pod: no server answered",
                (
                    Quote("stdin", ";; connection timed out; no servers could be reached", 4),
                    Quote("stdin", "command terminated with exit code 1", 5),
                ),
                proven=False,
            ),
        ),
    )
    behind = tuple(
        unknown(identifier, missing(ask))
        for identifier, ask in (
            ("kubelet-clusterdns-missing", Ask.KUBELET_CONFIG),
            ("coredns-crashloop", Ask.DNS_PODS),
            ("coredns-not-ready", Ask.DNS_PODS),
            ("loop", Ask.DNS_LOGS),
            ("kube-proxy-not-running", Ask.DAEMON_SETS),
            ("no-ready-endpoints", Ask.DNS_ENDPOINTS),
        )
    )
    return Diagnosis(
        causes=(
            Cause(verdict, Severity.CRITICAL, "resolution-fails", False, not_ruled_out=behind),
        ),
        verdicts=(verdict, *behind),
        taken_at=TAKEN_AT,
        source="stdin",
        recognised=(Recognised("stdin", "DNS look-up", "1-5"),),
        checks=CHECKS,
    )


def healthy() -> Diagnosis:
    """Return nothing wrong, with everything looked at; recorded in another time zone."""
    return Diagnosis(
        causes=(),
        verdicts=tuple(
            Verdict(check.id, Status.NOT_APPLICABLE, note="no flannel in the cluster")
            if check.layer == "overlay"
            else ok(check.id, "GET /api/v1/pods", "GET /api/v1/events")
            for check in CHECKS
        ),
        taken_at=TAKEN_AT.astimezone(timezone(timedelta(hours=5, minutes=30))),
        source="context prod-eu",
        recognised=tuple(
            Recognised(f"GET {path}", "Kubernetes objects")
            for path in ("/api/v1/pods", "/api/v1/events", "/api/v1/nodes", "/apis/apps/v1")
        ),
        checks=CHECKS,
        facts=(ProbeMatrix(origin="answers", items=World().items()),),
    )


def answers() -> Diagnosis:
    """Return answers that show a pattern: rows with rows of their own, names that are hostile."""
    strange = pod("web\x1b[2J-" + "x" * 60, "node-2", "shop\u202e")

    def lost(one: Asked) -> Outcome | None:
        """Return what comes: nothing from the other node, and no external name."""
        node = one.server.subject.node
        if one.place.node and node and one.place.node != node:
            return Outcome.TIMEOUT
        outside = one.name_kind is NameKind.EXTERNAL and one.server != UPSTREAM
        return Outcome.SERVFAIL if outside else None

    world = World(
        places=(API, HOST_1, WEB_1, HOST_2, strange),
        servers=(SERVICE, COREDNS_1, COREDNS_2, UPSTREAM, UPSTREAM_2, CACHE),
        rule=lost,
    )
    matrix = ProbeMatrix(origin="answers", items=world.items())
    verdict = Verdict(
        "upstream-timeout",
        Status.PROBLEM,
        (
            Finding(
                CLUSTER,
                "pods do not reach CoreDNS pods of the other node",
                (matrix.all.failed[0].quote,),
                RECREATE,
            ),
        ),
    )
    return Diagnosis(
        causes=(Cause(verdict, Severity.CRITICAL, "overlay", True),),
        verdicts=(verdict,),
        taken_at=TAKEN_AT,
        source="context prod-eu",
        checks=CHECKS,
        facts=(matrix,),
    )


def unread() -> Diagnosis:
    """Return nothing found, but little looked at."""
    hidden = missing(
        Ask.DNS_PODS, GapKind.DENIED, 'pods is forbidden: User "viewer" cannot list resource "pods"'
    )
    asks = (Ask.EVENTS, Ask.NODES, Ask.DAEMON_SETS, Ask.KUBELET_LOGS, Ask.RBAC)
    late = "the run's deadline of 30 s passed"
    return Diagnosis(
        causes=(),
        verdicts=(
            *(unknown(check.id, hidden) for check in CHECKS[:8]),
            *(
                unknown(check.id, missing(asks[number % 5], GapKind.UNREACHABLE, late))
                for number, check in enumerate(CHECKS[8:16])
            ),
            *(ok(check.id, "logs/coredns-aaaaa") for check in CHECKS[16:18]),
            unknown(
                "upstream-timeout",
                Gap(
                    "The upstream resolver does not answer CoreDNS",
                    GapKind.UNDECIDED,
                    "queries fail, and the log does not tell the server that they went to",
                ),
            ),
        ),
        taken_at=TAKEN_AT,
        source="context prod-us",
        recognised=(Recognised("logs/coredns-aaaaa", "log of CoreDNS"),),
        gaps=(
            Gap(
                "logs/coredns-bbbbb",
                GapKind.MALFORMED,
                "no text: binary data",
                "send the file again as text",
            ),
        ),
        checks=CHECKS,
    )


def silent() -> Diagnosis:
    """Return evidence in which nothing was known at all."""
    return Diagnosis(
        causes=(),
        verdicts=tuple(unknown(check.id, missing(Ask.DNS_LOGS)) for check in CHECKS[:4]),
        taken_at=TAKEN_AT,
        source="stdin",
        recognised=(Recognised("stdin", "text", "1-3"),),
        checks=CHECKS[:4],
    )


def many() -> Diagnosis:
    """Return 200 findings on 50 nodes, of one cause, and a second cause beside it."""
    nodes = [f"worker-{number:03d}" for number in range(1, 51)]
    findings = []
    for number in range(200):
        node = nodes[number % 50]
        pod = Subject("Pod", f"kube-proxy-{number:05x}", "kube-system", node)
        findings.append(
            Finding(
                pod,
                f"CrashLoopBackOff on {node}, {number % 7 + 2} restarts",
                (
                    Quote(
                        "kubectl-get-pods.txt",
                        f"kube-system  {pod.name}  0/1  CrashLoopBackOff  {number % 7 + 2}  3d  "
                        f"10.0.{number // 50}.{number % 50}  {node}",
                        number + 2,
                    ),
                ),
                (
                    Remedy(
                        "Read why it ended",
                        (f"kubectl -n kube-system logs {pod.name} --previous --tail=30",),
                        Risk.SAFE,
                        "the last error names the cause; repair that first",
                    ),
                    Remedy(
                        f"Restart kube-proxy on {node}",
                        (
                            "kubectl -n kube-system delete pod -l k8s-app=kube-proxy "
                            f"--field-selector spec.nodeName={node}",
                        ),
                        Risk.DISRUPTIVE,
                        "iptables-save -t nat | grep -c KUBE-SERVICES  # on the node: not 0",
                        "kube-proxy goes first: flannel reaches the API server through the "
                        "Service address that kube-proxy provides",
                    ),
                    Remedy(
                        f"Then restart flannel on {node}",
                        (
                            "kubectl -n kube-flannel delete pod -l app=flannel "
                            f"--field-selector spec.nodeName={node}",
                        ),
                        Risk.DISRUPTIVE,
                        "kubectl -n kube-flannel get pods -l app=flannel -o wide  # Running",
                    ),
                ),
                proven=number > 0,
            )
        )
    proxy = Verdict("kube-proxy-not-running", Status.PROBLEM, tuple(findings))
    flannel = Verdict(
        "flannel-daemonset-failing",
        Status.PROBLEM,
        tuple(
            Finding(
                Subject("Node", node),
                "flannel's pod is not ready",
                (Quote("daemonsets.txt", "kube-flannel-ds  50  50  0", 3),),
            )
            for node in nodes[:48]
        ),
    )
    full = Verdict(
        "cni-ipam-exhausted",
        Status.PROBLEM,
        (
            Finding(
                Subject("Node", "gpu-7"),
                "no free address is left in 10.200.7.0/24",
                (
                    Quote(
                        "events.txt",
                        "failed to allocate for range 0: no IP addresses available in range set: "
                        "10.200.7.1-10.200.7.254",
                        88,
                    ),
                    Quote("events.txt", "no IP addresses available in network: cbr0", 91),
                ),
                (
                    Remedy(
                        "Count leases against sandboxes",
                        ("ls /var/lib/cni/networks/cbr0 | wc -l; crictl pods -q | wc -l",),
                        Risk.SAFE,
                        "leases far above sandboxes: leaked; about equal: the range is full",
                    ),
                    Remedy(
                        "Drain the node and remove the leases of sandboxes that are gone",
                        ("kubectl drain gpu-7 --ignore-daemonsets",),
                        Risk.DISRUPTIVE,
                        "a new pod of the node gets an address",
                    ),
                ),
            ),
        ),
    )
    return Diagnosis(
        causes=(
            Cause(proxy, Severity.CRITICAL, "service-proxy", True, explained=(flannel,)),
            Cause(full, Severity.CRITICAL, "ipam", True),
        ),
        verdicts=(
            full,
            flannel,
            proxy,
            *(ok(check.id, *(f"node-{n}.log" for n in range(50))) for check in CHECKS[5:12]),
        ),
        taken_at=TAKEN_AT,
        source="must-gather.tar.gz",
        recognised=tuple(
            Recognised(f"node-{number}.log", "log of kube-proxy" if number % 2 else "events")
            for number in range(50)
        ),
        checks=CHECKS,
    )


HOSTILE = (
    "\x1b]0;pwned\x07\x1b[31;1mred\x1b[0m \u202egnp.exe\u202c \x9b2J "
    "[click](javascript:alert(1)) ![x](http://evil.example/p.png) <script>alert(1)</script> "
    "@everyone #1 www.evil.example https://evil.example/a_b_c ```` ~~~ **bold** &lt; a|b\r"
)


def hostile() -> Diagnosis:
    """Return evidence that tries to act: escapes, bidi controls, markup, lone surrogates."""
    name = "core\x1b[2Jdns\u202e-1`|<b>"
    pod = Subject("Pod", name, "@kube-system", "node\x07`1")
    text = f"E0314 {HOSTILE} \udcff end"
    verdict = Verdict(
        "loop",
        Status.PROBLEM,
        (
            Finding(
                pod,
                f"said {HOSTILE}",
                (
                    Quote("log\x1b[1m/`x`\n.txt", text, 1),
                    Quote("wide.log", "错误 " * 60 + "e\u0301" * 90, 2),
                    Quote(
                        "long.log",
                        "Failed to create pod sandbox: " + "x" * 700 + f" at {HOSTILE} "
                        "10.200.1.1/24 failed to set bridge addr " + "y" * 2000,
                        3,
                    ),
                ),
                (
                    Remedy(
                        f"Delete {name}",
                        (f"kubectl delete pod '{name}'\x1b[A; `reboot` ```",),
                        Risk.DISRUPTIVE,
                        f"kubectl get pod '{name}'",
                        f"because {HOSTILE}",
                    ),
                ),
            ),
        ),
    )
    gap = Gap(f"what {HOSTILE}", GapKind.MALFORMED, f"because {HOSTILE}", f"ask {HOSTILE}")
    return Diagnosis(
        causes=(Cause(verdict, Severity.CRITICAL, "loop", True, reasons=(f"since {HOSTILE}",)),),
        verdicts=(
            verdict,
            unknown("cni0-conflict", gap),
            ok("upstream-timeout", f"origin {HOSTILE}"),
            Verdict("cni-ipam-exhausted", Status.NOT_APPLICABLE, note=HOSTILE),
        ),
        taken_at=TAKEN_AT,
        source=f"bundle {HOSTILE}",
        recognised=(Recognised(f"part {HOSTILE}", "log", "1-3"),),
        gaps=(gap,),
        context=((f"seen {HOSTILE}", (HOSTILE, {"a": HOSTILE, "b": {3, 1}, "c": float("nan")})),),
        checks=CHECKS,
    )


SAMPLES = {
    made.__name__: made
    for made in (proven_loop, tied, symptom_only, healthy, answers, unread, silent, many, hostile)
}
