"""What is run in pods that already run, to learn of their node: one script, and what it reads.

The script is a constant. It takes what differs between pods as arguments (which sections are
wanted, and where the pod has the node's folders), writes nothing, makes no file, and asks the
kernel for nothing that makes it load a module: `iptables-legacy-save` runs without a table's name
and only where legacy tables are there already, since `-t nat` would create the table. It is POSIX
sh; each part of it stands alone, so that one missing program costs its own section. Files below
/proc/sys are read by cat: they give their text to the first read(2) alone, and the shells' `read`
takes one character at a time.

Of the rules of iptables, those in the chains of single Services other than DNS and the API server
are left out: on large clusters they are most of the text, and they tell of others' Services.

Source: POSIX.1-2017, Shell Command Language; busybox 1.36 and dash 0.5.12; netfilter iptables 1.8.9
iptables/iptables-save.c (for_each_table reads /proc/net/ip_tables_names); Linux
Documentation/networking/proc_net_tcp.rst; kubernetes/kubernetes v1.31 pkg/proxy/iptables/proxier.go
(KUBE-SVC-, KUBE-SEP- and their like: a prefix and a hash of 16 characters).
"""

from __future__ import annotations

from collections.abc import Iterable

from diagnose.asks import Ask
from diagnose.parts import Kind
from diagnose.values import dataclass

MARK = "#corediag#"  # begins a line of the output that names the section and what follows is of
SHELL = ("sh", "-c")


@dataclass(frozen=True)
class Command:
    """One thing that is run in a pod: what it prints, what it reads, and how the script does it.

    `section` names it in the output. `shown` is how the report names what it prints; several stand
    in for each other, the first that the pod has is run. `script` is its piece of the script.
    """

    section: str
    kind: Kind
    ask: Ask
    shown: tuple[str, ...]
    reads: str
    script: str


SETTINGS = (
    "net.ipv4.ip_forward",
    "net.ipv6.conf.all.forwarding",
    "net.bridge.bridge-nf-call-iptables",
    "net.bridge.bridge-nf-call-ip6tables",
    "net.netfilter.nf_conntrack_count",
    "net.netfilter.nf_conntrack_max",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.default.rp_filter",
)

HEAD = """\
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
wanted=" $1 " flannel=$2 conf=$3 bin=$4 resolv=$5
want() { case $wanted in *" $1 "*) ;; *) return 1 ;; esac; }
has() { command -v "$1" >/dev/null 2>&1; }
say() { echo; echo "#corediag# $*"; }
"""

COMMANDS = (
    Command(
        section="resolv-conf",
        kind=Kind.RESOLV_CONF,
        ask=Ask.RESOLV_CONF,
        shown=("cat /etc/resolv.conf",),
        reads="the node's /etc/resolv.conf where the pod mounts it; else the pod's own, which the "
        "kubelet copied from its resolvConf when the pod started",
        script="""\
if want resolv-conf && [ -n "$resolv" ]; then
  say resolv-conf cat "$resolv"
  cat "$resolv" 2>&1
fi
""",
    ),
    Command(
        section="settings",
        kind=Kind.KERNEL_SETTINGS,
        ask=Ask.KERNEL_SETTINGS,
        shown=("sysctl",),
        reads=f"/proc/sys: {', '.join(SETTINGS)}, and rp_filter of the node's own interfaces",
        script="""\
setting() {
  if [ -e "/proc/sys/$2" ]; then
    value=$(cat "/proc/sys/$2" 2>/dev/null) && echo "$1 = $value"
  else
    echo "sysctl: cannot stat /proc/sys/$2: No such file or directory"
  fi
}
if want settings && has cat; then
  say settings sysctl
"""
        + "".join(f"  setting {name} {name.replace('.', '/')}\n" for name in SETTINGS)
        + """\
  for folder in /proc/sys/net/ipv4/conf/*; do
    name=${folder##*/}
    case $name in
      all|default|lo|veth*|cali*|lxc*|eni*|gke*|azv*|'*') ;;
      *) setting "net.ipv4.conf.$name.rp_filter" "net/ipv4/conf/$name/rp_filter" ;;
    esac
  done
fi
""",
    ),
    Command(
        section="counters",
        kind=Kind.KERNEL_SETTINGS,
        ask=Ask.KERNEL_SETTINGS,
        shown=("cat /proc/net/netstat /proc/net/stat/nf_conntrack",),
        reads="/proc/net/netstat: the TcpExt counters, among them IPReversePathFilter; and what "
        "connection tracking counts by processor (/proc/net/stat/nf_conntrack), where its table is "
        "nearly full a second time after two seconds, as only what grows tells of now",
        script="""\
tracked() { cat /proc/net/stat/nf_conntrack 2>&1; }
if want counters && has grep && [ -r /proc/net/netstat ]; then
  say counters cat /proc/net/netstat
  grep '^TcpExt:' /proc/net/netstat 2>&1
fi
if want counters && has cat && [ -r /proc/net/stat/nf_conntrack ]; then
  say counters cat /proc/net/stat/nf_conntrack
  tracked
  taken=$(cat /proc/sys/net/netfilter/nf_conntrack_count 2>/dev/null)
  limit=$(cat /proc/sys/net/netfilter/nf_conntrack_max 2>/dev/null)
  if [ "${limit:-0}" -gt 0 ] && [ "$((${taken:-0} / 9))" -ge "$((limit / 10))" ] && has sleep; then
    sleep 2
    tracked
  fi
fi
""",
    ),
    Command(
        section="addresses",
        kind=Kind.ADDRESSES,
        ask=Ask.NODE_NETWORK,
        shown=("ip addr", "ifconfig -a", "cat /proc/net/route /proc/net/fib_trie"),
        reads="the interfaces of the node with their addresses and MTU",
        script="""\
if want addresses; then
  if has ip; then
    say addresses ip addr
    ip addr 2>&1
  elif has ifconfig; then
    say addresses ifconfig -a
    ifconfig -a 2>&1
  elif has cat && [ -r /proc/net/fib_trie ]; then
    say addresses cat /proc/net/route /proc/net/fib_trie
    for folder in /sys/class/net/*; do
      read -r mtu 2>/dev/null <"$folder/mtu" && echo "${folder##*/}: <> mtu $mtu"
    done
    cat /proc/net/route /proc/net/fib_trie 2>&1
  fi
fi
""",
    ),
    Command(
        section="routes",
        kind=Kind.ROUTES,
        ask=Ask.NODE_NETWORK,
        shown=("ip route", "route -n", "cat /proc/net/route"),
        reads="the main routing tables of the node",
        script="""\
if want routes; then
  if has ip; then
    say routes ip route
    ip route 2>&1
    ip -6 route 2>/dev/null
  elif has route; then
    say routes route -n
    route -n 2>&1
  elif has cat && [ -r /proc/net/route ]; then
    say routes cat /proc/net/route
    cat /proc/net/route 2>&1
  fi
fi
""",
    ),
    Command(
        section="listeners",
        kind=Kind.LISTENERS,
        ask=Ask.NODE_NETWORK,
        shown=("cat /proc/net/udp /proc/net/tcp",),
        reads="/proc/net/udp, tcp, udp6, tcp6: the sockets that listen, without those of "
        "connections; which program has them is not seen",
        script="""\
if want listeners && has grep && [ -r /proc/net/udp ]; then
  say listeners cat /proc/net/udp /proc/net/tcp
  for name in udp tcp udp6 tcp6; do
    if [ -r "/proc/net/$name" ]; then
      echo "/proc/net/$name:"
      grep -E ' (0A|07) [0-9A-F]+:' "/proc/net/$name" 2>&1
    fi
  done
fi
""",
    ),
    Command(
        section="subnet-env",
        kind=Kind.SUBNET_ENV,
        ask=Ask.NODE_FILES,
        shown=("cat /run/flannel/subnet.env",),
        reads="/run/flannel/subnet.env of the node, where the pod mounts its folder",
        script="""\
if want subnet-env && [ -n "$flannel" ]; then
  say subnet-env cat "$flannel/subnet.env"
  cat "$flannel/subnet.env" 2>&1
fi
""",
    ),
    Command(
        section="cni-config",
        kind=Kind.CNI_CONFIG,
        ask=Ask.NODE_FILES,
        shown=("cat /etc/cni/net.d/*",),
        reads="the CNI configurations of the node, where the pod mounts their folder: names that "
        "end in .conf, .conflist or .json, the first 20",
        script="""\
if want cni-config && [ -n "$conf" ]; then
  say cni-names ls "$conf"
  ls -1 "$conf" 2>&1
  count=0
  for file in "$conf"/*.conf "$conf"/*.conflist "$conf"/*.json; do
    [ -f "$file" ] || continue
    count=$((count + 1))
    [ "$count" -le 20 ] || break
    say cni-config cat "$file"
    cat "$file" 2>&1
  done
fi
""",
    ),
    Command(
        section="cni-bin",
        kind=Kind.FILE_LIST,
        ask=Ask.NODE_FILES,
        shown=("ls /opt/cni/bin",),
        reads="the names of the CNI plugins of the node, where the pod mounts their folder",
        script="""\
if want cni-bin && [ -n "$bin" ]; then
  say cni-bin ls "$bin"
  ls -1 "$bin" 2>&1
fi
""",
    ),
    Command(
        section="rules",
        kind=Kind.FILTER_RULES,
        ask=Ask.NODE_NETWORK,
        shown=("iptables-save", "iptables-nft-save", "iptables-legacy-save", "nft list ruleset"),
        reads="the packet filter rules of the node, without those of single Services other than "
        "DNS and the API server; of nftables the tables that are not iptables' own",
        script="""\
few() {
  if has grep; then
    grep -E -e '^[^:-]' -e '^(:|-A )[^K]' -e '^(:|-A )K[^U]' -e '^(:|-A )KUBE-[^SEFX]' \\
      -e '^(:|-A )KUBE-(SE[^P]|S[^VE]|EXTE|FO|FI|X[^L])' -e dns -e default/kubernetes
  else
    cat
  fi
}
if want rules; then
  tables=
  if has iptables-nft-save && has iptables-legacy-save; then
    tables=iptables
    say rules iptables-nft-save
    iptables-nft-save 2>&1 | few
    if { read -r name </proc/net/ip_tables_names; } 2>/dev/null; then
      say rules iptables-legacy-save
      iptables-legacy-save 2>&1 | few
    fi
  elif has iptables-save; then
    tables=iptables
    say rules iptables-save
    iptables-save 2>&1 | few
  fi
  if has nft && [ -z "$tables" ]; then
    say rules nft list ruleset
    nft list ruleset 2>&1
  elif has nft; then
    say rules nft list table
    nft list tables 2>/dev/null | while read -r word family name; do
      case "$family $name" in
        "ip filter"|"ip nat"|"ip mangle"|"ip raw"|"ip security") ;;
        "ip6 filter"|"ip6 nat"|"ip6 mangle"|"ip6 raw"|"ip6 security") ;;
        *) nft list table "$family" "$name" 2>&1 ;;
      esac
    done
  fi
fi
""",
    ),
    Command(
        section="rules6",
        kind=Kind.FILTER_RULES,
        ask=Ask.NODE_NETWORK,
        shown=("ip6tables-save",),
        reads="the same of IPv6",
        script="""\
if want rules6 && has ip6tables-save; then
  say rules6 ip6tables-save
  ip6tables-save 2>&1 | few
fi
""",
    ),
)
SCRIPT = HEAD + "".join(one.script for one in COMMANDS) + "exit 0\n"
SECTIONS = {one.section: one for one in COMMANDS}

# Where an image has no shell, its own program may be there: kube-proxy's has iptables-save.
BARE = Command(
    section="rules",
    kind=Kind.FILTER_RULES,
    ask=Ask.NODE_NETWORK,
    shown=("iptables-save",),
    reads="the packet filter rules of the node, in a pod whose image has no shell",
    script="iptables-save",
)
RESOLV_CONF = Command(
    section="resolv-conf",
    kind=Kind.RESOLV_CONF,
    ask=Ask.RESOLV_CONF,
    shown=("cat /etc/resolv.conf",),
    reads="the resolv.conf of one or two pods with cluster DNS",
    script="cat /etc/resolv.conf",
)
# Asks DNS servers, questions side by side (12 at a time: some 120 processes, 9 to 16 MB), and
# prints what comes back. Its arguments are the seconds to wait for an answer, and one word group a
# question: transport, address, port, type, name, and the message as a format of printf.
#
# A line of its output begins with what it holds: `=` a line of resolv.conf, `:` bytes of an answer,
# `!` what a program says of its connection, `>` what a look-up tool prints, each with the number
# of the question; `.` ends a question, with its milliseconds and by what it was asked; `#` ends
# all. Each line is written at once, so that none is torn.
#
# Messages go out by bash's /dev/udp and /dev/tcp or by nc; where neither can, questions that dig
# or nslookup can ask are asked by these. Who sends prints its process ids first and is ended by
# who receives, after the answer or after the seconds: no process is left without a parent, since
# a container's first process may collect none. For that timeout(1) cannot be used: busybox's leaves
# a watcher behind. nc's input is held open, since some servers take its end for that of the client.
# `read -t` is bash's and busybox's; without it the programs' own limits count, hence bash is taken
# where it is. Sockets are read by dd: busybox's cat uses sendfile(2), which since Linux 6.5 holds
# the pipe while it waits for the socket (fs/splice.c, splice_file_to_pipe), so that nobody reads
# what came. dd's error texts come in pieces, so that the rest of one that begins is read too.
#
# Source: bash 5.2 redir.c; busybox 1.36 networking/nc_bloaty.c, nc.c, nslookup.c, coreutils/
# timeout.c; busybox without FEATURE_NC_110_COMPAT (Debian's) has an nc that knows no UDP.
ASK_SCRIPT = r"""
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
set -f
exec 2>/dev/null
seconds=$1
shift
has() { command -v "$1" >/dev/null; }
say() { printf '%s\n' "$*"; }
clock() {
  now=0
  read -r up idle </proc/uptime && now=$((${up%.*} * 100 + 1${up#*.} - 100))
}
alarm= later=
(read -r -t 1 line) </dev/null
[ $? -gt 1 ] || alarm="-t $seconds" later="-t $((seconds + 1))"

hex=
for name in od hexdump xxd; do
  if has "$name" && has dd; then hex=$name; break; fi
done
hexed() {
  case $hex in
    od) od -An -v -tx1 ;;
    hexdump) hexdump -v -e '16/1 "%02x " "\n"' ;;
    xxd) xxd -p -c 1 ;;
  esac
}
udp= tcp= loud= look=
if [ -n "$hex" ] && [ -n "$BASH_VERSION" ]; then
  udp=bash tcp=bash
elif [ -n "$hex" ] && has nc; then
  tcp=nc
  case $(nc -u 2>&1 </dev/null) in
    *option*"'u'"*|*option*"-- u"*|*"not found"*) ;;
    BusyBox*) udp=nc loud=-vv ;;
    *) udp=nc ;;
  esac
fi
if has dig; then
  look=dig
elif has nslookup; then
  case $(nslookup 2>&1 </dev/null) in
    BusyBox*-type=*) look=nslookup ;;
    BusyBox*) look=old ;;
    *) look=nslookup ;;
  esac
fi

message() {
  if [ "$1" = udp ]; then
    line=$(dd bs=65536 count=1 | hexed)
    say "$line"
    set -- $line
    [ "$1 $2 $3" != "64 64 3a" ] || dd bs=65536 | hexed
    return 0
  fi
  set -- $(dd bs=1 count=2 | hexed)
  [ $# -eq 2 ] || return 0
  say "$1 $2"
  dd bs=1 count=$((0x$1 * 256 + 0x$2)) | hexed
}
received() {
  read -r ids
  if [ -n "$3" ]; then
    line=
    IFS= read -r $alarm line
    say "! $1 $line"
  fi
  message "$2" | {
    while IFS= read -r $alarm line; do say ": $1 $line"; done
    kill $ids
  }
}
started() { sh -c 'echo "$$"; exec "$@"' "$1" "$@" 2>&1; }
told() {
  read -r ids
  while IFS= read -r $later line; do say "> $1 $line"; done
  kill $ids
}
ask() {
  by=none
  clock
  began=$now
  case $2 in
    udp) [ -z "$udp" ] || by=$udp ;;
    tcp) [ -z "$tcp" ] || by=$tcp ;;
    own) ! has getent || by=getent ;;
  esac
  case $by,$look,$2,$4,$5,$7 in
    none,*,*%*) ;;
    none,dig,[tu]*) by=dig ;;
    none,nslookup,udp,53,*|none,old,udp,53,A,*) by=nslookup ;;
  esac
  case $by,$look in
    bash,*)
      bash -c 'echo "$$"
        exec 3<>"/dev/$0/$1/$2" && printf "$3" 0 | dd ibs=1 obs=65535 >&3 2>/dev/null &&
        exec dd bs=65536 <&3' "$2" "$3" "$4" "$7" 2>&1 | received "$1" "$2"
      ;;
    nc,*)
      flags="$loud -w $((seconds + 1))"
      [ "$2" = tcp ] || flags="$flags -u"
      sh -c 'echo "$$"; printf "$0" 0; exec sleep "$1"' "$7" $((seconds + 1)) |
        sh -c 'read -r other; echo "$other $$"; exec nc "$@"' nc $flags "$3" "$4" 2>&1 |
        received "$1" "$2" "$loud"
      ;;
    getent,*) started getent hosts "$6" | told "$1" ;;
    dig,*)
      over=+notcp
      [ "$2" = udp ] || over=+tcp
      started dig -p "$4" $over +time="$seconds" +tries=1 +noedns "@$3" "$6" "$5" | told "$1"
      ;;
    nslookup,old) started nslookup "$6" "$3" | told "$1" ;;
    nslookup,*)
      started nslookup -type="$5" -timeout="$seconds" -retry=1 "$6" "$3" | told "$1"
      ;;
  esac
  clock
  say ". $1 $(((now - began) * 10)) $by"
}
while IFS= read -r line || [ -n "$line" ]; do say "= $line"; done </etc/resolv.conf
count=0
for one; do
  ask "$count" $one </dev/null &
  count=$((count + 1))
  [ $((count % 12)) -ne 0 ] || wait
done
wait
say "# $count"
"""
ASK_SHELL = (
    *SHELL,
    'command -v bash >/dev/null 2>&1 && exec bash -c "$0" "$@"; exec sh -c "$0" "$@"',
)
ASKING = Command(
    section="answers",
    kind=Kind.DNS_ANSWERS,
    ask=Ask.CLIENT_ANSWERS,
    shown=("dig",),
    reads="asks DNS servers for the Service kubernetes, for one external name and for a name in "
    "the pod's search path, from the pod's and the node's network; and the pod's /etc/resolv.conf",
    script=ASK_SCRIPT,
)
ALL = (*COMMANDS, BARE, RESOLV_CONF, ASKING)


def of_script(
    sections: tuple[str, ...], *, flannel: str = "", conf: str = "", plugins: str = "", resolv: str
) -> tuple[str, ...]:
    """Return the command line that prints these sections; folders as the pod has them."""
    return (*SHELL, SCRIPT, "sh", " ".join(sections), flannel, conf, plugins, resolv)


def of_asking(seconds: int, questions: Iterable[str]) -> tuple[str, ...]:
    """Return the command line that asks DNS servers; see ASK_SCRIPT for a question's words."""
    return (*ASK_SHELL, ASK_SCRIPT, "corediag", str(seconds), *questions)
