"""What makes a sandbox fail, by the forms that the programs around it share.

Every network add-on words its errors itself, and all of them end in the same few: the errors of
the kernel, of Go's network code, of the API server, of a packet filter. Where no signature knows a
message, the first of these that it holds decides, whoever prints it; the last one takes all. They
are looked for in what `spoken` leaves of an error, never in a log at large.

The order is from what names its cause to what does not: a request to a daemon that timed out is
the daemon's trouble, a deadline alone is nobody's.
"""

from __future__ import annotations

import re

from diagnose.signatures.base import Emitter, Signature, Wording
from diagnose.text.regex import regex
from diagnose.values import dataclass

EMITTER = Emitter.CNI
GO_SYSCALL = "golang/go syscall zerrors_linux_amd64.go"
GO_NET = "golang/go net (OpError), 1.24"

# The runtime itself, asked by the kubelet.
RUNTIME_AWAY = Signature(
    name="runtime-away",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"dial unix (?P<address>\S*/(?:containerd|crio|cri-dockerd|dockershim|docker)"
            r"\.sock): (?:connect: )?(?P<reason>.+)$",
            literal=".sock: ",
            samples=(
                'connection error: desc = "transport: Error while dialing: dial unix '
                '/run/containerd/containerd.sock: connect: connection refused"',
            ),
            source=f"kubernetes/cri-client pkg/remote_runtime.go, v0.35; {GO_NET}",
        ),
        Wording(
            pattern=r"Cannot connect to the Docker daemon at unix://(?P<address>/\S+?)\.(?:\s|$)",
            literal="Cannot connect to the Docker daemon",
            samples=(
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the "
                "docker daemon running?",
            ),
            source="moby/moby client/errors.go (ErrorConnectionFailed), v24.0",
        ),
    ),
)

# Any packet filter's program, whichever plugin ran it.
PACKET_FILTER = Signature(
    name="packet-filter-unusable",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'exec: "(?:/\S*/)?(?P<program>ip6?tables(?:-\w+)?|nft|ipset)": '
            "(?P<reason>.+)$",
            literal='exec: "',
            samples=(
                'could not initialize iptables protocol 0: exec: "iptables": executable file not '
                "found in $PATH",
            ),
            source="golang/go os/exec (LookPath), 1.24; containernetworking/plugins v1.9.1, "
            "plugins/meta/firewall/iptables.go",
        ),
        Wording(
            pattern=r"running \[\S*?(?P<program>ip6?tables(?:-\w+)?) [^\]]{1,400}\]: "
            r"(?P<reason>exit status .+)$",
            literal="tables",
            samples=(
                "failed to create top-level DNAT chain: running [/usr/sbin/iptables -t nat -N "
                "CNI-HOSTPORT-DNAT --wait]: exit status 3: modprobe: FATAL: Module ip_tables not "
                "found in directory /lib/modules/6.1.0",
            ),
            source="coreos/go-iptables iptables/iptables.go (Error), v0.8.0; as the plugins "
            "portmap, firewall and bridge of containernetworking/plugins v1.9.1 quote it",
        ),
        Wording(
            pattern="(?:nftables rules|nft rules)[^:]{0,80}: (?P<reason>.+)$",
            literal=" rules",
            samples=(
                "unable to set up nftables rules for port mappings: /dev/stdin:1:1-30: Error: "
                "Could not process rule: Operation not supported",
            ),
            source="containernetworking/plugins plugins/meta/portmap/portmap_nftables.go "
            "(forwardPorts), v1.9.1",
        ),
        Wording(
            pattern=r"(?P<reason>(?:ip6?tables|nft)[ \w.-]{0,40}(?:\([\w_]+\))?: (?:[Cc]an't "
            "initialize|Could not fetch rule set|Failed to initialize|Couldn't load|.{0,60}do you "
            "need to insmod).*)$",
            literal="t",
            samples=(
                "iptables v1.8.7 (legacy): can't initialize iptables table `nat': Table does not "
                "exist (do you need to insmod?)",
            ),
            source="netfilter iptables/iptables-standalone.c, libiptc/libip4tc.c, 1.8.7",
        ),
    ),
)

POOL_EXHAUSTED = Signature(
    name="pool-exhausted",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?i:\bno (?:more |free |available |unallocated )+(?:(?:IP)?v?[46] |IP |pod )?"
            r"(?:IPs?|addresses|ip address(?:es)?)\b)",
            literal="o",
            samples=(
                "no free v4 ip in ip pool pool-a",
                "no available ip",
                "No more free IPs in the range",
            ),
            source="kubeovn/kube-ovn pkg/ipam/subnet.go, v1.17",
        ),
        Wording(
            pattern=r"(?i:\b(?:no|not enough|insufficient) (?:IPs?|(?:IP |pod )?addresses)"
            r"(?: [\w-]+){0,3}?,? (?:available|free|left)\b)",
            literal="a",
            samples=(
                "unable to allocate IP via local cilium agent: [POST /ipam][502] postIpamFailure  "
                "no IPs currently available on the node, allocation will be retried once Cilium "
                "Operator allocates more IPs",
            ),
            source="cilium/cilium pkg/ipam/crd.go (allocateNext), v1.17",
        ),
        Wording(
            pattern=r"(?i:\bnot enough IPs available\b)",
            literal="IPs available",
            samples=(
                "Failed to get IP address from CNS: not enough IPs available of type IPv4 for "
                "1b2c, waiting on Azure CNS to allocate more with NC Status: ",
            ),
            source="Azure/azure-container-networking cns/restserver/ipam.go "
            "(AssignAvailableIPConfigs), master of 2026-08",
        ),
        Wording(
            pattern=r"(?i:(?:pools?|ranges?|subnets?|cidrs?|IPs|addresses)(?: (?:is|are|has been|"
            r"have been))?(?: all)? (?:full|exhausted|used up|depleted)\b)",
            literal="s",
            samples=(
                "failed to allocate IPv4 address for Pod kube-system/coredns-aaaaa: all IPPools "
                "exhausted",
            ),
            source="antrea-io/antrea pkg/agent/cniserver/ipam/antrea_ipam.go, v2.8; "
            "cilium/cilium pkg/ipam/crd.go, v1.17",
        ),
        Wording(
            pattern=r"(?P<reason>Could not allocate IP in range)(?:.{0,200}? range: "
            r"(?P<range>[\da-fA-F.:]+/\d+))?",
            literal="Could not allocate IP in range",
            samples=(
                "error at storage engine: Could not allocate IP in range: ip: 10.9.0.1 / - "
                "10.9.0.254 / range: 10.9.0.0/24 / excludeRanges: []",
            ),
            source="k8snetworkplumbingwg/whereabouts pkg/allocate/allocate.go (AssignmentError), "
            "v0.9.4",
        ),
        Wording(
            pattern="NoAvailableAddress|network without free addresses",
            literal="vailable",
            samples=("request ip return 500 NoAvailableAddress",),
            source="kubeovn/kube-ovn pkg/ipam/ipam.go (ErrNoAvailable), v1.17",
        ),
    ),
)

# An address that is to be given is noted for another sandbox.
ADDRESS_TAKEN = Signature(
    name="address-taken",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?i:\b(?:IP|address)\b)(?: address)?[ :]{0,3}(?P<address>[\da-fA-F]"
            r"[\da-fA-F.:]{2,44})(?:/\d+)? (?:is |has )?(?:already|been) (?:in use|allocated|"
            r"assigned|reserved)\b(?! by (?:the )?host)",
            literal=" ",
            samples=(
                "static IP allocation failed, requested IP address:2001:db8:194:101::113 is "
                "already in use",
                "ip 10.16.0.9 has been allocated to [kube-system/other]",
            ),
            source="nokia/danm pkg/ipam/ipam.go, v4.3; kubeovn/kube-ovn pkg/ipam/subnet.go, v1.17",
        ),
    ),
)

# A daemon of the node that the plugin asks: over a socket, or on a loopback address.
AGENT_AWAY = Signature(
    name="agent-away",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"dial unix (?P<address>/[^\s:]+): (?:connect: )?(?P<reason>.+)$",
            literal="dial unix ",
            samples=(
                'rpc error: code = Unavailable desc = connection error: desc = "transport: Error '
                "while dialing: dial unix /var/run/antrea/cni.sock: connect: connection "
                'refused"',
                "error dialing DHCP daemon: dial unix /run/cni/dhcp.sock: connect: no such file or "
                "directory",
            ),
            source="antrea-io/antrea pkg/cni/client.go, v2.8; kubeovn/kube-ovn pkg/request, v1.17; "
            f"containernetworking/plugins plugins/ipam/dhcp/main.go, v1.9.1; {GO_NET}",
        ),
        Wording(
            # a load balancer of the API server may listen there too: then with https
            pattern=r"^(?!.*https://).*?dial tcp (?P<address>(?:127\.0\.0\.1|\[::1\]|localhost):"
            r"\d+): (?:connect: )?(?P<reason>.+)$",
            literal="dial tcp ",
            samples=(
                "add cmd: Error received from AddNetwork gRPC call: rpc error: code = Unavailable "
                'desc = connection error: desc = "transport: Error while dialing dial tcp '
                '127.0.0.1:50051: connect: connection refused"',
            ),
            source="aws/amazon-vpc-cni-k8s cmd/routed-eni-cni-plugin/cni.go (add), v1.23; "
            f"Azure/azure-container-networking cns/client/client.go, master of 2026-08; {GO_NET}",
        ),
        Wording(
            pattern=r"http://(?:dummy|(?P<address>(?:localhost|127\.0\.0\.1)(?::\d+)?))/"
            r"[^\s\"]{0,300}\"?: (?P<reason>.+)$",
            literal="http://",
            samples=(
                'http request failed: Post "http://localhost:10090/network/requestipconfigs": '
                "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
            ),
            source="Azure/azure-container-networking cns/client/client.go, master of 2026-08; "
            "golang/go net/http client.go",
        ),
        Wording(
            pattern=r"(?P<reason>(?:Cilium API client timeout exceeded|failed to connect to "
            r"backend server|(?:gRPC|RPC)(?: call)?: rpc error: code = "
            r"(?:Unavailable|DeadlineExceeded)).*)$",
            literal="e",
            samples=(
                "unable to allocate IP via local cilium agent: Cilium API client timeout exceeded",
                "add cmd: failed to connect to backend server: context deadline exceeded",
                "add cmd: Error received from AddNetwork gRPC call: rpc error: code = "
                "DeadlineExceeded desc = context deadline exceeded",
            ),
            source="cilium/cilium pkg/client/client.go (Hint), v1.17; aws/amazon-vpc-cni-k8s "
            "cmd/routed-eni-cni-plugin/cni.go (add), v1.23",
        ),
        Wording(
            pattern=r"(?P<reason>unable to connect to Cilium (?:agent|daemon).*)$",
            literal="unable to connect to Cilium ",
            samples=("unable to connect to Cilium agent: too late",),
            source="cilium/cilium plugins/cilium-cni/lib/deletion_queue.go, v1.17",
        ),
        Wording(
            pattern=r"unix:(?P<address>/\S{0,200}?db\.sock): database connection failed "
            r"\((?P<reason>[^()]+)\)",
            literal=": database connection failed",
            samples=(
                "ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (No such "
                "file or directory)",
            ),
            source="openvswitch/ovs utilities/ovs-vsctl.c, v3.3; as kube-ovn v1.17 and "
            "ovn-kubernetes quote it",
        ),
    ),
)

# It answers, or is waited for, and has not done its part yet.
AGENT_NOT_READY = Signature(
    name="agent-not-ready",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<reason>(?:[\w-]{1,40} ){0,5}"
            r"(?:not (?:yet |currently )?(?:ready|initialized)|currently not ready)\b"
            r"(?! for interface).*)$",
            literal="not ",
            samples=(
                "Calico is currently not ready to process requests",
                "Antrea IPAM driver not ready: timed out waiting for the condition",
            ),
            source="projectcalico/calico cni-plugin/pkg/plugin/plugin.go (cmdAdd), v3.34; "
            "antrea-io/antrea pkg/agent/cniserver/ipam/antrea_ipam.go, v2.8",
        ),
        Wording(
            pattern=r"(?i:waiting for (?P<what>OVS port binding|annotations|readinessindicatorfile|"
            r"endpoint status file|host-side interface)(?P<reason>.*))$",
            literal="aiting for ",
            samples=(
                "failed to get pod annotation: timed out waiting for annotations: context deadline "
                "exceeded",
                "failed to configure pod interface: timed out waiting for OVS port binding "
                "(ovn-installed) for 0a:58:0a:80:00:05 [10.128.0.5/23]",
                "PollImmediate error waiting for ReadinessIndicatorFile: timed out waiting for the "
                "condition",
            ),
            source="ovn-org/ovn-kubernetes go-controller/pkg/cni (utils.go, helper_linux.go); "
            "k8snetworkplumbingwg/multus-cni pkg/multus/multus.go (CmdAdd), v4.3; "
            "projectcalico/calico cni-plugin/pkg/wait/wait.go, v3.34",
        ),
        Wording(
            pattern=r"(?P<reason>no address allocated to pod .*|pool not \(yet\) available.*|"
            r"resource does not exist: ClusterInformation.*|unable to find pod \S+.*)$",
            literal="o",
            samples=(
                "request ip return 500 no address allocated to pod kube-system/coredns-aaaaa "
                "provider ovn, please see kube-ovn-controller logs to find errors",
                "error getting ClusterInformation: resource does not exist: "
                "ClusterInformation(default) with error: clusterinformations.crd.projectcalico.org "
                '"default" not found',
                "unable to create endpoint: [PUT /endpoint/{id}][400] putEndpointIdInvalid  unable "
                "to find pod kube-system/coredns-aaaaa",
            ),
            source="kubeovn/kube-ovn pkg/daemon/handler.go, v1.17; projectcalico/calico "
            "libcalico-go/lib/errors/errors.go, v3.34; cilium/cilium pkg/ipam/multipool.go, v1.17",
        ),
    ),
)

API_UNAUTHORIZED = Signature(
    name="plugin-unauthorized",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<reason>\bUnauthorized\b|the server has asked for the client to provide "
            "credentials)",
            literal="e",
            samples=("error at storage engine: k8s get error: Unauthorized",),
            source="kubernetes/apimachinery pkg/api/errors/errors.go (NewUnauthorized, "
            "NewGenericServerResponse), v0.35",
        ),
    ),
)

# What the plugin asks over the network: the API server, or a data store of its own.
SERVER_AWAY = Signature(
    name="plugin-server-away",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"dial tcp (?P<address>[^\s:]+:\d+|\[[^\]\s]+\]:\d+): (?:connect: )?"
            "(?P<reason>.+)$",
            literal="dial tcp ",
            samples=(
                "error creating calico client: dial tcp 192.0.2.10:2379: connect: connection "
                "refused",
            ),
            source=GO_NET,
        ),
        Wording(
            pattern=r"(?P<reason>unexpected error when reading response body.*|"
            r"http2: client connection (?:lost|force closed).*|net/http: TLS handshake timeout"
            r"|client rate limiter Wait returned an error.*)$",
            literal="e",
            samples=(
                "unexpected error when reading response body. Please retry. Original error: "
                "http2: client connection lost",
            ),
            source="kubernetes/client-go rest/request.go (transformResponse), v0.35; golang/net "
            "http2/transport.go",
        ),
    ),
)

# Not of the cluster any more, or not yet: what a plugin looks up by its name.
OBJECT_MISSING = Signature(
    name="plugin-object-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'(?<![\w.-])(?P<kind>[a-z][\w.-]*+) "(?P<object>[^"]{1,253})" not found',
            literal='" not found',
            samples=(
                'failed to get k8s node resource: nodes "worker-9" not found',
                'network-attachment-definitions.k8s.cni.cncf.io "net1" not found',
            ),
            source="kubernetes/apimachinery pkg/api/errors/errors.go (NewNotFound), v0.35",
        ),
        Wording(
            pattern=r"could not find the requested resource(?: \(get (?P<kind>[\w.-]+)"
            r"(?: (?P<object>[\w.-]+))?\))?",
            literal="could not find the requested resource",
            samples=(
                "k8s get error: the server could not find the requested resource (get "
                "ippools.whereabouts.cni.cncf.io 10.9.0.0-24)",
            ),
            source="kubernetes/apimachinery pkg/api/errors/errors.go (NewGenericServerResponse), "
            "v0.35",
        ),
    ),
)

NETNS_LOST = Signature(
    name="netns-lost",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:opening netns pinned at|open (?:container )?netns|to netns) "
            r'"?(?P<netns>/[^\s":]+)"?: (?P<reason>no such file or directory|bad file descriptor|'
            "invalid argument)",
            literal="netns",
            samples=(
                "opening netns pinned at /var/run/netns/cni-0a1b: no such file or directory",
                "failed to open container netns /var/run/netns/cni-0a1b: no such file or directory",
                'unable to move veth pair "tmp1a2b" to netns /var/run/netns/cni-0a1b: bad file '
                "descriptor",
            ),
            source="cilium/cilium plugins/cilium-cni/cmd/cmd.go (Add), v1.17; antrea-io/antrea "
            "pkg/agent/cniserver/interface_configuration_linux.go, v2.8",
        ),
        Wording(
            pattern=r"(?P<netns>/(?:proc/\d+/ns/net|(?:var/)?run/netns/[\w.-]+))\\*\"?: "
            "no such file or directory",
            literal=": no such file or directory",
            samples=("mount /proc/15875/ns/net: no such file or directory",),
            source=f"{GO_SYSCALL} (ENOENT)",
        ),
        Wording(
            # the runtime had no path to give
            pattern='failed to Statfs ""',
            literal='Statfs ""',
            samples=('failed to open netns "": failed to Statfs "": no such file or directory',),
            source="containernetworking/plugins pkg/ns/ns_linux.go (IsNSorErr), v1.9.1",
        ),
    ),
)

# The plugin finds its configuration wrong.
CONFIG_REFUSED = Signature(
    name="plugin-config-refused",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?i:(?:failed|unable) to (?:load|parse) (?:\w+ )?(?:net ?conf(?:ig)?|cni "
            r"configuration|network config(?:uration)?)(?: file)?\b)(?! file names)"
            r"[^:]{0,60}:? (?P<reason>.+)$",
            literal="o ",
            samples=(
                "failed to load netconf: invalid character '}' looking for beginning of value",
                'unable to parse CNI configuration "{}": no plugins in list',
                "failed to load flannel netconf file: invalid character",
            ),
            source="containernetworking/plugins plugins/main/bridge/bridge.go (loadNetConf), "
            "v1.9.1; cilium/cilium plugins/cilium-cni/cmd/cmd.go (Add), v1.17",
        ),
        Wording(
            pattern=r"(?P<reason>must be called as (?:a )?chained plugin|"
            r"IPAM config missing 'ipam' key|range set \d+ overlaps with \d+|"
            r"cannot set hairpin mode and promiscuous mode.*|"
            r"'delegate' dictionary.+|unknown (?:ipvlan|macvlan) mode.+|(?:if )?(?:rate|burst) is "
            r"set, \w+ must also be set|at least one delegate(?:/clusterNetwork)? must be "
            r"specified|Sysctl \S+ is not allowed\.|field is required.*|\"master\" field is "
            r"required.*)",
            literal="e",
            samples=(
                "must be called as chained plugin",
                "IPAM config missing 'ipam' key",
                "LoadNetConf: at least one delegate must be specified",
            ),
            source="containernetworking/plugins v1.9.1 (plugins/meta/portmap/main.go, plugins/ipam/"
            "host-local/backend/allocator/config.go, plugins/meta/tuning/tuning.go, plugins/meta/"
            "bandwidth/main.go); flannel-io/cni-plugin flannel.go, v1.9.1; "
            "k8snetworkplumbingwg/multus-cni pkg/types/conf.go, v4.3",
        ),
        Wording(
            pattern=r"(?P<reason>invalid (?:MTU|VLAN ID|chaining-mode|dataplane type|address|CIDR"
            r"|gateway address|plugin name)\b.+)$",
            literal="invalid ",
            samples=(
                "invalid MTU 9000, must be [0, master MTU(1500)]",
                "invalid chaining-mode foo",
            ),
            source="containernetworking/plugins v1.9.1 (plugins/main/ipvlan/ipvlan.go, "
            "plugins/main/bridge/bridge.go, plugins/ipam/static/main.go); cilium/cilium "
            "plugins/cilium-cni/cmd/cmd.go (getChainedAction), v1.17",
        ),
        Wording(
            pattern=r'(?P<reason>failed to (?:lookup|find) (?:master|host device)(?: "[^"]+")?: '
            r"Link not found|Failed to find the master interface)",
            literal="o",
            samples=('failed to lookup master "eth1": Link not found',),
            source="containernetworking/plugins v1.9.1, plugins/main/macvlan/macvlan.go, "
            "plugins/main/host-device/host-device.go; Azure/azure-container-networking "
            "cni/network/network.go, master of 2026-08",
        ),
    ),
)

# A setting that this kernel has not, or does not let the plugin write.
SYSCTL_REFUSED = Signature(
    name="sysctl-refused",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"/proc/sys/(?P<setting>[\w./-]{1,200}+): (?P<reason>no such file or directory|"
            "read-only file system|permission denied|operation not permitted|invalid argument)",
            literal="/proc/sys/",
            samples=(
                "open /proc/sys/net/ipv4/conf/eth0/arp_filter: read-only file system",
                "failed to set net.ipv6.conf.all.disable_ipv6=0: open "
                "/proc/sys/net/ipv6/conf/all/disable_ipv6: no such file or directory",
            ),
            source="containernetworking/plugins pkg/utils/sysctl/sysctl_linux.go, v1.9.1; "
            "projectcalico/calico cni-plugin/pkg/dataplane/linux/dataplane_linux.go, v3.34",
        ),
    ),
    key=("setting",),
)

# Files of the plugin's or the runtime's own; the settings of the kernel are no disk.
DISK = Signature(
    name="plugin-disk",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:^|[\s\"(])(?P<path>/(?!proc/|sys/)[^\s\":]+)\"?: (?P<reason>"
            "no space left on device|read-only file system|disk quota exceeded|input/output error)",
            literal=": ",
            samples=(
                'failed to set network "cbr0" cached result: mkdir /run/cni/results: read-only '
                "file system",
            ),
            source=f"{GO_SYSCALL} (ENOSPC, EROFS, EDQUOT, EIO)",
        ),
    ),
)

# What the kernel answers to the plugin's netlink request.
KERNEL_REFUSED = Signature(
    name="kernel-refused",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="^(?P<what>.*?):? (?P<reason>(?i:(?:operation|protocol|address family) "
            "not supported(?: by protocol)?))",
            literal=" not supported",
            samples=(
                "failed to make veth pair: operation not supported",
                "create ingress qdisc: operation not supported",
            ),
            source=f"{GO_SYSCALL} (EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT); "
            "containernetworking/plugins v1.9.1, pkg/ip/link_linux.go, plugins/meta/bandwidth/"
            "ifb_creator.go",
        ),
        Wording(
            pattern=r"^(?P<what>.*?qdisc): (?P<reason>no such file or directory)",
            literal="qdisc: ",
            samples=("create qdisc: no such file or directory",),
            source="containernetworking/plugins plugins/meta/bandwidth/ifb_creator.go, v1.9.1; "
            "torvalds/linux net/sched/sch_api.c (qdisc_create: ENOENT for an unknown kind), v6.1",
        ),
        Wording(
            pattern="^(?P<what>.*?): (?P<reason>operation not permitted|permission denied"
            "|exchange full|device or resource busy|too many open files|cannot allocate memory)",
            literal=": ",
            samples=(
                'failed to add IP addr {10.244.1.5/24} to "eth0": permission denied',
                'failed to set "eth0" UP: operation not permitted',
                "failed to create ipvlan: device or resource busy",
            ),
            source=f"{GO_SYSCALL} (EPERM, EACCES, EXFULL, EBUSY, EMFILE, ENOMEM)",
        ),
    ),
)

THERE_ALREADY = Signature(
    name="there-already",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="^(?P<what>.*?):? (?P<reason>file exists|already exists|already assigned"
            "|has already a master set)",
            literal=" ",
            samples=(
                "error adding host side routes for interface: cali1a2b3c4d5e6, error: route "
                "(Ifindex: 12, Dst: 10.244.1.5/32, Scope: link) already exists for an interface "
                "other than 'cali1a2b3c4d5e6'",
                'failed to rename macvlan to "eth0": file exists',
            ),
            source=f"{GO_SYSCALL} (EEXIST); projectcalico/calico cni-plugin/pkg/dataplane/linux/"
            "dataplane_linux.go (SetupRoutes), v3.34",
        ),
    ),
)

CRASHED = Signature(
    name="plugin-crashed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<reason>signal: \w+|panic: .{0,300}|error while loading shared libraries: "
            ".{0,200})",
            literal=": ",
            samples=(
                "netplugin failed with no error message: signal: killed",
                'netplugin failed: "panic: runtime error: invalid memory address or nil pointer '
                'dereference"',
            ),
            source="containernetworking/cni pkg/invoke/raw_exec.go (pluginErr), v1.3",
        ),
    ),
)

# Whose time ran out is not told.
DEADLINE = Signature(
    name="sandbox-deadline",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<reason>context deadline exceeded|DeadlineExceeded|(?:operation )?timed? ?"
            r"out\b|i/o timeout|operation timeout)",
            literal="e",
            samples=(
                "context deadline exceeded",
                "failed to create shim task: context deadline exceeded",
            ),
            source="golang/go context (DeadlineExceeded), 1.24",
        ),
    ),
)

# Whatever is left: a plugin failed and says why in words of its own.
UNKNOWN = Signature(
    name="sandbox-words-unknown",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<reason>\S.*)",
            literal="",
            samples=("the fish is not fresh",),
            source="any network plugin or runtime; containernetworking/cni libcni/api.go "
            "(addNetwork), v1.3",
        ),
    ),
)

MECHANISMS = (
    RUNTIME_AWAY,
    PACKET_FILTER,
    POOL_EXHAUSTED,
    ADDRESS_TAKEN,
    AGENT_AWAY,
    AGENT_NOT_READY,
    API_UNAUTHORIZED,
    SERVER_AWAY,
    NETNS_LOST,
    CONFIG_REFUSED,
    SYSCTL_REFUSED,
    DISK,
    OBJECT_MISSING,
    THERE_ALREADY,
    KERNEL_REFUSED,
    CRASHED,
    DEADLINE,
    UNKNOWN,
)
# These tell little or nothing of why.
VAGUE = (DEADLINE, UNKNOWN)

# Who asked whom, from the outside in: what stands behind the last of these is the plugin's own.
PLUGIN = regex(
    r'plugin type="(?P<plugin>[^"]{1,64})"(?: name="[^"]{0,128}")? failed \((?P<phase>\w{2,8})\): '
)
NETWORK = regex(
    r'(?:[Nn]etworkPlugin cni failed to (?P<down>set up|teardown) pod "[^"]{1,300}" network'
    r'|[Ee]rror (?P<adding>adding|removing) pod \S{1,300} (?:to|from) CNI network "[^"]{1,128}"'
    r"|[Ee]rror (?P<adds>adding|deleting) \S{1,400} (?:to|from) network \S{1,200}"
    r'|failed to (?P<go>setup|destroy) network for sandbox "\w{1,80}"'
    r'|rror adding container to network "[^"]{1,128}"): '
)
REMOTE = regex(r"rpc error: code = \w{1,32} desc = |[Ff]ailed (?:to )?create pod sandbox: ")
SEEN = 4000  # characters; what comes behind is a quoted body
CLEAN_UP = regex(r"[,;]? failed to clean up sandbox container ")
PHASES = {"teardown": "delete", "removing": "delete", "deleting": "delete", "destroy": "delete"}


@dataclass(frozen=True)
class Spoken:
    """What the innermost program of an error said.

    `plugin` is "" where it is not named; `phase` the request it was asked with ("add", "delete",
    "status"), "" where no plugin had been asked yet.
    """

    said: str
    plugin: str = ""
    phase: str = ""


def spoken(text: str) -> Spoken:
    """Return what stands inside the envelopes of kubelet, runtime and libcni.

    Of an error that quotes the set-up and the clean-up, the set-up's counts.
    """
    text = CLEAN_UP.split(text[:SEEN].replace("\\", ""), maxsplit=1)[0]
    plugins, networks = list(PLUGIN.finditer(text)), list(NETWORK.finditer(text))
    last = max((*plugins, *networks), key=re.Match.end, default=None)
    if last is None:
        calls = list(REMOTE.finditer(text))[:2]  # the kubelet's own, then the runtime's
        return Spoken((text[calls[-1].end() :] if calls else text).strip())
    told = next((one for one in last.groupdict().values() if one in PHASES), "")
    phase = plugins[-1]["phase"] if plugins else PHASES.get(told, "add")
    return Spoken(text[last.end() :].strip(), plugins[-1]["plugin"] if plugins else "", phase)


def mechanism(said: str) -> tuple[Signature, re.Match[str]] | None:
    """Return the mechanism that an error's words decide for, with its match; None of no words."""
    for one in MECHANISMS:
        if found := one.match(said):
            return one, found
    return None
