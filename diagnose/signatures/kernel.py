"""What the kernel and its packet filter tools say, whichever program prints it."""

from __future__ import annotations

from diagnose.signatures.base import Emitter, Signature, Wording, signatures_in

EMITTER = Emitter.KERNEL

NETFILTER_TABLE_MISSING = Signature(
    name="netfilter-table-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"can't initialize (?P<tool>ip6?tables) table `(?P<table>\w+)': "
            "(?P<reason>[^(]+)",
            literal="can't initialize ip",
            samples=(
                "E1120 07:08:50.135017       1 proxier.go:647] exit status 3: iptables "
                "v1.6.0: can't initialize iptables table `nat': Table does not exist (do "
                "you need to insmod?)",
            ),
            source="netfilter iptables libiptc/libiptc.c (strerror), 1.8.9, xshared.c",
        ),
    ),
    key=("tool", "table"),
)

XTABLES_LOCKED = Signature(
    name="xtables-locked",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Another app is currently holding the xtables lock",
            literal="is currently holding the xtables lock",
            samples=(
                "exit status 4: Another app is currently holding the xtables lock; still 4s "
                "0us time ahead to have a chance to grab the lock...",
            ),
            source="netfilter iptables iptables/xshared.c (xtables_lock), 1.8.9",
        ),
    ),
)

NFTABLES_DENIED = Signature(
    name="nftables-denied",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Could not fetch rule set generation id: (?P<reason>[^(]+)",
            literal="Could not fetch rule set generation id",
            samples=(
                "iptables v1.8.9 (nf_tables): Could not fetch rule set generation id: "
                "Permission denied (you must be root)",
            ),
            source="netfilter iptables iptables/nft.c (nft_init), 1.8.9",
        ),
    ),
)

CONNTRACK_FULL = Signature(
    name="conntrack-table-full",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="nf_conntrack: table full, dropping packet",
            literal="table full, dropping packet",
            samples=("[88031.551122] nf_conntrack: nf_conntrack: table full, dropping packet",),
            source="torvalds/linux net/netfilter/nf_conntrack_core.c (__nf_conntrack_alloc), v6.1",
        ),
    ),
)

NEIGHBOUR_TABLE_FULL = Signature(
    name="neighbour-table-full",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="(?P<table>arp_cache|ndisc_cache): neighbor table overflow!",
            literal="neighbor table overflow!",
            samples=("[ 9011.221100] neighbour: arp_cache: neighbor table overflow!",),
            source="torvalds/linux net/core/neighbour.c (neigh_alloc), v6.1",
        ),
        Wording(
            pattern="[Nn]eighbour table overflow",
            literal="eighbour table overflow",
            samples=("Neighbour table overflow.",),
            source="torvalds/linux net/ipv4/route.c (arp_bind_neighbour), v3.2",
        ),
    ),
)

OOM_KILLED = Signature(
    name="oom-killed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="(?:Memory cgroup out of memory|Out of memory): Kill(?:ed)? process "
            r"(?P<pid>\d+) \((?P<process>[^)]{1,64})\)",
            literal="ut of memory: Kill",
            samples=(
                "[ 7001.100200] Memory cgroup out of memory: Killed process 12345 (coredns) "
                "total-vm:1450012kB, anon-rss:173040kB, file-rss:0kB",
            ),
            source="torvalds/linux mm/oom_kill.c (__oom_kill_process), v6.1",
        ),
    ),
    key=("process",),
)

BAD_CHECKSUM = Signature(
    name="udp-bad-checksum",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"UDP: bad checksum\. From (?P<remote>\S+?):\d+ to "
            r"(?P<local>\S+?):(?P<port>\d+) ulen",
            literal="UDP: bad checksum. From",
            samples=(
                "[ 1423.035722] UDP: bad checksum. From 172.16.9.99:27503 to "
                "172.16.80.252:8472 ulen 75",
            ),
            source="torvalds/linux net/ipv4/udp.c (__udp4_lib_rcv), v6.1",
        ),
    ),
    key=("port",),
)

# What tcpdump says of a packet of a tunnel: where it is captured before the card has written the
# checksum, a wrong one is no fault.
CAPTURED_CHECKSUM = Signature(
    name="captured-bad-checksum",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"(?P<remote>[\w.-]{1,253})\.\d{1,5} > (?P<local>[\w.-]{1,253})\."
            r"(?P<port>8472|4789|otv|vxlan): \[bad udp cksum 0x[\da-f]{1,4} -> 0x[\da-f]{1,4}!\]",
            literal=": [bad udp cksum ",
            samples=(
                "    192.0.2.13.34593 > 192.0.2.8.8472: [bad udp cksum 0x20dd -> 0x8d74!] OTV, "
                "flags [I] (0x08), overlay 0, instance 1",
            ),
            source="the-tcpdump-group/tcpdump print-udp.c (udp_print), 4.99",
        ),
    ),
    key=("port",),
)

MARTIAN_SOURCE = Signature(
    name="martian-source",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"martian source (?P<to>\S+) from (?P<remote>\S+), on dev (?P<interface>\S+)",
            literal=": martian source ",
            samples=(
                "[ 2214.102030] IPv4: martian source 10.96.0.10 from 10.244.1.4, on dev flannel.1",
            ),
            source="torvalds/linux net/ipv4/route.c (ip_handle_martian_source), v6.1",
        ),
    ),
    key=("interface",),
)

# What kube-router has logged of a packet, by the kernel or ulogd.
POLICY_DROPPED = Signature(
    name="policy-dropped",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"DROP by policy (?P<namespace>[\w.-]{1,63})/(?P<name>[\w.-]{1,253}) IN="
            r".{0,300}? SRC=(?P<source>\S+) DST=(?P<target>\S+) .{0,300}?DPT=53\b",
            literal="DROP by policy ",
            samples=(
                "Jan 15 14:30:25 node1 DROP by policy default/deny-all IN=eth0 OUT=eth1 "
                "MAC=00:11:22:33:44:55 SRC=10.42.0.8 DST=10.43.0.10 LEN=60 TOS=00 PREC=0x00 "
                "TTL=63 ID=1 PROTO=UDP SPT=41234 DPT=53 LEN=40",
            ),
            source="cloudnativelabs/kube-router pkg/controllers/netpol/policy.go "
            "(nflog-prefix), v2.2; ulogd filter/ulogd_filter_PRINTPKT.c",
        ),
    ),
    key=("namespace", "name"),
)

# What Cilium's monitor prints of a packet that its programs in the kernel dropped for a policy. The
# policy sees a Service's packet after its translation, so the port is that of the DNS pods: 53, or
# where these listen elsewhere 8053 (Gardener) or 5353 (OpenShift).
POLICY_DENIED = Signature(
    name="policy-denied",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"\bxx drop \(Policy denied(?: \(L[347]\))?\) .{0,200}?"
            r"(?P<source>[\da-fA-F.:]{7,45}):\d{1,5} -> (?P<target>[\da-fA-F.:]{7,45}):"
            r"(?P<port>53|8053|5353) (?:udp|tcp)\b",
            literal="xx drop (Policy denied",
            samples=(
                "xx drop (Policy denied) flow 0x1a2b3c4d to endpoint 0, identity 2187->104: "
                "10.0.1.106:51013 -> 10.0.1.61:53 udp",
            ),
            source="cilium/cilium pkg/monitor/datapath_drop.go (DumpInfo), pkg/monitor/api/drop.go "
            "(Policy denied), v1.8 to v1.15",
        ),
    ),
    key=("source", "target"),
)

# What ufw and firewalld have logged of a packet that a pod sent: it came in by a device of pods.
POD_PACKET = (
    r"IN=(?P<device>(?:cni|cbr|cali|flannel\.|vxlan\.|lxc|weave|tunl|cilium_|veth)\w{0,20}) "
    r"OUT=(?P<out>\S{0,20})(?P<rest>.{0,600})"
)
FIREWALL_DROPPED = Signature(
    name="firewall-dropped",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=rf"\[(?P<firewall>UFW) BLOCK\] {POD_PACKET}",
            literal="[UFW BLOCK] IN=",
            samples=(
                "[UFW BLOCK] IN=cni0 OUT=eth0 MAC= SRC=10.42.0.8 DST=10.42.1.2 LEN=60 TOS=0x00 "
                "PREC=0x00 TTL=63 ID=1 DF PROTO=UDP SPT=41234 DPT=53 LEN=40",
            ),
            source="ufw 0.36 src/backend_iptables.py (ufw-after-logging-forward); Linux v6.1 "
            "net/netfilter/nf_log_syslog.c (dump_ipv4_packet)",
        ),
        Wording(
            pattern=rf"(?P<firewall>FINAL|filter_(?:FWD|IN)_\w{{1,60}})_REJECT: {POD_PACKET}",
            literal="_REJECT: IN=",
            samples=(
                "FINAL_REJECT: IN=cni0 OUT= MAC= SRC=10.42.0.8 DST=192.0.2.10 LEN=60 TOS=0x00 "
                "PREC=0x00 TTL=64 ID=1 DF PROTO=TCP SPT=41234 DPT=6443 SYN",
            ),
            source="firewalld v2.0 src/firewall/core/nftables.py, ipXtables.py (LogDenied)",
        ),
    ),
    key=("device", "out"),
)

# kubeadm's check of a node before `init` and `join`.
PREFLIGHT_SETTING = Signature(
    name="preflight-setting",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"/proc/sys/(?P<path>net/(?:bridge/bridge-nf-call-iptables|ipv4/ip_forward"
            r"|ipv6/conf/default/forwarding)) (?P<reason>does not exist|contents are not set to 1)",
            literal="/proc/sys/net/",
            samples=(
                "[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: "
                "/proc/sys/net/bridge/bridge-nf-call-iptables does not exist",
                "[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward "
                "contents are not set to 1",
            ),
            source="kubernetes/kubernetes cmd/kubeadm/app/preflight/checks.go "
            "(FileContentCheck.Check), v1.29",
        ),
    ),
    key=("path",),
)

SIGNATURES = signatures_in(globals())
