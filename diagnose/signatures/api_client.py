"""What clients of the Kubernetes API print, whichever program they are part of."""

from __future__ import annotations

from diagnose.signatures.base import Emitter, Signature, Wording, signatures_in

EMITTER = Emitter.API_CLIENT

# Any program that watches the Kubernetes API; the stream tells which.
REFLECTOR_FAILED = Signature(
    name="reflector-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'^(?>.*?"Unhandled Error\\*" err=\\*")(?P<reason>.{0,300}?Failed to watch '
            r"\*(?P<resource>[\w.]+): .+?)\"(?: logger=\S+)?\s*$",
            literal='"Unhandled Error" err=',
            samples=(
                'E0302 05:11:39.120211       1 reflector.go:158] "Unhandled Error" '
                'err="k8s.io/client-go/informers/factory.go:160: Failed to watch '
                "*v1.Service: failed to list *v1.Service: Get "
                '\\"https://192.168.56.10:6443/api/v1/services?limit=500\\": dial tcp '
                '192.168.56.10:6443: connect: connection refused" logger="UnhandledError"',
            ),
            source="kubernetes/apimachinery pkg/util/runtime/runtime.go (logError), v0.31",
            since="0.31",
            until="0.33",
        ),
        Wording(
            pattern=r'^(?>.*?"Failed to watch\\*" err=\\*")(?P<reason>.+?)\"(?: logger=\S+)?(?: '
            r'reflector=\S+)?(?: type=\\*"\*(?P<resource>[\w.]+)\\*")?\s*$',
            literal='"Failed to watch" err=',
            samples=(
                'E1123 03:29:18.705809       1 reflector.go:204] "Failed to watch" '
                'err="failed to list *v1.Node: Unauthorized" logger="UnhandledError" '
                'reflector="k8s.io/client-go@v0.35.4/tools/cache/reflector.go:289" '
                'type="*v1.Node"',
                'E1123 03:28:51.667719       1 reflector.go:204] "Failed to watch" '
                'err="failed to list *v1.Node: Get \\"https://10.96.0.1:443/api/v1/nodes?fiel'
                'dSelector=metadata.name%3Dnode-1&limit=500&resourceVersion=0\\": tls: '
                "failed to verify certificate: x509: certificate signed by unknown "
                'authority" logger="UnhandledError" reflector="k8s.io/client-go@v0.35.4/tool'
                's/cache/reflector.go:289" type="*v1.Node"',
            ),
            source="kubernetes/client-go tools/cache/reflector.go (DefaultWatchErrorHandler), "
            "v0.35.4",
            since="0.34",
        ),
        Wording(
            pattern=r"(?:Failed to list|Failed to watch) \*(?P<resource>[\w.]+): (?P<reason>.+?)$",
            literal="Failed to ",
            samples=(
                "E1126 16:44:51.865931       1 reflector.go:147] "
                "k8s.io/client-go/informers/factory.go:150: Failed to watch "
                "*v1.EndpointSlice: failed to list *v1.EndpointSlice: Get "
                '"https://192.168.56.10:6443/apis/discovery.k8s.io/v1/endpointslices?limit=5'
                '00&resourceVersion=0": dial tcp 192.168.56.10:6443: connect: connection '
                "refused",
            ),
            source="kubernetes/client-go tools/cache/reflector.go (DefaultWatchErrorHandler), "
            "v0.29",
            until="0.33",
        ),
    ),
    key=("resource", "reason"),
    fallback=True,
)

# The same event as the line of REFLECTOR_FAILED beside it.
REFLECTOR_LIST_FAILED = Signature(
    name="reflector-list-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"failed to list \*(?P<resource>[\w.]+): (?P<reason>.+)$",
            literal="failed to list *",
            samples=(
                "W1126 16:44:51.865900       1 reflector.go:539] "
                "k8s.io/client-go/informers/factory.go:150: failed to list "
                '*v1.EndpointSlice: Get "https://192.168.56.10:6443/apis/discovery.k8s.io/v1'
                '/endpointslices?limit=500&resourceVersion=0": dial tcp 192.168.56.10:6443: '
                "connect: connection refused",
                "failed to list *v1.Service: Unauthorized",
            ),
            source="kubernetes/client-go tools/cache/reflector.go (list), v0.29",
        ),
    ),
    key=("resource", "reason"),
    fallback=True,
)

NODE_API_FAILED = Signature(
    name="kubelet-node-api-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Failed to ensure lease exists, will retry\\*" err=\\*"(?P<reason>.+)$',
            literal="Failed to ensure lease exists",
            samples=(
                'E0302 05:11:09.120211    1322 controller.go:146] "Failed to ensure lease '
                'exists, will retry" err="Get \\"https://192.168.56.10:6443/apis/coordination'
                '.k8s.io/v1/namespaces/kube-node-lease/leases/worker-1?timeout=10s\\": dial '
                'tcp 192.168.56.10:6443: connect: connection refused" interval="7s"',
            ),
            source="kubernetes/component-helpers apimachinery/lease/controller.go "
            "(backoffEnsureLease), v0.30",
        ),
        Wording(
            pattern=r'Error updating node status, will retry\\*" err=\\*"(?P<reason>.+)$',
            literal="Error updating node status, will retry",
            samples=(
                'E0302 05:11:09.120211    1322 kubelet_node_status.go:544] "Error updating '
                'node status, will retry" err="error getting node \\"worker-1\\": Get '
                '\\"https://192.168.56.10:6443/api/v1/nodes/worker-1?timeout=10s\\": dial tcp '
                '192.168.56.10:6443: i/o timeout"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/kubelet_node_status.go "
            "(updateNodeStatus), v1.30.5",
        ),
        Wording(
            pattern=r'Unable to register node with API server\\*" err=\\*"(?P<reason>.+)$',
            literal="Unable to register node with API server",
            samples=(
                'E0302 05:11:09.120211    1322 kubelet_node_status.go:96] "Unable to '
                'register node with API server" err="Post '
                '\\"https://192.168.56.10:6443/api/v1/nodes\\": dial tcp 192.168.56.10:6443: '
                'connect: connection refused" node="worker-1"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/kubelet_node_status.go "
            "(tryRegisterWithAPIServer), v1.30.5",
        ),
    ),
    key=("reason",),
)

# A request to a Kubernetes API server, by any program. Other servers have paths below /api too.
API_REQUEST_FAILED = Signature(
    name="api-request-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="(?P<reason>(?:Get|Post|Put|Patch|Delete) "
            r'(?:\\*")?https?://[^\s\"\\]+/(?:api/v1/(?:bindings|componentstatuses|configmaps'
            "|endpoints|events|limitranges|namespaces|nodes|persistentvolume(?:claim)?s|pods"
            "|podtemplates|replicationcontrollers|resourcequotas|secrets|serviceaccounts|services)"
            r"|apis/[\w.-]+/v\d\w*/|(?:api|apis|version|healthz|livez|readyz)(?=[?\"\\:]))"
            r'[^\s\"\\]*(?:\\*")?: .+)$',
            literal="https://",
            samples=(
                'Get "https://10.96.0.1:443/api/v1/namespaces?limit=500&resourceVersion=0": '
                "dial tcp 10.96.0.1:443: i/o timeout",
                "Get https://10.32.0.1:443/version?timeout=32s: dial tcp 10.32.0.1:443: "
                "connect: no route to host",
            ),
            source="golang/go net/url/url.go (Error.Error), go1.26, through "
            "kubernetes/client-go rest/request.go (request)",
        ),
    ),
    key=("reason",),
    fallback=True,
)

# What corediag's own first request met, in the words of Python's socket module.
OWN_REQUEST_FAILED = Signature(
    name="own-request-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"^GET https?://(?P<target>[^/\s]+)/version: (?P<reason>.+)$",
            literal="/version: ",
            samples=(
                "GET https://10.77.0.11:6443/version: cannot be reached: [Errno 111] "
                "Connection refused",
            ),
            source="this project, diagnose/sources/live.py (unreachable)",
        ),
    ),
)

# Said by kubectl, on the machine where it ran.
SERVER_REFUSED = Signature(
    name="kubectl-server-refused",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"The connection to the server (?P<target>\S+) was refused",
            literal="The connection to the server ",
            samples=(
                "The connection to the server 192.168.56.10:6443 was refused - did you "
                "specify the right host or port?",
            ),
            source="kubernetes/kubectl pkg/cmd/util/helpers.go (StandardErrorMessage), v0.30",
        ),
        Wording(
            pattern="Unable to connect to the server: (?P<reason>.+)$",
            literal="Unable to connect to the server: ",
            samples=("Unable to connect to the server: dial tcp 192.168.56.10:6443: i/o timeout",),
            source="kubernetes/kubectl pkg/cmd/util/helpers.go (StandardErrorMessage), v0.30",
        ),
    ),
)

FORBIDDEN = Signature(
    name="api-forbidden",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'(?P<reason>(?<![\w./-])(?P<resource>[\w./-]{1,200}+)(?: \\*"[^"\\]+\\*")? is '
            "forbidden: User "
            r'\\*"(?P<user>[^"\\]+)\\*"(?: cannot (?P<verb>\w+) resource.*)?)$',
            literal=" is forbidden: User ",
            samples=(
                "endpointslices.discovery.k8s.io is forbidden: User "
                '"system:serviceaccount:kube-system:coredns" cannot list resource '
                '"endpointslices" in API group "discovery.k8s.io" at the cluster scope',
            ),
            source="kubernetes/apimachinery pkg/api/errors/errors.go (NewForbidden), v0.29; "
            "kubernetes/apiserver pkg/endpoints/handlers/responsewriters/errors.go "
            "(forbiddenMessage)",
        ),
        # as people quote it, without what is forbidden before it
        Wording(
            pattern=r'(?P<reason>User \\*"(?P<user>system:serviceaccount:[\w:.-]{1,200})\\*" '
            r'cannot (?P<verb>\w+) resource \\*"(?P<resource>[\w./-]{1,200})\\*".*)$',
            literal="User ",
            samples=(
                'User "system:serviceaccount:kube-system:kube-proxy" cannot watch resource '
                '"endpointslices" in API group "discovery.k8s.io" at the cluster scope',
            ),
            source="kubernetes/apiserver pkg/endpoints/handlers/responsewriters/errors.go "
            "(forbiddenMessage), v0.31",
        ),
    ),
    key=("resource", "user"),
    fallback=True,
)

# What is left of such a line when somebody quotes only its end. The first address of a range of
# Services is always that of the Service `kubernetes`; 6443 is the port of most API servers.
API_DIAL_FAILED = Signature(
    name="api-dial-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<reason>dial tcp (?P<target>(?:10(?:\.\d{1,3}){2}\.1"
            r"|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.1|\[f[cd][0-9a-f]{2}:[0-9a-f:]*:1\]):443"
            r"|(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):6443): (?:i/o timeout|connect: (?:connection "
            r"(?:refused|timed out)|no route to host|network is unreachable"
            r"|operation not permitted)))",
            literal="dial tcp ",
            samples=(
                "dial tcp 10.32.0.1:443: connect: no route to host",
                "dial tcp [fd00:10:96::1]:443: i/o timeout",
                "dial tcp 192.168.56.10:6443: connect: connection refused",
            ),
            source="golang/go net/net.go (OpError.Error), go1.26; kubernetes/kubernetes "
            "pkg/controlplane/controller/kubernetesservice (the first address of the range), v1.30",
        ),
    ),
    key=("target",),
    fallback=True,
)

SIGNATURES = signatures_in(globals())
