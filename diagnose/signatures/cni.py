"""What CNI plugins answer, whoever quotes it: the runtime, the kubelet, an Event.

A message may hold several of these: the error of the set-up first, then that of the clean-up.
"""

from __future__ import annotations

from diagnose.signatures.base import Emitter, Signature, Wording, signatures_in

EMITTER = Emitter.CNI

NETNS_GONE = Signature(
    name="netns-gone",
    emitter=EMITTER,
    wordings=(
        Wording(
            # the path of a network namespace: other programs say the same of any file
            pattern=r'failed to Statfs \\*"(?P<netns>[^"\\]*(?:/ns/|netns)[^"\\]*)\\*": '
            "no such file or directory",
            literal="failed to Statfs ",
            samples=(
                "networkPlugin cni failed to set up pod "
                '"coredns-7677f9bb54-jxnlh_kube-system" network: failed to Statfs '
                '"/proc/15875/ns/net": no such file or directory',
                'plugin type="flannel" failed (add): failed to delegate add: failed to open '
                'netns "/var/run/netns/cni-7d3d": failed to Statfs '
                '"/var/run/netns/cni-7d3d": no such file or directory',
            ),
            source="containernetworking/plugins pkg/ns/ns_linux.go (IsNSorErr), v0.8.7 to v1.9.1",
        ),
        Wording(
            pattern="CNI failed to retrieve network namespace path: (?P<reason>.+)$",
            literal="retrieve network namespace path: ",
            samples=(
                "E0302 05:11:09.120211    1322 cni.go:333] CNI failed to retrieve network "
                "namespace path: cannot find network namespace for the terminated container "
                '"3f1c0a9d5b7e4c21a6d8"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/dockershim/network/cni/cni.go "
            "(TearDownPod), v1.18",
            until="1.23",
        ),
    ),
)

NETNS_WRONG = Signature(
    name="netns-wrong",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'unknown FS magic on \\*"(?P<netns>[^"\\]+)\\*": (?P<magic>[0-9a-f]+)',
            literal="unknown FS magic on ",
            samples=(
                'failed to open netns "/var/run/netns/plainfile": unknown FS magic on '
                '"/var/run/netns/plainfile": 1021994',
            ),
            source="containernetworking/plugins pkg/ns/ns_linux.go (IsNSorErr), v1.5.1",
        ),
    ),
)

IPTABLES_UNUSABLE = Signature(
    name="iptables-unusable",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"neither iptables nor ip6tables (?:is )?usable(?:, \(iptables\) "
            "(?P<reason>.*))?",
            literal="neither iptables nor ip6tables ",
            samples=(
                "networkPlugin cni failed to teardown pod "
                '"coredns-7677f9bb54-jxnlh_kube-system" network: neither iptables nor '
                "ip6tables usable",
                'neither iptables nor ip6tables is usable, (iptables) exec: "iptables": '
                'executable file not found in $PATH, (ip6tables) exec: "ip6tables": '
                "executable file not found in $PATH",
            ),
            source="containernetworking/plugins plugins/meta/portmap/portmap_iptables.go "
            "(unforwardPorts), v1.1.1 and v1.5.1",
        ),
    ),
)

IPTABLES_FAILED = Signature(
    name="iptables-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="failed to (?:open|locate) iptables: (?P<reason>.+)$",
            literal=" iptables: ",
            samples=(
                'failed to open iptables: exec: "iptables": executable file not found in $PATH',
                'failed to locate iptables: exec: "iptables": executable file not found in $PATH',
            ),
            source="containernetworking/plugins plugins/meta/portmap/portmap_iptables.go "
            "(forwardPorts), pkg/ip/ipmasq_iptables_linux.go (setupIPMasqIPTables), "
            "v1.5.1",
        ),
        Wording(
            pattern="could not find nftables binary: (?P<reason>.+)$",
            literal="could not find nftables binary: ",
            samples=(
                'could not find nftables binary: exec: "nft": executable file not found in $PATH',
            ),
            source="kubernetes-sigs/knftables nftables.go (newInternal), v0.0.18, through "
            "containernetworking/plugins v1.9.1",
        ),
        Wording(
            pattern=r"unable to create chain (?P<chain>CNI-\S+): (?P<reason>.+)$",
            literal="unable to create chain CNI-",
            samples=(
                "unable to create chain CNI-HOSTPORT-SETMARK: failed to list iptables "
                "chains: running [/sbin/iptables -t nat -S --wait]: exit status 4: iptables "
                "v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission "
                "denied (you must be root)",
            ),
            source="containernetworking/plugins plugins/meta/portmap/chain.go (setup), v1.1.1",
        ),
        Wording(
            pattern="could not teardown ipv(?P<family>[46]) dnat: (?P<reason>.+)$",
            literal="could not teardown ipv",
            samples=(
                "could not teardown ipv4 dnat: running [/usr/sbin/iptables -t nat -S "
                "CNI-HOSTPORT-DNAT --wait]: exit status 1: iptables: Bad rule",
            ),
            source="containernetworking/plugins plugins/meta/portmap/portmap_iptables.go "
            "(unforwardPorts), v1.1.1",
        ),
    ),
    envelope=True,
)

PLUGIN_MISSING = Signature(
    name="cni-plugin-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            # people cut what they paste: the path may be missing
            pattern=r'failed to find plugin \\*"(?P<plugin>[^"\\]+)\\*" in'
            r"(?: path \[(?P<path>[^\]\[]*)\]|(?: path)?$)",
            literal="failed to find plugin ",
            samples=(
                'failed to setup network for sandbox "ccd95ce6": plugin type="flannel" '
                'failed (add): failed to find plugin "flannel" in path [/opt/cni/bin]',
                'failed to delegate add: failed to find plugin "bridge" in path [/opt/cni/bin]',
            ),
            source="containernetworking/cni pkg/invoke/find.go (FindInPath), v1.0.1",
        ),
    ),
    key=("plugin",),
)

PLUGIN_NOT_EXECUTABLE = Signature(
    name="cni-plugin-not-executable",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"fork/exec (?P<path>/\S+): (?P<reason>permission denied|exec format "
            "error|text file busy|operation not permitted|no such file or "
            "directory|input/output error)",
            literal="fork/exec /",
            samples=(
                "netplugin failed with no error message: fork/exec /opt/cni/bin/host-local: "
                "exec format error",
            ),
            source="golang/go os/exec_posix.go (startProcess), through containernetworking/cni "
            "pkg/invoke/raw_exec.go (pluginErr), v1.0.1",
        ),
    ),
    key=("path",),
)

PLUGIN_SILENT = Signature(
    name="cni-plugin-silent",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="netplugin failed[^:]{0,400}: (?P<reason>(?!fork/exec).+)$",
            literal="netplugin failed",
            samples=(
                'plugin type="flannel" failed (add): netplugin failed with no error '
                "message: signal: killed",
                'netplugin failed: "panic: assignment to entry in nil map"',
            ),
            source="containernetworking/cni pkg/invoke/raw_exec.go (pluginErr), v1.0.1",
        ),
    ),
)

NO_CONFIG = Signature(
    name="cni-no-config",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="cni plugin not initialized",
            literal="cni plugin not initialized",
            samples=(
                "NetworkReady=false reason:NetworkPluginNotReady message:Network plugin "
                "returns error: cni plugin not initialized",
                "no network config found in /etc/cni/net.d: cni plugin not initialized: "
                "failed to load cni config",
            ),
            source="containerd/go-cni errors.go (ErrCNINotInitialized), v1.1.9",
        ),
        Wording(
            pattern="cni config uninitialized",
            literal="cni config uninitialized",
            samples=(
                "NetworkReady=false reason:NetworkPluginNotReady message:docker: network "
                "plugin is not ready: cni config uninitialized",
            ),
            source="kubernetes/kubernetes pkg/kubelet/dockershim/network/cni/cni.go (Status), "
            "v1.18",
            until="1.23",
        ),
        Wording(
            pattern=r"[Nn]o (?:valid )?networks found in (?P<directory>[^\"\s]+)",
            literal="networks found in ",
            samples=(
                'I0910 09:58:01.621500   12866 cni.go:239] "Unable to update cni config" '
                'err="no networks found in /etc/cni/net.d"',
                "Unable to update cni config: no valid networks found in /etc/cni/net.d",
            ),
            source="kubernetes/kubernetes pkg/kubelet/dockershim/network/cni/cni.go "
            "(getDefaultCNINetwork), v1.23",
            until="1.23",
        ),
        Wording(
            pattern=r"[Nn]o CNI configuration file in (?P<directory>\S+)\. Has your network "
            "provider started",
            literal="CNI configuration file in ",
            samples=(
                "NetworkReady=false reason:NetworkPluginNotReady message:Network plugin "
                "returns error: No CNI configuration file in /etc/cni/net.d/. Has your "
                "network provider started?",
            ),
            source="cri-o/ocicni pkg/ocicni/ocicni.go (Status), v0.4.0",
        ),
    ),
)

BRIDGE_ADDRESS_CONFLICT = Signature(
    name="bridge-address-conflict",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'failed to set bridge addr: \\*"(?P<bridge>[^"\\]+)\\*" already has an IP '
            r"address different from (?P<wanted>[0-9a-fA-F.:]+/\d+)",
            literal="already has an IP address different from",
            samples=(
                'failed to set bridge addr: "cni0" already has an IP address different from '
                "10.200.1.1/24",
                'failed to delegate add: failed to set bridge addr: "cni0" already has an '
                "IP address different from 10.200.1.1/24",
            ),
            source="containernetworking/plugins plugins/main/bridge/bridge.go (ensureAddr), "
            "v0.8.7 to v1.9.1",
        ),
    ),
    key=("bridge", "wanted"),
)

BRIDGE_ADDRESS_DENIED = Signature(
    name="bridge-address-denied",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"failed to set bridge addr: could not add IP address (?:(?P<address>\S+) "
            r')?to \\*"(?P<bridge>[^"\\]+)\\*": (?P<reason>.+)$',
            literal="bridge addr: could not add IP address",
            samples=(
                "failed to set bridge addr: could not add IP address fd00:10:200:1::1/64 to "
                '"cni0": permission denied',
            ),
            source="containernetworking/plugins plugins/main/bridge/bridge.go (ensureAddr), v1.9.1",
        ),
    ),
)

NO_BRIDGE = "already exists"  # "… but is not a bridge", which may be cut off
BRIDGE_FAILED = Signature(
    name="bridge-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'failed to create bridge \\*"(?P<bridge>[^"\\]+)\\*": (?P<reason>.+)$',
            literal="failed to create bridge ",
            samples=(
                'failed to create bridge "cni0": "cni0" already exists but is not a bridge',
                'failed to create bridge "cni0": could not add "cni0": operation not permitted',
            ),
            source="containernetworking/plugins plugins/main/bridge/bridge.go (ensureBridge), "
            "v0.8.7 to v1.9.1",
        ),
    ),
    key=("reason",),
)

VETH_EXISTS = Signature(
    name="veth-exists",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'container veth name (?:provided \(|\(\\*")(?P<interface>[\w.-]+)',
            literal="container veth name ",
            samples=(
                "container veth name provided (eth0) already exists",
                'container veth name ("eth0") peer provided ("veth1a2b3c4d") already exists',
            ),
            source="containernetworking/plugins pkg/ip/link_linux.go (makeVeth), v1.1.1 and v1.5.1",
        ),
    ),
)

IPAM_EXHAUSTED = Signature(
    name="ipam-exhausted",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"no IP addresses available in range set: (?P<range>[^\s\"\\]+)",
            literal="no IP addresses available in range",
            samples=(
                "failed to allocate for range 0: no IP addresses available in range set: "
                "10.244.1.1-10.244.1.254",
            ),
            source="containernetworking/plugins plugins/ipam/host-local/backend/allocator/alloc"
            "ator.go (Get), v0.8.7 to v1.9.1",
        ),
        Wording(
            pattern=r"postIpamFailure\s+(?P<reason>range is full|No more IPs available|all CIDR "
            "ranges are exhausted)",
            literal="postIpamFailure",
            samples=(
                "unable to allocate IP via local cilium agent: [POST /ipam][502] "
                "postIpamFailure  range is full",
            ),
            source="cilium/cilium daemon/cmd/ipam.go (postIPAM), v1.10",
        ),
        Wording(
            pattern="add cmd: failed to assign an IP address to container",
            literal="failed to assign an IP address to",
            samples=(
                'plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to '
                "assign an IP address to container",
            ),
            source="aws/amazon-vpc-cni-k8s cmd/routed-eni-cni-plugin/cni.go (add), v1.12.0",
        ),
        Wording(
            pattern="(?P<reason>DataStore has no available IP(?:/Prefix)? addresses)",
            literal="DataStore has no available IP",
            samples=(
                "DataStore has no available IP addresses",
                "DataStore has no available IP/Prefix addresses",
            ),
            source="aws/amazon-vpc-cni-k8s pkg/ipamd/datastore/data_store.go (AssignPodIPv4Address"
            "), v1.5.0 to v1.18.0",
        ),
        Wording(
            pattern="Failed to assign an IP address to container [0-9a-f]{12,64}",
            literal="Failed to assign an IP address to container",
            samples=("Failed to assign an IP address to container 0a1b2c3d4e5f",),
            source="aws/amazon-vpc-cni-k8s cmd/routed-eni-cni-plugin/cni.go (add), v1.7.0",
        ),
        Wording(
            pattern="(?P<reason>cannot allocate new block due to per host block limit)",
            literal="new block due to per host block limit",
            samples=(
                'error adding container to network "k8s-pod-network": cannot allocate new block '
                "due to per host block limit",
            ),
            source="projectcalico/calico libcalico-go/lib/ipam/ipam.go (ErrBlockLimit), v3.26.0",
        ),
        Wording(
            pattern=r"Assigned 0 out of \d+ requested IPv[46] addresses(?:; (?P<reason>.+))?$",
            literal="Assigned 0 out of ",
            samples=(
                "failed to request IPv4 addresses: Assigned 0 out of 1 requested IPv4 addresses; "
                "No more free affine blocks and strict affinity enabled",
            ),
            source="projectcalico/calico libcalico-go/lib/ipam/ipam.go "
            "(IPAMAssignments.PartialFulfillmentError), v3.26.0",
        ),
        Wording(
            pattern=r"failed to request \d+ IPv[46] addresses\. IPAM allocated only 0",
            literal="IPAM allocated only 0",
            samples=("failed to request 1 IPv4 addresses. IPAM allocated only 0",),
            source="projectcalico/cni-plugin pkg/ipamplugin/ipam_plugin.go (cmdAdd), v3.18.0",
        ),
        Wording(
            pattern=r"not enough IPs available for \S+ waiting on Azure CNS to allocate more",
            literal="not enough IPs available for ",
            samples=(
                "IPAM Invoker Add failed with error: Failed to get IP address from CNS with "
                "error: AllocateIPConfig failed: not enough IPs available for "
                "1b2c3d4e-0000-4000-8000-aabbccddeeff, waiting on Azure CNS to allocate more with "
                "NC Status: ",
            ),
            source="Azure/azure-container-networking cns/restserver/ipam.go "
            "(AssignAvailableIPConfigs), v1.5.0",
        ),
        Wording(
            pattern="Failed to allocate (?:address|pool): [Nn]o available address(?:es| pools)",
            literal="o available address",
            samples=(
                "Failed to allocate pool: Failed to delegate: Failed to allocate address: No "
                "available addresses",
                "Failed to delegate: Failed to allocate pool: No available address pools",
            ),
            source="Azure/azure-container-networking cni/ipam/ipam.go (Add), ipam/api.go "
            "(errNoAvailableAddresses, ErrNoAvailableAddressPools), v1.4.0",
        ),
    ),
)

IPAM_DUPLICATE = Signature(
    name="ipam-duplicate",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<address>[0-9a-fA-F.:]{2,45}) has been allocated to (?P<holder>\S+), "
            "duplicate allocation is not allowed",
            literal="duplicate allocation is not allowed",
            samples=(
                "failed to allocate for range 0: 10.200.1.2 has been allocated to "
                "9c1ca2a30e1c4f5f, duplicate allocation is not allowed",
            ),
            source="containernetworking/plugins plugins/ipam/host-local/backend/allocator/alloc"
            "ator.go (Get), v0.8.7 to v1.9.1",
        ),
    ),
)

IPAM_DISK = Signature(
    name="ipam-disk",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?:write|open|mkdir) (?P<path>/var/lib/cni/\S+): (?P<reason>no space left "
            "on device|read-only file system|permission denied)",
            literal=" /var/lib/cni/",
            samples=(
                "failed to allocate for range 0: write "
                "/var/lib/cni/networks/cbr0/10.200.1.2: no space left on device",
                "mkdir /var/lib/cni/flannel: read-only file system",
            ),
            source="containernetworking/plugins plugins/ipam/host-local/backend/disk/backend.go"
            " (Reserve, New), v1.9.1",
        ),
        Wording(
            pattern=r"failed \(add\): (?P<reason>no space left on device)",
            literal="failed (add): no space left on device",
            samples=('plugin type="bridge" failed (add): no space left on device',),
            source="containernetworking/plugins plugins/ipam/host-local/backend/disk/backend.go"
            " (Reserve), v1.9.1",
        ),
    ),
)

IPAM_RANGE_INVALID = Signature(
    name="ipam-range-invalid",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"invalid range set \d+: (?P<reason>.+)$",
            literal="invalid range set ",
            samples=("invalid range set 0: RangeStart 10.200.2.2 not in network 10.200.1.0/24",),
            source="containernetworking/plugins plugins/ipam/host-local/backend/allocator/confi"
            "g.go (LoadIPAMConfig), v1.9.1",
        ),
        Wording(
            pattern="no IP ranges specified",
            literal="no IP ranges specified",
            samples=("no IP ranges specified",),
            source="containernetworking/plugins plugins/ipam/host-local/backend/allocator/confi"
            "g.go (LoadIPAMConfig), v1.9.1",
        ),
    ),
)

SUBNET_ENV_MISSING = Signature(
    name="subnet-env-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"open (?P<file>/\S*subnet\.env): no such file or directory",
            literal="subnet.env: no such file",
            samples=(
                "open /run/flannel/subnet.env: no such file or directory",
                "loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: no such file or "
                "directory",
                "failed to load flannel 'subnet.env' file: open /run/flannel/subnet.env: no "
                "such file or directory. Check the flannel pod log for this node.",
            ),
            source="flannel-io/cni-plugin flannel.go (loadFlannelSubnetEnv), v1.0.1, v1.1.2 "
            "and v1.9.1",
        ),
    ),
)

SUBNET_ENV_INCOMPLETE = Signature(
    name="subnet-env-incomplete",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<file>/\S{0,200}?subnet\.env) is missing (?P<keys>FLANNEL_[A-Z0-9_]+(?:, "
            "FLANNEL_[A-Z0-9_]+){0,9})",
            literal="subnet.env is missing FLANNEL_",
            samples=(
                "/run/flannel/subnet.env is missing FLANNEL_NETWORK, FLANNEL_SUBNET, "
                "FLANNEL_MTU, FLANNEL_IPMASQ",
            ),
            source="flannel-io/cni-plugin flannel.go (loadFlannelSubnetEnv), v0.8.7 to v1.9.1",
        ),
    ),
)

SUBNET_ENV_INVALID = Signature(
    name="subnet-env-invalid",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"failed to load flannel 'subnet\.env' file: (?P<reason>(?!open |/\S+ is "
            "missing).+)$",
            literal="load flannel 'subnet.env' file: ",
            samples=(
                "failed to load flannel 'subnet.env' file: invalid CIDR address: banana. "
                "Check the flannel pod log for this node.",
            ),
            source="flannel-io/cni-plugin flannel.go (cmdFlannelAdd), v1.9.1",
        ),
        Wording(
            pattern=r"loadFlannelSubnetEnv failed: (?P<reason>(?!open |/\S+ is missing).+)$",
            literal="loadFlannelSubnetEnv failed: ",
            samples=("loadFlannelSubnetEnv failed: invalid CIDR address: banana",),
            source="flannel-io/cni-plugin flannel.go (cmdFlannelAdd), v1.1.2",
        ),
    ),
)

VERSION_INCOMPATIBLE = Signature(
    name="cni-version-incompatible",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'incompatible CNI versions(?:; config is \\*"(?P<config>[\d.]+)\\*", plugin '
            r"supports \[(?P<supported>[^\]]+)\])?",
            literal="incompatible CNI versions",
            samples=(
                'plugin type="loopback" failed (add): incompatible CNI versions; config is '
                '"1.0.0", plugin supports ["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0"]',
            ),
            source="containernetworking/cni pkg/version/reconcile.go (Check), v1.0.1",
        ),
        Wording(
            pattern=r'unsupported CNI result version \\*"(?P<config>[^"\\]*)\\*"',
            literal="unsupported CNI result version",
            samples=(
                "failed to create pod network sandbox k8s_coredns-5zgtx_kube-system_1b2c_0(7"
                'f371758): unsupported CNI result version "1.0.0"',
            ),
            source="containernetworking/cni pkg/types/internal/create.go (Create), v1.0.1",
        ),
    ),
)

CONFIG_INVALID = Signature(
    name="cni-config-invalid",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="error parsing configuration(?: list)?: (?P<reason>.+)$",
            literal="error parsing configuration",
            samples=(
                "error parsing configuration list: missing 'type'",
                'time="2024-03-02T05:10:31Z" level=error msg="Error loading CNI config list '
                "file /etc/cni/net.d/10-flannel.conflist: error parsing configuration list: "
                'invalid character"',
            ),
            source="containernetworking/cni libcni/conf.go (ConfListFromBytes), v1.0.1",
        ),
        Wording(
            pattern="error unmarshall network config: (?P<reason>.+)$",
            literal="error unmarshall network config: ",
            samples=("error unmarshall network config: unexpected end of JSON input",),
            source="containernetworking/cni pkg/skel/skel.go (checkVersionAndCall), v1.0.1",
        ),
    ),
)

FORWARDING_DENIED = Signature(
    name="cni-forwarding-denied",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="failed to enable forwarding: (?P<reason>.+)$",
            literal="failed to enable forwarding: ",
            samples=(
                "failed to enable forwarding: open /proc/sys/net/ipv4/ip_forward: read-only "
                "file system",
            ),
            source="containernetworking/plugins plugins/main/bridge/bridge.go "
            "(enableIPForward), v1.9.1",
        ),
    ),
)

CALICO_NODENAME_MISSING = Signature(
    name="calico-nodename-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="stat (?P<file>/var/lib/calico/nodename): no such file or directory",
            literal="/var/lib/calico/nodename: no such file",
            samples=(
                "stat /var/lib/calico/nodename: no such file or directory: check that the "
                "calico/node container is running and has mounted /var/lib/calico/",
            ),
            source="projectcalico/calico cni-plugin/pkg/plugin/plugin.go (cmdAdd), v3.26.0",
        ),
    ),
)

CALICO_POOL_MISSING = Signature(
    name="calico-pool-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="no configured Calico pools(?: for (?P<scope>.+))?",
            literal="no configured Calico pools",
            samples=(
                "failed to request IPv4 addresses: no configured Calico pools for node worker-1",
            ),
            source="projectcalico/calico libcalico-go/lib/ipam/ipam.go "
            "(prepareAffinityBlocksForHost), v3.26.0",
        ),
    ),
)

# What calico/node answers to the kubelet's readiness probe.
CALICO_BGP_DOWN = Signature(
    name="calico-bgp-down",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="calico/node is not ready: (?P<daemon>BIRD6?) is not ready: BGP not "
            r"established with (?P<peers>[\da-fA-F.:,]{0,2000})",
            literal="BGP not established with",
            samples=(
                "Readiness probe failed: calico/node is not ready: BIRD is not ready: BGP not "
                "established with 192.168.56.12,192.168.56.13",
            ),
            source="projectcalico/calico node/pkg/health/health.go (Run, checkBIRDReady), v3.26.0",
        ),
    ),
    key=("daemon",),
)

CNI_UNAUTHORIZED = Signature(
    name="cni-unauthorized",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="connection is unauthorized: (?P<reason>.+)$",
            literal="connection is unauthorized: ",
            samples=(
                'plugin type="calico" failed (add): error getting ClusterInformation: '
                "connection is unauthorized: Unauthorized",
            ),
            source="projectcalico/calico libcalico-go/lib/errors/errors.go "
            "(ErrorConnectionUnauthorized), v3.26.0",
        ),
        Wording(
            pattern=r"Multus: \[[^\]\[]*\]: error (?:getting|waiting for) pod: "
            r"(?P<reason>Unauthorized)",
            literal=" pod: Unauthorized",
            samples=(
                'error adding pod kube-system_coredns-5zgtx to CNI network "multus-cni-network": '
                "Multus: [kube-system/coredns-5zgtx/1b2c]: error waiting for pod: Unauthorized",
            ),
            source="k8snetworkplumbingwg/multus-cni pkg/multus/multus.go (GetPod), v4.0.2",
        ),
    ),
)

# The API server knows who asks, and the role of that account does not allow it.
CNI_FORBIDDEN = Signature(
    name="cni-forbidden",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="^(?>.*?(?:[Nn]etworkPlugin cni|plugin type=|CNI network|network for sandbox|"
            r'Multus)).*?(?<![\w.])(?P<resource>[\w.]++) (?:\\*"[^"\\]+\\*" )?is forbidden: User '
            r'\\*"(?P<user>[^"\\]+)\\*" cannot (?P<verb>\w+) resource',
            literal="is forbidden: User ",
            samples=(
                'plugin type="calico" failed (add): error getting ClusterInformation: '
                'clusterinformations.crd.projectcalico.org "default" is forbidden: User '
                '"system:serviceaccount:kube-system:calico-node" cannot get resource '
                '"clusterinformations" in API group "crd.projectcalico.org" at the cluster scope',
            ),
            source="kubernetes/apiserver pkg/endpoints/handlers/responsewriters/errors.go "
            "(forbiddenMessage), v0.30; quoted by the plugin that asked",
        ),
    ),
    key=("user", "resource"),
)

# A plugin that asks the Kubernetes API.
CNI_API_FAILED = Signature(
    name="cni-api-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="^(?>.*?(?:[Nn]etworkPlugin cni|plugin type=|CNI network|network for sandbox|"
            "ClusterInformation|Multus)).*?(?P<reason>(?:Get|Post|Put|Patch|Delete) "
            r'(?:\\*")?https://.+)$',
            literal="https://",
            samples=(
                'plugin type="calico" failed (add): error getting ClusterInformation: Get '
                '"https://10.96.0.1:443/apis/crd.projectcalico.org/v1/clusterinformations/de'
                'fault": dial tcp 10.96.0.1:443: i/o timeout',
            ),
            source="projectcalico/calico cni-plugin/pkg/plugin/plugin.go (cmdAdd), v3.26.0; "
            "the reason from Go's net/http",
        ),
    ),
)

CILIUM_UNREACHABLE = Signature(
    name="cilium-unreachable",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="unable to connect to Cilium (?:daemon|agent): (?P<reason>.+)$",
            literal="unable to connect to Cilium ",
            samples=(
                "unable to connect to Cilium daemon: failed to create cilium agent client "
                "after 30.000000 seconds timeout: Get http:///var/run/cilium/cilium.sock/v1/"
                "config: dial unix /var/run/cilium/cilium.sock: connect: no such file or "
                "directory",
            ),
            source="cilium/cilium plugins/cilium-cni/main.go (cmdAdd), v1.10",
        ),
    ),
    envelope=True,
)

# The agent answers, and does not make the endpoint that a pod's sandbox needs.
CILIUM_ENDPOINT_FAILED = Signature(
    name="cilium-endpoint-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"[Uu]nable to create endpoint: (?P<reason>\[PUT /endpoint/\{id\}\]\[\d+\] ?.*"
            "|Cilium API client timeout exceeded.*)$",
            literal="nable to create endpoint: ",
            samples=(
                'plugin type="cilium-cni" failed (add): unable to create endpoint: '
                "[PUT /endpoint/{id}][429] putEndpointIdTooManyRequests",
                "Unable to create endpoint: [PUT /endpoint/{id}][500] putEndpointIdFailed  "
                "endpoint 2042 did not synchronously regenerate after timeout",
                "unable to create endpoint: Cilium API client timeout exceeded",
            ),
            source="cilium/cilium plugins/cilium-cni/cmd/cmd.go (Add), pkg/client/client.go "
            "(Hint), v1.15; plugins/cilium-cni/cilium-cni.go (cmdAdd), v1.10",
        ),
    ),
)

# A plugin that only passes requests on to a daemon of its node.
CNI_DAEMON_UNREACHABLE = Signature(
    name="cni-daemon-unreachable",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="failed to send CNI request: .{0,300}?dial unix "
            r"(?P<address>[^\s:]+): (?P<reason>.+)$",
            literal="failed to send CNI request: ",
            samples=(
                'plugin type="multus-shim" name="multus-cni-network" failed (add): CmdAdd '
                '(shim): failed to send CNI request: Post "http://dummy/cni": dial unix '
                "/run/multus/multus.sock: connect: no such file or directory",
                'failed to send CNI request: Post "http://dummy/": dial unix '
                "/var/run/ovn-kubernetes/cni//ovn-cni-server.sock: connect: connection refused",
            ),
            source="k8snetworkplumbingwg/multus-cni pkg/server/api/api.go (DoCNI), v4.0.2; "
            "ovn-org/ovn-kubernetes go-controller/pkg/cni/cnishim.go (doCNI)",
        ),
        Wording(
            pattern="Failed to get IP address from CNS with error: .{0,300}?dial tcp "
            r"(?P<address>[\d.]+:\d+): (?P<reason>connect: connection refused.*)$",
            literal="IP address from CNS with error: ",
            samples=(
                "IPAM Invoker Add failed with error: Failed to get IP address from CNS with "
                'error: http request failed: Post "http://localhost:10090/network/requestipconfig'
                '": dial tcp 127.0.0.1:10090: connect: connection refused',
            ),
            source="Azure/azure-container-networking cni/network/invoker_cns.go (Add), v1.4.0",
        ),
    ),
    key=("address",),
)

MULTUS_WAITING = Signature(
    name="multus-waiting",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"still waiting for readinessindicatorfile @ (?P<file>/\S+?)\.(?:\s|$)",
            literal="still waiting for readinessindicatorfile",
            samples=(
                "Multus: [kube-system/coredns-5zgtx]: have you checked that your default network "
                "is ready? still waiting for readinessindicatorfile @ "
                "/run/multus/cni/net.d/10-ovn-kubernetes.conf. pollimmediate error: timed out "
                "waiting for the condition",
            ),
            source="k8snetworkplumbingwg/multus-cni pkg/multus/multus.go (CmdAdd), v3.9 and v4.0.2",
        ),
    ),
    key=("file",),
)

WEAVE_UNREACHABLE = Signature(
    name="weave-unreachable",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"unable to allocate IP address: (?P<reason>.{0,300}127\.0\.0\.1:6784.*)$",
            literal="127.0.0.1:6784",
            samples=(
                'unable to allocate IP address: Post "http://127.0.0.1:6784/ip/aa10": dial '
                "tcp 127.0.0.1:6784: connect: connection refused",
            ),
            source="weaveworks/weave plugin/net/cni.go (CmdAdd), v2.8.1",
        ),
    ),
)

WEAVE_OVERLAPS = Signature(
    name="weave-overlaps",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Network (?P<range>[\d.]+/\d+) overlaps with existing route "
            r"(?P<route>[\d.]+/\d+) on host",
            literal="overlaps with existing route",
            samples=("Network 10.32.0.0/12 overlaps with existing route 10.40.0.0/16 on host",),
            source="weaveworks/weave net/netcheck.go (CheckNetworkFree), v2.5.0",
        ),
    ),
)

SIGNATURES = signatures_in(globals())
