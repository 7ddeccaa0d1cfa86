"""What CoreDNS prints, NodeLocal DNSCache and the older kube-dns included.

Set-up errors carry no level: CoreDNS prints them and exits. Of the Kubernetes API's errors the
wording changes with every minor version; the reason is a text of Go's or of client-go's, which
diagnose.signatures.trouble classifies.
"""

from __future__ import annotations

from diagnose.signatures.base import Emitter, Signature, Wording, signatures_in

EMITTER = Emitter.COREDNS

BANNER = Signature(
    name="coredns-banner",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:^|\s)CoreDNS-(?P<version>\d+\.\d+\.\d++[\w.+-]*+)\s*$",
            literal="CoreDNS-",
            samples=(
                "CoreDNS-1.12.4",
                "CoreDNS-1.6.9",
            ),
            source="coredns/coredns coremain/run.go (showVersion), v1.12.4",
        ),
    ),
)

RELOADED = Signature(
    name="coredns-reloaded",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Reloading complete",
            literal="Reloading complete",
            samples=("[INFO] Reloading complete",),
            source="coredns/caddy caddy.go (Instance.Restart), v1.1.1",
        ),
    ),
)

TERMINATED = Signature(
    name="coredns-terminated",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="SIGTERM: Shutting down servers then terminating",
            literal="SIGTERM: Shutting down servers",
            samples=("[INFO] SIGTERM: Shutting down servers then terminating",),
            source="coredns/caddy sigtrap_posix.go (trapSignalsPosix), v1.1.1",
        ),
    ),
)

LOOP_DETECTED = Signature(
    name="loop-detected",
    emitter=EMITTER,
    wordings=(
        Wording(
            # what people search for and paste is often cut behind "detected"
            pattern=r"\bLoop \((?P<remote>\S+) -> (?P<listen>\S*:\d+)\) detected(?: for zone "
            r'\\*"(?P<zone>[^"\\]+)\\*"(?:.*?Query: \\*"HINFO (?P<qname>[^"\\\s]+))?)?',
            literal="Loop (",
            samples=(
                '[FATAL] plugin/loop: Loop (127.0.0.1:36286 -> :53) detected for zone ".", '
                'see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO '
                '1048258276942848743.906062863108256161."',
                '[FATAL] plugin/loop: Loop ([::1]:58904 -> :53) detected for zone ".", see '
                'https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO '
                '9118555848110162453.4260016791083729594."',
            ),
            source="coredns/coredns plugin/loop/loop.go (ServeDNS), v1.12.0",
            since="1.3.1",
        ),
        Wording(
            pattern=r'plugin/loop: Forwarding loop detected in \\*"(?P<zone>[^"\\]+)\\*" '
            r'zone(?:.*?HINFO (?P<qname>[^"\\\s]+))?',
            literal="Forwarding loop detected in ",
            samples=(
                '[FATAL] plugin/loop: Forwarding loop detected in "." zone. Exiting. See '
                'https://coredns.io/plugins/loop#troubleshooting. Probe query: "HINFO '
                '5577006791947779410.8674665223082153551.".',
            ),
            source="coredns/coredns plugin/loop/loop.go (ServeDNS), v1.2.6",
            since="1.2.3",
            until="1.3.0",
        ),
        Wording(
            pattern=r'plugin/loop: Seen \\*"HINFO IN (?P<qname>[^"\\\s]+)\\*" more than twice, '
            "loop detected",
            literal="more than twice, loop detected",
            samples=(
                '[FATAL] plugin/loop: Seen "HINFO IN 5577006791947779410.8674665223082153551'
                '." more than twice, loop detected',
            ),
            source="coredns/coredns plugin/loop/loop.go (ServeDNS), v1.2.1",
            since="1.2.1",
            until="1.2.2",
        ),
    ),
    key=("zone",),
)

LOOP_CUT = Signature(
    name="loop-cut",
    emitter=EMITTER,
    wordings=(
        Wording(
            # the beginning of the line above, where a terminal's edge or a search box ended it
            pattern=r"plugin/loop: Loop \((?P<remote>[^\s)>]*)"
            r"(?: -?>?(?: (?P<listen>[^\s)]*)\)?(?: d?e?t?e?c?t?e?)?)?)?\s*$",
            literal="plugin/loop: Loop (",
            samples=(
                "[FATAL] plugin/loop: Loop (127.0.0.1:36286 -> :53) dete",
                "[FATAL] plugin/loop: Loop ([::1]:58904 -> :5",
            ),
            source="coredns/coredns plugin/loop/loop.go (ServeDNS), v1.12.0",
            since="1.3.1",
        ),
    ),
)

# The reason is classified by diagnose.signatures.trouble.classify.
K8S_API_FAILED = Signature(
    name="coredns-api-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"plugin/kubernetes: (?:\S+\.go:\d+: )?Failed to watch(?: "
            r'\*(?P<resource>[\w.]+))?: (?P<reason>.+?)(?: reflector=\\*".*| '
            r'logger=\\*"UnhandledError.*)?$',
            literal="plugin/kubernetes: ",
            samples=(
                "[ERROR] plugin/kubernetes: pkg/mod/k8s.io/client-go@v0.29.3/tools/cache/ref"
                "lector.go:229: Failed to watch *v1.Service: failed to list *v1.Service: "
                'Get "https://10.96.0.1:443/api/v1/services?limit=500&resourceVersion=0": '
                "dial tcp 10.96.0.1:443: i/o timeout",
                "[ERROR] plugin/kubernetes: Failed to watch: failed to list *v1.Service: "
                "Unauthorized",
                "[ERROR] plugin/kubernetes: Failed to watch: failed to list "
                "*v1.EndpointSlice: the server is currently unable to handle the request "
                'logger="UnhandledError" reflector="pkg/mod/k8s.io/client-go@v0.37.1/tools/c'
                'ache/reflector.go:343" type="*v1.EndpointSlice"',
            ),
            source="coredns/coredns plugin/kubernetes/logger.go (loggerAdapter.Error), "
            "v1.13.2; kubernetes/client-go tools/cache/reflector.go "
            "(DefaultWatchErrorHandler)",
            since="1.9.4",
        ),
        Wording(
            pattern="plugin/kubernetes: Kubernetes API connection failure: (?P<reason>.+)$",
            literal="Kubernetes API connection failure: ",
            samples=(
                "[WARNING] plugin/kubernetes: Kubernetes API connection failure: Get "
                '"https://10.96.0.1:443/version": dial tcp 10.96.0.1:443: connect: '
                "connection refused",
            ),
            source="coredns/coredns plugin/kubernetes/kubernetes.go (InitKubeCache), v1.9.3",
            since="1.8.7",
            until="1.10.1",
        ),
        Wording(
            pattern=r"(?:pkg/mod/k8s\.io/client-go@|coredns/coredns/plugin/kubernetes/)[^\s:]{1,150}\.go:\d"
            "+: (?:Failed to list|Failed to watch) "
            r"\*(?P<resource>v[\w.]*\.(?:Endpoints|EndpointSlice|Service|Namespace|Pod)):"
            " (?P<reason>.+)$",
            literal=": Failed to ",
            samples=(
                "E1123 03:38:26.943053       1 reflector.go:153] "
                "pkg/mod/k8s.io/client-go@v0.17.4/tools/cache/reflector.go:105: Failed to "
                'list *v1.Service: Get "https://10.96.0.1:443/api/v1/services?limit=500&reso'
                'urceVersion=0": dial tcp 10.96.0.1:443: connect: connection refused',
                "E1126 16:44:51.865931       1 reflector.go:205] "
                "github.com/coredns/coredns/plugin/kubernetes/controller.go:350: Failed to "
                "list *v1.Endpoints: Get https://10.32.0.1:443/api/v1/endpoints?limit=500&re"
                "sourceVersion=0: dial tcp 10.32.0.1:443: i/o timeout",
                "E1123 03:33:38.534776       1 reflector.go:138] "
                "pkg/mod/k8s.io/client-go@v0.21.1/tools/cache/reflector.go:167: Failed to "
                "watch *v1.EndpointSlice: unknown (get endpointslices.discovery.k8s.io)",
            ),
            source="kubernetes/client-go tools/cache/reflector.go (ListAndWatch), v0.17.4 to "
            "v0.24, through klog",
            until="1.9.3",
        ),
        Wording(
            pattern=r'plugin/kubernetes: (?P<reason>Get \\*"?https?://.+)$',
            literal="plugin/kubernetes: Get ",
            samples=(
                "plugin/kubernetes: Get https://10.96.0.1:443/version?timeout=32s: dial tcp "
                "10.96.0.1:443: i/o timeout",
            ),
            source="coredns/coredns plugin/kubernetes/setup.go (setup), through plugin.Error",
        ),
    ),
    key=("resource", "reason"),
)

# The same event as the line of K8S_API_FAILED or K8S_API_FAILED_HIDDEN beside it.
K8S_LIST_FAILED = Signature(
    name="coredns-list-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"plugin/kubernetes: (?:\S+\.go:\d+: )?failed to list "
            r"\*(?P<resource>[\w.]+): (?P<reason>.+)$",
            literal="plugin/kubernetes: ",
            samples=(
                "[INFO] plugin/kubernetes: pkg/mod/k8s.io/client-go@v0.32.3/tools/cache/refl"
                "ector.go:251: failed to list *v1.Service: Get "
                '"https://10.96.0.1:443/api/v1/services?limit=500&resourceVersion=0": dial '
                "tcp 10.96.0.1:443: connect: no route to host",
            ),
            source="coredns/coredns plugin/kubernetes/logger.go (loggerAdapter.Info), v1.12.1; "
            "kubernetes/client-go tools/cache/reflector.go (list)",
            since="1.9.4",
            until="1.12.3",
        ),
        Wording(
            pattern=r"pkg/mod/k8s\.io/client-go@[^\s:]{1,150}\.go:\d+: failed to list "
            r"\*(?P<resource>v[\w.]*\.(?:Endpoints|EndpointSlice|Service|Namespace|Pod)):"
            " (?P<reason>.+)$",
            literal=": failed to list *",
            samples=(
                "W1123 03:26:21.197309       1 reflector.go:324] "
                "pkg/mod/k8s.io/client-go@v0.24.0/tools/cache/reflector.go:167: failed to "
                "list *v1.Namespace: namespaces is forbidden: User "
                '"system:serviceaccount:kube-system:coredns" cannot list resource '
                '"namespaces" in API group "" at the cluster scope',
            ),
            source="kubernetes/client-go tools/cache/reflector.go (list), v0.24.0, through klog",
            since="1.9.0",
            until="1.9.3",
        ),
    ),
    key=("resource", "reason"),
)

K8S_API_FAILED_HIDDEN = Signature(
    name="coredns-api-failed-hidden",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"plugin/kubernetes: Failed to watch\s*$",
            literal="plugin/kubernetes: Failed to watch",
            samples=("[ERROR] plugin/kubernetes: Failed to watch",),
            source="coredns/coredns plugin/kubernetes/logger.go (loggerAdapter.Error), "
            "v1.12.4: drops the error",
            since="1.12.4",
            until="1.13.1",
        ),
        Wording(
            pattern=r"plugin/kubernetes: Unhandled Error\s*$",
            literal="plugin/kubernetes: Unhandled Error",
            samples=("[ERROR] plugin/kubernetes: Unhandled Error",),
            source="coredns/coredns plugin/kubernetes/logger.go (loggerAdapter.Error), "
            "v1.12.1: drops the error",
            since="1.11.4",
            until="1.12.3",
        ),
    ),
)

# A watch that was cut. Watches also end in good health, as after a restart of the API server.
K8S_WATCH_ENDED = Signature(
    name="coredns-watch-ended",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:plugin/kubernetes: |client-go@)[^\s:]{0,150}?\.go:\d+: watch of "
            r"\*(?P<resource>[\w.]+) ended with: (?P<reason>(?!very short watch).+)$",
            literal=" ended with: ",
            samples=(
                "[INFO] plugin/kubernetes: pkg/mod/k8s.io/client-go@v0.29.3/tools/cache/refl"
                "ector.go:229: watch of *v1.Service ended with: an error on the server "
                '("unable to decode an event from the watch stream: http2: client '
                'connection lost") has prevented the request from succeeding',
                "W1123 03:40:34.340202       1 reflector.go:436] "
                "pkg/mod/k8s.io/client-go@v0.21.1/tools/cache/reflector.go:167: watch of "
                '*v1.EndpointSlice ended with: an error on the server ("unable to decode an '
                'event from the watch stream: http2: client connection lost") has prevented '
                "the request from succeeding",
            ),
            source="kubernetes/client-go tools/cache/reflector.go (watchHandler), v0.21.1",
            until="1.12.3",
        ),
        Wording(
            pattern="plugin/kubernetes: Warning: watch ended with error",
            literal="Warning: watch ended with error",
            samples=("[INFO] plugin/kubernetes: Warning: watch ended with error",),
            source="kubernetes/client-go tools/cache/reflector.go (watch), v0.34.1, through "
            "coredns/coredns plugin/kubernetes/logger.go",
            since="1.12.4",
        ),
    ),
    key=("resource",),
)

# Also printed a few times by a healthy start.
K8S_WAITING = Signature(
    name="coredns-waiting-for-api",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="waiting for Kubernetes API before starting server",
            literal="waiting for Kubernetes API before",
            samples=(
                "[INFO] plugin/kubernetes: waiting for Kubernetes API before starting server",
            ),
            source="coredns/coredns plugin/kubernetes/kubernetes.go (InitKubeCache), v1.9.0",
            since="1.9.0",
        ),
    ),
)

K8S_UNSYNCED_START = Signature(
    name="coredns-unsynced-start",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="starting server with unsynced Kubernetes API",
            literal="with unsynced Kubernetes API",
            samples=("[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API",),
            source="coredns/coredns plugin/kubernetes/kubernetes.go (InitKubeCache), v1.8.4",
            since="1.8.4",
        ),
    ),
)

K8S_TOKEN_MISSING = Signature(
    name="coredns-token-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'plugin/kubernetes: (?:failed to read token file \\*"[^"\\]+\\*": )?open '
            r"(?P<file>/var/run/secrets/kubernetes\.io/serviceaccount/token): "
            "(?P<reason>.+)$",
            literal="serviceaccount/token: ",
            samples=(
                "plugin/kubernetes: open /var/run/secrets/kubernetes.io/serviceaccount/token"
                ": no such file or directory",
            ),
            source="kubernetes/client-go rest/config.go (InClusterConfig), through "
            "coredns/coredns plugin/plugin.go (Error)",
        ),
    ),
)

K8S_ENVIRONMENT_MISSING = Signature(
    name="coredns-environment-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="plugin/kubernetes: unable to load in-cluster configuration",
            literal="plugin/kubernetes: unable to load in-cluster",
            samples=(
                "plugin/kubernetes: unable to load in-cluster configuration, "
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined",
            ),
            source="kubernetes/client-go rest/config.go (ErrNotInCluster), through "
            "coredns/coredns plugin/plugin.go (Error)",
        ),
    ),
)

K8S_CA_UNUSABLE = Signature(
    name="coredns-ca-unusable",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Expected to load root CA config from (?P<file>\S+), but got err: "
            r"(?P<reason>.+?)(?:: %!s\(<nil>\))?$",
            literal="Expected to load root CA config",
            samples=(
                "[ERROR] plugin/kubernetes: Expected to load root CA config from "
                "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt, but got err: open "
                "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt: no such file or "
                "directory",
            ),
            source="kubernetes/client-go rest/config.go (InClusterConfig), v0.29.3",
        ),
    ),
)

# One line for each probe of :8181; one or two are part of a healthy start.
NOT_READY = Signature(
    name="coredns-not-ready",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'plugin/ready: Still waiting on: \\*"(?P<plugins>[^"\\]+)\\*"',
            literal="plugin/ready: Still waiting on",
            samples=('[INFO] plugin/ready: Still waiting on: "kubernetes"',),
            source="coredns/coredns plugin/ready/ready.go (onStartup), v1.12.1",
            since="1.5.0",
            until="1.12.1",
        ),
        Wording(
            pattern=r'plugin/ready: Plugins not ready: \\*"(?P<plugins>[^"\\]+)\\*"',
            literal="plugin/ready: Plugins not ready",
            samples=('[INFO] plugin/ready: Plugins not ready: "kubernetes"',),
            source="coredns/coredns plugin/ready/ready.go (onStartup), v1.12.2",
            since="1.12.2",
        ),
    ),
    key=("plugins",),
)

# The number is the DNS response code (2 SERVFAIL), not a time. A HINFO query of two random
# numbers is the loop plugin's own self-test.
UPSTREAM_FAILED = Signature(
    name="upstream-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"plugin/errors: (?P<rcode>\d+) "
            r"(?P<qname>(?P<probe>\d{1,20}\.\d{1,20}\.)(?= )|\S+) (?P<qtype>[A-Z0-9]+): "
            "(?!plugin/|concurrent queries exceeded|no healthy proxies|no upstream "
            "host|unreachable backend: no upstream|.*too many open files|errors like "
            ")(?P<reason>.+)$",
            literal="plugin/errors: ",
            samples=(
                "[ERROR] plugin/errors: 2 1233258971421873826.4416823678189275919. HINFO: "
                "read udp 10.200.0.5:35249->8.8.4.4:53: i/o timeout",
                "[ERROR] plugin/errors: 2 example.com. A: read udp "
                "10.244.0.11:44805->10.0.0.4:53: read: connection refused",
                "[ERROR] plugin/errors: 2 example.com. A: dial udp 10.0.0.2:53: connect: "
                "network is unreachable",
                "[ERROR] plugin/errors: 2 example.com. A: write udp "
                "10.244.0.11:47071->10.0.0.2:53: write: operation not permitted",
                "[ERROR] plugin/errors: 2 example.com. A: tls: failed to verify "
                "certificate: x509: certificate signed by unknown authority",
                "[ERROR] plugin/errors: 2 example.com. TXT: dns: overflow unpacking uint16",
                "[ERROR] plugin/errors: 2 example.com. AAAA: dns: short read",
                "[ERROR] plugin/errors: 2 example.com. A: EOF",
            ),
            source="coredns/coredns plugin/errors/errors.go (ServeDNS), v1.12.4; the reason "
            "from plugin/pkg/proxy/connect.go (Connect) and Go's net.OpError",
            since="1.3.0",
        ),
        Wording(
            pattern=r"\[ERROR\] (?P<rcode>\d+) "
            r"(?P<qname>(?P<probe>\d{1,20}\.\d{1,20}\.)(?= )|\S+\.) (?P<qtype>[A-Z0-9]+): "
            "(?!plugin/|concurrent queries exceeded|no healthy proxies|no upstream "
            "host|unreachable backend: no upstream|.*too many open files|errors like "
            ")(?:unreachable backend: )?(?P<reason>.+)$",
            literal="[ERROR] ",
            samples=(
                "2018-10-20T10:00:00.123Z [ERROR] 2 example.com. A: unreachable backend: "
                "read udp 10.244.0.5:41234->10.0.0.2:53: i/o timeout",
            ),
            source="coredns/coredns plugin/errors/errors.go (ServeDNS), v1.2.6",
            until="1.2.6",
        ),
        Wording(  # kube-dns: it names no question
            pattern=r"skydns: failure to forward request \\?\"(?P<reason>[^\"]{1,1000}?)\\?\"$",
            literal="skydns: failure to forward request ",
            samples=(
                'skydns: failure to forward request "read udp 10.244.0.6:41478->10.0.0.2:53: '
                'i/o timeout"',
            ),
            source="skynetservices/skydns server/forwarding.go (ServeDNSForward), as vendored by "
            "kubernetes/dns 1.14",
        ),
    ),
    key=("probe", "reason"),
)

# What is left of such a line when its beginning was not pasted; any resolver could print it.
UPSTREAM_PIECE = Signature(
    name="upstream-failed-piece",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"^(?!.{0,400}\blookup )(?:.{0,200}? )??"
            r"(?:(?P<qname>[\w.-]{1,255}\.) (?P<qtype>[A-Z0-9]{1,10}): )?"
            r"(?P<reason>(?:read|write|dial) (?:udp|tcp)\d? [^\s,]{1,160}:53: .+)$",
            literal=":53: ",
            samples=(
                "read udp 10.200.0.5:35249->8.8.4.4:53: i/o timeout",
                "ugin/errors: 2 example.com. A: read udp 10.200.0.5:35249->8.8.4.4:53: i/o timeout",
                "example.com. A: dial udp [2001:db8::9]:53: connect: network is unreachable",
            ),
            source="golang/go net/net.go (OpError.Error), go1.26, through coredns/coredns "
            "plugin/errors/errors.go (ServeDNS), v1.12.4",
        ),
    ),
    key=("reason",),
    fallback=True,
)

ERRORS_CONSOLIDATED = Signature(
    name="errors-consolidated",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"^(?>.*?plugin/errors: (?P<count>\d+) errors like ')(?P<regex>.*)' "
            r"occurred in last (?P<period>\S+)",
            literal=" errors like '",
            samples=(
                "[ERROR] plugin/errors: 7 errors like '.* i/o timeout$' occurred in last 5s",
                "[WARNING] plugin/errors: 117 errors like '^read udp .* i/o timeout$' "
                "occurred in last 5m0s",
            ),
            source="coredns/coredns plugin/errors/errors.go (logPattern), v1.8.4",
            since="1.4.0",
        ),
    ),
    key=("regex",),
)

NO_NEXT_PLUGIN = Signature(
    name="no-next-plugin",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<rcode>\d{1,5}) (?P<qname>\S{1,300}) (?P<qtype>[A-Z0-9]{1,10}): "
            r"plugin/(?P<plugin>\w+): no next plugin found",
            literal=": no next plugin found",
            samples=("[ERROR] plugin/errors: 2 example.org. A: plugin/loop: no next plugin found",),
            source="coredns/coredns plugin/plugin.go (NextOrFailure), v1.11.1",
        ),
    ),
    key=("plugin",),
)

MAX_CONCURRENT = Signature(
    name="max-concurrent",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<rcode>\d{1,5}) (?P<qname>\S{1,300}) (?P<qtype>[A-Z0-9]{1,10}): "
            "concurrent queries "
            r"exceeded maximum (?P<max>\d+)",
            literal="concurrent queries exceeded maximum",
            samples=(
                "[ERROR] plugin/errors: 2 h3.example.com. A: concurrent queries exceeded "
                "maximum 10",
            ),
            source="coredns/coredns plugin/forward/forward.go (ErrLimitExceeded), v1.6.9",
            since="1.6.8",
        ),
    ),
)

NO_HEALTHY_UPSTREAM = Signature(
    name="no-healthy-upstream",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<rcode>\d{1,5}) (?P<qname>\S{1,300}) (?P<qtype>[A-Z0-9]{1,10}): (?:no "
            "healthy proxies)",
            literal=": no healthy proxies",
            samples=("[ERROR] plugin/errors: 2 example.com. AAAA: no healthy proxies",),
            source="coredns/coredns plugin/forward/forward.go (ErrNoHealthy), v1.12.1",
        ),
        Wording(
            pattern=r"(?P<rcode>\d{1,5}) (?P<qname>\S{1,300}) (?P<qtype>[A-Z0-9]{1,10}): "
            "(?:unreachable "
            "backend: )?no upstream host",
            literal="no upstream host",
            samples=(
                "[ERROR] plugin/errors: 0 example.com. A: unreachable backend: no upstream host",
            ),
            source="coredns/coredns plugin/proxy/proxy.go (errUnreachable), v1.3.1",
            until="1.4.0",
        ),
    ),
)

TOO_MANY_OPEN_FILES = Signature(
    name="too-many-open-files",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:socket|accept4?|open \S+|dup): too many open files",
            literal=": too many open files",
            samples=(
                "[ERROR] plugin/errors: 2 h139.example.com. A: dial udp 10.0.0.3:53: "
                "socket: too many open files",
            ),
            source="golang/go syscall/zerrors_linux_amd64.go (EMFILE), through net/net.go "
            "(OpError)",
        ),
    ),
)

# A cluster name answered with authority: the kubernetes plugin has its data.
QUERY_ANSWERED = Signature(
    name="cluster-name-answered",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'"\w{1,10} IN (?P<qname>\S{1,255}\.svc\.\S{1,255}) (?:udp|tcp) [^"]{0,40}" '
            "NOERROR qr,aa",
            literal=" NOERROR qr,aa",
            samples=(
                '[INFO] 127.0.0.1:34020 - 36867 "A IN kubernetes.default.svc.cluster.local. '
                'udp 54 false 512" NOERROR qr,aa,rd 106 0.000363613s',
            ),
            source="coredns/coredns plugin/log/log.go (CommonLogFormat), v1.12.4",
        ),
    ),
    routine=True,
)

# A public name with a search domain behind it, of which somebody says that it exists.
QUERY_EXPANDED = Signature(
    name="expanded-name-answered",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'"(?P<qtype>A|AAAA) IN (?P<qname>\S{1,200}\.(?:com|net|org|io|dev|gov|edu)'
            r'\.\S{1,200}) (?:udp|tcp) [^"]{0,40}" NOERROR qr,rd',
            literal=" NOERROR qr,rd",
            samples=(
                '[INFO] 10.42.1.6:36746 - 26447 "AAAA IN www.example.com.corp.example. udp 51 '
                'false 512" NOERROR qr,rd,ra 454 0.009237919s',
            ),
            source="coredns/coredns plugin/log/log.go (CommonLogFormat), v1.12.4",
        ),
    ),
    key=("qtype",),
)

# A name of others answered as an upstream answered it: without authority. How long it took tells it
# from an answer out of the cache, which has the same flags.
QUERY_FORWARDED = Signature(
    name="forwarded-name-answered",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'"(?P<qtype>\w{1,10}) IN (?P<qname>\S{1,300}) (?:udp|tcp) [^"]{0,40}" '
            r"NOERROR qr,rd,ra \d{1,6} (?P<seconds>\d{1,4}(?:\.\d{1,12})?(?:e-\d{1,2})?)s",
            literal=" NOERROR qr,rd",
            samples=(
                '[INFO] 10.42.1.6:36746 - 26447 "A IN www.example.com. udp 45 '
                'false 512" NOERROR qr,rd,ra 88 0.009237919s',
            ),
            source="coredns/coredns plugin/log/log.go (CommonLogFormat), v1.12.4",
        ),
    ),
    fallback=True,
)

# An answer that took as long as time-outs of forward take, in the same line. The literals hold the
# seconds: with one that every line of a query log holds, each of millions would be looked at.
QUERY_SLOW = Signature(
    name="answered-late",
    emitter=EMITTER,
    wordings=tuple(
        Wording(
            pattern=r'"(?P<qtype>\w{1,10}) IN (?P<qname>\S{1,300}) (?:udp|tcp) [^"]{0,40}" '
            r"(?:NOERROR|NXDOMAIN) \S{2,20} \d{1,6} (?P<seconds>\d{1,3}\.\d{1,12})s",
            literal=f" {seconds}.00",
            samples=(
                '[INFO] 10.42.1.6:36746 - 26447 "A IN www.example.com. udp 45 '
                f'false 512" NOERROR qr,rd,ra 88 {seconds}.003245s',
            ),
            source="coredns/coredns plugin/log/log.go (CommonLogFormat), plugin/forward/proxy.go "
            "(read timeout of 2 s), plugin/forward/forward.go (5 s), v1.12.4",
        )
        for seconds in (2, 4, 5, 6, 8)
    ),
)

QUERY_SERVFAIL = Signature(
    name="query-servfail",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'"(?P<qtype>\w{1,10}) IN (?P<qname>\S{1,300}) (?P<protocol>udp|tcp) '
            '[^"]{0,40}" SERVFAIL '
            r"(?P<flags>\S+)",
            literal=" SERVFAIL qr",
            samples=(
                '[INFO] 10.244.1.4:41234 - 36889 "A IN example.com. udp 29 false 512" '
                "SERVFAIL qr,rd,ra 29 0.004512s",
            ),
            source="coredns/coredns plugin/log/log.go (CommonLogFormat), v1.12.4",
        ),
    ),
    key=("flags",),
)

QUERY_REFUSED = Signature(
    name="query-refused",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'"(?P<qtype>\w{1,10}) IN (?P<qname>\S{1,300}) (?P<protocol>udp|tcp) '
            '[^"]{0,40}" REFUSED '
            r"(?P<flags>\S+)",
            literal=" REFUSED qr",
            samples=(
                '[INFO] 10.244.1.4:41234 - 36889 "A IN example.com. udp 29 false 512" '
                "REFUSED qr,rd 29 0.000512s",
            ),
            source="coredns/coredns plugin/log/log.go (CommonLogFormat), v1.12.4",
        ),
    ),
    key=("flags",),
)

COREFILE_SYNTAX = Signature(
    name="corefile-syntax",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:plugin/(?P<plugin>\w+): )?(?P<file>[^\s:'"
            r"\"]{1,200}):(?P<line>\d+) - Syntax error: Unexpected token "
            "'(?P<token>[^']*)', expecting '(?P<expected>[^']*)'",
            literal=" - Syntax error: ",
            samples=(
                "/etc/coredns/Corefile:10 - Syntax error: Unexpected token 'loadbalance', "
                "expecting '}'",
                "plugin/errors: /etc/coredns/Corefile:3 - Syntax error: Unexpected token "
                "'stacktrace', expecting 'consolidate'",
            ),
            source="coredns/caddy caddyfile/dispenser.go (SyntaxErr), v1.1.1",
        ),
    ),
)

COREFILE_STRUCTURE = Signature(
    name="corefile-structure",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:plugin/(?P<plugin>\w+): )?(?P<file>[^\s:'"
            r"\"]{1,200}):(?P<line>\d+) - Error during parsing: (?P<error>Unexpected "
            "EOF|Unexpected "
            r"'}' because no matching opening brace|Unexpected token '\{', expecting "
            "argument|Expected another address but had .+|maximum (?:snippet|file) "
            "import depth .+|redeclaration of previously declared snippet .+|Import "
            "(?:requires|takes) .+)",
            literal=" - Error during parsing: ",
            samples=(
                "/etc/coredns/Corefile:1 - Error during parsing: Unexpected '}' because no "
                "matching opening brace",
                "/etc/coredns/Corefile:21 - Error during parsing: Unexpected EOF",
            ),
            source="coredns/caddy caddyfile/parse.go (parser.parseOne, parser.addresses, "
            "parser.doImport), v1.1.1",
        ),
        # It starts and serves a zone whose name holds the brace, so every query is refused
        Wording(
            pattern=r"^(?P<error>\S*\{\.:53)$",
            literal="{.:53",
            samples=(".:53{.:53",),
            source="coredns/coredns core/dnsserver/onstartup.go (startUpZones), v1.9.3; refused "
            "since 1.10 by plugin/normalize.go",
            until="1.9.4",
        ),
        Wording(
            pattern=r"^(?P<error>\S*\}\.:53)$",
            literal="}.:53",
            samples=("}.:53",),
            source="coredns/coredns core/dnsserver/onstartup.go (startUpZones), v1.12.4",
        ),
    ),
)

COREFILE_IMPORT_MISSING = Signature(
    name="corefile-import-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:plugin/(?P<plugin>\w+): )?(?P<file>[^\s:'"
            r"\"]{1,200}):(?P<line>\d+) - Error during parsing: File to import not "
            r"found: (?P<target>\S+)",
            literal="File to import not found: ",
            samples=(
                "/etc/coredns/Corefile:7 - Error during parsing: File to import not found: "
                "/etc/coredns/custom.conf",
            ),
            source="coredns/caddy caddyfile/parse.go (parser.doImport), v1.1.1",
        ),
    ),
)

# Harmless: an optional folder of further configuration is empty.
COREFILE_IMPORT_EMPTY = Signature(
    name="corefile-import-empty",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"No files matching import glob pattern: (?P<target>\S+)",
            literal="No files matching import glob",
            samples=(
                "[WARNING] No files matching import glob pattern: /etc/coredns/custom/*.override",
            ),
            source="coredns/caddy caddyfile/parse.go (parser.doImport), v1.1.1",
        ),
    ),
    key=("target",),
)

COREFILE_UNKNOWN_DIRECTIVE = Signature(
    name="corefile-unknown-directive",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:plugin/(?P<plugin>\w+): )?(?P<file>[^\s:'"
            r"\"]{1,200}):(?P<line>\d+) - Error during parsing: Unknown directive "
            "'(?P<directive>[^']+)'",
            literal="Unknown directive '",
            samples=("/etc/coredns/Corefile:8 - Error during parsing: Unknown directive 'proxy'",),
            source="coredns/caddy caddyfile/parse.go (parser.directive), v1.1.1",
        ),
        Wording(  # as people quote it, without its place
            pattern=r"^Error during parsing: Unknown directive '(?P<directive>[^']{1,64})'$",
            literal="Error during parsing: Unknown directive '",
            samples=("Error during parsing: Unknown directive 'lookup'",),
            source="coredns/caddy caddyfile/parse.go (parser.directive), v1.1.1",
        ),
        Wording(
            pattern=r"no action found for directive '(?P<directive>[^']+)' with server type",
            literal="no action found for directive",
            samples=(
                "no action found for directive 'federation' with server type 'dns' (missing a "
                "plugin?)",
            ),
            source="coredns/caddy plugins.go (DirectiveAction), v1.1.1",
        ),
    ),
    key=("directive",),
)

COREFILE_UNKNOWN_PROPERTY = Signature(
    name="corefile-unknown-property",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:plugin/(?P<plugin>\w+): )?(?P<file>[^\s:'"
            r"\"]{1,200}):(?P<line>\d+) - Error during parsing: (?:unknown "
            "(?:property|option|field)|Unknown field):? "
            r"\\*[\"']?(?P<property>[\w.-]+|[{}])\\*[\"']?",
            literal=" - Error during parsing: ",
            samples=(
                "plugin/kubernetes: /etc/coredns/Corefile:8 - Error during parsing: unknown "
                "property 'upstream'",
                "plugin/kubernetes: /etc/coredns/Corefile:9 - Error during parsing: unknown "
                "property 'prometheus'",
                "plugin/kubernetes: /etc/coredns/Corefile:5 - Error during parsing: unknown "
                "property '{'",
                "plugin/transfer: /etc/coredns/Corefile:5 - Error during parsing: unknown "
                'property "form"',
            ),
            source="coredns/coredns plugin/kubernetes/setup.go (ParseStanza), "
            "plugin/forward/setup.go (parseBlock), plugin/transfer/setup.go (parseTransfer), "
            "v1.12.4",
        ),
        Wording(  # as people quote it, without its place
            pattern=r"^Error during parsing: unknown property '(?P<property>[\w.-]{1,64})'$",
            literal="Error during parsing: unknown property ",
            samples=("Error during parsing: unknown property 'max_concurrent'",),
            source="coredns/caddy caddyfile/dispenser.go (Errf), v1.1.1; coredns/coredns "
            "plugin/forward/setup.go (parseBlock), v1.6.8",
        ),
    ),
    key=("property",),
)

COREFILE_ARGUMENT = Signature(
    name="corefile-argument",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:plugin/(?P<plugin>\w+): )?(?P<file>[^\s:'"
            r"\"]{1,200}):(?P<line>\d+) - Error during parsing: Wrong argument count or "
            "unexpected line ending after "
            "'(?P<directive>[^']*)'",
            literal="Wrong argument count or unexpected line",
            samples=(
                "plugin/health: /etc/coredns/Corefile:3 - Error during parsing: Wrong "
                "argument count or unexpected line ending after '}'",
            ),
            source="coredns/caddy caddyfile/dispenser.go (ArgErr), v1.1.1",
        ),
        Wording(  # as people quote it, without its place
            pattern=r"^Error during parsing: Wrong argument count or unexpected line ending after "
            r"'(?P<directive>[^']{0,64})'$",
            literal="Error during parsing: Wrong argument count",
            samples=(
                "Error during parsing: Wrong argument count or unexpected line ending after '.'",
            ),
            source="coredns/caddy caddyfile/dispenser.go (ArgErr), v1.1.1",
        ),
    ),
)

COREFILE_DUPLICATE_ZONE = Signature(
    name="corefile-duplicate-zone",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"cannot serve (?P<zone>\S+) - (?:it is already defined|zone overlap "
            "listener capacity)",
            literal="cannot serve ",
            samples=("cannot serve dns://.:53 - it is already defined",),
            source="coredns/coredns core/dnsserver/register.go "
            "(validateZonesAndListeningAddresses), v1.12.4",
        ),
    ),
)

COREFILE_PLUGIN_TWICE = Signature(
    name="corefile-plugin-twice",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"plugin/(?P<plugin>\w+): this plugin can only be used once per Server Block",
            literal="only be used once per Server Block",
            samples=("plugin/kubernetes: this plugin can only be used once per Server Block",),
            source="coredns/coredns plugin/plugin.go (ErrOnce), v1.12.4",
        ),
    ),
)

COREFILE_ZONE_INVALID = Signature(
    name="corefile-zone-invalid",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="error inspecting server blocks: zone is not a valid domain name: "
            r"(?P<zone>\S+)",
            literal="zone is not a valid domain name",
            samples=("error inspecting server blocks: zone is not a valid domain name: .:53{",),
            source="coredns/coredns core/dnsserver/address.go (normalizeZone), v1.11.3",
        ),
        Wording(
            pattern=r'Warning: Domain \\*"(?P<zone>[^"\\]+)\\*" does not follow RFC1035 '
            "preferred syntax",
            literal="does not follow RFC1035 preferred syntax",
            samples=('Warning: Domain "}." does not follow RFC1035 preferred syntax',),
            source="coredns/coredns core/dnsserver/register.go (checkZoneSyntax), v1.11.3",
        ),
    ),
)

COREFILE_MISSING = Signature(
    name="corefile-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"loading Caddyfile via (?P<loader>\w+): open (?P<file>\S+): (?P<reason>.+)$",
            literal="loading Caddyfile via ",
            samples=(
                "loading Caddyfile via flag: open /etc/coredns/Corefile: no such file or directory",
            ),
            source="coredns/caddy plugins.go (loadCaddyfileInput), v1.1.1",
        ),
    ),
)

RELOAD_FAILED = Signature(
    name="corefile-reload-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="plugin/reload: Corefile changed but reload failed: (?P<reason>.+)$",
            literal="Corefile changed but reload failed: ",
            samples=(
                "[ERROR] plugin/reload: Corefile changed but reload failed: starting with "
                "listener file descriptors: /etc/coredns/Corefile:16 - Error during "
                "parsing: Unknown directive 'nosuchplugin'",
            ),
            source="coredns/coredns plugin/reload/reload.go (hook), v1.12.4",
        ),
        Wording(
            pattern="plugin/reload: Corefile parse failed: (?P<reason>.+)$",
            literal="plugin/reload: Corefile parse failed: ",
            samples=(
                "[WARNING] plugin/reload: Corefile parse failed: /etc/coredns/Corefile:8 - "
                "Syntax error: Unexpected token '{', expecting argument",
            ),
            source="coredns/coredns plugin/reload/reload.go (hook), v1.12.4",
        ),
        Wording(
            pattern=r"\[ERROR\] Restart failed: (?P<reason>.+)$",
            literal="[ERROR] Restart failed: ",
            samples=(
                "[ERROR] Restart failed: /etc/coredns/Corefile:16 - Error during parsing: "
                "Unknown directive 'nosuchplugin'",
            ),
            source="coredns/caddy caddy.go (Instance.Restart), v1.1.1",
        ),
        Wording(
            pattern=r"\[ERROR\] SIGUSR1: (?P<reason>.+)$",
            literal="[ERROR] SIGUSR1: ",
            samples=(
                "[ERROR] SIGUSR1: starting with listener file descriptors: listen tcp "
                ":9153: bind: address already in use",
            ),
            source="coredns/caddy sigtrap_posix.go (trapSignalsPosix), v1.1.1",
        ),
    ),
    envelope=True,
)

# The file that forward names does not exist in the pod.
RESOLVCONF_MISSING = Signature(
    name="forward-resolvconf-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="plugin/(?P<plugin>forward|proxy|grpc): not an IP address(?:, file, or "
            r'valid domain:| or file:?) \\*"(?P<file>/[^"\\]*)\\*"',
            literal="not an IP address",
            samples=('plugin/forward: not an IP address or file: "/etc/resolv.conf"',),
            source="coredns/coredns plugin/pkg/parse/host.go (HostPortOrFile), v1.11.3",
            until="1.14.3",
        ),
        Wording(
            pattern="plugin/(?P<plugin>forward|proxy|grpc): failed to resolve "
            r'\\*"(?P<file>/[^"\\]*)\\*": (?P<reason>.+)$',
            literal=": failed to resolve ",
            samples=(
                'plugin/forward: failed to resolve "/etc/resolv.conf": lookup '
                "/etc/resolv.conf.: no such host",
            ),
            source="coredns/coredns plugin/forward/setup.go (parseStanza), v1.14.4",
            since="1.14.4",
        ),
    ),
)

RESOLVCONF_EMPTY = Signature(
    name="forward-resolvconf-empty",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="plugin/(?P<plugin>forward|proxy|grpc): no nameservers found",
            literal=": no nameservers found",
            samples=("plugin/forward: no nameservers found",),
            source="coredns/coredns plugin/pkg/parse/host.go (ErrNoNameservers), v1.11.3",
            until="1.14.3",
        ),
        Wording(
            pattern="plugin/(?P<plugin>forward|proxy|grpc): no valid upstream addresses found",
            literal="no valid upstream addresses found",
            samples=("plugin/forward: no valid upstream addresses found",),
            source="coredns/coredns plugin/forward/setup.go (parseStanza), v1.14.4",
            since="1.14.4",
        ),
    ),
)

FORWARD_INVALID = Signature(
    name="forward-invalid",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="plugin/(?P<plugin>forward|proxy|grpc): not an IP address(?:, file, or "
            r'valid domain:| or file:?) \\*"(?P<to>[^"\\/][^"\\]*|)\\*"',
            literal="not an IP address",
            samples=(
                'plugin/forward: not an IP address or file: "dns.google"',
                'plugin/forward: not an IP address or file: ""',
            ),
            source="coredns/coredns plugin/pkg/parse/host.go (HostPortOrFile), v1.11.3",
        ),
        Wording(
            pattern="plugin/(?P<plugin>forward|proxy|grpc): invalid address: "
            r'\\*"(?P<to>[^"\\]*)\\*"',
            literal=": invalid address: ",
            samples=('plugin/forward: invalid address: ""',),
            source="coredns/coredns plugin/forward/setup.go (parseStanza), v1.11.3",
            since="1.11.0",
        ),
        Wording(
            pattern="plugin/(?P<plugin>forward|proxy|grpc): failed to resolve "
            r'\\*"(?P<to>[^"\\/][^"\\]*)\\*": (?P<reason>.+)$',
            literal=": failed to resolve ",
            samples=(
                'plugin/forward: failed to resolve "dns.google": lookup dns.google. on '
                "10.0.0.2:53: no such host",
            ),
            source="coredns/coredns plugin/forward/setup.go (parseStanza), v1.14.4",
            since="1.14.4",
        ),
    ),
)

FORWARD_TOO_MANY = Signature(
    name="forward-too-many",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"plugin/(?P<plugin>forward|proxy|grpc): more than (?P<max>\d+) TOs "
            r"configured: (?P<count>\d+)",
            literal=" TOs configured: ",
            samples=("plugin/forward: more than 15 TOs configured: 16",),
            source="coredns/coredns plugin/forward/setup.go (parseForward), v1.12.4",
        ),
    ),
)

# Any other error of a plugin's set-up: CoreDNS prints it without a level and exits.
PLUGIN_SETUP_FAILED = Signature(
    name="plugin-setup-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"^plugin/(?!loop: Loop|errors: \d)(?P<plugin>\w+): "
            r"(?:[^\s:]{1,200}:\d+ - Error during parsing: )?(?P<error>.+)$",
            literal="plugin/",
            samples=(
                "plugin/kubernetes: wrong value for pods: maybe,  must be one of: disabled, "
                "verified, insecure",
                "plugin/kubernetes: /etc/coredns/Corefile:8 - Error during parsing: ttl "
                "must be in range [0, 3600]: 9999",
                "plugin/forward: /etc/coredns/Corefile:7 - Error during parsing: unknown "
                "policy 'fastest'",
                'plugin/rewrite: invalid rule type "nosuchtype"',
                "plugin/reload: interval value must be greater or equal to 2s",
                "plugin/tls: could not load TLS cert: open /etc/coredns/cert.pem: no such "
                "file or directory",
            ),
            source="coredns/coredns plugin/plugin.go (Error), v1.12.4",
        ),
    ),
    fallback=True,
)

PORT_IN_USE = Signature(
    name="port-in-use",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?<!handler: )\blisten (?P<protocol>tcp|udp)[46]? (?P<address>\S*:\d+): "
            "bind: address already in use",
            literal=" bind: address already in use",
            samples=(
                "Listen: listen tcp :53: bind: address already in use",
                "ListenPacket: listen udp :53: bind: address already in use",
                "listen tcp :8080: bind: address already in use",
            ),
            source="coredns/caddy caddy.go (startServers), v1.1.1; coredns/coredns "
            "plugin/health/health.go (OnStartup), v1.12.4",
        ),
    ),
)

METRICS_PORT_IN_USE = Signature(
    name="metrics-port-in-use",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Failed to start metrics handler: listen tcp (?P<address>\S*:\d+): "
            "(?P<reason>.+)$",
            literal="Failed to start metrics handler: ",
            samples=(
                "[ERROR] plugin/prometheus: Failed to start metrics handler: listen tcp "
                ":9153: bind: address already in use",
                "[ERROR] Failed to start metrics handler: listen tcp :9153: bind: address "
                "already in use",
            ),
            source="coredns/coredns plugin/metrics/metrics.go (OnStartup), v1.12.4",
        ),
    ),
)

PORT_DENIED = Signature(
    name="port-denied",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"listen (?P<protocol>tcp|udp)[46]? (?P<address>\S*:\d+): bind: permission "
            "denied",
            literal=": bind: permission denied",
            samples=("Listen: listen tcp :53: bind: permission denied",),
            source="coredns/caddy caddy.go (startServers), v1.1.1",
        ),
    ),
)

ADDRESS_NOT_AVAILABLE = Signature(
    name="address-not-available",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"listen (?P<protocol>tcp|udp)[46]? (?P<address>\S*:\d+): bind: cannot "
            "assign requested address",
            literal=": bind: cannot assign requested address",
            samples=("Listen: listen tcp 192.0.2.77:53: bind: cannot assign requested address",),
            source="coredns/caddy caddy.go (startServers), v1.1.1",
        ),
        Wording(
            pattern="plugin/bind: (?:not a valid IP address or interface name|failed to get the "
            r'IP addresses of the interface): \\*"(?P<address>[^"\\]+)',
            literal="plugin/bind: ",
            samples=('plugin/bind: not a valid IP address or interface name: "eth9"',),
            source="coredns/coredns plugin/bind/setup.go (listIP), v1.12.4",
        ),
    ),
)

PORT_INVALID = Signature(
    name="port-invalid",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"^address (?P<port>\d+): invalid port",
            literal=": invalid port",
            samples=("address 99999: invalid port",),
            source="golang/go net/ipsock.go (internetAddrList), through coredns/caddy caddy.go "
            "(startServers)",
        ),
    ),
)

EXEC_FAILED = Signature(
    name="exec-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:^|\s)exec (?P<path>/?\S*coredns\S*): (?P<reason>operation not "
            "permitted|exec format error|permission denied|no such file or directory)",
            literal="exec /",
            samples=("exec /coredns-cap: operation not permitted",),
            source="opencontainers/runc libcontainer/standard_init_linux.go (Init), v1.1.0",
        ),
        Wording(
            pattern=r"standard_init_linux\.go:\d+: exec user process caused:? "
            r'?\\*"?(?P<reason>exec format error|operation not permitted|permission '
            "denied|no such file or directory)",
            literal="exec user process caused",
            samples=("standard_init_linux.go:228: exec user process caused: exec format error",),
            source="opencontainers/runc libcontainer/standard_init_linux.go (Init), v1.0.0",
        ),
    ),
)

PANIC_RECOVERED = Signature(
    name="panic-recovered",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Recovered from panic in server: \\*"(?P<server>[^"\\]+)\\*" ?(?P<panic>.*)',
            literal="Recovered from panic in server",
            samples=(
                '[ERROR] Recovered from panic in server: "dns://:53" runtime error: invalid '
                "memory address or nil pointer dereference",
            ),
            source="coredns/coredns core/dnsserver/server.go (ServeDNS), v1.12.4",
        ),
    ),
)

THREADS_EXHAUSTED = Signature(
    name="threads-exhausted",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="runtime: failed to create new OS thread",
            literal="failed to create new OS thread",
            samples=("runtime: failed to create new OS thread (have 2 already; errno=11)",),
            source="golang/go runtime/os_linux.go (newosproc), go1.26",
        ),
    ),
)

# Also flannel's and kube-proxy's: the stream tells whose.
PANIC = Signature(
    name="panic",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:^|\s)panic: (?P<panic>.+)$",
            literal="panic: ",
            samples=("panic: runtime error: slice bounds out of range [:12] with capacity 8",),
            source="golang/go runtime/panic.go (printpanics), go1.26",
        ),
        Wording(
            pattern=r"(?:^|\s)fatal error: (?P<panic>concurrent map .+|runtime: out of "
            "memory.*|out of memory.*|all goroutines are asleep.*|newosproc)",
            literal="fatal error: ",
            samples=(
                "fatal error: newosproc",
                "fatal error: runtime: out of memory",
            ),
            source="golang/go runtime/panic.go (throw), go1.26",
        ),
    ),
)

ZONE_FILE_FAILED = Signature(
    name="zone-file-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="plugin/(?P<plugin>file|auto|secondary): (?P<reason>(?:Failed to "
            r"(?:open|stat)|Parsing zone|Parse zone|Opening |Zone \S+ is "
            "expired|Directory does not exist).*)$",
            literal="plugin/",
            samples=(
                '[WARNING] plugin/file: Failed to open "open /etc/coredns/db.example: no '
                'such file or directory": trying again in 1m0s',
            ),
            source="coredns/coredns plugin/file/setup.go (fileParse), plugin/file/reload.go "
            "(Reload), v1.12.4",
        ),
        Wording(
            pattern=r'file \\*"(?P<file>[^"\\]+)\\*" has no SOA record for origin (?P<zone>\S+)',
            literal="has no SOA record for origin",
            samples=(
                'plugin/file: file "/etc/coredns/example.db" has no SOA record for origin '
                "example.org.",
            ),
            source="coredns/coredns plugin/file/file.go (Parse), v1.12.4",
        ),
    ),
)

HOSTS_FILE_MISSING = Signature(
    name="hosts-file-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"plugin/hosts: File does not exist: (?P<file>\S+)",
            literal="plugin/hosts: File does not exist",
            samples=("[WARNING] plugin/hosts: File does not exist: /etc/coredns/NodeHosts",),
            source="coredns/coredns plugin/hosts/setup.go (hostsParse), v1.12.4",
        ),
        Wording(
            pattern=r'plugin/hosts: Hosts file \\*"(?P<file>[^"\\]{1,300})\\*" '
            "(?P<reason>is a directory)",
            literal="plugin/hosts: Hosts file ",
            samples=('[WARNING] plugin/hosts: Hosts file "example.org" is a directory',),
            source="coredns/coredns plugin/hosts/setup.go (hostsParse), v1.12.4",
        ),
    ),
)

# Once at shutdown is routine: connection refused.
HEALTH_SLOW = Signature(
    name="health-slow",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'plugin/health: Local health request to \\*"(?P<url>[^"\\]+)\\*" took more '
            r"than 1s: (?P<elapsed>\S+)",
            literal="took more than 1s: ",
            samples=(
                '[WARNING] plugin/health: Local health request to "http://:8080/health" '
                "took more than 1s: 1.523211s",
            ),
            source="coredns/coredns plugin/health/overloaded.go (overloaded), v1.8.4",
            since="1.8.4",
        ),
        Wording(
            pattern=r'plugin/health: Local health request to \\*"(?P<url>[^"\\]+)\\*" failed: '
            "(?P<reason>.+)$",
            literal="plugin/health: Local health request",
            samples=(
                '[WARNING] plugin/health: Local health request to "http://:8080/health" '
                'failed: Get "http://:8080/health": context deadline exceeded '
                "(Client.Timeout exceeded while awaiting headers)",
            ),
            source="coredns/coredns plugin/health/overloaded.go (overloaded), v1.8.4",
            since="1.8.4",
        ),
    ),
)

NODELOCAL_UPSTREAM_UNKNOWN = Signature(
    name="nodelocal-upstream-unknown",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Unable to lookup IP address of Upstream service (?P<service>\S{0,253}), env "
            r"(?P<env>\S{1,300}) `(?P<value>[^`]*)`",
            literal="Unable to lookup IP address of Upstream service",
            samples=(
                "2024/03/02 05:11:09 [WARNING] Unable to lookup IP address of Upstream service "
                "kube-dns-upstream, env $KUBE_DNS_UPSTREAM_SERVICE_HOST ``",
            ),
            source="kubernetes/dns cmd/node-cache/app/cache_app.go (NewCacheApp), 1.22.28",
        ),
    ),
)

NODELOCAL_SETUP_FAILED = Signature(
    name="nodelocal-setup-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Failed to add non-existent interface (?P<interface>\S+): (?P<reason>.+)$",
            literal="Failed to add non-existent interface",
            samples=(
                "2024/03/02 05:11:09 [ERROR] Failed to add non-existent interface "
                "nodelocaldns: operation not permitted",
            ),
            source="kubernetes/dns cmd/node-cache/app/cache_app.go (setupNetworking), 1.22.28",
        ),
        Wording(
            pattern=r"Error checking/adding iptables rule (?P<rule>\{.{0,500}\}), error - "
            "(?P<reason>.+)$",
            literal="Error checking/adding iptables rule",
            samples=(
                "2024/03/02 05:11:09 [ERROR] Error checking/adding iptables rule {raw "
                "PREROUTING [-p tcp -d 169.254.20.10 --dport 53 -j NOTRACK]}, error - error "
                "checking rule: exit status 4: Fatal: can't open lock file "
                "/run/xtables.lock: Permission denied",
            ),
            source="kubernetes/dns cmd/node-cache/app/cache_app.go (setupNetworking), 1.22.28",
        ),
        Wording(
            pattern=r"Error adding iptables rule (?P<rule>\{.{0,500}\}) - (?P<reason>.+)$",
            literal="Error adding iptables rule {",
            samples=(
                "[ERROR] Error adding iptables rule {raw OUTPUT [-p tcp -s 169.254.20.10 --sport "
                "53 -j NOTRACK]} - error checking rule: executable file not found in $PATH: ",
            ),
            source="kubernetes/dns cmd/node-cache/app/cache_app.go (setupNetworking), 1.15.11",
        ),
    ),
    envelope=True,
)

KUBE_DNS_NOT_SYNCED = Signature(
    name="kube-dns-not-synced",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Waiting for (?:services and endpoints|\[[\w ]+\]) to be initialized from "
            "apiserver",
            literal="to be initialized from apiserver",
            samples=(
                "I0302 05:11:09.120211       1 dns.go:219] Waiting for [endpoints services] "
                "to be initialized from apiserver...",
            ),
            source="kubernetes/dns pkg/dns/dns.go (waitForResourceSyncedOrDie), 1.14.13",
        ),
        Wording(
            pattern="Timeout waiting for initialization",
            literal="Timeout waiting for initialization",
            samples=(
                "F0302 05:12:09.120211       1 dns.go:209] Timeout waiting for initialization",
            ),
            source="kubernetes/dns pkg/dns/dns.go (waitForResourceSyncedOrDie), 1.14.13",
        ),
    ),
)

# Up to 1.3.1 the logger of client-go wrote its warnings to a file, and the image has no /tmp.
LOG_FILE_FAILED = Signature(
    name="log-file-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"log: exiting because of error: log: cannot create log: open (?P<file>\S+): "
            "(?P<reason>.+)$",
            literal="log: cannot create log: open ",
            samples=(
                "log: exiting because of error: log: cannot create log: open /tmp/coredns."
                "coredns-78fcdf6894-5jmzx.unknownuser.log.WARNING.20190122-195848.1: no such file "
                "or directory",
            ),
            source="golang/glog glog.go (loggingT.exit), glog_file.go (create), through "
            "coredns/coredns up to v1.3.1",
            until="1.3.1",
        ),
    ),
)

DNSMASQ_FULL = Signature(
    name="dnsmasq-full",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Maximum number of concurrent DNS queries reached \(max: (?P<max>\d+)\)",
            literal="Maximum number of concurrent DNS queries",
            samples=(
                "I0206 18:42:06.508701       1 nanny.go:108] dnsmasq[9]: Maximum number of "
                "concurrent DNS queries reached (max: 150)",
            ),
            source="dnsmasq src/forward.c (query_full), 2.78, through kubernetes/dns "
            "pkg/dnsmasq/nanny.go",
        ),
    ),
)

SIGNATURES = signatures_in(globals())
