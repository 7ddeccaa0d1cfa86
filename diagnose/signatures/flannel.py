"""What flanneld prints."""

from __future__ import annotations

from diagnose.signatures.base import Emitter, Signature, Wording, signatures_in

EMITTER = Emitter.FLANNEL

FLANNEL_API_FAILED = Signature(
    name="flannel-api-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed to create SubnetManager: (?:error retrieving pod spec for "
            "'(?P<pod>[^']+)': )?(?P<reason>(?!error parsing|failed to read|env "
            "variables|fail to create).+)$",
            literal="Failed to create SubnetManager: ",
            samples=(
                "E0302 05:11:39.120211       1 main.go:251] Failed to create SubnetManager: "
                "error retrieving pod spec for 'kube-flannel/kube-flannel-ds-962vp': Get "
                '"https://10.96.0.1:443/api/v1/namespaces/kube-flannel/pods/kube-flannel-ds-'
                '962vp": dial tcp 10.96.0.1:443: i/o timeout',
                "E1123 03:19:29.748437       1 main.go:228] Failed to create SubnetManager: "
                "error retrieving pod spec for 'kube-flannel/kube-flannel-ds-x2kqz': pods "
                '"kube-flannel-ds-x2kqz" is forbidden: User '
                '"system:serviceaccount:kube-system:flannel" cannot get resource "pods" in '
                'API group "" in the namespace "kube-flannel"',
            ),
            source="flannel-io/flannel main.go (main), pkg/subnet/kube/kube.go "
            "(NewSubnetManager), v0.26.7",
        ),
        Wording(
            pattern="timeout contacting kube-api, failed to patch node "
            r'\\*"(?P<node>[^"\\]+)\\*"\. Error: (?P<reason>.+)$',
            literal="timeout contacting kube-api",
            samples=(
                "E1123 03:19:28.717041       1 main.go:359] Error registering network: "
                "failed to acquire lease: timeout contacting kube-api, failed to patch node "
                '"node-9". Error: context canceled',
            ),
            source="flannel-io/flannel pkg/subnet/kube/kube.go (AcquireLease), v0.26.7",
        ),
        Wording(
            pattern=r"(?:pkg/mod/k8s\.io/client-go@|pkg/subnet/kube/)"
            r"[^\s:]{1,150}\.go:\d+: (?:Failed "
            r"to list|Failed to watch) \*(?P<resource>v1\.Node): (?P<reason>.+)$",
            literal="*v1.Node: ",
            samples=(
                "E1123 03:20:46.326238       1 reflector.go:147] "
                "pkg/mod/k8s.io/client-go@v0.29.12/tools/cache/reflector.go:229: Failed to "
                "watch *v1.Node: failed to list *v1.Node: Get "
                '"https://10.96.0.1:443/api/v1/nodes?limit=500&resourceVersion=0": dial tcp '
                "10.96.0.1:443: i/o timeout",
                "E0302 05:11:39.120211       1 reflector.go:147] "
                "pkg/subnet/kube/kube.go:475: Failed to watch *v1.Node: failed to list "
                "*v1.Node: Unauthorized",
            ),
            source="kubernetes/client-go tools/cache/reflector.go (DefaultWatchErrorHandler), "
            "v0.29.12, through flannel-io/flannel pkg/subnet/kube/kube.go",
        ),
        Wording(
            pattern="CompleteLease execute error err: (?P<reason>.+)$",
            literal="CompleteLease execute error err: ",
            samples=(
                "E1123 03:22:24.832806       1 main.go:430] CompleteLease execute error "
                'err: nodes "node-1" is forbidden: User '
                '"system:serviceaccount:kube-system:flannel-nopatch" cannot patch resource '
                '"nodes/status" in API group "" at the cluster scope',
            ),
            source="flannel-io/flannel main.go (main), v0.26.7",
        ),
    ),
    key=("resource", "reason"),
)

# The same event as the line of FLANNEL_API_FAILED beside it.
FLANNEL_LIST_FAILED = Signature(
    name="flannel-list-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:pkg/mod/k8s\.io/client-go@|pkg/subnet/kube/)"
            r"[^\s:]{1,150}\.go:\d+: failed to "
            r"list \*(?P<resource>v1\.Node): (?P<reason>.+)$",
            literal=": failed to list *v1.Node: ",
            samples=(
                "W1123 03:20:46.326105       1 reflector.go:539] "
                "pkg/mod/k8s.io/client-go@v0.29.12/tools/cache/reflector.go:229: failed to "
                'list *v1.Node: Get "https://10.96.0.1:443/api/v1/nodes?limit=500&resourceVe'
                'rsion=0": dial tcp 10.96.0.1:443: i/o timeout',
            ),
            source="kubernetes/client-go tools/cache/reflector.go (list), v0.29.12",
        ),
    ),
    key=("resource", "reason"),
)

CREDENTIALS_MISSING = Signature(
    name="flannel-credentials-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed to create SubnetManager: (?P<reason>(?:fail to create kubernetes "
            "config|env variables).+)$",
            literal="Failed to create SubnetManager: ",
            samples=(
                "E1123 03:23:05.174382       1 main.go:228] Failed to create SubnetManager: "
                "fail to create kubernetes config: invalid configuration: no configuration "
                "has been provided, try setting KUBERNETES_MASTER environment variable",
                "E1123 03:19:29.336080       1 main.go:228] Failed to create SubnetManager: "
                "env variables POD_NAME and POD_NAMESPACE must be set",
            ),
            source="flannel-io/flannel pkg/subnet/kube/kube.go (NewSubnetManager), v0.26.7",
        ),
    ),
)

NET_CONF_INVALID = Signature(
    name="flannel-net-conf-invalid",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="error parsing subnet config: (?P<reason>.+)$",
            literal="error parsing subnet config: ",
            samples=(
                "E1123 03:19:30.345132       1 main.go:228] Failed to create SubnetManager: "
                "error parsing subnet config: unexpected end of JSON input",
            ),
            source="flannel-io/flannel pkg/subnet/kube/kube.go (NewSubnetManager), v0.26.7",
        ),
        Wording(
            pattern="failed to read net conf: (?P<reason>.+)$",
            literal="failed to read net conf: ",
            samples=(
                "E1123 03:19:30.122234       1 main.go:228] Failed to create SubnetManager: "
                "failed to read net conf: open /etc/kube-flannel/net-conf.json: no such "
                "file or directory",
            ),
            source="flannel-io/flannel pkg/subnet/kube/kube.go (NewSubnetManager), v0.26.7",
        ),
    ),
)

PODCIDR_MISSING = Signature(
    name="flannel-podcidr-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'node \\*"(?P<node>[^"\\]+)\\*" pod cidr not assigned',
            literal="pod cidr not assigned",
            samples=(
                "E0502 02:42:03.849933       1 main.go:289] Error registering network: "
                'failed to acquire lease: node "foo-node" pod cidr not assigned',
            ),
            source="flannel-io/flannel pkg/subnet/kube/kube.go (AcquireLease), v0.26.7",
        ),
    ),
)

NETWORK_MISMATCH = Signature(
    name="flannel-network-mismatch",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'subnet \\*"(?P<network>[^"\\]+)\\*" specified in the flannel net config '
            "doesn"
            r"'t contain \\*"
            r'"(?P<podcidr>[^"\\]+)\\*" (?:IPv6 )?PodCIDR of the '
            r'\\*"(?P<node>[^"\\]+)\\*" node',
            literal="in the flannel net config doesn't contain",
            samples=(
                "E1123 03:19:43.255750       1 main.go:359] Error registering network: "
                'failed to acquire lease: subnet "10.244.0.0/16" specified in the flannel '
                "net config doesn"
                "'t contain "
                '"10.200.1.0/24" PodCIDR of the "node-1" node',
            ),
            source="flannel-io/flannel pkg/subnet/kube/kube.go (AcquireLease), v0.26.7",
        ),
    ),
)

INTERFACE_NOT_FOUND = Signature(
    name="flannel-interface-not-found",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed to find any valid interface to use: (?P<reason>.+)$",
            literal="Failed to find any valid interface",
            samples=(
                "E1123 03:23:19.448230       1 main.go:303] Failed to find any valid "
                "interface to use: failed to get default interface: Unable to find default "
                "route",
            ),
            source="flannel-io/flannel main.go (main), v0.26.7",
        ),
        Wording(
            pattern="Failed to find interface to use that matches the interfaces and/or regexes "
            "provided",
            literal="Failed to find interface to use",
            samples=(
                "E1123 03:24:46.941741       1 main.go:342] Failed to find interface to use "
                "that matches the interfaces and/or regexes provided",
            ),
            source="flannel-io/flannel main.go (main), v0.26.7",
        ),
    ),
)

INTERFACE_USED = Signature(
    name="flannel-interface-used",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Using interface with name (?P<interface>\S+) and address (?P<address>\S+)",
            literal="Using interface with name",
            samples=(
                "I0629 14:28:35.866987       1 main.go:399] Using interface with name eth0 "
                "and address 10.0.2.15",
            ),
            source="flannel-io/flannel pkg/ipmatch/match.go (LookupExtIface), v0.26.7",
        ),
    ),
    key=("interface", "address"),
)

BACKEND_UNKNOWN = Signature(
    name="flannel-backend-unknown",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"unknown backend type: (?P<backend>\S+)",
            literal="unknown backend type: ",
            samples=(
                "E1123 03:19:44.769785       1 main.go:351] Error fetching backend: unknown "
                "backend type: vxlann",
            ),
            source="flannel-io/flannel pkg/backend/manager.go (GetBackend), v0.26.7",
        ),
    ),
)

FLANNEL_BR_NETFILTER_MISSING = Signature(
    name="flannel-br-netfilter-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed to check br_netfilter: (?P<reason>.+)$",
            literal="Failed to check br_netfilter: ",
            samples=(
                "E1123 03:23:37.865942       1 main.go:268] Failed to check br_netfilter: "
                "stat /proc/sys/net/bridge/bridge-nf-call-iptables: no such file or "
                "directory",
            ),
            source="flannel-io/flannel main.go (main), v0.26.7",
        ),
    ),
)

MASQUERADE_FAILED = Signature(
    name="flannel-masquerade-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed to (?:setup masq rules|set up IP Masquerade)[,:]? ?(?P<reason>.*)$",
            literal="Failed to set",
            samples=(
                "E1123 03:23:22.224726       1 main.go:391] Failed to setup masq rules, "
                'exec: "iptables": executable file not found in $PATH',
            ),
            source="flannel-io/flannel main.go (main), v0.26.7",
        ),
        Wording(
            pattern="Failed to (?:setup IPTables|bootstrap IPTables)[.:]? (?P<reason>.*)$",
            literal=" IPTables",
            samples=(
                "E1123 03:23:22.224716       1 iptables.go:453] Failed to setup IPTables. "
                'iptables binary was not found: exec: "iptables": executable file not found '
                "in $PATH",
            ),
            source="flannel-io/flannel pkg/trafficmngr/iptables/iptables.go "
            "(setupAndEnsureIP4Tables), v0.26.7",
        ),
    ),
    envelope=True,
)

VTEP_MAC_CHANGED = Signature(
    name="flannel-vtep-mac-changed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<interface>[\w.-]{1,15})'s (?:v6 )?mac address want\S*(?: be)?:? "
            "?(?P<wanted>[0-9a-f:]{17}),? but got: ?(?P<got>[0-9a-f:]{17})",
            literal=" mac address want",
            samples=(
                "E0821 11:40:16.145538       1 main.go:335] Error registering network: "
                "failed to configure interface flannel.1: flannel.1's mac address wanted: "
                "36:49:83:64:e0:11, but got: 7e:fa:35:d0:2a:d0",
            ),
            source="flannel-io/flannel pkg/backend/vxlan/device.go (Configure), v0.26.7",
        ),
    ),
)

VXLAN_FAILED = Signature(
    name="flannel-vxlan-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="failed to create vxlan (?:device|interface): (?P<reason>.+)$",
            literal="failed to create vxlan",
            samples=(
                "E0302 05:11:39.120211       1 main.go:384] Error registering network: "
                "failed to create vxlan device: failed to create vxlan interface: operation "
                "not supported",
            ),
            source="flannel-io/flannel pkg/backend/vxlan/vxlan.go (RegisterNetwork), v0.26.7",
        ),
        Wording(
            pattern="Error registering network: (?P<reason>operation not "
            "(?:permitted|supported)|Link not found)$",
            literal="Error registering network: ",
            samples=(
                "E1123 03:23:36.140878       1 main.go:359] Error registering network: "
                "operation not permitted",
            ),
            source="flannel-io/flannel main.go (main), v0.26.7",
        ),
        Wording(
            pattern="flannel exited: (?P<reason>operation not (?:permitted|supported))",
            literal="flannel exited: operation not ",
            samples=(
                'time="2024-06-12T08:22:31Z" level=fatal msg="flannel exited: operation not '
                'supported"',
            ),
            source="k3s-io/k3s pkg/agent/flannel/setup.go (Run), v1.21",
        ),
    ),
)

ROUTE_FAILED = Signature(
    name="flannel-route-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Error adding (?:v6 )?route to (?P<route>.{1,300}?)(?: via (?P<via>\S+))?: "
            "(?P<reason>[^:]+)$",
            literal="route to ",
            samples=(
                "E0302 05:11:39.120211       1 route_network.go:168] Error adding route to "
                "{Ifindex: 2 Dst: 10.244.2.0/24 Src: <nil> Gw: 192.168.56.12 Flags: [] "
                "Table: 0}: network is unreachable",
            ),
            source="flannel-io/flannel pkg/backend/route_network.go (routeAdd), v0.26.7",
        ),
        Wording(
            pattern=r"failed to add (?:v6 )?vxlanRoute \((?P<route>[^\s()]{1,60}) -> "
            r"(?P<via>[^\s()]{1,50})\): (?P<reason>[^:]+)$",
            literal="vxlanRoute (",
            samples=(
                "E0311 09:02:11.120211       1 vxlan_network.go:158] failed to add vxlanRoute "
                "(10.32.4.0/24 -> 10.32.4.0): invalid argument",
            ),
            source="flannel-io/flannel pkg/backend/vxlan/vxlan_network.go "
            "(handleSubnetEvents), v0.26.7",
        ),
    ),
)

# A panic on a Node without annotations.
ANNOTATIONS_MISSING = Signature(
    name="flannel-annotations-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="assignment to entry in nil map",
            literal="panic: assignment to entry in nil map",
            samples=("panic: assignment to entry in nil map",),
            source="flannel-io/flannel pkg/subnet/kube/kube.go (AcquireLease), v0.26.7",
        ),
    ),
    envelope=True,
)

NODE_LOOKUP_FAILED = Signature(
    name="flannel-node-lookup-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed to get node for backend data: (?P<reason>.+)$",
            literal="Failed to get node for backend data: ",
            samples=(
                "E1123 03:19:19.912978       1 kube.go:664] Failed to get node for backend "
                'data: nodes "node-9" not found',
            ),
            source="flannel-io/flannel pkg/subnet/kube/kube.go (HandleSubnetFile), v0.26.7",
        ),
    ),
)

WAITING_FOR_NODES = Signature(
    name="flannel-waiting-for-nodes",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Waiting (?P<limit>\S+) for node controller to sync",
            literal="for node controller to sync",
            samples=(
                "I1123 03:19:43.698221       1 kube.go:139] Waiting 10m0s for node "
                "controller to sync",
            ),
            source="flannel-io/flannel pkg/subnet/kube/kube.go (NewSubnetManager), v0.26.7",
        ),
    ),
)

NODES_SYNCED = Signature(
    name="flannel-nodes-synced",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Node controller sync successful",
            literal="Node controller sync successful",
            samples=("I1123 03:19:44.725968       1 kube.go:146] Node controller sync successful",),
            source="flannel-io/flannel pkg/subnet/kube/kube.go (NewSubnetManager), v0.26.7",
        ),
    ),
)

SUBNET_WRITTEN = Signature(
    name="flannel-subnet-written",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Wrote subnet file to (?P<file>\S+)",
            literal="Wrote subnet file to ",
            samples=(
                "I1123 03:18:48.780749       1 main.go:435] Wrote subnet file to "
                "/run/flannel/subnet.env",
            ),
            source="flannel-io/flannel main.go (main), v0.26.7",
        ),
    ),
)

SUBNET_NOT_WRITTEN = Signature(
    name="flannel-subnet-not-written",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed to write subnet file: (?P<reason>.+)$",
            literal="Failed to write subnet file: ",
            samples=(
                "W1123 03:23:28.356425       1 main.go:433] Failed to write subnet file: "
                "open /run/flannel/.subnet.env: read-only file system",
            ),
            source="flannel-io/flannel main.go (main), v0.26.7",
        ),
    ),
)

# Routine at the end of the process.
STOPPING = Signature(
    name="flannel-stopping",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="could not watch leases: context canceled",
            literal="could not watch leases: context cancel",
            samples=(
                "E1123 03:19:05.982536       1 subnet.go:137] could not watch leases: "
                "context canceled",
            ),
            source="flannel-io/flannel pkg/subnet/subnet.go (WatchLeases), v0.26.7",
        ),
    ),
)

ETCD_FAILED = Signature(
    name="flannel-etcd-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Couldn't fetch network config: (?P<reason>.+)$",
            literal="Couldn't fetch network config: ",
            samples=(
                "E1123 03:23:48.941074       1 main.go:464] Couldn't fetch network config: "
                "context canceled",
            ),
            source="flannel-io/flannel main.go (getConfig), v0.26.7",
        ),
    ),
)

# At level error in good health, at the end of the process.
CLEANED_UP = Signature(
    name="flannel-cleaned-up",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="nftables: error while cleaning-up: <nil>",
            literal="nftables: error while cleaning-up: ",
            samples=(
                "E1123 03:19:17.278567       1 nftables.go:66] nftables: error while "
                "cleaning-up: <nil>",
            ),
            source="flannel-io/flannel pkg/trafficmngr/nftables/nftables.go (Init), v0.26.7",
        ),
    ),
)

SIGNATURES = signatures_in(globals())
