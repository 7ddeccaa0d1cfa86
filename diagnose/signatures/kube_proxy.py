"""What kube-proxy prints. Its errors of the Kubernetes API are in api_client.py."""

from __future__ import annotations

from diagnose.signatures.base import Emitter, Signature, Wording, signatures_in

EMITTER = Emitter.KUBE_PROXY

# kube-proxy exits. Other Kubernetes programs print the first line as well.
COMMAND_FAILED = Signature(
    name="kube-proxy-command-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'"command failed\\*" err=(?P<reason>.+)$',
            literal='"command failed" err=',
            samples=(
                'E1123 03:27:10.506361       1 run.go:72] "command failed" err="iptables is '
                'not available on this host : error listing chain \\"POSTROUTING\\" in table '
                '\\"nat\\": executable file not found in $PATH: "',
            ),
            source="kubernetes/component-base cli/run.go (run), v0.35.4",
        ),
        Wording(
            pattern=r'"Error running ProxyServer\\*" err=(?P<reason>.+)$',
            literal='"Error running ProxyServer"',
            samples=(
                'E1123 03:26:59.510780       1 server.go:134] "Error running ProxyServer" '
                'err="can'
                "'t use the IPVS proxier: Ipvs not supported"
                '"',
            ),
            source="kubernetes/kubernetes cmd/kube-proxy/app/server.go (NewProxyCommand), v1.35.4",
        ),
    ),
    envelope=True,
)

RESTORE_FAILED = Signature(
    name="iptables-restore-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Failed to execute iptables-restore(?:\\*"|:)(?: err=)? ?(?P<reason>.*)$',
            literal="Failed to execute iptables-restore",
            samples=(
                'E0302 05:11:09.120211       1 proxier.go:1526] "Failed to execute '
                'iptables-restore" err="exit status 1: iptables-restore: line 7 failed"',
                "E0302 05:11:09.120211       1 proxier.go:1507] Failed to execute "
                "iptables-restore: exit status 1 (iptables-restore: line 7 failed",
            ),
            source="kubernetes/kubernetes pkg/proxy/iptables/proxier.go (syncProxyRules), "
            "v1.18 to v1.30",
        ),
    ),
    envelope=True,
)

CHAIN_FAILED = Signature(
    name="iptables-chain-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Failed to ensure (?:that )?(?:\w+ )?chain "
            "(?P<chain>KUBE-[A-Z-]+|exists|jumps)",
            literal="Failed to ensure ",
            samples=(
                "E1120 07:08:50.135017       1 proxier.go:647] Failed to ensure that nat "
                'chain KUBE-SERVICES exists: error creating chain "KUBE-SERVICES": exit '
                "status 3: iptables v1.6.0: can"
                "'t initialize iptables table `nat': Table does not exist (do you need to "
                "insmod?)",
                'E0302 05:11:09.120211       1 proxier.go:870] "Failed to ensure chain '
                'exists" err="error creating chain \\"KUBE-EXTERNAL-SERVICES\\": exit status '
                '3" table="filter" chain="KUBE-EXTERNAL-SERVICES"',
            ),
            source="kubernetes/kubernetes pkg/proxy/iptables/proxier.go (syncProxyRules), "
            "v1.18 and v1.30",
        ),
    ),
    key=("chain",),
    envelope=True,
)

SYNC_FAILED = Signature(
    name="kube-proxy-sync-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Sync failed\\*"?;? (?:retrying in '
            r'|.{0,100}?retryingTime=\\*"?)(?P<after>[\w.]+)',
            literal="Sync failed",
            samples=(
                'I0302 05:11:09.120211       1 proxier.go:810] "Sync failed" '
                'ipFamily="IPv4" retryingTime="30s"',
                "E0302 05:11:09.120211       1 proxier.go:759] Sync failed; retrying in 30s",
            ),
            source="kubernetes/kubernetes pkg/proxy/iptables/proxier.go (syncProxyRules), "
            "v1.18 and v1.30",
        ),
    ),
)

CONNTRACK_DENIED = Signature(
    name="conntrack-sysctl-denied",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"open /proc/sys/net/netfilter/(?P<sysctl>nf_conntrack_\w+): "
            "(?P<reason>permission denied|read-only file system|no such file or "
            "directory)",
            literal="/proc/sys/net/netfilter/nf_conntrack_",
            samples=(
                "F0513 15:57:17.447425       1 server.go:495] open "
                "/proc/sys/net/netfilter/nf_conntrack_max: permission denied",
            ),
            source="kubernetes/kubernetes cmd/kube-proxy/app/conntrack.go (setIntSysCtl), v1.19",
        ),
        Wording(
            pattern="(?:open|write) /sys/module/nf_conntrack/parameters/hashsize: "
            r"(?P<reason>\S.*)$",
            literal="/nf_conntrack/parameters/hashsize: ",
            samples=("open /sys/module/nf_conntrack/parameters/hashsize: read-only file system",),
            source="kubernetes/kubernetes cmd/kube-proxy/app/conntrack.go (SetMax), v1.19",
        ),
    ),
)

IPVS_UNAVAILABLE = Signature(
    name="ipvs-unavailable",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="(?P<reason>Ipvs not supported(?: by the kernel)?)",
            literal="Ipvs not supported",
            samples=(
                'E1123 03:26:59.510798       1 run.go:72] "command failed" err="can'
                "'t use the IPVS proxier: Ipvs not supported"
                '"',
            ),
            source="kubernetes/kubernetes pkg/proxy/ipvs/proxier.go (CanUseIPVSProxier), v1.35.4",
        ),
        Wording(
            pattern="(?P<reason>IPVS proxier will not be used because the following required "
            r"kernel modules are not loaded: \[[^\]]*\])",
            literal="IPVS proxier will not be used because",
            samples=(
                "W0302 05:10:31.120211       1 proxier.go:513] IPVS proxier will not be "
                "used because the following required kernel modules are not loaded: [ip_vs "
                "ip_vs_rr]",
            ),
            source="kubernetes/kubernetes pkg/proxy/ipvs/proxier.go (CanUseIPVSProxier), v1.13",
        ),
    ),
)

IPVS_SYNC_FAILED = Signature(
    name="ipvs-sync-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed to (?:add|update) IPVS service",
            literal="IPVS service",
            samples=(
                'E0302 05:11:09.120211       1 proxier.go:1779] "Failed to add IPVS '
                'service" serviceName="kube-system/kube-dns:dns" err="no such file or '
                'directory"',
            ),
            source="kubernetes/kubernetes pkg/proxy/ipvs/proxier.go (syncService), v1.30",
        ),
        Wording(
            pattern="Failed to bind service address to dummy device",
            literal="bind service address to dummy device",
            samples=(
                'E0302 05:11:09.120211       1 proxier.go:1800] "Failed to bind service '
                'address to dummy device" err="permission denied" '
                'serviceName="kube-system/kube-dns:dns"',
            ),
            source="kubernetes/kubernetes pkg/proxy/ipvs/proxier.go (syncService), v1.30",
        ),
    ),
)

NFTABLES_FAILED = Signature(
    name="nftables-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'nftables sync failed\\*"? ?(?:err=)?(?P<reason>.*)$',
            literal="nftables sync failed",
            samples=(
                'E0302 05:11:09.120211       1 proxier.go:1614] "nftables sync failed" '
                'err="/dev/stdin:1:1-20: Error: Could not process rule: No such file or '
                'directory" ipFamily="IPv4"',
            ),
            source="kubernetes/kubernetes pkg/proxy/nftables/proxier.go (syncProxyRules), v1.31",
        ),
        Wording(
            pattern=r"kube-proxy in nftables mode requires kernel (?P<kernel>\S+) or later",
            literal="in nftables mode requires kernel",
            samples=(
                'E0302 05:11:09.120211       1 server.go:558] "Error running ProxyServer" '
                'err="kube-proxy in nftables mode requires kernel 5.13 or later"',
            ),
            source="kubernetes/kubernetes pkg/proxy/nftables/supported.go "
            "(checkKernelVersion), v1.31",
        ),
    ),
)

NODE_UNKNOWN = Signature(
    name="kube-proxy-node-unknown",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Failed to retrieve node info\\*"?:? ?(?:err=\\*")?nodes '
            r'\\*"(?P<node>[^"\\]+)\\*" not found',
            literal="Failed to retrieve node info",
            samples=(
                'E0302 05:11:09.120211       1 server.go:1051] "Failed to retrieve node '
                'info" err="nodes \\"worker-1.example.com\\" not found"',
            ),
            source="kubernetes/kubernetes pkg/util/node/node.go (GetNodeIP), v1.27",
        ),
    ),
)

IPTABLES_UNAVAILABLE = Signature(
    name="kube-proxy-iptables-unavailable",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="iptables is not available on this host ?: (?P<reason>.*)$",
            literal="iptables is not available on this host",
            samples=(
                'E1123 03:27:10.506361       1 run.go:72] "command failed" err="iptables is '
                'not available on this host : error listing chain \\"POSTROUTING\\" in table '
                '\\"nat\\": executable file not found in $PATH: "',
            ),
            source="kubernetes/kubernetes cmd/kube-proxy/app/server_linux.go "
            "(platformCheckSupported), v1.35.4",
        ),
        Wording(
            pattern="unable to create ipv[46] proxier: (?P<reason>.+)$",
            literal=" proxier: ",
            samples=(
                'E1123 03:27:10.822678       1 run.go:72] "command failed" err="unable to '
                "create proxier: unable to create ipv4 proxier: could not find nftables "
                'binary: exec: \\"nft\\": executable file not found in $PATH"',
            ),
            source="kubernetes/kubernetes pkg/proxy/iptables/proxier.go (NewDualStackProxier), "
            "v1.35.4",
        ),
    ),
)

PROXY_CONFIG_INVALID = Signature(
    name="kube-proxy-config-invalid",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Kube-proxy configuration may be incomplete or incorrect\\*"? '
            "?(?:err=)?(?P<reason>(?!.*nodePortAddresses is unset).*)$",
            literal="configuration may be incomplete or incorrect",
            samples=(
                'E0302 05:11:09.120211       1 server.go:669] "Kube-proxy configuration may '
                'be incomplete or incorrect" err="cluster is IPv4-primary but clusterCIDRs '
                'contains only IPv6 addresses"',
            ),
            source="kubernetes/kubernetes cmd/kube-proxy/app/server.go (newProxyServer), v1.30",
        ),
        Wording(
            pattern="failed validate: (?P<reason>KubeProxyConfiguration.+)$",
            literal="failed validate: KubeProxyConfiguration",
            samples=(
                'E1123 03:26:59.830106       1 run.go:72] "command failed" err="failed '
                "validate: KubeProxyConfiguration.Mode.ProxyMode: Invalid value: "
                '\\"userspace\\": must be iptables, ipvs, nftables or blank"',
            ),
            source="kubernetes/kubernetes cmd/kube-proxy/app/options.go (Validate), v1.35.4",
        ),
        Wording(
            pattern=r"failed complete: open (?P<file>\S+): (?P<reason>.+)$",
            literal="failed complete: open ",
            samples=(
                'E1123 03:30:31.219744       1 run.go:72] "command failed" err="failed '
                'complete: open /var/lib/kube-proxy/config.conf: no such file or directory"',
            ),
            source="kubernetes/kubernetes cmd/kube-proxy/app/options.go (Complete), v1.35.4",
        ),
        Wording(
            pattern=r"stat (?P<file>\S*kubeconfig\S*): (?P<reason>.+)$",
            literal="kubeconfig.conf: ",
            samples=(
                'E1123 03:30:42.928731       1 run.go:72] "command failed" err="stat '
                '/var/lib/kube-proxy/kubeconfig.conf: no such file or directory"',
            ),
            source="kubernetes/client-go tools/clientcmd/loader.go (Load), v0.35.4",
        ),
    ),
    key=("reason",),
)

CONNTRACK_STALE = Signature(
    name="conntrack-clean-up-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Failed to delete stale service connections\\*".{0,500}?err=(?P<reason>.*)$',
            literal="delete stale service connections",
            samples=(
                'E0302 05:11:09.120211       1 cleanup.go:70] "Failed to delete stale '
                'service connections" err="error looking for path of conntrack: exec: '
                '\\"conntrack\\": executable file not found in $PATH" IP="10.96.0.10"',
            ),
            source="kubernetes/kubernetes pkg/proxy/conntrack/cleanup.go "
            "(deleteStaleServiceConntrackEntries), v1.30",
        ),
        Wording(
            pattern=r'Failed to delete endpoint connections\\*".{0,500}?err=(?P<reason>.*)$',
            literal="Failed to delete endpoint connections",
            samples=(
                'E0302 05:11:09.120211       1 cleanup.go:99] "Failed to delete endpoint '
                'connections" err="error deleting conntrack entries for UDP peer '
                '{10.96.0.10, 10.244.1.7}, error: conntrack command returned: \\"\\"" '
                'servicePortName="kube-system/kube-dns:dns"',
            ),
            source="kubernetes/kubernetes pkg/proxy/conntrack/cleanup.go "
            "(deleteStaleEndpointConntrackEntries), v1.30",
        ),
    ),
)

BR_NETFILTER_UNSET = Signature(
    name="kube-proxy-br-netfilter-unset",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="[Mm]issing br-netfilter module or unset (?:sysctl )?br-nf-call-iptables",
            literal="issing br-netfilter module or unset",
            samples=(
                'I0302 05:11:09.120211       1 proxier.go:275] "Missing br-netfilter module '
                'or unset sysctl br-nf-call-iptables, proxy may not work as intended"',
            ),
            source="kubernetes/kubernetes pkg/proxy/iptables/proxier.go (NewProxier), v1.25",
            until="1.27",
        ),
    ),
)

# k3s and RKE2 run kube-proxy in a process of theirs, and prepare the kernel for it first.
BRIDGE_SETTING_MISSING = Signature(
    name="k3s-bridge-setting-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed to set sysctl: open /proc/sys/net/bridge/"
            "(?P<setting>bridge-nf-call-ip6?tables): no such file or directory",
            literal="Failed to set sysctl: open /proc/sys/net/bridge/",
            samples=(
                'time="2024-03-02T05:11:09Z" level=error msg="Failed to set sysctl: open '
                '/proc/sys/net/bridge/bridge-nf-call-iptables: no such file or directory"',
            ),
            source="k3s-io/k3s pkg/agent/syssetup/setup.go (Configure), v1.30",
        ),
    ),
)

# The last line of a kube-proxy that cannot reach the API server, in newer versions.
CACHES_AWAITED = Signature(
    name="kube-proxy-caches-awaited",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Waiting for caches to sync\\*"?(?: controller=\\*"(?P<controller>[^"\\]+)'
            r'\\*"| for (?P<name>[\w ]+))?',
            literal="Waiting for caches to sync",
            samples=(
                'I1123 03:26:39.219211       1 shared_informer.go:349] "Waiting for caches '
                'to sync" controller="service config"',
            ),
            source="kubernetes/client-go tools/cache/shared_informer.go "
            "(WaitForNamedCacheSync), v0.35.4",
        ),
    ),
    key=("controller", "name"),
)

CACHES_SYNCED = Signature(
    name="kube-proxy-caches-synced",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Caches are synced\\*"?(?: controller=\\*"(?P<controller>[^"\\]+)\\*"| for '
            r"(?P<name>[\w ]+))?",
            literal="Caches are synced",
            samples=(
                'I1123 03:26:39.319911       1 shared_informer.go:356] "Caches are synced" '
                'controller="service config"',
            ),
            source="kubernetes/client-go tools/cache/shared_informer.go "
            "(WaitForNamedCacheSync), v0.35.4",
        ),
    ),
    key=("controller", "name"),
)

HEALTHZ_FAILED = Signature(
    name="kube-proxy-healthz-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Healthz server failed\\*"? ?(?:err=)?(?P<reason>.*)$',
            literal="Healthz server failed",
            samples=(
                'E1123 03:32:01.811652       1 server.go:445] "Healthz server failed" '
                'err="failed to start proxy healthz on 0.0.0.0:10256: listen tcp '
                '0.0.0.0:10256: bind: address already in use"',
            ),
            source="kubernetes/kubernetes cmd/kube-proxy/app/server.go (serveHealthz, "
            "serveMetrics), v1.35.4",
        ),
        Wording(
            pattern=r'starting metrics server failed\\*"? ?(?:err=)?(?P<reason>.*)$',
            literal="starting metrics server failed",
            samples=(
                'E1123 03:32:11.430158       1 server.go:499] "starting metrics server '
                'failed" err="listen tcp 127.0.0.1:10249: bind: address already in use" '
                'logger="UnhandledError"',
            ),
            source="kubernetes/kubernetes cmd/kube-proxy/app/server.go (serveMetrics), v1.35.4",
        ),
    ),
    envelope=True,
)

# Routine at the first start: the table does not exist yet.
NFT_LIST_FAILED = Signature(
    name="kube-proxy-nft-list-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed to list existing nftables objects",
            literal="list existing nftables objects",
            samples=(
                'E1123 03:26:49.745157       1 proxier.go:1213] "Failed to list existing '
                'nftables objects" err=<',
            ),
            source="kubernetes/kubernetes pkg/proxy/nftables/proxier.go (syncProxyRules), v1.35.4",
        ),
    ),
)

# At level error in good health: advice on an option that nobody needs to set.
NODE_PORTS_EVERYWHERE = Signature(
    name="kube-proxy-node-ports-everywhere",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="nodePortAddresses is unset; NodePort connections will be accepted",
            literal="nodePortAddresses is unset",
            samples=(
                'E0302 05:11:08.150211       1 server.go:669] "Kube-proxy configuration may '
                'be incomplete or incorrect" err="nodePortAddresses is unset; NodePort '
                "connections will be accepted on all local IPs. Consider using "
                '`--nodeport-addresses primary`"',
            ),
            source="kubernetes/kubernetes cmd/kube-proxy/app/server.go (checkBadConfig), v1.30.5",
        ),
    ),
)

# Of what stands in kube-proxy's place: a row of Cilium's listing that holds no backend.
CILIUM_NO_BACKEND = Signature(
    name="cilium-no-backend",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"^\s*\d+\s+\[?(?P<address>[0-9a-fA-F.:]+?)\]?:(?P<port>\d+)"
            r"(?:/(?:TCP|UDP))?(?:/i)?\s+ClusterIP\s*$",
            literal="ClusterIP",
            samples=("7     10.96.0.1:443/TCP         ClusterIP      ",),
            source="cilium/cilium cilium-dbg/cmd/service_list.go (printServiceList), v1.16",
        ),
    ),
    key=("address", "port"),
)

SIGNATURES = signatures_in(globals())
