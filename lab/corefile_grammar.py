"""Corefiles by the thousand: from the plugins' documentation, and with one thing changed.

LINES holds, per plugin, what its README allows: arguments of its line and lines of its block, with
<words> in the place of values. What a version does not know yet, or has no longer, is meant to be
there: the real program says of each version what it takes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

# Files beside the Corefile, for both sides: the real program's folder and the parser's imports.
FILES = {
    "extra.conf": "errors\nlog\n",
    "broken.conf": "errors {\n",
    "server.conf": "imported.example {\n    whoami\n}\n",
    "custom/a.override": "whoami\n",
    "custom/b.override": "# nothing but a comment\n",
    "custom/a.server": "custom.example {\n    whoami\n}\n",
    "hosts.txt": "192.0.2.1 one.example.org\n2001:db8::1 one.example.org\n",
    "db.example.org": (
        "$ORIGIN example.org.\n@ 3600 IN SOA ns.example.org. root.example.org. 1 7200 3600 1209600 "
        "3600\n@ 3600 IN NS ns.example.org.\nns IN A 192.0.2.53\nwww IN A 192.0.2.80\n"
    ),
    "weights": "www.example.org\n192.0.2.80 3\n192.0.2.81 1\n",
    "resolv.conf": "nameserver 192.0.2.53\nnameserver 192.0.2.54\nsearch example.org\n",
    "keys": (
        'key "other.example." {\n  secret "NoTCJU+DMqFWywaPyxSijrDEA/eC3nK0xi3AMEZuPVk=";\n};\n'
    ),
}
ENVIRON = {"ZONE": "example.org", "PORT": "1053", "UPSTREAM": "192.0.2.53", "EMPTY": ""}

VALUES: dict[str, tuple[str, ...]] = {
    "zone": ("example.org", ".", "cluster.local", "10.0.0.0/24", "in-addr.arpa", "a.b.example."),
    "zones": ("example.org", "example.org example.net", ".", "in-addr.arpa ip6.arpa", ""),
    "names": ("example.org", "example.org. www.example.net"),
    "dur": ("5s", "1m", "10m30s", "1h", "500ms", "0s", "2.5s"),
    "longdur": ("30s", "2s", "1m", "15s"),
    "int": ("1", "10", "1000", "3600", "0"),
    "positive": ("1", "5", "100", "9984"),
    "ttl": ("30", "0", "3600", "60"),
    "ip": ("192.0.2.1", "127.0.0.1", "2001:db8::1", "8.8.8.8"),
    "ip4": ("192.0.2.1", "10.1.2.3"),
    "ip6": ("2001:db8::5", "64:ff9b::1"),
    "cidr": ("10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"),
    "addr": (":9153", "localhost:8080", "127.0.0.1:6060", "[::1]:9000", "0.0.0.0:8181"),
    "to": (
        "192.0.2.53",
        "192.0.2.53:5353",
        "tls://9.9.9.9",
        "dns://192.0.2.53",
        "[2001:db8::53]:53",
        "2001:db8::53",
        "192.0.2.53 192.0.2.54",
        "/etc/resolv.conf",
        "dns://192.0.2.53:53 tls://192.0.2.54",
    ),
    "regex": (
        "^(.*)[.]example[.]org[.]$",
        ".*",
        '".* timeout$"',
        "(.*)-x\\.",
        "^[a-z]+$",
        "a{2,3}",
        "(?i)abc",
    ),
    "type": ("A", "AAAA", "ANY", "TXT", "MX"),
    "class": ("IN", "CH", "ANY"),
    "rcode": ("NXDOMAIN", "SERVFAIL", "REFUSED", "NOERROR"),
    "file": ("db.example.org",),
    "name": ("www.example.org", "www.example.org.", "a", "_http._tcp.example.org"),
    "word": ("abc", "foo", "prod"),
    "tls": ("tls.crt tls.key", "tls.crt tls.key ca.crt", "ca.crt", ""),
    "onoff": ("on", "off"),
    "truth": ("true", "false"),
    "policy": ("random", "round_robin", "sequential"),
}


def lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text, stripped, without the empty ones."""
    return tuple(line.strip() for line in text.split("\n") if line.strip())


@dataclass(frozen=True)
class Form:
    """How a plugin is written: arguments of its line, lines of its block, lines that must stand."""

    heads: tuple[str, ...] = ("",)
    body: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    alone: bool = False  # the block may not stand with others of its kind
    keys: tuple[str, ...] = ()


LINES: dict[str, Form] = {
    "acl": Form(
        ("", "<zones>"),
        lines("""
        allow net <cidr>
        block type <type> net <cidr>
        block type * net *
        filter type <type> <type> net <ip>
        drop net <cidr> <cidr>
        block type <type>
        allow
        """),
    ),
    "any": Form(),
    "auto": Form(
        ("", "<zones>"),
        lines("""
        directory /etc/coredns/zones
        directory . (.*)[.]zone {1}
        directory . db\\.(.*) {1}
        reload <longdur>
        upstream
        """),
    ),
    "autopath": Form(
        ("/etc/resolv.conf", "example.org /etc/resolv.conf", "@kubernetes", "@erratic")
    ),
    "bind": Form(
        ("<ip>", "127.0.0.1", "127.0.0.1 ::1", "lo", "<ip> <ip4>"),
        lines("""
        except 127.0.0.1
        except <ip>
        """),
    ),
    "bufsize": Form(("", "1232", "512", "4096")),
    "cache": Form(
        ("", "30", "3600 example.org", "<zones>", "60 example.org example.net"),
        lines("""
        success <positive>
        success <positive> <positive>
        success 5000 3600 10
        denial <positive>
        denial 9984 30 5
        prefetch <int>
        prefetch 10 1m 10%
        prefetch 1 <longdur>
        serve_stale
        serve_stale 1h
        serve_stale 1h immediate
        serve_stale 1h verify
        serve_stale 1h verify 5s
        servfail 5s
        servfail 0
        disable success
        disable denial <names>
        keepttl
        serve_stale_policy prefer_positive
        """),
    ),
    "cancel": Form(("", "5s", "<dur>")),
    "chaos": Form(("", "CoreDNS-1", 'CoreDNS-1 "Some Body <a@b.c>" other')),
    "debug": Form(),
    "dns64": Form(
        ("", "64:1337::/96", "64:ff9b::/96"),
        lines("""
        translate_all
        prefix 64:1337::/96
        prefix 2001:db8::/32
        allow_ipv4
        """),
    ),
    "dnssec": Form(("", "<zones>"), lines("cache_capacity 1000\ncache_capacity <int>")),
    "dnstap": Form(
        (
            "/tmp/dnstap.sock",
            "/tmp/dnstap.sock full",
            "tcp://127.0.0.1:6000 full",
            "unix:///tmp/dnstap.sock",
            "tls://127.0.0.1:6000",
            "tcp://127.0.0.1:6000 full 2 5",
        ),
        lines("""
        identity my-dns
        version 1.0
        extra {$ZONE}
        skipverify
        """),
    ),
    "erratic": Form(
        ("",),
        lines("""
        drop
        drop 3
        truncate 2
        truncate
        delay 3 50ms
        delay
        delay 3
        large
        """),
    ),
    "errors": Form(
        ("", "stdout"),
        lines("""
        consolidate 5m <regex>
        consolidate <longdur> <regex> warning
        consolidate 30s <regex> error show_first
        stacktrace
        """),
    ),
    "etcd": Form(
        ("", "skydns.local", "<zones>"),
        lines("""
        path /skydns
        endpoint http://localhost:2379
        endpoint http://127.0.0.1:2379 http://127.0.0.2:2379
        fallthrough
        fallthrough <names>
        credentials user password
        tls <tls>
        stubzones
        min-lease-ttl 30
        max-lease-ttl 1h
        """),
    ),
    "file": Form(
        ("db.example.org", "db.example.org example.org", "db.example.org <names>"),
        lines("""
        reload 30s
        reload 0
        reload <dur>
        upstream
        fallthrough
        fallthrough <names>
        transfer to *
        no_reload
        reload_by_mtime
        """),
    ),
    "forward": Form(
        (". <to>", "example.org <to>", ". <to> <to>", "10.0.0.0/24 <to>", ". /etc/resolv.conf"),
        lines("""
        except <names>
        except example.org
        force_tcp
        prefer_udp
        expire 10s
        max_fails <int>
        tls
        tls <tls>
        tls_servername dns.quad9.net
        policy <policy>
        health_check 5s
        health_check 0.5s no_rec
        health_check 5s no_rec domain example.org
        max_concurrent <int>
        next NXDOMAIN
        next SERVFAIL REFUSED
        failover SERVFAIL REFUSED
        failfast_all_unhealthy_upstreams
        max_connect_attempts 3
        max_idle_conns 10
        max_age 1m
        next_on_nodata
        resolver <ip>
        doh_method POST
        read_timeout 2s
        source_address <ip4>
        """),
    ),
    "geoip": Form(("/nonexistent/GeoLite2-City.mmdb",), ("edns-subnet",)),
    "grpc": Form(
        (". 127.0.0.1:9005", ". <to>", "example.org 127.0.0.1:9005 127.0.0.1:9006"),
        lines("""
        except <names>
        tls
        tls <tls>
        tls_servername example.org
        policy <policy>
        fallthrough
        """),
    ),
    "grpc_server": Form(("",), lines("max_streams <int>\nmax_connections <int>")),
    "header": Form(
        ("",),
        lines("""
        set ra
        response set ra
        response clear ra
        query set rd
        clear aa rd
        response set aa ra
        query clear cd
        """),
        ("response set ra",),
    ),
    "health": Form(("", "<addr>", ":8080", "localhost:8091"), ("lameduck 5s", "lameduck <dur>")),
    "hosts": Form(
        ("", "hosts.txt", "hosts.txt example.org", "/etc/hosts", "hosts.txt <names>"),
        lines("""
        192.0.2.10 a.example.org
        2001:db8::10 a.example.org b.example.org
        fallthrough
        fallthrough <names>
        ttl 60
        ttl <positive>
        no_reverse
        reload 5s
        reload 0
        fallthrough_unsupported
        """),
    ),
    "https": Form(("",), lines("max_connections <int>\nmax_streams <int>")),
    "https3": Form(("",), lines("max_connections <int>\nmax_streams <int>")),
    "k8s_external": Form(
        ("", "example.org", "<zones>"),
        lines("""
        apex dns
        ttl <ttl>
        headless
        fallthrough
        fallthrough <names>
        """),
    ),
    "kubernetes": Form(
        ("", "cluster.local", "cluster.local in-addr.arpa ip6.arpa", "cluster.local 10.0.0.0/24"),
        lines("""
        pods disabled
        pods insecure
        pods verified
        ttl <ttl>
        fallthrough
        fallthrough in-addr.arpa ip6.arpa
        endpoint_pod_names
        namespaces default kube-system
        labels environment in (production, qa),application=nginx
        namespace_labels istio-injection=enabled
        noendpoints
        ignore empty_service
        upstream
        upstream 192.0.2.1
        resyncperiod 1m
        transfer to *
        endpoint https://127.0.0.1:6443
        tls tls.crt tls.key ca.crt
        startup_timeout 5s
        multicluster clusterset.local
        apiserver_qps 10
        apiserver_burst 20
        apiserver_max_inflight 5
        zonal
        """),
    ),
    "loadbalance": Form(
        ("", "round_robin", "weighted weights"),
        lines("""
        reload 30s
        prefer 10.0.0.0/8
        prefer <cidr> <cidr>
        """),
    ),
    "local": Form(("",), lines("localhost_prefix on\nlocalhost_prefix off")),
    "log": Form(
        (
            "",
            "stdout",
            ".",
            "example.org",
            '. "{remote} {>id}"',
            "<names>",
            '. "{combined} dnssec={/dnssec/status}"',
            "example.org {common}",
        ),
        lines("""
        class all
        class error
        class denial error
        class success
        """),
    ),
    "loop": Form(),
    "metadata": Form(("", "<zones>")),
    "minimal": Form(),
    "multisocket": Form(("", "2", "5")),
    "nomad": Form(
        ("", "service.nomad"),
        lines("""
        address http://127.0.0.1:4646
        token abc
        ttl <ttl>
        filter abc
        """),
    ),
    "nsid": Form(("", "Use The Force", "abc")),
    "on": Form(("startup echo hi", "shutdown echo bye", "startup true &")),
    "pprof": Form(("", "<addr>", "localhost:6053"), ("block", "block 5")),
    "prometheus": Form(
        ("", ":9153", "localhost:9253", "<addr>"), ("runtime_metrics", "tls tls.json")
    ),
    "proxyproto": Form(
        ("",),
        lines("""
        allow <cidr>
        allow <cidr> <cidr>
        default use
        default REJECT
        udp_session_tracking 30s
        udp_session_tracking 30s 100
        tlv_metadata
        """),
    ),
    "quic": Form(("",), lines("max_streams <positive>\nworker_pool_size 8\nmax_connections <int>")),
    "ready": Form(("", ":8181", "localhost:8091"), ("monitor until-ready", "monitor continuously")),
    "reload": Form(("", "30s", "10s 5s", "2s 1s", "<longdur>")),
    "rewrite": Form(
        (
            "name <name> <name>",
            "name exact <name> <name>",
            "name prefix a b",
            "name suffix .example.org .example.net",
            "name suffix .schmoogle.com. .google.com. answer auto",
            "name substring a b",
            "name regex <regex> {1}.example.net",
            "name regex (.*)[.]a[.] {1}.b. answer name (.*)[.]b[.] {1}.a.",
            "stop name <name> <name>",
            "continue name exact <name> <name>",
            "type ANY HINFO",
            "type A AAAA",
            "class CH IN",
            "edns0 nsid set",
            "edns0 local set 0xffee abc",
            "edns0 local append 0xffee {qname}",
            "edns0 local replace 0xffee 0x61",
            "edns0 subnet set 24 56",
            "edns0 local unset 0xffee",
            "edns0 subnet unset",
            "ttl example.org 60",
            "ttl suffix .example.org 30-60",
            "ttl regex <regex> -30",
            "ttl exact example.org 30-",
            "cname exact a.example. b.example.",
            "cname regex <regex> b.example.",
            "rcode name regex <regex> SERVFAIL NOERROR",
            "rcode name suffix .example.org NXDOMAIN NOERROR",
            "rcode exact example.org NXDOMAIN NOERROR",
        )
    ),
    "root": Form((".", "/tmp")),
    "route53": Form(
        ("example.org:Z1Z2Z3Z4DZ5Z6Z7",),
        lines("""
        aws_access_key ID SECRET
        credentials default
        refresh 1m
        fallthrough
        upstream
        """),
    ),
    "secondary": Form(
        ("", "example.org", "<names>"),
        lines("""
        transfer from 192.0.2.1
        transfer from 192.0.2.1 192.0.2.2:5353
        fallthrough
        upstream
        """),
        ("transfer from 192.0.2.1",),
    ),
    "shed": Form(),
    "sign": Form(("db.example.org", "db.example.org example.org"), ("directory /tmp",)),
    "siit": Form(("",), lines("ipv6_prefix 64:ff9b::/96\neam <ip4> <ip6>")),
    "template": Form(
        ("IN A", "IN AAAA example.org", "ANY ANY", "CH TXT version.bind", "IN <type> <zones>"),
        lines("""
        match <regex>
        match ^a[.]b$ ^c$
        answer "{{ .Name }} 60 IN A 192.0.2.1"
        additional "{{ .Name }} 60 IN A 192.0.2.1"
        authority "{{ .Zone }} 60 IN SOA a b (1 60 60 60 60)"
        rcode <rcode>
        fallthrough
        fallthrough <names>
        ederror 15
        ederror 15 "blocked by policy"
        upstream
        var x name()
        """),
    ),
    "timeouts": Form(("",), lines("read 10s\nwrite 10s\nidle 1m\nread <dur>\nmax_tcp_queries 10")),
    "tls": Form(
        ("tls.crt tls.key", "tls.crt tls.key ca.crt"),
        lines("client_auth nocert\nclient_auth require_and_verify\nkeylog /tmp/keys"),
        keys=("tls://example.org", "tls://.:853"),
    ),
    "trace": Form(
        (
            "",
            "zipkin localhost:9411",
            "localhost:9411",
            "datadog localhost:8126",
            "zipkin http://a:1/b",
        ),
        lines("""
        every 100
        service mydns
        client_server
        client_server <truth>
        datadog_analytics_rate 0.5
        zipkin_max_backlog_size 100
        zipkin_max_batch_size 10
        zipkin_max_batch_interval 5s
        """),
    ),
    "transfer": Form(
        ("", "<zones>"),
        lines("""
        to *
        to <ip>
        to 192.0.2.1 192.0.2.2:5353
        source <ip4>
        """),
        ("to *",),
    ),
    "tsig": Form(
        ("", "<zones>"),
        lines("""
        secret example. NoTCJU+DMqFWywaPyxSijrDEA/eC3nK0xi3AMEZuPVk=
        secrets keys
        require all
        require none
        require A AAAA
        require_opcode UPDATE
        require_opcode all
        """),
    ),
    "view": Form(
        ("internal", "abc"),
        lines("""
        expr name() == 'example.org.'
        expr incidr(client_ip(), '127.0.0.0/24')
        expr type() in ['A', 'AAAA']
        expr metadata('geoip/country/code') == 'US'
        """),
    ),
    "whoami": Form(),
    # In no build of these versions, or not any more
    "federation": Form(("cluster.local",), ("prod prod.example.org",)),
    "proxy": Form((". 192.0.2.1",), ("policy random",)),
    "fanout": Form((". 192.0.2.1",)),
    "azure": Form(("rg:example.org",), lines("tenant a\nclient b\nsecret c\nsubscription d")),
    "clouddns": Form(("example.org:project:zone",), ("credentials file", "fallthrough")),
    "dynupdate": Form(
        ("example.org",),
        lines("file db.example.org\nallow key1 * A\nallow key1 @ TXT AAAA\nmax_records 100"),
        ("file db.example.org", "allow key1 * A"),
    ),
}
COMMON = (
    "errors",
    "log",
    "loop",
    "whoami",
    "cache 30",
    "ready",
    "health",
    "reload",
    "loadbalance",
    "prometheus :9153",
    "forward . 192.0.2.53",
    "kubernetes cluster.local",
    "rewrite name a.example. b.example.",
    "debug",
)
KEYS = (
    ".",
    ".:53",
    "example.org",
    "example.org:1053",
    "example.org example.net",
    "example.org, example.net",
    "dns://example.org",
    "dns://.:53",
    "cluster.local:53 10.0.0.0/24:53",
    "10.0.0.0/8",
    "2001:db8::/32",
    "{$ZONE}",
    ".:{$PORT}",
)
ODD_KEYS = (
    "",
    "example.org:",
    "example.org:abc",
    "example.org:99999",
    "example.org:-1",
    "example..org",
    ".example.org",
    "grpc://example.org",
    "https://example.org",
    "tls://example.org",
    "quic://example.org",
    "https3://example.org",
    "ftp://example.org",
    "unix:///tmp/s",
    "a" * 64,
    "a" * 63,
    "ünï.example",
    "10.0.0.0/33",
    "10.0.0.0/25",
    "10.0.0.0/9:1053",
    "2001:db8::/33",
    "::1/128",
    "10.0.0.1",
    "example.org{",
    "example.org:53:53",
    "[::1]:53",
    "*",
    "EXAMPLE.org",
    "example.org example.org",
    "example.org,",
    '"example.org"',
    '"a b"',
    "{$EMPTY}",
    "{$NOSUCH}:53",
    "{%ZONE%}",
    "a\\.b",
    "example.org\\",
    "xn--nxasmq6b",
    ".:0",
    ".:65535",
    ".:65536",
    ".:+53",
    ".:053",
    "dns://",
    "://x",
    "(snippet)",
    "import",
)
ODD = (
    "",
    '""',
    "-1",
    "0",
    "1",
    "5",
    "99999",
    "99999999999999999999",
    "1.5",
    "1e3",
    "0x10",
    "5s",
    "-5s",
    "1s",
    "1h",
    "5",
    "5 s",
    "abc",
    "true",
    ".",
    "..",
    "*",
    "{",
    "}",
    "{}",
    "{$NOSUCH}",
    "{$UPSTREAM}",
    "/etc/nothing",
    "./nothing",
    "10.0.0.0/24",
    "10.0.0.0/33",
    "10.0.0.1",
    "300.1.1.1",
    "::1",
    "[::1]:53",
    "127.0.0.1:99999",
    "127.0.0.1:abc",
    "example.org",
    "example..org",
    "-",
    "NXDOMAIN",
    "nxdomain",
    "A",
    "a",
    "(",
    "[a-z",
    "(?!x)",
    "a**",
    "\\",
    "ü",
    "\u2003",
    '"a b"',
    '"unclosed',
    "#",
    "x#y",
    "50%",
    "100%",
    "https://9.9.9.9/dns-query",
    "https://9.9.9.9",
    "quic://9.9.9.9",
    "grpc://9.9.9.9",
    "dns://",
    "localhost",
    "on",
    "stdout",
    "import",
    "errors",
    "fallthrough",
)


@dataclass(frozen=True)
class Sample:
    """One Corefile: the plugin that it is about, and what was done to it."""

    plugin: str
    change: str
    text: str


Words = list[str]
Chance = random.Random


def filled(text: str, chance: Chance) -> str:
    """Return a line with values in the place of <words>."""
    return re.sub(r"<(\w+)>", lambda match: chance.choice(VALUES[match[1]]), text).rstrip()


def stanza(name: str, chance: Chance) -> list[str]:
    """Return the lines of a plugin as its documentation has them."""
    form = LINES[name]
    head = f"{name} {filled(chance.choice(form.heads), chance)}".rstrip()
    body = [filled(one, chance) for one in form.must]
    if form.body and (body or chance.random() < 0.75):
        count = min(chance.choice((1, 1, 1, 2, 3)), len(form.body))
        body += [filled(one, chance) for one in chance.sample(form.body, count)]
    return [f"{head} {{", *(f"    {one}" for one in body), "}"] if body else [head]


def block(key: str, stanzas: list[list[str]]) -> list[str]:
    """Return a server block."""
    return [f"{key} {{", *(f"    {line}" for one in stanzas for line in one), "}"]


def around(chance: Chance, name: str) -> list[list[str]]:
    """Return a few other plugins that every version takes."""
    others = [one for one in COMMON if one.split()[0] != name]
    return [[one] for one in chance.sample(others, chance.choice((0, 0, 1, 2)))]


# ---------------------------------------------------------------- one thing changed

Change = Callable[[list[str], Chance], list[str] | None]


def at_word(
    text: list[str], chance: Chance, change: Callable[[Words, int], object]
) -> list[str] | None:
    """Return the lines with a change at one word, never the name of the plugin."""
    places = [
        (row, index)
        for row, line in enumerate(text)
        for index in range(0 if row else 1, len(line.split()))
    ]
    if not places:
        return None
    row, index = chance.choice(places)
    words = text[row].split()
    change(words, index)
    return [*text[:row], " ".join(words), *text[row + 1 :]]


def drop_word(text: list[str], chance: Chance) -> list[str] | None:
    """Leave a word out."""
    return at_word(text, chance, lambda words, index: words.pop(index))


def double_word(text: list[str], chance: Chance) -> list[str] | None:
    """Write a word twice."""
    return at_word(text, chance, lambda words, index: words.insert(index, words[index]))


def odd_word(text: list[str], chance: Chance) -> list[str] | None:
    """Write another word."""
    odd = chance.choice(ODD)
    return at_word(text, chance, lambda words, index: words.__setitem__(index, odd))


def more_words(text: list[str], chance: Chance) -> list[str] | None:
    """Write a further word at the end of a line."""
    rows = [row for row, line in enumerate(text) if line.strip() not in ("", "}")]
    row = chance.choice(rows)
    line, brace = text[row], ""
    if line.endswith("{"):
        line, brace = line[:-1].rstrip(), " {"
    return [*text[:row], f"{line} {chance.choice(ODD)}{brace}", *text[row + 1 :]]


def swap_words(text: list[str], chance: Chance) -> list[str] | None:
    """Exchange two words of a line."""
    rows = [row for row, line in enumerate(text) if len(line.split()) > 2]
    if not rows:
        return None
    row = chance.choice(rows)
    words = text[row].split()
    one, other = chance.sample(range(1, len(words)), 2)
    words[one], words[other] = words[other], words[one]
    return [*text[:row], " ".join(words), *text[row + 1 :]]


def double_line(text: list[str], chance: Chance) -> list[str] | None:
    """Write a line of the block twice."""
    rows = list(range(1, len(text) - 1))
    if not rows:
        return None
    row = chance.choice(rows)
    return [*text[: row + 1], text[row], *text[row + 1 :]]


def double_plugin(text: list[str], _chance: Chance) -> list[str] | None:
    """Write a plugin twice."""
    return [*text, *text]


def unknown_property(text: list[str], chance: Chance) -> list[str] | None:
    """Write a property that the plugin does not have."""
    name = chance.choice(("nosuch", "fallthrougth", "timeout 5s", "ttl 5", "fallthrough", "reload"))
    if text[0].endswith("{"):
        return [text[0], f"    {name}", *text[1:]]
    return [f"{text[0]} {{", f"    {name}", "}"]


def empty_block(text: list[str], _chance: Chance) -> list[str] | None:
    """Give a plugin an empty block."""
    head = text[0].removesuffix("{").rstrip()
    return [f"{head} {{", "}"]


def one_line(text: list[str], _chance: Chance) -> list[str] | None:
    """Write a block on one line."""
    return [" ".join(line.strip() for line in text)] if len(text) > 1 else None


def brace_below(text: list[str], _chance: Chance) -> list[str] | None:
    """Write the opening brace on a line of its own."""
    if not text[0].endswith("{"):
        return None
    return [text[0][:-1].rstrip(), "{", *text[1:]]


def no_brace(text: list[str], chance: Chance) -> list[str] | None:
    """Leave a brace out."""
    if len(text) < 2:
        return None
    if chance.random() < 0.5:
        return text[:-1]
    return [text[0].removesuffix("{").rstrip(), *text[1:]]


def more_brace(text: list[str], chance: Chance) -> list[str] | None:
    """Write a brace too many."""
    row = chance.randrange(len(text) + 1)
    return [*text[:row], chance.choice(("{", "}", "{ }", "x {", "} x")), *text[row:]]


def glued_brace(text: list[str], _chance: Chance) -> list[str] | None:
    """Leave out the blank before a brace."""
    return [text[0].replace(" {", "{"), *text[1:]] if text[0].endswith(" {") else None


def quotes(text: list[str], chance: Chance) -> list[str] | None:
    """Put a word into quotes, or half of them."""

    def change(words: Words, index: int) -> None:
        word = words[index]
        words[index] = chance.choice((f'"{word}"', f'"{word}', f'{word}"', f"'{word}'"))

    return at_word(text, chance, change)


def comment(text: list[str], chance: Chance) -> list[str] | None:
    """Comment out a line, or write a comment behind it."""
    row = chance.randrange(len(text))
    line = text[row]
    return [
        *text[:row],
        chance.choice((f"# {line}", f"{line} # why", f"{line}#why")),
        *text[row + 1 :],
    ]


def break_line(text: list[str], chance: Chance) -> list[str] | None:
    """Break a line at a word."""
    rows = [row for row, line in enumerate(text) if len(line.split()) > 1]
    if not rows:
        return None
    row = chance.choice(rows)
    words = text[row].split()
    index = chance.randrange(1, len(words))
    return [*text[:row], " ".join(words[:index]), " ".join(words[index:]), *text[row + 1 :]]


def join_lines(text: list[str], chance: Chance) -> list[str] | None:
    """Join two lines."""
    if len(text) < 2:
        return None
    row = chance.randrange(len(text) - 1)
    return [*text[:row], f"{text[row]} {text[row + 1].strip()}", *text[row + 2 :]]


def misspelt(text: list[str], chance: Chance) -> list[str] | None:
    """Misspell the name of the plugin, or a property."""
    row = chance.choice([row for row, line in enumerate(text) if line.strip(" {}")])
    words = text[row].split()
    words[0] = chance.choice((words[0][:-1], words[0] + "s", words[0].upper(), words[0].title()))
    return [*text[:row], " ".join(words), *text[row + 1 :]]


def nested(text: list[str], chance: Chance) -> list[str] | None:
    """Give a property a block."""
    if len(text) < 3:
        return None
    row = chance.randrange(1, len(text) - 1)
    return [*text[:row], f"{text[row]} {{", "    x y", "}", *text[row + 1 :]]


def as_snippet(text: list[str], _chance: Chance) -> list[str] | None:
    """Import a line of the block where its lines were."""
    return [text[0], "    import inner", *text[1:]] if len(text) > 2 else None


CHANGES: dict[str, Change] = {
    "drop-word": drop_word,
    "double-word": double_word,
    "odd-word": odd_word,
    "more-words": more_words,
    "swap-words": swap_words,
    "double-line": double_line,
    "double-plugin": double_plugin,
    "unknown-property": unknown_property,
    "empty-block": empty_block,
    "one-line": one_line,
    "brace-below": brace_below,
    "no-brace": no_brace,
    "more-brace": more_brace,
    "glued-brace": glued_brace,
    "quotes": quotes,
    "comment": comment,
    "break-line": break_line,
    "join-lines": join_lines,
    "misspelt": misspelt,
    "nested": nested,
    "snippet": as_snippet,
}
OFTEN = ("odd-word", "more-words", "drop-word", "odd-word", "odd-word")
INNER = "(inner) {\n    nosuch\n}\n"


def of_plugin(name: str, chance: Chance) -> Sample:
    """Return a Corefile about one plugin, as documented or with one thing changed."""
    text = stanza(name, chance)
    change = "none"
    if chance.random() < 0.6:
        wanted = chance.choice((*CHANGES, *OFTEN))
        changed = CHANGES[wanted](text, chance)
        if changed is not None:
            text, change = changed, wanted
    others = around(chance, name)
    others.insert(chance.randrange(len(others) + 1), text)
    keys = LINES[name].keys or (".", ".:53", "example.org", "example.org example.net")
    lines_of = block(chance.choice(keys), others)
    if chance.random() < 0.1:
        lines_of += block("other.example:1053", [["whoami"]])
    whole = "\n".join(lines_of) + "\n"
    return Sample(name, change, INNER + whole if change == "snippet" else whole)


def of_keys(chance: Chance) -> Sample:
    """Return a Corefile about zones and ports."""
    keys = chance.choice(ODD_KEYS if chance.random() < 0.6 else KEYS)
    if chance.random() < 0.3:
        keys += " " + chance.choice((*KEYS, *ODD_KEYS))
    text = block(keys, [["whoami"]])
    if chance.random() < 0.5:
        inner = [["whoami"]]
        if chance.random() < 0.3:
            inner.append([chance.choice(("bind 127.0.0.1", "bind ::1", "view abc"))])
        text += block(chance.choice((*KEYS, *ODD_KEYS)), inner)
    return Sample("(keys)", "keys", "\n".join(text) + "\n")


STRUCTURES = (
    "",
    "\n\n",
    "# only a comment\n",
    ".",
    "whoami",
    ". {\n}\n",
    ". {\n",
    ". {\n    whoami\n",
    ". {\n    whoami\n}\n}\n",
    "}\n",
    "{\n}\n",
    "{\n    whoami\n}\n",
    ".\nwhoami\nerrors\n",
    ".\n{\n    whoami\n}\n",
    ". { whoami }\n",
    ". { whoami\n}\n",
    ".{\n    whoami\n}\n",
    ". {whoami\n}\n",
    ". {\n    whoami }\n",
    ". {\n    whoami\n} example.org {\n    whoami\n}\n",
    ". {\n    whoami\n}\nexample.org {\n    whoami\n}\n",
    ". {\n    whoami\n}\n. {\n    whoami\n}\n",
    ".:53 {\n    whoami\n}\n.:5353 {\n    whoami\n}\n",
    "(a) {\n    whoami\n}\n. {\n    import a\n}\n",
    "(a) {\n    whoami\n}\n(a) {\n    errors\n}\n. {\n    import a\n}\n",
    "(a) {\n    import a\n}\n. {\n    import a\n}\n",
    "(a) {\n    import b\n}\n(b) {\n    import a\n}\n. {\n    import a\n}\n",
    "(a) {\n    import b\n}\n(b) {\n    whoami\n}\n. {\n    import a\n}\n",
    ". {\n    import a\n}\n(a) {\n    whoami\n}\n",
    "(a) whoami\n. {\n    import a\n}\n",
    "(a) {\n    whoami\n. {\n    import a\n}\n",
    "(a) {\n    cache {\n        success 5\n    }\n}\n. {\n    import a\n    whoami\n}\n",
    "(a) {\n    success 5\n}\n. {\n    cache {\n        import a\n    }\n}\n",
    "(a b) {\n    whoami\n}\n. {\n    import a\n}\n",
    "(a) (b) {\n    whoami\n}\n",
    "(a {\n    whoami\n}\n. {\n    whoami\n}\n",
    ". {\n    import extra.conf\n}\n",
    ". {\n    import extra.conf extra.conf\n}\n",
    ". {\n    import\n}\n",
    '. {\n    import ""\n}\n',
    ". {\n    import nosuch.conf\n}\n",
    ". {\n    import broken.conf\n}\n",
    ". {\n    import custom/*.override\n    errors\n}\n",
    ". {\n    import custom/*.nosuch\n    errors\n}\n",
    ". {\n    import cust*/*.override\n}\n",
    ". {\n    import custom/[ab].override\n    errors\n}\n",
    ". {\n    import custom/?.override\n    errors\n}\n",
    ". {\n    import custom\n}\n",
    "import server.conf\n. {\n    whoami\n}\n",
    "import custom/*.server\n. {\n    whoami\n}\n",
    "import nosuch/*.server\n. {\n    whoami\n}\n",
    ". {\n    whoami\n}\nimport server.conf\n",
    ". {\n    whoami\n}\nimport custom/*.server\n",
    ". {\n    import {$NOSUCH}\n}\n",
    "{$ZONE} {\n    forward . {$UPSTREAM}\n}\n",
    "{$ZONE}:{$PORT} {\n    forward . {$UPSTREAM}:53\n}\n",
    "{$NOSUCH} {\n    whoami\n}\n",
    ". {\n    forward . {$NOSUCH}\n}\n",
    ". {\n    {$NOSUCH}\n}\n",
    ". {\n    {$EMPTY} whoami\n}\n",
    ". {\n    forward . {%UPSTREAM%}\n}\n",
    ". {\n    forward . {$}\n}\n",
    ". {\n    forward . {$UPSTREAM\n}\n",
    '. {\n    log . "{remote} {$ZONE}"\n}\n',
    "\ufeff. {\n    whoami\n}\n",
    ".\u00a0{\n    whoami\n}\n",
    ". {\n\twhoami\n\terrors\n}\n",
    ". {\r\n    whoami\r\n    errors\r\n}\r\n",
    ". {\r    whoami\r}\r",
    ". {\n    whoami\x00\n}\n",
    ". {\n    whoami \u2028 errors\n}\n",
    ". {\n    chaos \u201cquoted\u201d\n}\n",
    '. {\n    chaos "a\nb"\n    errors\n}\n',
    '. {\n    chaos "a\\"b" c\n}\n',
    '. {\n    chaos "a\n    errors\n}\n',
    '. {\n    chaos a"b\n}\n',
    ". {\n    chaos a#b\n    errors\n}\n",
    "example.org, example.net {\n    whoami\n}\n",
    "example.org,\nexample.net {\n    whoami\n}\n",
    "example.org\nexample.net {\n    whoami\n}\n",
    "example.org, {\n    whoami\n}\n",
    "example.org example.org {\n    whoami\n}\n",
    ". {\n    whoami\n    whoami\n    errors\n    errors\n}\n",
    "tls://. {\n    tls tls.crt tls.key\n    whoami\n}\n",
    "tls://. {\n    whoami\n}\n",
    "https://. {\n    tls tls.crt tls.key\n    whoami\n}\n",
    "grpc://. {\n    whoami\n}\n",
    "quic://. {\n    tls tls.crt tls.key\n    whoami\n}\n",
    "https3://. {\n    tls tls.crt tls.key\n    whoami\n}\n",
    ". {\n    bind 127.0.0.1\n    whoami\n}\n. {\n    bind ::1\n    whoami\n}\n",
    ". {\n    bind 127.0.0.1\n    whoami\n}\n. {\n    whoami\n}\n",
    ". {\n    whoami\n}\n. {\n    bind 127.0.0.1\n    whoami\n}\n",
    ". {\n    bind 127.0.0.1\n    bind 127.0.0.2\n    whoami\n}\n",
    ". {\n    view a {\n        expr true\n    }\n    whoami\n}\n. {\n    whoami\n}\n",
    ". {\n    whoami\n}\n. {\n    view a {\n        expr true\n    }\n    whoami\n}\n",
    ". {\n    view a\n    whoami\n}\n. {\n    view b\n    whoami\n}\n",
    "0.0.10.in-addr.arpa {\n    whoami\n}\n10.0.0.0/24 {\n    whoami\n}\n",
    ".:53 {\n    errors\n    health {\n        lameduck 5s\n    }\n    ready\n    kubernetes "
    "cluster.local in-addr.arpa ip6.arpa {\n        pods insecure\n        fallthrough "
    "in-addr.arpa ip6.arpa\n        ttl 30\n    }\n    prometheus :9153\n    forward . "
    "/etc/resolv.conf {\n        max_concurrent 1000\n    }\n    cache 30\n    loop\n    reload\n"
    "    loadbalance\n}\n",
)


def damaged(chance: Chance) -> Sample:
    """Return the text of a whole Corefile with a few characters changed."""
    text = chance.choice(STRUCTURES[1:]) if chance.random() < 0.5 else STRUCTURES[-1]
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.randrange(len(text) + 1)
        end = min(at + chance.choice((0, 1, 1, 5)), len(text))
        put = chance.choice(("", " ", "\n", "{", "}", '"', "#", "\t", "\r\n", "\\", ",", "é", "x"))
        text = text[:at] + put + text[end:]
    return Sample("(text)", "damaged", text)


def generate(count: int, seed: int) -> Iterator[Sample]:
    """Yield Corefiles: all plugins in turn, and zones, structures and damaged texts between.

    Each has a chance of its own, so that a change of one plugin's lines changes its own alone.
    """
    yield from (Sample("(structure)", f"structure {at}", one) for at, one in enumerate(STRUCTURES))
    makers: dict[str, Callable[[Chance], Sample]] = {
        name: partial(of_plugin, name) for name in LINES
    }
    makers |= {f"(keys {n})": of_keys for n in range(5)} | {
        f"(text {n})": damaged for n in range(3)
    }
    for number in range(count - len(STRUCTURES)):
        name = list(makers)[number % len(makers)]
        yield makers[name](random.Random(f"{seed} {name} {number // len(makers)}"))
