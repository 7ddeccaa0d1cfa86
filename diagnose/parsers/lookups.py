"""Look-ups as tools print them: nslookup, dig, host, getent and others, and what programs report.

One invocation of a tool is read as one session: its failed attempts before an answer, search
domains tried in vain and a missing AAAA beside an A belong to the answer. A server that failed
before another one answered is a look-up of its own.

Limits: `dig +short` prints nothing alike for NXDOMAIN, NODATA and SERVFAIL, so nothing is read
from nothing. Go says `no such host` for NODATA too, and `server misbehaving` for any response
code that is none of NOERROR and NXDOMAIN.
Source: isc-projects/bind9 bin/dig (dig.c, dighost.c, host.c, nslookup.c), v9.11 to v9.20; busybox
networking/nslookup.c, 1.24 to 1.36; Microsoft nslookup; NLnetLabs/ldns drill; Knot DNS kdig;
systemd src/resolve/resolvectl.c; golang/go net/dnsclient_unix.go, go1.22; c-ares ares_strerror.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime

from diagnose.facts.logs import Match
from diagnose.facts.lookup_times import LookupTime
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.model import Gap, GapKind, Quote, Subject
from diagnose.parts import Parsed, Part
from diagnose.signatures import client
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

SEEN = 1000  # characters of a line that are matched on
MOST_LOOKUPS = 5000  # of one part

# What a reason's words say, the first that match; also response codes and what errno says.
REASONS = tuple(
    (regex(pattern, re.IGNORECASE), outcome)
    for pattern, outcome in (
        (r"connection refused|ECONNREFUSED", Outcome.CONNECTION_REFUSED),
        (
            r"unreachable|no route to host|ENETUNREACH|EHOSTUNREACH"
            r"|cannot assign requested address",
            Outcome.UNREACHABLE,
        ),
        (
            r"temporary failure|try again|EAI_AGAIN|transient error|temporary error"
            r"|resource temporarily unavailable|^-3$",
            Outcome.TEMPORARY,
        ),
        # A packet filter's drop on the way out is told to the sender as EPERM.
        (
            r"timed?[- ]?out|timeout|no response from server|operation not permitted"
            r"|could not contact dns servers|all attempts to contact name servers",
            Outcome.TIMEOUT,
        ),
        (r"NXDOMAIN|non-existent domain|no such host|\b3: host not found", Outcome.NXDOMAIN),
        (r"SERVFAIL|server failed|server failure|server misbehaving", Outcome.SERVFAIL),
        (r"REFUSED", Outcome.REFUSED),
        (r"FORMERR|format error|misformatted query", Outcome.FORMERR),
        (r"NOTIMP|not implemented", Outcome.NOTIMP),
        (
            r"no answer|no data|ENODATA|no address associated|no (?:internal type|records)",
            Outcome.NODATA,
        ),
        (
            r"parse error|bad packet|malformed|mismatch|short \(|cannot unmarshal|EBADRESP"
            r"|invalid DNS response|misformatted reply|end of file",
            Outcome.GARBAGE,
        ),
        (
            r"not known|does not resolve|not found|ENOTFOUND|no appropriate name servers",
            Outcome.NOT_KNOWN,
        ),
        (r"NOERROR", Outcome.NOERROR),
    )
)
# Of several attempts at one server the most telling one is the look-up.
TELLING = (
    Outcome.UNEXPECTED_SOURCE,
    Outcome.GARBAGE,
    Outcome.CONNECTION_REFUSED,
    Outcome.UNREACHABLE,
    Outcome.SERVFAIL,
    Outcome.REFUSED,
)
GRAVE = frozenset({Outcome.SERVFAIL, Outcome.REFUSED, Outcome.NXDOMAIN})
WEAKER = frozenset({Outcome.NODATA, Outcome.NOT_KNOWN})  # a graver failure takes their place


def outcome_of(reason: str, otherwise: Outcome = Outcome.TEMPORARY) -> Outcome:
    """Return the outcome that a reason's words say."""
    return next((one for pattern, one in REASONS if pattern.search(reason)), otherwise)


def bare(address: str) -> str:
    """Return a server's address without port, brackets and zone's parentheses; "" for a name."""
    text = address.strip("'\",;()").partition("#")[0].partition("@")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return ""
    return text


def named(text: str) -> str:
    """Return a name as asked, without the dot that ends an FQDN."""
    name = text.strip("'\",;")
    return name.rstrip(".") or name


def is_rooted(text: str) -> bool:
    """Whether a name as typed ends in a dot, and is more than that."""
    return text.strip("'\",;").endswith(".") and named(text) != "."


# ---------------------------------------------------------------- the command


@dataclass(frozen=True)
class Asked:
    """What a command line asks: each "" when it does not say."""

    tool: str = ""
    name: str = ""
    server: str = ""
    qtype: str = ""
    transport: str = ""
    short: bool = False
    search: bool = False
    rooted: bool = False
    wait_s: float = 0.0

    @property
    def unsearched(self) -> bool:
        """Whether the tool uses the search list only when it is told to, and is not."""
        return self.tool in {"dig", "kdig", "drill"} and bool(self.name) and not self.search


TOOLS = frozenset({"nslookup", "dig", "host", "getent", "drill", "kdig", "resolvectl"})
TYPE_NAMES = "A AAAA ANY CAA CNAME DNSKEY DS HINFO HTTPS MX NAPTR NS PTR SOA SRV SVCB TXT"
TYPES = frozenset(TYPE_NAMES.split())
CUTS = regex(r"\s(?:\|\|?|&&?|2?>+|<)(?:\s|$|&|/)|;|\)|`")
WAITS = regex(r"(?:\+time|-timeout|-time)=(?P<seconds>\d{1,3})$")
USUAL_S = 5.0  # that dig and nslookup wait for an answer before they ask again
VALUED = {  # options whose value is the next word
    "dig": frozenset({"-p", "-b", "-f", "-k", "-y", "-c"}),
    "kdig": frozenset({"-p", "-b", "-k", "-y", "-c"}),
    "drill": frozenset({"-p", "-b", "-f", "-k", "-y", "-c", "-d", "-i", "-o", "-w", "-r"}),
    "host": frozenset({"-c", "-m", "-N", "-R", "-W", "-p"}),
    "resolvectl": frozenset({"-i", "--interface", "-p", "--protocol", "-c", "--class"}),
}


def asked_by(command: str) -> Asked:
    """Return what the look-up in a command line asks; an empty Asked without a look-up."""
    words = command[:4000].replace("\\", " ").split(" -- ", 1)[-1].split()
    for number, word in enumerate(words):
        tool = word.strip("'\"(`$").rpartition("/")[2]
        if tool in TOOLS:
            rest = CUTS.split(f" {' '.join(words[number + 1 :])}", maxsplit=1)[0].split()
            return arguments(tool, [one.strip("'\"") for one in rest])
    return Asked()


def arguments(tool: str, words: Sequence[str]) -> Asked:
    """Return what a tool's arguments ask."""
    rest: list[str] = []
    server = qtype = transport = ""
    reverse = short = search = False
    skip = ""
    wait_s = 0.0
    for word in words:
        if found := WAITS.match(word):
            wait_s = float(found["seconds"])
        if skip:
            if skip == "-t":
                qtype = word.upper()
            elif skip == "-x":
                rest.insert(0, word)
            skip = ""
        elif word.startswith("@"):
            server = bare(word[1:])
        elif word.startswith("+"):
            short = short or word.startswith("+short")
            search = search or word == "+search"
            transport = "tcp" if word in {"+tcp", "+vc"} else transport
        elif word in VALUED.get(tool, ()):
            skip = word
        elif word in {"-t", "--type"}:
            skip = "-t"
        elif word == "-x":
            reverse, skip = True, "-x"
        elif option := re.match(r"-{1,2}(?:q|ty|type|query|querytype)=(\w{1,10})$", word):
            qtype = option[1].upper()
        elif word.startswith("-"):
            tcp = (tool == "host" and word == "-T") or word in {"-vc", "-tcp"}
            transport = "tcp" if tcp else transport
        elif word.upper() in TYPES and tool in {"dig", "kdig", "drill"}:
            qtype = word.upper()
        elif word.upper() == "IN" and tool in {"dig", "kdig", "drill"}:
            continue
        elif not word.startswith("$"):
            rest.append(word)
    if tool in {"getent", "resolvectl"} and rest:
        rest = rest[1:]
    if tool in {"nslookup", "host"} and len(rest) > 1:
        server = bare(rest[1])
    name = named(rest[0]) if rest else ""
    qtype = "PTR" if reverse else qtype
    rooted = bool(rest) and is_rooted(rest[0])
    return Asked(tool, name, server, qtype, transport, short, search, rooted, wait_s)


# ---------------------------------------------------------------- sessions


@dataclass(frozen=True)
class Attempt:
    """A try that brought no usable answer."""

    outcome: Outcome
    quote: Quote
    server: str = ""
    name: str = ""
    transport: str = ""


@dataclass
class Result:
    """What was learned of one name."""

    outcome: Outcome
    quote: Quote
    answers: dict[str, None] = field(default_factory=dict)  # in the order of their coming


@dataclass
class Session:
    """One invocation of a tool while its lines are read.

    `expects` says whose address the next Address line is. `header` is the response's own
    code, `counted` its number of answers. `over` says that the tool gave up. `server_name` and
    `as_is` are those of a Lookup.
    """

    asked: Asked
    tool: str = ""
    server: str = ""
    named_server: str = ""
    name: str = ""
    qtype: str = ""
    transport: str = ""
    expects: str = ""
    section: str = ""
    header: Outcome | None = None
    header_quote: Quote | None = None
    counted: int | None = None
    unchecked: bool = False
    bogus: Quote | None = None
    banner: bool = False
    marker: Quote | None = None
    over: bool = False
    at: datetime | None = None
    server_name: str | None = None
    as_is: bool = False
    last: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)
    records: list[tuple[str, str, Quote]] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    took_s: float = 0.0  # as the tool tells, of the last query alone
    time_quote: Quote | None = None
    clocked: bool = False  # by the shell, whose time has all in it
    halves: dict[str, Result] = field(default_factory=dict)  # of names that have addresses

    @property
    def ended(self) -> bool:
        """Whether the next head of an output belongs to another session."""
        return bool(self.over or self.results or self.marker or self.header or self.named_server)

    def put(self, name: str, outcome: Outcome, quote: Quote, answer: str = "") -> None:
        """Note what was learned of a name: an answer beats a failure, a grave one a lesser."""
        name = self.first_of(named(name))
        known = self.results.get(name)
        if known is None or (
            known.outcome is not Outcome.NOERROR
            and (outcome is Outcome.NOERROR or known.outcome in WEAKER)
        ):
            known = self.results[name] = Result(outcome, quote)
        elif known.outcome is Outcome.NOERROR and outcome in GRAVE:
            self.halves.setdefault(name, Result(outcome, quote))
        if answer and known.outcome is Outcome.NOERROR:
            known.answers[answer] = None
        self.last = name

    def first_of(self, name: str) -> str:
        """Return the name that was asked, where this one is what it is an alias of."""
        for _ in range(20):
            if name not in self.aliases:
                break
            name = self.aliases[name]
        return name

    def fail(self, outcome: Outcome, quote: Quote, server: str = "", name: str = "") -> None:
        """Note an attempt in vain."""
        if len(self.attempts) < 100:
            self.attempts.append(Attempt(outcome, quote, bare(server), named(name), self.transport))


def lookups_of(session: Session, place: Subject, fallback_at: datetime | None) -> Iterator[Lookup]:
    """Yield the look-ups of a session: the servers that failed first, then what was learned."""
    asked = session.asked
    close(session)
    servers = list(dict.fromkeys(one.server for one in session.attempts if one.server))
    server = session.server or ("" if session.named_server else asked.server)
    if not server and session.attempts and len(servers) == 1 and not session.results:
        server = servers[0]
    base = Lookup(
        outcome=Outcome.NOERROR,
        origin="",
        quote=Quote("", ""),
        server=server,
        qtype=session.qtype or asked.qtype,
        transport=session.transport or asked.transport,
        place=place,
        tool=session.tool or asked.tool,
        at=session.at or fallback_at,
        server_name=session.server_name,
        as_is=session.as_is or asked.unsearched,
        typed=asked.name,
        aimed=bool(asked.server),
        rooted=asked.rooted,
        unchecked=session.unchecked,
        bogus=session.bogus,
    )
    name = session.name or asked.name
    others = [one for one in servers if one != server] if session.results else servers
    told = {attempt.name for attempt in session.attempts if attempt.name}
    for other in others if (server or not session.results) else ():
        attempt = most_telling(session.attempts, other, bool(session.results))
        yield replace(
            base,
            outcome=attempt.outcome,
            quote=attempt.quote,
            origin=attempt.quote.origin,
            name=attempt.name or name or next(iter((*told, *session.results)), ""),
            server=other,
            transport=attempt.transport or base.transport,
        )
    if session.attempts and not session.results and not servers:
        attempt = most_telling(session.attempts, "", False)
        yield replace(
            base,
            outcome=attempt.outcome,
            quote=attempt.quote,
            origin=attempt.quote.origin,
            name=attempt.name or name,
        )
    solved = {
        one.partition(".")[0].lower()
        for one, result in session.results.items()
        if result.outcome is Outcome.NOERROR
    }
    # nslookup asks for A, then for AAAA: a failure behind addresses is the second one's.
    for one, half in session.halves.items():
        if not asked.qtype and all("." in answer for answer in session.results[one].answers):
            yield replace(
                base,
                outcome=half.outcome,
                quote=half.quote,
                origin=half.quote.origin,
                name=one or name,
                qtype="AAAA",
            )
    for one, result in session.results.items():
        label = one.partition(".")[0].lower()
        if result.outcome is not Outcome.NOERROR and label in solved:
            continue
        yield replace(
            base,
            outcome=result.outcome,
            quote=result.quote,
            origin=result.quote.origin,
            name=one or name,
            answers=tuple(result.answers),
        )


def own_time(session: Session, part: Part) -> Iterator[LookupTime]:
    """Yield how long a look-up took by what its tool tells: each try in vain lasts its time-out.

    What the shell's clock tells has it all, and a look-up without an answer is not a slow one.
    """
    if session.clocked or not (session.results or session.header):
        return
    lost = [one for one in session.attempts if one.outcome is Outcome.TIMEOUT]
    quote = lost[0].quote if lost else session.time_quote
    seconds = max(len(lost) * (session.asked.wait_s or USUAL_S), session.took_s)
    if quote:
        yield LookupTime(part.subject, part.origin, quote, seconds)


def close(session: Session) -> None:
    """Turn what stands at the end of a session into a result where there is none yet."""
    name = session.name or session.asked.name
    if session.header is not None and session.header_quote is not None:
        wanted = [
            (data, quote)
            for kind, data, quote in session.records
            if kind != "CNAME" or session.qtype in {"CNAME", "ANY"}
        ]
        outcome = session.header
        quote = wanted[0][1] if wanted else session.header_quote
        # Records may have been cut off; the header counts them all.
        counted = (session.counted or 0) - (len(session.records) - len(wanted))
        if outcome is Outcome.NOERROR and not wanted and counted <= 0:
            outcome = Outcome.NODATA
        session.results.setdefault(
            name, Result(outcome, quote, dict.fromkeys(data for data, _ in wanted))
        )
    elif session.records and not session.results:
        for kind, data, quote in session.records:
            if kind != "CNAME":
                session.put(name, Outcome.NOERROR, quote, data)
    elif session.marker and not session.results and not session.attempts:
        session.results[name] = Result(Outcome.NODATA, session.marker)


def most_telling(attempts: Sequence[Attempt], server: str, answered: bool) -> Attempt:
    """Return the attempt at a server that says most; one that names no server may be at it."""
    own = [one for one in attempts if one.server == server]
    vague = [one for one in attempts if not one.server] if not answered else []
    for outcome in TELLING:
        for one in (*own, *vague):
            if one.outcome is outcome:
                return one
    return own[0] if own else vague[0]


# ---------------------------------------------------------------- lines

Rule = Callable[["Reading", re.Match[str], Quote], None]
DNSSEC_ERRORS = frozenset(map(str, range(5, 13)))
IP = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,60}(?:%[\w.-]{1,20})?)"


@dataclass
class Reading:
    """A part while it is read: the session that is open, and what closed ones told."""

    part: Part
    asked: Asked
    session: Session
    found: list[Lookup] = field(default_factory=list)
    times: list[LookupTime] = field(default_factory=list)
    told: int = 0  # lines that a rule knows

    def next(self, tool: str = "") -> Session:
        """Close the session that is open and return a new one."""
        at = self.part.taken_at if self.part.ask else None
        self.times.extend(own_time(self.session, self.part))
        self.found.extend(lookups_of(self.session, self.part.subject, at))
        self.session = Session(self.asked, tool or self.session.tool)
        return self.session

    def head(self, tool: str) -> Session:
        """Return the session that a tool's first line belongs to; attempts may precede it."""
        session = self.next(tool) if self.session.ended else self.session
        session.tool = tool
        return session


def server_line(reading: Reading, match: re.Match[str], _: Quote) -> None:
    """`Server: ADDRESS` heads the output of nslookup."""
    session = reading.head("nslookup")
    session.named_server = match["server"]
    session.server = bare(match["server"])
    session.expects = "server"


def server_named(reading: Reading, match: re.Match[str], _: Quote) -> None:
    """`*** Can't find server name for address ADDRESS` of Windows tells who is asked."""
    session = reading.head("nslookup")
    session.server = bare(match["server"]) or session.server


def domain_server_line(reading: Reading, _: re.Match[str], __: Quote) -> None:
    """`Using domain server:` heads the output of host with a server given."""
    session = reading.head("host")
    session.named_server = "given"
    session.expects = "host server"


def name_line(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """`Name: NAME` precedes a name's addresses."""
    session = reading.session
    if session.expects == "host server":
        return
    session.tool = session.tool or "nslookup"
    session.put(match["name"], Outcome.NOERROR, quote)
    session.expects = "answer"


def address_line(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """`Address: ADDRESS`, of the server or of the name before."""
    session = reading.session
    if session.expects in {"server", "host server"}:
        session.server = bare(match["address"]) or session.server
        if session.expects == "server":
            of_busybox(session, match)
    elif session.expects == "answer":
        known = session.results.get(session.last)
        if known and match["address"] in known.answers and not session.server:
            # Told before: another run of the tool, of whose output a filter left the end
            name = session.last
            session = reading.next()
            session.put(name, Outcome.NOERROR, quote)
            session.expects = "answer"
        for address in match["address"].split(","):
            session.put(session.last, Outcome.NOERROR, quote, address.partition("#")[0])


def of_busybox(session: Session, match: re.Match[str]) -> None:
    """Note what only busybox tells in its line of the server's address.

    Until 1.28 the line has a number, and the name that getnameinfo finds for the address. From
    1.29 on it has the port behind a colon; that nslookup asks a name with a dot as it stands.
    Source: busybox networking/nslookup.c (print_host), nslookup_lede.c and add_query_with_search.
    """
    if match["number"] and session.server_name is None:
        session.server_name = named(match["owner"] or "")
    session.as_is = session.as_is or match["address"] in {
        f"{session.server}:53",
        f"[{session.server}]:53",
    }


def more_addresses(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """A further address below the first, as Windows and resolvectl print it."""
    if reading.session.expects == "answer":
        reading.session.put(reading.session.last, Outcome.NOERROR, quote, match["address"])


def answer_marker(reading: Reading, _: re.Match[str], quote: Quote) -> None:
    """`Non-authoritative answer:` is printed even when there is none."""
    reading.session.marker = reading.session.marker or quote
    reading.session.expects = ""


def failed_name(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """A name with the reason why it has no answer."""
    groups = match.groupdict()
    name = groups["name"]
    if name == "(null)":  # old busybox on the server's own name, of no consequence
        return
    session = reading.session
    if session.tool in {"", "host"} and quote.text.lstrip().startswith("Host "):
        session.tool = "host"
    session.tool = session.tool or ("dig" if "dig:" in quote.text else "nslookup")
    if server := groups.get("server"):
        session.server = session.server or bare(server)
    outcome = outcome_of(groups.get("why") or "", Outcome.NOT_KNOWN)
    if outcome in {Outcome.TIMEOUT, Outcome.CONNECTION_REFUSED, Outcome.UNREACHABLE}:
        session.fail(outcome, quote, session.server, name)
        session.name = session.name or named(name)
    else:
        session.put(name, outcome, quote)
    session.expects = ""


def failed_server(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """A server with the reason why it was of no use."""
    groups = match.groupdict()
    name = groups.get("name") or ""
    session = reading.session
    another = name and any(one.name not in {"", named(name)} for one in session.attempts)
    if another or session.results or session.header or session.marker:
        session = reading.next()
    if quote.text.startswith("nslookup:"):
        session.tool = session.tool or "nslookup"
    kind = (groups.get("transport") or "").lower()
    if "tcp" in kind or "connection" in kind:
        session.transport = "tcp"
    elif "udp" in kind:
        session.transport = "udp"
    session.fail(
        outcome_of(groups.get("why") or "timed out"), quote, groups.get("server") or "", name
    )


def no_reply(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """No server answered, or not yet."""
    session = reading.session
    if session.results or session.header:
        if "trying" in match[0]:
            return
        session = reading.next()
    if not session.over:
        session.fail(Outcome.TIMEOUT, quote, session.server)
    session.over = session.over or "no servers" in match[0]


def unexpected_source(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """An answer came from another address than was asked."""
    if reading.session.results or reading.session.header:
        reading.next()
    reading.session.fail(Outcome.UNEXPECTED_SOURCE, quote, match["server"])


def garbage(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """What came was no DNS message, or not to this query."""
    if reading.session.results or reading.session.header:
        return
    reading.session.fail(Outcome.GARBAGE, quote, match.groupdict().get("server") or "")


def truncated(reading: Reading, _: re.Match[str], __: Quote) -> None:
    """The answer did not fit, the query goes on over TCP."""
    if reading.session.ended:
        reading.next()
    reading.session.transport = "tcp"


def dig_banner(reading: Reading, match: re.Match[str], _: Quote) -> None:
    """The banner of dig repeats its arguments."""
    session = reading.session
    if session.results or session.header or session.banner or session.marker:
        session = reading.next()
    asked = arguments("dig", match["arguments"].split())
    session.asked = asked if asked.name or asked.server else session.asked
    session.tool, session.banner = "dig", True


def got_answer(reading: Reading, _: re.Match[str], __: Quote) -> None:
    """`;; Got answer:` begins what dig shows of a response."""
    if reading.session.header or reading.session.results:
        reading.next("dig")


def header(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """The header of a response, with its code."""
    session = reading.session
    if session.header or session.results:
        session = reading.next()
    session.tool = session.tool or session.asked.tool or "dig"
    session.header = outcome_of(match["rcode"], Outcome.SERVFAIL)
    session.header_quote = quote


def counts(reading: Reading, match: re.Match[str], _: Quote) -> None:
    """The header's flags, with the number of answers; a response repeats the question's CD."""
    reading.session.counted = int(match["answers"])
    reading.session.unchecked = "cd" in match["flags"].split()


def extended_error(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """An extended error (RFC 8914); 5 to 12 are about signatures."""
    if match["code"] in DNSSEC_ERRORS:
        reading.session.bogus = quote


def section(reading: Reading, match: re.Match[str], _: Quote) -> None:
    """The head of a section of a response."""
    reading.session.section = match["section"].lower()


def question(reading: Reading, match: re.Match[str], _: Quote) -> None:
    """The question as it was sent."""
    session = reading.session
    if session.section in {"", "question"}:
        session.name, session.qtype = named(match["name"]), match["type"]


def record(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """One resource record."""
    session = reading.session
    if session.section not in {"", "answer"} or len(session.records) > 200:
        return
    session.name = session.name or named(match["name"])
    kind = match["type"]
    session.records.append((kind, named(match["data"].strip()), quote))


def response_server(reading: Reading, match: re.Match[str], _: Quote) -> None:
    """The server that sent a response, and by which transport."""
    session = reading.session
    session.server = bare(match["server"]) or session.server
    if match["transport"]:
        session.transport = match["transport"].lower()
    session.section = "end"


def query_time(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """How long an answer took to come."""
    session = reading.session
    session.took_s = max(session.took_s, int(match["ms"]) / 1000)
    session.time_quote = quote


def response_time(reading: Reading, match: re.Match[str], _: Quote) -> None:
    """When a response came; only UTC can be read without knowing the place."""
    try:
        when = datetime.strptime(
            f"{match['day']} {match['time']} {match['year']}", "%b %d %H:%M:%S %Y"
        )
    except ValueError:
        return
    reading.session.at = when.replace(tzinfo=UTC)


def host_answer(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """`NAME has address ADDRESS`, and the like of other types."""
    session = reading.session
    session.tool = session.tool or "host"
    session.put(match["name"], Outcome.NOERROR, quote, named(match["answer"]))


def host_nothing(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """`NAME has no A record`."""
    reading.session.tool = reading.session.tool or "host"
    reading.session.put(match["name"], Outcome.NODATA, quote)


def alias(reading: Reading, match: re.Match[str], _: Quote) -> None:
    """A name that is an alias of another, whose addresses follow."""
    name, canonical = named(match["name"]), named(match["to"])
    if name != canonical:
        reading.session.aliases[canonical] = name


def nslookup_record(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """`NAME name = NAME`, and the like of other types."""
    reading.session.put(match["name"], Outcome.NOERROR, quote, named(match["answer"]))


def resolved(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """`NAME: ADDRESS -- link: eth0` of resolvectl."""
    reading.session.tool = "resolvectl"
    reading.session.put(match["name"], Outcome.NOERROR, quote, match["address"])
    reading.session.expects = "answer"


def unresolved(reading: Reading, match: re.Match[str], quote: Quote) -> None:
    """`NAME: resolve call failed: …` of resolvectl."""
    reading.session.tool = "resolvectl"
    outcome = outcome_of(match["why"], Outcome.NOT_KNOWN)
    reading.session.put(match["name"], outcome, quote)


def typed(reading: Reading, match: re.Match[str], _: Quote) -> None:
    """A line typed into an interactive nslookup."""
    session = reading.next("nslookup")
    name = match["name"] or ""
    session.asked = replace(
        session.asked,
        name=named(name),
        server=bare(match["server"] or ""),
        rooted=is_rooted(name),
    )


RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (regex(pattern), rule)
    for pattern, rule in (
        (r"\s*(?:Default )?[Ss]erver:\s+(?P<server>\S+)", server_line),
        (r"Using domain server:", domain_server_line),
        # what people put in the place of a domain may have blanks: `<our domain>`, `(internal)`
        (r"\s*Name:\s+(?P<name>[^\s<(\[]{0,255}[<(\[][^<>()\[\]]{1,60}[>)\]]|\S+)", name_line),
        (
            r"\s*Address(?:es)?(?P<number> \d+)?:\s+(?P<address>\S+)(?:[ \t]+(?P<owner>\S+))?",
            address_line,
        ),
        (rf"\s+(?P<address>{IP})(?:\s+-- link: \S+)?$", more_addresses),
        (r"(?:Non-a|A)uthoritative answer", answer_marker),
        (r"\*\* server can't find (?P<name>\S+): (?P<why>.+)", failed_name),
        (
            r"\*\*\* Can't find server (?:address|name) for (?:address )?'?(?P<server>[^\s':]+)",
            server_named,
        ),
        (r"\*\*\* Can't find (?P<name>\S+): (?P<why>.+)", failed_name),
        (r"\*\*\* (?P<server>\S+) can't find (?P<name>\S+): (?P<why>.+)", failed_name),
        (r"\*\*\* (?P<why>No .{1,80}) available for (?P<name>\S+)", failed_name),
        (r"\*\*\* Request to (?P<server>\S+) (?P<why>timed-out)", failed_server),
        (r"DNS request timed out", no_reply),
        (r"nslookup: can't resolve '(?P<name>[^']*)'(?:: (?P<why>.*))?", failed_name),
        (
            r"(?:nslookup|dig|host): couldn't get address for '(?P<name>[^']+)': (?P<why>.+)",
            failed_name,
        ),
        (
            r"nslookup: (?:write|send|read)(?:ing)?(?: (?:to|from) '?(?P<server>[^\s']+?)'?)?: "
            r"(?P<why>.+)",
            failed_server,
        ),
        (
            r"nslookup: can't connect to remote host \((?P<server>[^)]+)\): (?P<why>.+)",
            failed_server,
        ),
        (r"(?:;; )?connection timed out; (?:no servers|trying)[ \w]*", no_reply),
        (r"(?:;; )?no servers could be reached", no_reply),
        (r";; communications error to (?P<server>\S+?)(?:#\d+)?: (?P<why>.+)", failed_server),
        (
            r";; (?P<transport>UDP setup|[Cc]onnection|TCP connection) (?:with|to) "
            r"(?P<server>[^#\s]+)#\d+(?:\([^)\s]*\))? for (?P<name>\S+) failed: (?P<why>.+)",
            failed_server,
        ),
        (
            r";; reply from unexpected source: \S+, expected (?P<server>[^#\s]+)",
            unexpected_source,
        ),
        (r";; Got (?P<why>[A-Z]+) reply from (?P<server>[^\s,]+)", failed_server),
        (r";; Truncated, retrying in TCP", truncated),
        (
            r";; (?:Warning: (?:short \(|ID mismatch)|Question section mismatch|Got bad packet"
            r"|\?\?\? )",
            garbage,
        ),
        (r"; <<>> DiG \S+ <<>>(?P<arguments>.*)", dig_banner),
        (r";; Got answer", got_answer),
        (
            r";; ->>HEADER<<- opcode: \w+[,;] (?:status|rcode): (?P<rcode>\w+)",
            header,
        ),
        (
            r";; [fF]lags:(?P<flags>[^:]{0,80}); QUERY: \d+[,;] ANSWER: (?P<answers>\d{1,5})",
            counts,
        ),
        (r"; EDE: (?P<code>\d{1,5})\b", extended_error),
        (r";; (?P<section>[A-Z]{1,20})(?: PSEUDO)?[ A-Z]{0,20}SECTION:", section),
        (
            r";{1,2} ?(?P<name>[^\s;]+)\s+(?:IN|CH|CLASS\d+)\s+(?P<type>[A-Z][A-Z0-9]{0,9})\s*$",
            question,
        ),
        (
            r"(?P<name>[^\s;]+)\s+(?:\d+\s+)?(?:IN|CH)\s+(?P<type>[A-Z][A-Z0-9]{0,9})\s+"
            r"(?P<data>\S.*)",
            record,
        ),
        (
            r";; SERVER:\s+(?P<server>[^#\s(]+)(?:#\d+)?(?:\([^)]*\))?"
            r"(?:\s+\((?P<transport>UDP|TCP)\))?",
            response_server,
        ),
        (r";; From (?P<server>[^@\s]+)@\d+\((?P<transport>UDP|TCP)\)", response_server),
        (r";; Query time: (?P<ms>\d{1,7}) msec", query_time),
        (
            r";; WHEN: \w{3} (?P<day>\w{3} [ \d]\d) (?P<time>[\d:]{8}) (?:UTC|GMT) (?P<year>\d{4})",
            response_time,
        ),
        (
            r";; (?:WARNING|ERROR): (?P<why>response timeout|[^@]{0,60}) (?:for|from|to|server) "
            r"(?P<server>[^@\s]+)@\d+(?:\((?P<transport>UDP|TCP)\))?",
            failed_server,
        ),
        (r"Error: error sending query: (?P<why>.+)", failed_server),
        (
            r"(?P<name>\S+)\s+has (?:(?:IPv6|AAAA) )?address (?P<answer>\S+)",
            host_answer,
        ),
        (r"Host (?P<name>\S+) not found: (?P<why>.+)", failed_name),
        (r"(?P<name>\S+) has no [A-Z][A-Z0-9]{0,9} record", host_nothing),
        (r"(?P<name>\S+) is an alias for (?P<to>\S+)", alias),
        (r"(?P<name>\S+) domain name pointer (?P<answer>\S+)", host_answer),
        (r"(?P<name>\S+)\s+canonical name = (?P<to>\S+)", alias),
        (
            r"(?P<name>\S+)\s+(?:name|nameserver|text|service|mail exchanger|"
            r"internet address) ?=? (?P<answer>\S.*)",
            nslookup_record,
        ),
        (rf"(?P<name>[\w.-]+): (?P<address>{IP})\s+-- link: ", resolved),
        (r"(?P<name>[\w.-]+): resolve call failed: (?P<why>.+)", unresolved),
        (
            r"> (?:(?:server|lserver) (?P<server>\S+)|(?!set )(?P<name>[\w.-]{2,255}))$",
            typed,
        ),
    )
)
BARE = regex(
    rf"(?P<address>{IP}|\"[^\"]{{0,400}}\"(?: \"[^\"]{{0,400}}\")*|[\w-]+(?:\.[\w-]+)+\.)$"
)
GETENT = regex(rf"(?P<address>{IP})\s+(?:(?:STREAM|DGRAM|RAW)\b\s*)?(?P<name>\S+)?")

GETENT_NOTHING = regex(r"command terminated with (?:non-zero )?exit code 2\b")
# What kubectl prints around the output of a command, and resolvectl around an answer.
NOISE = regex(
    r"#|pod \"[^\"]+\" deleted|If you don't see a command prompt|All commands and output|"
    r"warning: couldn't attach|Defaulted container |Defaulting container |pod \S+ terminated|"
    r"command terminated with|-- (?:Information acquired|Data)"
)

# What programs print that only connect, of the look-up before it.
NAMELOOKUP = "%{time_namelookup}"
LABELLED = regex(r"(?:^|\W)(?:time_)?namelookup\s{0,3}[:=]\s{0,10}(?P<seconds>\d{1,3}[.,]\d{1,6})")
WRITE_OUT = regex(r"(?:-w|--write-out)[ =]?(?P<quote>[\"'])(?P<format>.{1,400}?)(?P=quote)")
# What `time` prints of bash, dash and busybox.
TIMED = regex(r"(?P<what>real|user|sys)\s+(?P<minutes>\d{1,4})m ?(?P<seconds>\d{1,2}[.,]\d{1,3})s$")


def parse(part: Part) -> Parsed:
    """Return the look-ups of a part in order, with a gap when nothing in it is one."""
    asked = asked_by(part.command)
    reading = Reading(part, asked, Session(asked))
    gaps: list[Gap] = []
    times = reading.times
    written = written_out(part.command)
    what = f"{part.origin} as {part.kind.value}"
    lines = 0
    rows = part.text.split("\n")
    # These tools print their first line at the margin: what all have in common is the paste's.
    shift = min((len(row) - len(row.lstrip()) for row in rows if row.strip()), default=0)
    for index, raw in enumerate(rows):
        line = plain(raw[shift:][:SEEN]).rstrip()
        if not line:
            continue
        quote = Quote(part.origin, visible(raw), part.first_line + index)
        if TIMED.match(line) and len(times) < MOST_LOOKUPS:
            times.extend(timed(reading, line, quote))
            continue
        if (shown := written.search(line)) and len(times) < MOST_LOOKUPS:
            seconds = float(shown["seconds"].replace(",", "."))
            times.append(LookupTime(part.subject, part.origin, quote, seconds))
            continue
        lines += not NOISE.match(line)
        read_line(reading, line, quote)
        if len(reading.found) > MOST_LOOKUPS:
            gaps.append(
                Gap(what, GapKind.PARTIAL, f"more than {MOST_LOOKUPS} look-ups: the rest was left")
            )
            break
    reading.next()
    if lines and not reading.found and not asked.short and not times:
        told = f"from line {part.first_line} on"
        if reading.told:
            gap = Gap(what, GapKind.PARTIAL, f"{told}: how the look-up ended is not shown")
        else:
            gap = Gap(what, GapKind.MALFORMED, f"{told}: no output of a look-up that is known")
        gaps.append(gap)
    return Parsed(items=(*reading.found, *times), gaps=tuple(gaps))


def timed(reading: Reading, line: str, quote: Quote) -> Iterator[LookupTime]:
    """Yield how long a command took, of the line that tells the time on the clock."""
    found, session, part = TIMED.match(line), reading.session, reading.part
    if found and found["what"] == "real":
        failed = bool(session.attempts) and not (session.results or session.header)
        session.clocked = True
        seconds = int(found["minutes"]) * 60 + float(found["seconds"].replace(",", "."))
        yield LookupTime(
            part.subject,
            part.origin,
            quote,
            seconds,
            failed=failed,
            whole=not reading.asked.tool and not reading.told,
        )


def written_out(command: str) -> re.Pattern[str]:
    """Return the pattern of the lines in which curl tells how long it looked a name up."""
    told = WRITE_OUT.search(command[:4000])
    lines = told["format"].split("\\n") if told else []
    line = next((one for one in lines if NAMELOOKUP in one), "")
    if not line:
        return LABELLED
    before, _, after = line.partition(NAMELOOKUP)
    left, right = (
        r"\S{1,40}".join(map(re.escape, regex(r"%\{\w{1,40}\}").split(one)))
        for one in (before.lstrip(), after.rstrip())
    )
    return re.compile(rf"\s*{left}(?P<seconds>\d{{1,3}}[.,]\d{{1,6}}){right}")


def read_line(reading: Reading, line: str, quote: Quote) -> None:
    """Read one plain line by the rule that knows it, else by the signatures of clients."""
    session, asked = reading.session, reading.asked
    bare_line = BARE.match(line) if asked.short else None
    if bare_line:
        session.put(asked.name, Outcome.NOERROR, quote, bare_line["address"])
        reading.told += 1
        return
    if asked.tool == "getent" and (found := GETENT.match(line)):
        told = found["name"] or session.last
        # the name that the search list led to, where it is told
        longer = told.startswith(f"{asked.name.rstrip('.')}.")
        name = told if longer or not asked.name else asked.name
        session.put(name, Outcome.NOERROR, quote, found["address"])
        reading.told += 1
        return
    for pattern, rule in RULES:
        if match := pattern.match(line):
            if session.over and (rule is not no_reply or "connection timed out" in match[0]):
                reading.next()  # that no server was reached is the last that a tool says
            rule(reading, match, quote)
            reading.told += 1
            return
    if asked.tool == "getent" and GETENT_NOTHING.match(line):
        session.put(asked.name, Outcome.NOT_KNOWN, quote)  # getent(1): a key was not found
        return
    for signature in client.SIGNATURES:
        if hit := signature.match(line):
            said = Match(
                signature.name, reading.part.subject, quote, hit.groupdict(), quote.line or 0
            )
            if lookup := from_match(said):
                reading.next()
                reading.found.append(lookup)
                reading.told += 1
            return


# ---------------------------------------------------------------- what programs report

# Where a program's error names the host, by the words before it; the first that matches.
HOSTS = tuple(
    regex(pattern)
    for pattern in (
        r"getaddrinfo (?:for |ENOTFOUND |EAI_AGAIN )?'?(?P<name>[\w-]+(?:\.[\w-]+)+\.?)",
        r"Resolving (?P<name>[\w-][\w.-]{0,252}) ",
        r"[Hh]ost ?name:? [\"']?(?P<name>[\w-][\w.-]{0,252})",
        r"resolve (?:host|address|proxy)?:? ?[\"']?(?P<name>[\w-]+(?:\.[\w-]+)+)",
        r"host [\"'](?P<name>[\w-][\w.-]{0,252})[\"']",
        r"UnknownHostException: (?P<name>[\w-][\w.-]{0,252})",
        r"host='(?P<name>[\w-][\w.-]{0,252})'",
        r"(?:^|\s)(?:ping6?|telnet|ssh|nc|ncat|traceroute|mtr|rsync|mount|ftp|psql|mysql|redis-cli"
        r"|nslookup|getent): (?:connect to )?(?P<name>[\w-][\w.-]{0,252}):",
        r"(?:not known|unavailable) \((?P<name>[\w-][\w.-]{0,252}):\d+\)",
        r"\bname=(?P<name>[\w-]+(?:\.[\w-]+)+)",
        r"https?://(?P<name>[\w-]+(?:\.[\w-]+)+)",
    )
)
# The resolver that the wording belongs to, by what only it says.
RESOLVERS = (
    (regex(r"UnknownHostException|java\.net|io\.netty"), "Java"),
    (regex(r"EAI_AGAIN|ENOTFOUND"), "Node.js"),
    (regex(r"curl: \(\d+\)|Curl error|\* Could not resolve"), "curl"),
    (regex(r"could not be resolved \(|host not found in "), "nginx"),
    (regex(r"bad address '"), "busybox"),
    (regex(r"wget: |Resolving \S+ \("), "wget"),
    (regex(r"C-ares|c-ares"), "c-ares"),
    (regex(r"[Tt]ry again|Name does not resolve"), "musl"),
    (regex(r"Temporary failure|Name or service not known|No address associated"), "glibc"),
)
OUTCOMES = {  # what a signature's wording says where its words alone do not
    client.TEMPORARY_FAILURE.name: Outcome.TEMPORARY,
    client.NAME_NOT_KNOWN.name: Outcome.NOT_KNOWN,
    client.NO_SERVERS_REACHED.name: Outcome.TIMEOUT,
    client.COMMUNICATIONS_ERROR.name: Outcome.TIMEOUT,
    client.UNEXPECTED_SOURCE.name: Outcome.UNEXPECTED_SOURCE,
    client.SERVER_CANT_FIND.name: Outcome.NOT_KNOWN,
    client.GO_LOOKUP_FAILED.name: Outcome.TEMPORARY,
    client.QUERY_FAILED.name: Outcome.TEMPORARY,
    client.LOOKUP_TIMED_OUT.name: Outcome.TIMEOUT,
}
OF_SYSTEM = frozenset(  # wordings of getaddrinfo and of what stands on it
    {client.TEMPORARY_FAILURE.name, client.NAME_NOT_KNOWN.name}
)
ARROW = regex(r"(?P<transport>udp|tcp)4?6? (?:\S+->)?(?P<server>\[?[\w.:%]+\]?:\d+)")
CAUSE = regex(r"Temporary failure|[Tt]ry again|timed out|No address associated")
RESOLVER_OF = {
    client.GO_LOOKUP_FAILED.name: "Go",
    client.QUERY_FAILED.name: "Node.js",
    client.SERVER_CANT_FIND.name: "nslookup",
}


def from_match(match: Match) -> Lookup | None:
    """Return the look-up that a client's log line reports; None for any other signature."""
    if match.signature not in OUTCOMES:
        return None
    text = plain(match.quote.text[: 4 * SEEN])
    reason = match["reason"] or match["rcode"]
    outcome = OUTCOMES[match.signature]
    if reason and match.signature != client.UNEXPECTED_SOURCE.name:
        outcome = outcome_of(reason, outcome)
    if match.signature in OF_SYSTEM and CAUSE.search(text):
        outcome = outcome_of(text, outcome)
    if match.signature == client.QUERY_FAILED.name and outcome is Outcome.NOT_KNOWN:
        outcome = Outcome.NXDOMAIN  # c-ares tells NODATA from it, getaddrinfo does not
    tool = RESOLVER_OF.get(match.signature, "")
    tool = tool or next((tool for pattern, tool in RESOLVERS if pattern.search(text)), "")
    arrow = ARROW.search(reason)
    server = bare(match["server"] or match["expected"] or (arrow["server"] if arrow else ""))
    transport = match["transport"] or (arrow["transport"] if arrow else "")
    return Lookup(
        outcome=outcome,
        origin=match.quote.origin,
        quote=match.quote,
        name=named(match["name"]) or host_in(text),
        server=server,
        transport=transport.lower(),
        place=match.subject,
        tool=tool,
        at=match.at,
    )


def host_in(text: str) -> str:
    """Return the host that an error names; "" when it names none."""
    for pattern in HOSTS:
        if found := pattern.search(text):
            return named(next(filter(None, found.groups()), ""))
    return ""
