"""What a node's kernel shows now outranks what programs logged before."""

from diagnose.evidence import Evidence
from diagnose.facts.bridge_filter import BridgeFilter
from diagnose.facts.conntrack import ConntrackTables
from diagnose.facts.flannel import SubnetEnv
from diagnose.facts.missing_subnet_env import MissingSubnetEnvs
from diagnose.facts.node_network import Interface
from diagnose.facts.sysctls import Sysctl
from diagnose.model import Quote, Subject
from diagnose.signatures.base import Emitter
from tests.facts.items import event, log

NODE = Subject("Node", "worker-1")
BRIDGE = "net.bridge.bridge-nf-call-iptables"
MISSING = (
    'Failed to create pod sandbox: plugin type="flannel" failed (add): loadFlannelSubnetEnv '
    "failed: open /run/flannel/subnet.env: no such file or directory"
)


def setting(name: str, value: str | None, node: Subject = NODE) -> Sysctl:
    """Return a setting of a node."""
    return Sysctl(node, "sysctl", Quote("sysctl", f"{name} = {value}", 1), name, value)


def places(*items: object) -> list[tuple[str, bool]]:
    """Return (where, whether it is proven) of bridges that are not filtered."""
    fact = Evidence(items=items).fetch(BridgeFilter)
    assert isinstance(fact, BridgeFilter)
    return [(str(one.subject), one.proven) for one in fact.places]


def test_kube_proxys_warning_of_its_start() -> None:
    """It looked once; where the setting is 1 now, that is history. On another node it is not."""
    text = (
        "W1008 06:11:02.301877 1 proxier.go:1] Missing br-netfilter module or unset sysctl "
        "br-nf-call-iptables; proxy may not work as intended"
    )
    proxy = Subject("Pod", "kube-proxy-aaaaa", "kube-system", "worker-1")
    said = log(text, emitter=Emitter.KUBE_PROXY, subject=proxy)
    assert places(said) == [("pod kube-system/kube-proxy-aaaaa", False)]
    assert places(said, setting(BRIDGE, "1")) == []
    other = setting(BRIDGE, "1", Subject("Node", "worker-2"))
    assert places(said, other) == [("pod kube-system/kube-proxy-aaaaa", False)]


def test_a_setting_matters_where_pods_have_a_bridge() -> None:
    """Off beside cni0 it is a fault; without a bridge it is none; of IPv6 alone it is neither."""
    cni0 = Interface(NODE, "ip addr", Quote("ip addr", "4: cni0"), "cni0", ("10.200.0.1/24",))
    eth0 = Interface(NODE, "ip addr", Quote("ip addr", "2: eth0"), "eth0", ("192.0.2.11/24",))
    assert places(setting(BRIDGE, "0")) == [("node worker-1", False)]
    assert places(setting(BRIDGE, None), eth0, cni0) == [("node worker-1", True)]
    assert places(setting(BRIDGE, "0"), eth0) == []
    six = setting("net.bridge.bridge-nf-call-ip6tables", "0")
    assert places(six, cni0) == []


def test_a_file_that_is_there_now() -> None:
    """A sandbox failed for want of it before flannel wrote it; on another node it still does."""
    failed = event(MISSING, node="worker-1")
    whole = SubnetEnv(NODE, "subnet.env", (), "10.200.0.0/16", "10.200.0.1/24", 1450, ipmasq=True)

    def missing(*items: object) -> int:
        fact = Evidence(items=items).fetch(MissingSubnetEnvs)
        assert isinstance(fact, MissingSubnetEnvs)
        return len(fact.missing)

    assert missing(failed) == 1
    assert missing(failed, whole) == 0
    assert missing(event(MISSING, node="worker-2"), whole) == 1


def test_how_full_the_table_is_now() -> None:
    """Both marks, 95 % and 99 % of the limit, from below and from above."""

    def full(count: int, most: str = "1000") -> list[bool]:
        items = (
            setting("net.netfilter.nf_conntrack_count", str(count)),
            setting("net.netfilter.nf_conntrack_max", most),
        )
        fact = Evidence(items=items).fetch(ConntrackTables)
        assert isinstance(fact, ConntrackTables)
        return [one.proven for one in fact.full]

    assert full(949) == []
    assert full(950) == [False]
    assert full(989) == [False]
    assert full(990) == [True]
    assert full(990, "0") == []
    assert full(990, "9" * 400) == []
