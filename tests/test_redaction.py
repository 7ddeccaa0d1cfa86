"""Redaction hides what is secret, renames what is private, and keeps what is evidence."""

from __future__ import annotations

import ipaddress
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.redaction import HIDDEN, Redactor
from diagnose.redaction_tables import RESOLVERS

TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl"
KEY = "MIIEpAIBAAKCAQEA7bq7vYzS0m3QpZq0u5w8s1yq1mJ4"


def text(given_text: str) -> str:
    """Return a text as a new redactor leaves it."""
    return Redactor().text(given_text)


def document(given_text: str) -> str:
    """Return a document as a new redactor leaves it."""
    return Redactor().document(given_text)


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("Authorization: Bearer s3cr3ts3cr3ts3cr3t", "s3cr3ts3cr3ts3cr3t"),
        ("curl -H 'authorization: abcdef123456' x", "abcdef123456"),
        (f"token is {TOKEN} here", TOKEN),
        ("--token=abcdef.0123456789abcdef", "0123456789abcdef"),
        ("kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef", "0123456789abcdef"),
        ("password: hunter2", "hunter2"),
        ('  "password": "hunter2",', "hunter2"),
        ("DB_PASSWORD=hunter2 ./run", "hunter2"),
        ('DB_PASSWORD="hunter 2" ./run', "hunter 2"),
        ("      MYSQL_ROOT_PASSWORD:   hunter2", "hunter2"),
        ("- name: API_TOKEN\n  value: hunter2\n", "hunter2"),
        ('{"name":"API_TOKEN","value":"hunter2"', "hunter2"),
        (r"{\"name\":\"API_TOKEN\",\"value\":\"hunter2\"}", "hunter2"),
        (r"{\\\"password\\\":\\\"hunter2\\\"}", "hunter2"),
        ("    client-key-data: TFMwdExTMUNSVWRKVGk=", "TFMwdExTMUNSVWRKVGk="),
        ("    client-certificate-data: TFMwdExTMUNSVWRKVGk=", "TFMwdExTMUNSVWRKVGk="),
        ("aws_secret_access_key=wJalrXUtnFEMIbPxRfi", "wJalrXUtnFEMIbPxRfi"),
        ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
        ("https://jane:hunter2@git.example.com/x", "hunter2"),
        ("https://b.s3.amazonaws.com/x?X-Amz-Signature=abc123def", "abc123def"),
        ("    credentials etcd hunter2", "hunter2"),
        ("    aws_access_key AKIDAKIDAKID wJalrXUtnFEMI", "wJalrXUtnFEMI"),
        ("    secret key.example. NoTCJU+DMqFWywaPyxSijrDEA=", "NoTCJU+DMqFWywaPyxSijrDEA="),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklmnop"),
        ("xoxb-123456789012-abcdefghij", "abcdefghij"),
        ("password: {hunter2", "{hunter2"),
        ("password: 12345678", "12345678"),
        ('{"kind":"Config","secretKey":"/wJalrXUtn/FEMI"}', "wJalrXUtn"),
    ],
)
def test_secrets_are_hidden(line: str, secret: str) -> None:
    """A secret is gone, alone and among many other lines, and the lines stay as many."""
    for around in ("", "2026-11-23T10:00:00Z nothing to see\n" * 30):
        shown = text(around + line + "\n" + around)
        assert secret not in shown
        assert HIDDEN in shown
        assert shown.count("\n") == (around + line + "\n" + around).count("\n")


@pytest.mark.parametrize(
    "line",
    [
        "automountServiceAccountToken: true",
        "    secretName: coredns-token-x7k2p",
        "tokenExpirationSeconds: 3607",
        'secrets "coredns" is forbidden: User "system:serviceaccount:kube-system:coredns"',
        "    serviceAccountToken:\n        path: token\n",
        "client-ca-file: /etc/kubernetes/pki/ca.crt",
        "--tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
        "DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
        "tls-min-version: VersionTLS12",
        "[ERROR] plugin/errors: 2 1233258971421873826.4416823678189275919. HINFO: i/o timeout",
        "Unable to authenticate the request due to an error: invalid bearer token",
        "the key 'Corefile' of the ConfigMap",
    ],
)
def test_what_only_sounds_secret_stays(line: str) -> None:
    """References, switches and messages about secrets are evidence."""
    assert text(line) == line


def test_private_keys_lose_their_body() -> None:
    """A PEM block keeps its lines and its label, in YAML and escaped in JSON."""
    block = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n{KEY}\n-----END RSA PRIVATE KEY-----\n"
    shown = text(f"a\n{block}b\n")
    assert KEY not in shown
    assert shown.count("\n") == 6
    assert "BEGIN RSA PRIVATE KEY" in shown
    assert KEY not in document(json.dumps({"data": {"tls.key": block}}))
    assert KEY not in text(json.dumps({"data": {"tls.key": block}})[:-9])


def test_a_key_that_is_cut_is_hidden_too() -> None:
    """The end of a block may be missing."""
    assert KEY not in text(f"-----BEGIN PRIVATE KEY-----\n{KEY}\n{KEY[:20]}")


def test_secret_objects_lose_their_data() -> None:
    """In JSON as in YAML, alone or in a list, whatever the keys are called."""
    secret = {"kind": "Secret", "data": {"plain": "aHVudGVyMg=="}, "stringData": {"x": "hunter2"}}
    shown = document(json.dumps({"kind": "List", "items": [secret]}))
    assert json.loads(shown)["items"][0]["data"] == {"plain": HIDDEN}
    assert "hunter2" not in shown
    yaml = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  data:\n    plain: aHVudGVyMg==\n"
        "    long: |\n      aHVudGVyMg==\n  kind: Secret\n- apiVersion: v1\n  data:\n"
        "    Corefile: |\n      .:53 {\n        loop\n      }\n  kind: ConfigMap\n"
    )
    shown = document(yaml)
    assert "aHVudGVyMg" not in shown
    assert ".:53 {\n        loop" in shown
    assert shown.count("\n") == yaml.count("\n")


def test_values_with_secret_names_in_json() -> None:
    """Environment, annotations and JSON within JSON are walked through."""
    inner = json.dumps({"spec": {"env": [{"name": "A_SECRET", "value": "hunter2"}]}})
    value = {
        "metadata": {"annotations": {"last-applied": inner, "x/api-key": "hunter2"}},
        "spec": {"env": [{"name": "PASSWORD", "value": "hunter2"}], "args": ["--token=hunter2"]},
    }
    shown = document(json.dumps(value))
    assert "hunter2" not in shown
    inner_shown = json.loads(shown)["metadata"]["annotations"]["last-applied"]
    assert json.loads(inner_shown)["spec"]["env"][0] == {"name": "A_SECRET", "value": HIDDEN}


def test_json_keeps_its_values() -> None:
    """What is not secret comes out as it went in: numbers, nulls, order, nesting."""
    value: dict[str, object] = {
        "b": [1, 2.5, None, True, {}],
        "a": {"c": "Corefile\n\ttext"},
        "z": "",
    }
    assert document(json.dumps(value)) == json.dumps(value, separators=(",", ":"))


def test_json_that_is_cut_is_redacted_as_text() -> None:
    """A document that cannot be decoded still loses its secrets."""
    assert "hunter2" not in document('{"items":[{"password":"hunter2","x":')


def test_json_in_a_string_keeps_its_lines() -> None:
    """A ConfigMap's value of several lines stays as it is, or as many lines around what is hidden.

    A key that comes twice hides nothing behind the one that counts.
    """
    inner = '{\n  "Network": "10.200.0.0/16",\n  "Backend": {"Type": "vxlan"}\n}\n'
    (kept,) = json.loads(document(json.dumps({"net-conf.json": inner}))).values()
    assert kept == inner
    hidden = inner.replace('"vxlan"', '"vxlan", "password": "hunter2"')
    (kept,) = json.loads(document(json.dumps({"net-conf.json": hidden}))).values()
    assert "hunter2" not in kept
    assert kept.split("\n")[1] == '  "Network": "10.200.0.0/16",'
    twice = '{\n"password": "hunter2",\n"password": null\n}'
    assert "hunter2" not in document(json.dumps({"x": twice}))


def test_json_nested_without_end() -> None:
    """Depth does no harm."""
    assert document("[" * 100_000)


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "100.64.0.1",
        "127.0.0.53",
        "169.254.20.10",
        "0.0.0.0",
        "255.255.255.0",
        "224.0.0.251",
        "203.0.113.7",
        "::1",
        "::",
        "fe80::1",
        "fd00:10:96::a",
        "2001:db8::1",
        "ff02::1",
        *map(str, sorted(RESOLVERS, key=lambda one: (one.version, int(one)))),
    ],
)
def test_addresses_that_are_evidence_stay(address: str) -> None:
    """Private, special and well-known addresses are not touched."""
    assert text(f"nameserver {address}\n") == f"nameserver {address}\n"


@pytest.mark.parametrize("port", ["", ":53", "/24"])
def test_public_addresses_are_renamed(port: str) -> None:
    """A public address becomes one of a documentation range, with what follows it kept."""
    shown = text(f"from 52.17.3.9{port} to")
    match = re.fullmatch(rf"from (\S+?){port} to", shown)
    assert match
    assert ipaddress.ip_address(match[1]) in ipaddress.ip_network("192.0.2.0/24")


def test_public_six_is_renamed() -> None:
    """IPv6 likewise, with brackets and zones kept."""
    assert text("[2600:1f18::5]:53") == "[2001:db8::1]:53"
    assert (
        text("2600:1f18::5 2600:1f18::6 2600:1f19::5") == "2001:db8::1 2001:db8::2 2001:db8:0:1::3"
    )


def test_the_same_address_the_same_name() -> None:
    """Within one redactor an address is renamed always alike, and neighbours stay neighbours."""
    redactor = Redactor()
    first = redactor.text("52.17.3.9").split(".")
    second = redactor.text("52.17.3.10").split(".")
    other = redactor.text("52.17.4.9").split(".")
    assert redactor.text("x 52.17.3.9 y").split()[1].split(".") == first
    assert first[:3] == second[:3] != other[:3]
    assert first[3] != second[3]


def test_many_networks_keep_apart() -> None:
    """Hundreds of networks make as many, none of them public."""
    redactor = Redactor()
    shown = {redactor.text(f"{a}.{b}.1.1") for a in range(20, 30) for b in range(0, 250, 2)}
    assert len(shown) == 10 * 125
    assert not any(ipaddress.ip_address(one).is_global for one in shown)


def test_reverse_names_follow_their_address() -> None:
    """A PTR query for a public address names the renamed one."""
    shown = text("52.17.3.9 9.3.17.52.in-addr.arpa. PTR")
    address, name, _ = shown.split()
    assert name == ".".join(reversed(address.split("."))) + ".in-addr.arpa."
    assert text("1.0.0.10.in-addr.arpa.") == "1.0.0.10.in-addr.arpa."
    nibbles = ".".join(reversed(f"{int(ipaddress.ip_address('2600:1f18::5')):032x}"))
    shown = text(f"2600:1f18::5 {nibbles}.ip6.arpa.")
    address, name = shown.split()
    assert name == ipaddress.ip_address(address).reverse_pointer + "."


def test_addresses_in_names_are_renamed() -> None:
    """Host names that spell an address lose it."""
    shown = text("52.17.3.9 ec2-52-17-3-9.compute-1.amazonaws.com")
    address, name = shown.split()
    assert name.startswith(f"ec2-{address.replace('.', '-')}.")
    assert text("10-200-0-5.default.pod.cluster.local") == "10-200-0-5.default.pod.cluster.local"


@pytest.mark.parametrize(
    "line",
    [
        "CoreDNS-1.12.4 linux/amd64, go1.24.1, 52e9436",
        "v1.35.4+k3s1",
        "at 10:25:30 on 2026-11-23T10:00:00.123456789Z",
        "0a:58:0a:c8:00:05",
        "loop.go:123 coredns/plugin/loop",
        "kubelet 1.2.3.4.5",
        "5 6.1.0-18-amd64",
        "1048258276942848743.906062863108256161.",
    ],
)
def test_what_only_looks_like_an_address_stays(line: str) -> None:
    """Versions, times and hardware addresses are kept."""
    assert text(line) == line


def test_addresses_after_escaped_line_ends() -> None:
    """In JSON that cannot be decoded a line end is a backslash and a letter."""
    assert "52.17.3.9" not in text(r'{"Corefile":"hosts {\n52.17.3.9 a\n}')


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    "name",
    [
        "kube-dns.kube-system.svc.cluster.local",
        "registry.k8s.io/coredns/coredns:v1.12.4",
        "app.kubernetes.io/name",
        "rbac.authorization.k8s.io",
        "coredns.io/plugins/loop#troubleshooting",
        "www.google.com.",
        "example.com",
        "ip-10-0-1-2.eu-west-1.compute.internal",
        "/etc/resolv.conf",
        "coredns.yaml",
        "github.com/coredns/coredns/plugin/loop/loop.go:42",
        "spec.template.spec.nodeName",
        "kubelet.service",
        "kube-proxy.17a8c1f2d3e4b5a6",
        "kubernetes.default.svc",
        "status.phase",
    ],
)
def test_names_that_are_evidence_stay(name: str) -> None:
    """The cluster's names, well-known domains, files and labels are kept."""
    assert text(f"x {name} y") == f"x {name} y"


def test_outer_names_are_renamed() -> None:
    """A customer's name becomes another one with as many labels."""
    shown = text("2 shop.pay.acme.com. A: read udp")
    assert "acme" not in shown
    assert shown.split()[1].count(".") == "shop.pay.acme.com.".count(".")


def test_names_keep_their_relations() -> None:
    """Names of one domain stay of one domain, also the domain itself and behind co.uk."""
    redactor = Redactor()
    one, two, domain = redactor.text("a1.acme.co.uk b2.acme.co.uk acme.co.uk").split()
    assert one.endswith("." + domain)
    assert two.endswith("." + domain)
    assert one != two
    assert domain.count(".") == 2
    assert redactor.text("A1.ACME.co.uk") == one


def test_names_with_the_search_list_appended() -> None:
    """What a resolver made of an outer name loses the outer name and keeps the rest."""
    shown = text("shop.acme.com.default.svc.cluster.local. shop.acme.com.cluster.local.")
    assert "acme" not in shown
    first, second = shown.split()
    assert first.endswith(".default.svc.cluster.local.")
    assert second.endswith(".cluster.local.")


def test_inner_zones_stay_inner() -> None:
    """A name below .local or .internal keeps that ending, which tells that it is no public one."""
    assert re.fullmatch(r"\S+\.domain-1\.local", text("srv1.acme.local"))


def test_accounts_below_known_domains_are_renamed() -> None:
    """The provider stays readable, the account does not."""
    shown = text("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app")
    assert "123456789012" not in shown
    assert ".dkr.ecr.eu-west-1.amazonaws.com/" in shown


def test_mail_addresses_are_renamed() -> None:
    """People become numbers, the same always the same."""
    shown = text("jane.doe@acme.com, joe@acme.com, jane.doe@acme.com")
    assert shown == "person-1@example.com, person-2@example.com, person-1@example.com"


def test_units_and_images_are_no_mail() -> None:
    """What systemd and registries write with an @ stays."""
    line = "getty@tty1.service user@1000.service coredns@sha256:0123456789abcdef"
    assert text(line) == line


def test_kept_names_and_networks() -> None:
    """What is said to be the cluster's own is left alone."""
    redactor = Redactor()
    redactor.keep(["node-1.acme.com"], ["30.0.0.0/16", "no network"])
    line = "node-1.acme.com 30.0.7.1"
    assert redactor.text(line) == line
    assert "acme" not in redactor.text("node-2.acme.com")


def test_renaming_can_be_left_out() -> None:
    """Without it addresses and hosts stay, and secrets are hidden all the same."""
    redactor = Redactor(addresses=False, hosts=False)
    assert redactor.text("52.17.3.9 shop.acme.com token=abcdef") == (
        "52.17.3.9 shop.acme.com token=REDACTED"
    )


# ---------------------------------------------------------------- properties

EVIDENCE = st.lists(
    st.sampled_from(
        [
            "52.17.3.9",
            "2600:1f18::5",
            "shop.acme.com",
            "jane@acme.com",
            "token=hunter2",
            "password: hunter2",
            f"Bearer {TOKEN}",
            "10.0.0.1",
            "kube-dns.kube-system.svc.cluster.local",
            "-----BEGIN PRIVATE KEY-----",
            "\n",
            " ",
            '"',
            "\\n",
        ]
    )
    | st.text(max_size=8),
    max_size=12,
).map("".join)


@given(EVIDENCE)
def test_lines_stay_as_many(mixed: str) -> None:
    """No line is added or lost, so that every quote keeps its number."""
    assert text(mixed).count("\n") == mixed.count("\n")


@given(EVIDENCE)
def test_redacting_twice_changes_nothing(mixed: str) -> None:
    """What was redacted has nothing left to hide or rename."""
    once = Redactor().text(mixed)
    assert Redactor().text(once) == once


@settings(max_examples=25)
@given(
    st.recursive(
        st.none() | st.integers() | EVIDENCE,
        lambda one: st.lists(one) | st.dictionaries(EVIDENCE, one),
    )
)
def test_documents_stay_documents(value: object) -> None:
    """JSON stays JSON."""
    json.loads(document(json.dumps(value)))


@pytest.mark.parametrize(
    "hostile",
    [
        'token="' * 20_000,
        "-----BEGIN A-----" * 20_000,
        "a." * 100_000,
        "1." * 100_000,
        "a:" * 100_000,
        "password: x" + " " * 200_000 + "y",
        "token=" + "\\" * 200_000,
        "-token " * 30_000,
        "secret" * 30_000,
        "@a" * 100_000,
        " " * 300_000 + "token",
        "kind: Secret\n" * 20_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_takes_linear_time(hostile: str) -> None:
    """No text makes a pattern go over it again and again; a hang is the failure."""
    assert document(hostile) is not None


def test_addresses_in_the_words_of_the_kernel() -> None:
    """What /proc/net holds in hexadecimal is renamed as its dotted form is; private ones stay."""
    redactor = Redactor()
    public = "3.120.7.9"
    row = " 1: 09077803:0035 0100007F:D431 07 00000000:00000000\n"
    assert redactor.text(public) == "192.0.2.9"
    assert redactor.text(row) == row.replace("09077803", "090200C0")
    mapped = " 2: 0000000000000000FFFF000009077803:0050 " + "0" * 32 + ":0000 0A 0:0\n"
    assert redactor.text(mapped) == mapped.replace("09077803", "090200C0")
    six = " 3: 0E41012A0000000000000000390B0000:0050 " + "0" * 32 + ":0000 0A 0:0\n"
    assert "0E41012A" not in redactor.text(six)
    assert "B80D0120" in redactor.text(six), "of the range for documents"
    route = "eth0\t00000000\t0107780C\t0003\t0\t0\t0\t00000000\n"
    assert "0107780C" not in redactor.text(route)
    assert redactor.text(route.replace("0107780C", "35004D0A")).count("35004D0A") == 1
