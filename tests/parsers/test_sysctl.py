"""Kernel settings are read as sysctl, /proc and their absence tell them."""

from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.sysctls import Counter, Sysctl
from diagnose.model import Subject
from diagnose.parsers.sysctl import parse
from diagnose.parts import Kind, Part
from diagnose.text.recognise import cut

NODE = Subject("Node", "kestrel-1")


def read(text: str, command: str = "") -> list[tuple[str, str | None]]:
    """Return (name, value) of the settings in a text."""
    part = Part(Kind.KERNEL_SETTINGS, "a", text, subject=NODE, command=command)
    return [(one.name, one.value) for one in parse(part).items if isinstance(one, Sysctl)]


def test_lines_of_sysctl() -> None:
    """Both spellings of a line; what is commented out sets nothing."""
    text = "net.ipv4.ip_forward = 0\nnet/bridge/bridge-nf-call-iptables=1\n#net.ipv4.ip_forward=1\n"
    assert read(text) == [
        ("net.ipv4.ip_forward", "0"),
        ("net.bridge.bridge-nf-call-iptables", "1"),
    ]


def test_values_of_files() -> None:
    """A bare value belongs to the file that the command named, in order."""
    command = "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/netfilter/nf_conntrack_max"
    assert read("1\n262144\n", command) == [
        ("net.ipv4.ip_forward", "1"),
        ("net.netfilter.nf_conntrack_max", "262144"),
    ]
    assert read("1\n") == []


def test_a_missing_file_is_a_missing_setting() -> None:
    """Without the module there is no such setting: that is knowledge, not a gap."""
    path = "/proc/sys/net/bridge/bridge-nf-call-iptables"
    text = f"sysctl: cannot stat {path}: No such file or directory"
    assert read(text) == [("net.bridge.bridge-nf-call-iptables", None)]
    text = (
        "cat: can't open '/proc/sys/net/bridge/bridge-nf-call-iptables': No such file or directory"
    )
    assert read(text) == [("net.bridge.bridge-nf-call-iptables", None)]


def test_a_paste_is_recognised() -> None:
    """Settings between prompts are of the machine that the prompt names."""
    text = "[root@kestrel-1 ~]# cat /proc/sys/net/ipv4/ip_forward\n0\nnet.ipv4.ip_forward = 0\n"
    parts = [one for one in cut(text, origin="a") if one.kind is Kind.KERNEL_SETTINGS]
    assert [one.subject for one in parts] == [NODE] * len(parts)
    assert [value for part in parts for value in parse(part).items]


def test_what_is_no_setting_is_a_gap() -> None:
    """A refusal is said, and nothing is made up of it."""
    part = Part(Kind.KERNEL_SETTINGS, "a", "bash: sysctl: command not found")
    assert not parse(part).items
    assert parse(part).gaps


@given(st.text(max_size=400), st.text(max_size=80))
def test_never_raises(text: str, command: str) -> None:
    """Whatever stands there is read or left out."""
    parse(Part(Kind.KERNEL_SETTINGS, "a", text, command=command))


def counters(text: str) -> list[tuple[str, int]]:
    """Return (name, value) of the counters in a text."""
    items = parse(Part(Kind.KERNEL_SETTINGS, "a", text, subject=NODE)).items
    return [(one.name, one.value) for one in items if isinstance(one, Counter)]


def test_counters_of_the_kernel() -> None:
    """Names and numbers stand in two lines of /proc/net/netstat, or side by side in nstat's."""
    text = "TcpExt: Syn IPReversePathFilter Rst\nTcpExt: 1 342 0\nIpExt: A\nIpExt: 7\n"
    assert counters(text) == [("IPReversePathFilter", 342)]
    assert counters("#kernel\nTcpExtIPReversePathFilter  342   0.0\n") == [
        ("IPReversePathFilter", 342)
    ]


def test_counters_that_are_none() -> None:
    """A cut line, a missing one and a number that is none tell nothing."""
    assert counters("TcpExt: Syn IPReversePathFilter\nTcpExt: 1\n") == []
    assert counters("TcpExt: Syn IPReversePathFilter\n") == []
    assert counters("TcpExt: IPReversePathFilter\nTcpExt: -3\n") == []
    assert counters("TcpExt: IPReversePathFilter\nTcpExt: ٣\n") == []


def test_connection_tracking_is_summed() -> None:
    """Each processor has a line; where the first comes again, another reading begins."""
    text = (
        "cpu=0   \tfound=1 invalid=2 insert=0 insert_failed=31 drop=31 error=0\n"
        "cpu=1   \tfound=1 invalid=2 insert=0 insert_failed=20 drop=20 error=0\n"
        "cpu=0   \tfound=1 invalid=2 insert=0 insert_failed=33 drop=31 error=0\n"
    )
    assert counters(text) == [
        ("insert_failed", 51),
        ("drop", 51),
        ("insert_failed", 33),
        ("drop", 31),
    ]


def test_connection_tracking_of_proc() -> None:
    """The kernel's table is hexadecimal; a row that is cut and one without a head tell nothing."""
    head = (
        "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop\n"
    )
    row = " ".join(["00000000"] * 9 + ["0000378c", "00000000"]) + "\n"
    assert counters(head + row + row) == [("insert_failed", 2 * 0x378C), ("drop", 0)]
    assert counters(head + row[:60] + "\n") == []
    assert counters(row) == []
    assert counters((head + row + row) * 2) == [("insert_failed", 2 * 0x378C), ("drop", 0)] * 2


def test_each_column_of_the_table_is_its_own() -> None:
    """Linux 6.1 has early_drop behind drop; both are sums of all processors."""
    head = (
        "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop "
        "early_drop icmp_error  expect_new expect_create expect_delete search_restart\n"
    )
    zeros = ["00000000"]
    rows = "".join(
        " ".join([*zeros * 9, *counts, *zeros * 5]) + "\n"
        for counts in (("00000001", "0000000a", "00000002"), ("00000000", "00000001", "00000010"))
    )
    assert counters(head + rows) == [("insert_failed", 1), ("drop", 11), ("early_drop", 18)]


def test_what_a_driver_dropped() -> None:
    """Of the statistics of an interface one counts here."""
    text = "NIC statistics:\n     total_resets: 0\n     linklocal_allowance_exceeded: 812\n"
    assert counters(text) == [("linklocal_allowance_exceeded", 812)]
