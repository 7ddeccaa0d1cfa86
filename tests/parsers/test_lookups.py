"""Look-ups are read from what each tool prints, and from what programs report."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.logs import Match
from diagnose.facts.lookup_times import LookupTime
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.model import GapKind, Quote, Subject
from diagnose.parsers.lookups import Asked, asked_by, from_match, parse
from diagnose.parts import Kind, Part
from diagnose.signatures import client, coredns

POD = Subject("Pod", "web-0", "shop")


def lookups(text: str, command: str = "") -> list[Lookup]:
    """Return the look-ups of a text."""
    part = Part(Kind.LOOKUP, "paste", text, first_line=3, subject=POD, command=command)
    return [one for one in parse(part).items if isinstance(one, Lookup)]


def seen(text: str, command: str = "") -> list[tuple[Outcome, str, str]]:
    """Return (outcome, name, server) of the look-ups of a text."""
    return [(one.outcome, one.name, one.server) for one in lookups(text, command)]


def said(line: str) -> Lookup:
    """Return the look-up that a line of a log reports."""
    for signature in client.SIGNATURES:
        if found := signature.match(line):
            match = Match(signature.name, POD, Quote("log", line, 1), found.groupdict(), 1)
            lookup = from_match(match)
            assert lookup is not None
            return lookup
    raise AssertionError(line)


BIND_OK = """\
Server:\t\t10.32.0.10
Address:\t10.32.0.10#53

Name:\tkubernetes.default.svc.cluster.local
Address: 10.32.0.1
"""
BIND_FAIL = """\
Server:\t\t10.32.0.10
Address:\t10.32.0.10#53

** server can't find api.example.net: SERVFAIL

"""


def test_an_answer_of_nslookup() -> None:
    """Name, server, addresses, place and the telling line."""
    (one,) = lookups(BIND_OK, "kubectl exec -n shop web-0 -- nslookup kubernetes.default")
    assert one.outcome is Outcome.NOERROR
    assert (one.name, one.server) == ("kubernetes.default.svc.cluster.local", "10.32.0.10")
    assert (one.answers, one.place, one.tool) == (("10.32.0.1",), POD, "nslookup")
    assert (one.quote.line, one.origin) == (6, "paste")


def test_several_lookups_after_each_other() -> None:
    """Each head begins another look-up; what comes behind an answer is another one."""
    assert seen(
        BIND_FAIL + BIND_OK + "\n;; connection timed out; no servers could be reached\n"
    ) == [
        (Outcome.SERVFAIL, "api.example.net", "10.32.0.10"),
        (Outcome.NOERROR, "kubernetes.default.svc.cluster.local", "10.32.0.10"),
        (Outcome.TIMEOUT, "", ""),
    ]


def test_the_command_tells_what_a_timeout_does_not() -> None:
    """A timeout prints neither the name nor the server."""
    assert seen(
        ";; connection timed out; no servers could be reached",
        "kubectl exec web-0 -n shop -- nslookup api.example.net 10.32.0.10",
    ) == [(Outcome.TIMEOUT, "api.example.net", "10.32.0.10")]


@pytest.mark.parametrize(
    ("typed", "rooted"), [("example.com.", True), ("'example.com.'", True), ("example.com", False)]
)
def test_a_dot_at_the_end_keeps_the_search_list_away(typed: str, rooted: bool) -> None:
    """It is told apart, since the names are the same without it; also at nslookup's own prompt."""
    (one,) = lookups(BIND_FAIL, f"nslookup {typed}")
    assert (one.typed, one.rooted) == ("example.com", rooted)
    plain = typed.strip("'")
    (two,) = lookups(f"> {plain}\n{BIND_FAIL}", "nslookup")
    assert (two.typed, two.rooted) == ("example.com", rooted)


def test_a_missing_aaaa_beside_an_a_is_a_success() -> None:
    """Most names have no AAAA record."""
    text = BIND_OK + "*** Can't find kubernetes.default.svc.cluster.local: No answer\n"
    assert [one.outcome for one in lookups(text)] == [Outcome.NOERROR]


def test_no_answer_alone_is_nodata() -> None:
    """The name exists without records of the type."""
    text = BIND_FAIL.replace("** server can't find", "*** Can't find").replace(
        "SERVFAIL", "No answer"
    )
    assert [one.outcome for one in lookups(text)] == [Outcome.NODATA]


def test_search_domains_tried_in_vain_belong_to_the_answer() -> None:
    """A busybox prints each domain of the search list."""
    assert seen(
        "Server:\t\t10.32.0.10\nAddress:\t10.32.0.10:53\n\n"
        "** server can't find web.shop.default.svc.cluster.local: NXDOMAIN\n\n"
        "Name:\tweb.shop.svc.cluster.local\nAddress: 10.32.0.77\n\n"
        "** server can't find web.shop.cluster.local: NXDOMAIN\n"
    ) == [(Outcome.NOERROR, "web.shop.svc.cluster.local", "10.32.0.10")]


def test_every_name_in_vain_is_told_when_none_resolved() -> None:
    """Which of the names should exist is for a check to say."""
    assert [name for _, name, _ in seen(
        "Server:\t\t10.32.0.10\nAddress:\t10.32.0.10:53\n\n"
        "** server can't find web.shop.svc.cluster.local: NXDOMAIN\n\n"
        "** server can't find web.shop.cluster.local: NXDOMAIN\n\n"
        "** server can't find web.shop.svc.cluster.local: NXDOMAIN\n"
    )] == ["web.shop.svc.cluster.local", "web.shop.cluster.local"]  # fmt: skip


def test_a_server_that_failed_before_another_answered_is_told() -> None:
    """The first server does not answer, whatever the second one does."""
    assert seen(
        ";; communications error to 10.32.0.10#53: timed out\n"
        + BIND_OK.replace("10.32.0.10", "192.0.2.53")
    ) == [
        (Outcome.TIMEOUT, "kubernetes.default.svc.cluster.local", "10.32.0.10"),
        (Outcome.NOERROR, "kubernetes.default.svc.cluster.local", "192.0.2.53"),
    ]


def test_a_first_attempt_in_vain_then_an_answer_is_a_success() -> None:
    """The same server answered the second packet."""
    text = ";; communications error to 10.32.0.10#53: timed out\n" + BIND_OK
    assert [one.outcome for one in lookups(text)] == [Outcome.NOERROR]


def test_an_old_busybox() -> None:
    """Its complaint about the server's own name, (null), is of no consequence."""
    head = "Server:    10.32.0.10\nAddress 1: 10.32.0.10 kube-dns.kube-system.svc.cluster.local\n\n"
    assert seen(
        "nslookup: can't resolve '(null)': Name does not resolve\n\n" + head
        + "Name:      kubernetes\nAddress 1: 10.32.0.1 kubernetes.default.svc.cluster.local\n"
    ) == [(Outcome.NOERROR, "kubernetes", "10.32.0.10")]  # fmt: skip
    for reason, outcome in (
        ("", Outcome.NOT_KNOWN),
        (": Name or service not known", Outcome.NOT_KNOWN),
        (": Try again", Outcome.TEMPORARY),
        (": Temporary failure in name resolution", Outcome.TEMPORARY),
    ):
        text = f"{head}nslookup: can't resolve 'web.shop'{reason}\n"
        assert seen(text) == [(outcome, "web.shop", "10.32.0.10")]


def test_a_busybox_that_cannot_send() -> None:
    """A refused datagram tells more than the timeout that follows."""
    (one,) = lookups(
        "nslookup: write to '10.32.0.10': Connection refused\n"
        ";; connection timed out; no servers could be reached\n"
    )
    assert (one.outcome, one.server) == (Outcome.CONNECTION_REFUSED, "10.32.0.10")
    assert one.quote.line == 3


def test_windows() -> None:
    """Its server may have no name; the reason stands behind the name."""
    head = "Server:  UnKnown\nAddress:  10.32.0.10\n\n"
    timeout = "DNS request timed out.\n    timeout was 2 seconds.\n"
    command = "nslookup web.shop"
    assert seen(
        timeout + head + timeout + "*** Request to UnKnown timed-out\n", command
    ) == [(Outcome.TIMEOUT, "web.shop", "10.32.0.10")]  # fmt: skip
    assert seen(head + "*** UnKnown can't find web.shop: Non-existent domain\n") == [
        (Outcome.NXDOMAIN, "web.shop", "10.32.0.10")
    ]
    (one,) = lookups(head + "Name:    web.shop\nAddresses:  10.32.0.7\n          10.32.0.8\n")
    assert one.answers == ("10.32.0.7", "10.32.0.8")


DIG = """\

; <<>> DiG 9.18.24 <<>> @10.32.0.10 www.example.net
; (1 server found)
;; global options: +cmd
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: {status}, id: 7
;; flags: qr rd ra; QUERY: 1, ANSWER: {count}, AUTHORITY: 0, ADDITIONAL: 1

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
;; QUESTION SECTION:
;www.example.net.\t\tIN\tA
{answers}
;; Query time: 1 msec
;; SERVER: 10.32.0.10#53(10.32.0.10) (UDP)
;; WHEN: Mon Mar 04 10:11:12 UTC 2024
;; MSG SIZE  rcvd: 44

"""
RECORDS = """
;; ANSWER SECTION:
www.example.net.\t30\tIN\tCNAME\tweb.example.net.
web.example.net.\t30\tIN\tA\t192.0.2.80
"""


def test_dig_tells_everything() -> None:
    """Question, answers behind an alias, server, transport and time."""
    (one,) = lookups(DIG.format(status="NOERROR", count=2, answers=RECORDS))
    assert (one.outcome, one.name, one.qtype) == (Outcome.NOERROR, "www.example.net", "A")
    assert (one.answers, one.server, one.transport) == (("192.0.2.80",), "10.32.0.10", "udp")
    assert (one.tool, one.at) == ("dig", datetime(2024, 3, 4, 10, 11, 12, tzinfo=UTC))


def test_dig_without_records_is_nodata_or_its_status() -> None:
    """NOERROR without an answer is NODATA (RFC 2308, 2.2); any other code stands."""
    for status, outcome in (
        ("NOERROR", Outcome.NODATA),
        ("NXDOMAIN", Outcome.NXDOMAIN),
        ("SERVFAIL", Outcome.SERVFAIL),
        ("REFUSED", Outcome.REFUSED),
    ):
        (one,) = lookups(DIG.format(status=status, count=0, answers=""))
        assert one.outcome is outcome
        assert f"status: {status}" in one.quote.text


def test_two_digs_in_one_part() -> None:
    """Each banner begins another look-up."""
    text = DIG.format(status="NXDOMAIN", count=0, answers="")
    assert len(lookups(text + text)) == 2


def test_dig_short_takes_the_name_from_the_command() -> None:
    """Addresses alone; nothing at all tells nothing."""
    command = "dig +short kubernetes.default.svc.cluster.local @10.32.0.10"
    assert seen("10.32.0.1\n", command) == [
        (Outcome.NOERROR, "kubernetes.default.svc.cluster.local", "10.32.0.10")
    ]
    assert parse(Part(Kind.LOOKUP, "o", "", command=command)).items == ()


@pytest.mark.parametrize(
    ("line", "outcome", "transport"),
    [
        (";; communications error to 10.32.0.10#53: timed out", Outcome.TIMEOUT, ""),
        (
            ";; communications error to 10.32.0.10#53: connection refused",
            Outcome.CONNECTION_REFUSED,
            "",
        ),
        (
            ";; UDP setup with 10.32.0.10#53(10.32.0.10) for web.shop failed: network unreachable.",
            Outcome.UNREACHABLE,
            "udp",
        ),
        (
            ";; Connection to 10.32.0.10#53(10.32.0.10) for web.shop failed: timed out.",
            Outcome.TIMEOUT,
            "tcp",
        ),
        (
            ";; reply from unexpected source: 10.200.0.7#53, expected 10.32.0.10#53",
            Outcome.UNEXPECTED_SOURCE,
            "",
        ),
    ],
)
def test_bind_without_an_answer(line: str, outcome: Outcome, transport: str) -> None:
    """The reason of the attempts counts, not the sum at the end; once for all attempts."""
    (one,) = lookups(f"{line}\n{line}\n;; no servers could be reached\n", "dig web.shop")
    assert (one.outcome, one.server, one.name) == (outcome, "10.32.0.10", "web.shop")
    assert one.transport == transport
    assert one.quote.text == line


def test_a_datagram_that_is_no_message_is_garbage() -> None:
    """Something answers at the address, but no DNS server."""
    assert seen(
        ";; Warning: short (< header size) message received\n"
        ";; communications error to 10.32.0.10#53: timed out\n;; no servers could be reached\n",
        "host web.shop",
    ) == [(Outcome.GARBAGE, "web.shop", "10.32.0.10")]


def test_truncation_turns_to_tcp() -> None:
    """What follows is about TCP, although the line does not say so."""
    (one,) = lookups(
        ";; Truncated, retrying in TCP mode.\n"
        ";; communications error to 10.32.0.10#53: connection refused\n"
    )
    assert (one.outcome, one.transport) == (Outcome.CONNECTION_REFUSED, "tcp")


def test_each_server_in_vain_is_a_lookup() -> None:
    """Without resolv.conf BIND's tools ask the loopback addresses of both families."""
    assert [server for _, _, server in seen(
        ";; communications error to ::1#53: connection refused\n"
        ";; communications error to 127.0.0.1#53: connection refused\n"
        ";; no servers could be reached\n"
    )] == ["::1", "127.0.0.1"]  # fmt: skip


def test_host_getent_drill_kdig_and_resolvectl() -> None:
    """Each has its own form of success and failure."""
    server = "Using domain server:\nName: 10.32.0.10\nAddress: 10.32.0.10#53\nAliases: \n\n"
    assert seen(server + "web.shop.svc.cluster.local has address 10.32.0.7\n") == [
        (Outcome.NOERROR, "web.shop.svc.cluster.local", "10.32.0.10")
    ]
    assert seen("Host web.shop not found: 3(NXDOMAIN)") == [(Outcome.NXDOMAIN, "web.shop", "")]
    assert seen("10.32.0.7   STREAM web.shop\n10.32.0.7   DGRAM\n", "getent ahosts web") == [
        (Outcome.NOERROR, "web.shop", "")
    ]
    assert seen(
        ";; ->>HEADER<<- opcode: QUERY, rcode: SERVFAIL, id: 12\n"
        ";; flags: qr rd ra ; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 0\n"
        ";; QUESTION SECTION:\n;; web.example.net.\tIN\tA\n;; SERVER: 10.32.0.10\n"
    ) == [(Outcome.SERVFAIL, "web.example.net", "10.32.0.10")]
    assert seen(
        ";; WARNING: response timeout for 10.32.0.10@53(UDP)\n", "kdig web.example.net"
    ) == [(Outcome.TIMEOUT, "web.example.net", "10.32.0.10")]
    assert seen("web.example.net: 192.0.2.4             -- link: eth0\n") == [
        (Outcome.NOERROR, "web.example.net", "")
    ]
    assert seen("web.example.net: resolve call failed: 'web.example.net' not found\n") == [
        (Outcome.NOT_KNOWN, "web.example.net", "")
    ]


def test_errors_of_programs_between_lookups() -> None:
    """A ping among nslookups is a look-up too, after the one before it."""
    assert seen(BIND_OK + "ping: bad address 'web.example.net'\n" + BIND_FAIL) == [
        (Outcome.NOERROR, "kubernetes.default.svc.cluster.local", "10.32.0.10"),
        (Outcome.NOT_KNOWN, "web.example.net", ""),
        (Outcome.SERVFAIL, "api.example.net", "10.32.0.10"),
    ]


def test_an_end_that_is_not_shown_is_a_gap() -> None:
    """A head without an outcome is no look-up."""
    parsed = parse(Part(Kind.LOOKUP, "o", "Server:\t\t10.32.0.10\nAddress:\t10.32.0.10#53\n"))
    assert parsed.items == ()
    assert [gap.kind for gap in parsed.gaps] == [GapKind.PARTIAL]


def test_what_is_no_lookup_is_a_gap() -> None:
    """Text under the name of a look-up, of which nothing is known."""
    parsed = parse(Part(Kind.LOOKUP, "o", "hello\nworld\n"))
    assert [gap.kind for gap in parsed.gaps] == [GapKind.MALFORMED]


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        (
            "kubectl exec -it web-0 -- nslookup -type=srv web.shop. 10.32.0.10 2>&1 | tail -3",
            Asked("nslookup", "web.shop", "10.32.0.10", "SRV", rooted=True),
        ),
        (
            "dig @10.32.0.10 -p 53 AAAA web.shop +tcp +short",
            Asked("dig", "web.shop", "10.32.0.10", "AAAA", "tcp", short=True),
        ),
        ("dig -x 10.32.0.1", Asked("dig", "10.32.0.1", qtype="PTR")),
        ("host -T -t A web.shop fd00::10", Asked("host", "web.shop", "fd00::10", "A", "tcp")),
        ("getent hosts web.shop", Asked("getent", "web.shop")),
        ('sh -c "nslookup web.shop; nslookup x"', Asked("nslookup", "web.shop")),
        ("for i in 1 2; do nslookup $i; done", Asked("nslookup")),
        ("cat /etc/resolv.conf", Asked()),
    ],
)
def test_a_command_tells_what_is_asked(command: str, asked: Asked) -> None:
    """Wrappers, options and pipes do not hide the name."""
    assert asked_by(command) == asked


@pytest.mark.parametrize(
    ("line", "outcome", "name", "server", "tool"),
    [
        (
            "dial tcp: lookup web.shop on 10.32.0.10:53: read udp 10.200.3.4:4123->10.32.0.10:53: "
            "i/o timeout",
            Outcome.TIMEOUT, "web.shop", "10.32.0.10", "Go",
        ),
        (
            "lookup web.shop on [::1]:53: read udp [::1]:5->[::1]:53: read: connection refused",
            Outcome.CONNECTION_REFUSED, "web.shop", "::1", "Go",
        ),
        (
            "lookup web.shop on 10.32.0.10:53: write udp 10.200.3.4:4->10.32.0.10:53: write: "
            "operation not permitted",
            Outcome.TIMEOUT, "web.shop", "10.32.0.10", "Go",
        ),
        ("lookup web.shop on 10.32.0.10:53: no such host", Outcome.NXDOMAIN, "web.shop",
         "10.32.0.10", "Go"),
        ("lookup web.shop on 10.32.0.10:53: server misbehaving", Outcome.SERVFAIL, "web.shop",
         "10.32.0.10", "Go"),
        ("Error: getaddrinfo EAI_AGAIN web.shop", Outcome.TEMPORARY, "web.shop", "", "Node.js"),
        ("Error: queryA ETIMEOUT web.shop", Outcome.TIMEOUT, "web.shop", "", "Node.js"),
        ("Error: queryA EBADRESP web.shop", Outcome.GARBAGE, "web.shop", "", "Node.js"),
        ("curl: (6) Could not resolve host: web.shop", Outcome.NOT_KNOWN, "web.shop", "", "curl"),
        ("wget: bad address 'web.shop'", Outcome.NOT_KNOWN, "web.shop", "", "busybox"),
        ("ping: web.shop: Temporary failure in name resolution", Outcome.TEMPORARY, "web.shop",
         "", "glibc"),
        ("getaddrinfo web.shop: error -3: Try again", Outcome.TEMPORARY, "web.shop", "", "musl"),
        ("java.net.UnknownHostException: web.shop: Temporary failure in name resolution",
         Outcome.TEMPORARY, "web.shop", "", "Java"),
        ("java.net.UnknownHostException: web.shop", Outcome.NOT_KNOWN, "web.shop", "", "Java"),
        ("DnsNameResolverTimeoutException: [/10.32.0.10:53] query via UDP timed out after 5000 "
         "milliseconds", Outcome.TIMEOUT, "", "10.32.0.10", ""),
        ("web.shop could not be resolved (3: Host not found)", Outcome.NXDOMAIN, "web.shop", "",
         "nginx"),
        (";; reply from unexpected source: 10.200.0.7#53, expected 10.32.0.10#53",
         Outcome.UNEXPECTED_SOURCE, "", "10.32.0.10", ""),
        ("** server can't find web.shop: REFUSED", Outcome.REFUSED, "web.shop", "", "nslookup"),
        ("Unknown MySQL server host 'db.shop' (-3)", Outcome.TEMPORARY, "db.shop", "", ""),
    ],
)  # fmt: skip
def test_errors_of_programs(line: str, outcome: Outcome, name: str, server: str, tool: str) -> None:
    """What an application's line tells of name, server, resolver and reason."""
    one = said(line)
    assert (one.outcome, one.name, one.server, one.tool) == (outcome, name, server, tool)
    assert (one.place, one.quote.text) == (POD, line)


def test_only_clients_lines_are_lookups() -> None:
    """A match of another program's signature is none."""
    match = Match(coredns.SIGNATURES[0].name, POD, Quote("log", "x", 1), {}, 1)
    assert from_match(match) is None


def test_every_sample_of_a_client_is_a_lookup() -> None:
    """No signature of clients is left without a meaning."""
    for signature in client.SIGNATURES:
        for wording in signature.wordings:
            for sample in wording.samples:
                found = wording.compiled.search(sample)
                assert found
                match = Match(signature.name, POD, Quote("log", sample, 1), found.groupdict(), 1)
                assert from_match(match)


LINES = st.sampled_from(
    [*BIND_OK.splitlines(), *BIND_FAIL.splitlines(), *DIG.splitlines(), *RECORDS.splitlines(),
     ";; no servers could be reached", ";; Truncated, retrying in TCP mode.", "10.32.0.1",
     "a canonical name = b", "b canonical name = a", "> server 10.0.0.1", "Name: ", "Address: x",
     ";; Got SERVFAIL reply from 10.0.0.5", "*** Can't find : ",
     ";; flags: qr; QUERY: 1, ANSWER: 9"]
)  # fmt: skip


@given(
    st.lists(st.one_of(LINES, st.text(max_size=60))).map("\n".join),
    st.one_of(st.text(), st.sampled_from(["dig +short x", "getent hosts x", "nslookup -t"])),
)
def test_no_text_makes_the_parser_raise(text: str, command: str) -> None:
    """Whatever is pasted, the parser returns, and every look-up cites a line of the part."""
    parsed = parse(Part(Kind.LOOKUP, "o", text, command=command))
    for one in parsed.items:
        assert isinstance(one, Lookup)
        assert one.quote.line is not None
        assert 1 <= one.quote.line <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("real\t0m5.013s\nuser\t0m0.004s\nsys\t0m0.003s\n", [5.013]),
        ("real    1m 5.01s\nuser    0m 0.00s\n", [65.01]),
        ("real 0m0,012s\n", [0.012]),
        ("real estate 5s\nuser\t0m5.000s\n", []),
    ],
)
def test_time_of_a_command(text: str, seconds: list[float]) -> None:
    """The time by the clock is read, of whatever shell; that of the processor is not."""
    items = parse(Part(Kind.LOOKUP, "paste", text, command="time nslookup a.example")).items
    assert [one.seconds for one in items if isinstance(one, LookupTime)] == seconds
