"""Configuration files are read as the programs read them, and what is broken becomes a gap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.cni_config import CNIConfig
from diagnose.facts.flannel import NetConf, SubnetEnv
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.model import GapKind, Subject
from diagnose.parsers.config import parse, parse_cni, parse_net_conf, parse_resolv_conf
from diagnose.parsers.config import parse_subnet_env as parse_subnet
from diagnose.parts import Kind, Part

NODE = Subject("Node", "node-7")
CAT = "cat /etc/resolv.conf"


def resolv(text: str, command: str = CAT) -> ResolvConf:
    """Return the one resolv.conf of a text."""
    part = Part(Kind.RESOLV_CONF, "paste", text, first_line=10, subject=NODE, command=command)
    (item,) = parse_resolv_conf(part).items
    assert isinstance(item, ResolvConf)
    return item


def subnet(text: str) -> SubnetEnv:
    """Return the one subnet.env of a text."""
    (item,) = parse_subnet(Part(Kind.SUBNET_ENV, "subnet.env", text, subject=NODE)).items
    assert isinstance(item, SubnetEnv)
    return item


def net_conf(text: str) -> NetConf:
    """Return the one net-conf.json of a text."""
    (item,) = parse(Part(Kind.NET_CONF, "net-conf.json", text)).items
    assert isinstance(item, NetConf)
    return item


def cni(text: str, origin: str = "paste") -> CNIConfig:
    """Return the one CNI configuration of a text."""
    (item,) = parse(Part(Kind.CNI_CONFIG, origin, text)).items
    assert isinstance(item, CNIConfig)
    return item


def test_servers_search_and_options_are_read_in_order() -> None:
    """All servers count, beyond the limit too; comments and blank lines do not."""
    file = resolv(
        "# written by hand\n; another comment\n\nnameserver 10.1.1.53\nnameserver\t10.1.2.53\n"
        "nameserver fe80::53%eth0\nnameserver 10.1.3.53\nsearch lan.example.net example.net\n"
        "options ndots:2 timeout:1\noptions rotate\n"
    )
    assert file.nameservers == ("10.1.1.53", "10.1.2.53", "fe80::53%eth0", "10.1.3.53")
    assert file.search == ("lan.example.net", "example.net")
    assert file.options == ("ndots:2", "timeout:1", "rotate")
    assert (file.path, file.subject, file.invalid) == ("/etc/resolv.conf", NODE, ())


def test_quotes_cite_the_line_in_the_origin() -> None:
    """A quote holds the line as it stands, with its number in the origin."""
    file = resolv("# c\nnameserver 10.1.1.53\n")
    assert [(one.text, one.line) for one in file.quotes] == [("nameserver 10.1.1.53", 11)]


def test_the_last_of_search_and_domain_wins() -> None:
    """resolv.conf(5): search and domain are mutually exclusive, the last instance is used."""
    assert resolv(
        "nameserver 10.1.1.53\nsearch a.example b.example\ndomain c.example\n"
    ).search == ("c.example",)


def test_what_a_resolver_ignores_is_invalid() -> None:
    """An address with a port, a name, an unknown word and a bare keyword are passed over."""
    file = resolv(
        "nameserver 10.1.1.53:5353\nnameserver dns.example.net\nNameserver 10.1.1.1\n"
        "nameserver\nnameserver 10.1.1.2 # main\n"
    )
    assert file.nameservers == ("10.1.1.2",)
    assert [one.line for one in file.invalid] == [10, 11, 12, 13]


def test_an_empty_file_configures_no_server() -> None:
    """An empty file is a fact: it exists and names no server."""
    file = resolv("")
    assert (file.exists, file.nameservers, file.quotes) == (True, (), ())


def test_a_missing_file_does_not_exist() -> None:
    """What cat says of a missing file is knowledge about it."""
    for line in (
        "cat: /run/systemd/resolve/resolv.conf: No such file or directory",
        "cat: can't open '/run/systemd/resolve/resolv.conf': No such file or directory",
    ):
        file = resolv(line)
        assert not file.exists
        assert file.path == "/run/systemd/resolve/resolv.conf"
        assert file.quotes[0].text == line


def test_a_file_that_could_not_be_read_is_a_gap() -> None:
    """A refusal says nothing about what the file holds."""
    parsed = parse_resolv_conf(
        Part(Kind.RESOLV_CONF, "o", "cat: /etc/resolv.conf: Permission denied", command=CAT)
    )
    assert parsed.items == ()
    assert [gap.kind for gap in parsed.gaps] == [GapKind.DENIED]


def test_a_link_is_noted_beside_what_the_file_holds() -> None:
    """The line of `ls -l` is quoted, not counted as invalid."""
    link = "lrwxrwxrwx 1 root root 39 May  2 10:00 /etc/resolv.conf -> ../run/systemd/resolve/x"
    file = resolv(f"{link}\nnameserver 10.1.1.53")
    assert file.quotes[0].text == link
    assert file.invalid == ()


def test_a_sentence_is_not_an_empty_resolv_conf() -> None:
    """Words that only look like a search line must not say that a node has no server."""
    parsed = parse_resolv_conf(Part(Kind.RESOLV_CONF, "paste", "search example.net for it"))
    assert parsed.items == ()
    assert [gap.kind for gap in parsed.gaps] == [GapKind.PARTIAL]


def test_subnet_env_of_one_family() -> None:
    """All keys of an IPv4 node, none missing."""
    file = subnet(
        "FLANNEL_NETWORK=10.200.0.0/16\nFLANNEL_SUBNET=10.200.3.1/24\nFLANNEL_MTU=1450\n"
        "FLANNEL_IPMASQ=true\n"
    )
    assert (file.network, file.subnet) == ("10.200.0.0/16", "10.200.3.1/24")
    assert (file.mtu, file.ipmasq, file.missing) == (1450, True, ())


def test_the_other_family_does_as_well() -> None:
    """The plugin demands a network and a subnet of either family."""
    file = subnet(
        "FLANNEL_IPV6_NETWORK=fd00:200::/56\nFLANNEL_IPV6_SUBNET=fd00:200:0:3::1/64\n"
        "FLANNEL_MTU=1430\nFLANNEL_IPMASQ=false\n"
    )
    assert (file.subnet, file.ipmasq, file.missing) == ("fd00:200:0:3::1/64", False, ())


def test_missing_keys_are_named() -> None:
    """What loadFlannelSubnetEnv would miss, by the key of IPv4."""
    assert subnet("FLANNEL_NETWORK=10.200.0.0/16\nFLANNEL_MTU=\n").missing == (
        "FLANNEL_SUBNET",
        "FLANNEL_MTU",
        "FLANNEL_IPMASQ",
    )


def test_a_missing_subnet_env_does_not_exist() -> None:
    """The file's absence is what the flannel plugin fails on."""
    assert not subnet("cat: /run/flannel/subnet.env: No such file or directory").exists


def test_net_conf_with_backend_and_port() -> None:
    """The keys of flannel's configuration; Go compares their names without case."""
    conf = net_conf(
        '{\n  "network": "10.200.0.0/16",\n  "IPv6Network": "fd00::/56",\n'
        '  "Backend": {"Type": "vxlan", "Port": 4789}\n}'
    )
    assert (conf.network, conf.ipv6_network) == ("10.200.0.0/16", "fd00::/56")
    assert (conf.backend, conf.backend_port) == ("vxlan", 4789)


def test_a_comma_too_many_is_a_gap_beside_the_item() -> None:
    """What flannel refuses, a reader still understands."""
    text = '{\n  "Network": "10.200.0.0/16",\n  "Backend": {"Type": "host-gw",},\n}\n'
    parsed = parse_net_conf(text, Part(Kind.NET_CONF, "cm", text), first_line=40)
    (conf,) = parsed.items
    assert isinstance(conf, NetConf)
    assert (conf.network, conf.backend, conf.quote.line) == ("10.200.0.0/16", "host-gw", 41)
    assert [gap.kind for gap in parsed.gaps] == [GapKind.MALFORMED]


def test_a_cut_net_conf_keeps_what_is_whole() -> None:
    """What stands before the cut is read, with a gap."""
    text = '{"Network": "10.200.0.0/16", "Backend": {"Type": "vxl'
    parsed = parse(Part(Kind.NET_CONF, "o", text))
    assert [one.network for one in parsed.items if isinstance(one, NetConf)] == ["10.200.0.0/16"]
    assert parsed.gaps


def test_typographic_quotes_are_read() -> None:
    """Text from a web page has other quotes."""
    assert net_conf("{ “Network”: “10.200.0.0/16” }").network == "10.200.0.0/16"


def test_a_conflist_names_its_plugins_in_order() -> None:
    """The flannel plugin delegates to the bridge plugin, whose bridge is cni0 by default."""
    conf = cni(
        '{"name": "cbr0", "cniVersion": "0.3.1", "plugins": [\n'
        '{"type": "flannel", "delegate": {"hairpinMode": true, "isDefaultGateway": true}},\n'
        '{"type": "portmap", "capabilities": {"portMappings": true}}]}',
        origin="node-7/etc/cni/net.d/10-flannel.conflist",
    )
    assert (conf.name, conf.version) == ("cbr0", "0.3.1")
    assert (conf.plugins, conf.bridge) == (("flannel", "portmap"), "cni0")
    assert conf.path == "/etc/cni/net.d/10-flannel.conflist"


def test_a_single_conf_has_bridge_and_subnets() -> None:
    """Both forms of host-local ranges count, each subnet once."""
    conf = cni(
        '{"name": "net", "type": "bridge", "bridge": "br5", "ipam": {"type": "host-local",'
        '"subnet": "10.22.0.0/24", "ranges": [[{"subnet": "10.22.0.0/24"}],'
        '[{"subnet": "fd00:22::/64"}]]}}'
    )
    assert (conf.plugins, conf.bridge) == (("bridge",), "br5")
    assert conf.subnets == ("10.22.0.0/24", "fd00:22::/64")


def test_several_configurations_in_one_part() -> None:
    """`cat *` prints one after the other; each is quoted at its own line."""
    text = '{"name": "one", "type": "loopback"}\n{"name": "two", "type": "bridge"}\n'
    parsed = parse_cni(text, Part(Kind.CNI_CONFIG, "o", text), first_line=5)
    found = [(one.name, one.quote.line) for one in parsed.items if isinstance(one, CNIConfig)]
    assert found == [("one", 5), ("two", 6)]


def test_what_is_no_json_is_a_gap() -> None:
    """Nothing is made up of what cannot be read."""
    for kind in (Kind.NET_CONF, Kind.CNI_CONFIG):
        for text in ("", "rubbish", "[" * 50_000, '{"a": ' + "9" * 5000, "[1, 2]", '"x"'):
            parsed = parse(Part(kind, "o", text))
            assert not parsed.items
            assert parsed.gaps


PIECES = st.sampled_from(
    ["nameserver ", "10.0.0.1", "search ", "options ndots:", "FLANNEL_MTU=", "{", "}", "[", "]",
     '"Network"', '"plugins"', '"type"', ":", ",", '"', "\\", "\n", "No such file", "1", "null",
     '"ipam"', '"ranges"', '"delegate"', "\x1b[31m", "%", "\u201c"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)), st.sampled_from(["", CAT]))
def test_no_text_makes_a_parser_raise(text: str, command: str) -> None:
    """Whatever is pasted, the parsers return."""
    for kind in (Kind.RESOLV_CONF, Kind.SUBNET_ENV, Kind.NET_CONF, Kind.CNI_CONFIG):
        part = Part(kind, "o", text, command=command)
        for reader in (parse_resolv_conf, parse_subnet, parse):
            parsed = reader(part)
            assert len(parsed.items) <= text.count("{") + text.count("[") + 1


@pytest.mark.parametrize(
    "text",
    [
        "search example.net\nnameserv",
        "search example.net\nnameserver",
        "search example.net\nnameserver 10.0.",
        "server 10.0.0.1\nsearch example.net",
        "0.0.1\noptions ndots:5",
        "or.example",
        "ault.svc.cluster.local svc.cluster.local\noptions ndots:5",
        "...\nsearch example.net",
    ],
)
def test_a_piece_of_a_resolv_conf_names_no_server_and_proves_nothing(text: str) -> None:
    """Cut at a byte, or with lines left out: that no server stands in it is a gap."""
    parsed = parse_resolv_conf(Part(Kind.RESOLV_CONF, "resolv.conf", text))
    assert parsed.items == ()
    assert [gap.kind for gap in parsed.gaps] == [GapKind.PARTIAL]
    assert parse_resolv_conf(Part(Kind.RESOLV_CONF, "resolv.conf", text, whole=True)).items


def test_a_head_of_systemd_resolved_without_a_server_is_a_piece() -> None:
    """What it writes below its head names a server, or says that none is known."""
    head = "# This file is managed by man:systemd-resolved(8). Do not edit.\n#\n"
    for rest in ("", "options edns0\n", "# Run resolvectl status to see"):
        parsed = parse_resolv_conf(Part(Kind.RESOLV_CONF, "o", head + rest, command=CAT))
        assert parsed.items == ()
        assert [gap.kind for gap in parsed.gaps] == [GapKind.PARTIAL]
    for rest, servers in (("nameserver 127.0.0.53\n", 1), ("# No DNS servers known.\n", 0)):
        (item,) = parse_resolv_conf(Part(Kind.RESOLV_CONF, "o", head + rest, command=CAT)).items
        assert isinstance(item, ResolvConf)
        assert len(item.nameservers) == servers


@pytest.mark.parametrize(
    "text", ["", "search example.net", "nameserver 300.0.0.1", "namserver 10.0.0.1", "# none"]
)
def test_a_resolv_conf_without_a_server_that_looks_whole(text: str) -> None:
    """An empty one, a mistyped directive or address: that is what the file says."""
    (item,) = parse_resolv_conf(Part(Kind.RESOLV_CONF, "resolv.conf", text)).items
    assert isinstance(item, ResolvConf)
    assert item.nameservers == ()
