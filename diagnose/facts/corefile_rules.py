"""The forms of rules about Corefiles, and the values that Go and CoreDNS take.

Rows of the tables are made of these. Source: Go's strconv, time, net and regexp; miekg/dns
ztypes.go; coredns/coredns plugin/*/setup.go.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache, lru_cache

from diagnose.text.regex import regex
from diagnose.values import dataclass

Says = Callable[[str], str | None]
Version = tuple[int, int, int]

HOUR_S = 3600
DAY_S = 24 * HOUR_S
DURATION_UNIT_S = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": float(HOUR_S),
}
DURATION = regex(r"[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
DURATION_PART = regex(r"(?<![\d.])(\d++(?:\.\d*+)?|\.\d++)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
INTEGER = regex(r"[+-]?\d+", re.ASCII)
NATURAL = regex(r"\d+", re.ASCII)
FLOAT = regex(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
PERCENT = regex(r"[+-]?\d+%", re.ASCII)
CLASSES = ("IN", "CS", "CH", "HS", "NONE", "ANY")
# StringToType of miekg/dns; the last ones came with v1.1.31 (SVCB), v1.1.58 and v1.1.68
RR_TYPES = frozenset(
    """
    A AAAA AFSDB ANY APL ATMA AVC AXFR CAA CDNSKEY CDS CERT CNAME CSYNC DHCID DLV DNAME DNSKEY DS
    EID EUI48 EUI64 GID GPOS HINFO HIP ISDN IXFR KEY KX L32 L64 LOC LP MAILA MAILB MB MD MF MG
    MINFO MR MX NAPTR NID NIMLOC NINFO NS NSAP-PTR NSEC NSEC3 NSEC3PARAM NULL NXT None OPENPGPKEY
    OPT PTR PX RKEY RP RRSIG RT Reserved SIG SMIMEA SOA SPF SRV SSHFP TA TALINK TKEY TLSA TSIG TXT
    UID UINFO UNSPEC URI X25 HTTPS SVCB ZONEMD AMTRELAY IPSECKEY NXNAME RESINFO
    """.split()
)
OPCODES = ("QUERY", "IQUERY", "STATUS", "NOTIFY", "UPDATE")
RCODES = frozenset(
    (
        "NOERROR",
        "FORMERR",
        "SERVFAIL",
        "NXDOMAIN",
        "NOTIMP",
        "NOTIMPL",
        "REFUSED",
        "YXDOMAIN",
        "YXRRSET",
        "NXRRSET",
        "NOTAUTH",
        "NOTZONE",
        "BADSIG",
        "BADVERS",
        "BADKEY",
        "BADTIME",
        "BADMODE",
        "BADNAME",
        "BADALG",
        "BADTRUNC",
        "BADCOOKIE",
        "STATEFULTYPENOTIMPLEMENTED",
        "DSOTYPENI",
    )
)
LABEL_KEY = r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?"
LABEL_VALUE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?"
LABEL_TERM = regex(
    rf"\s*+(?:!\s*+{LABEL_KEY}|{LABEL_KEY}"
    rf"(?:\s*+(?:==|=|!=|>|<)\s*+{LABEL_VALUE}"
    rf"|\s++(?:in|notin)\s*+\(\s*+{LABEL_VALUE}(?:\s*+,\s*+{LABEL_VALUE})*\s*+\))?)\s*+",
    re.ASCII,
)
BIG = 1 << 63


def parse_version(version: str | None) -> Version | None:
    """Return a version as numbers; None when it is not known.

    Vendors' suffixes are cut off: v1.11.1-eksbuild.4 is 1.11.1.
    """
    match = re.search(r"(?<![\d.])(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?", version or "", re.ASCII)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


@cache
def bound(version: str) -> Version:
    """Return a version of a table row as numbers."""
    parsed = parse_version(version)
    if parsed is None:
        raise ValueError(version)
    return parsed


def within(version: Version, since: str, until: str) -> bool:
    """Whether a version lies in a row's range, both ends included."""
    return (not since or version >= bound(since)) and (not until or version <= bound(until))


def duration_s(text: str) -> float | None:
    """Return a Go duration in seconds; None when Go would not take it.

    Source: Go time.ParseDuration; a bare number other than 0 lacks its unit.
    """
    if not DURATION.fullmatch(text):
        return None
    total = sum(float(n) * DURATION_UNIT_S[unit] for n, unit in DURATION_PART.findall(text))
    return -total if text.startswith("-") else total


def integer(text: str) -> int | None:
    """Return what Go's strconv.Atoi returns; None where it fails."""
    if not INTEGER.fullmatch(text) or len(text) > 20:
        return None
    number = int(text)
    return number if -BIG <= number < BIG else None


def split_host_port(address: str) -> tuple[str, str] | str:
    """Return (host, port), or what Go's net.SplitHostPort says against the address."""
    colon = address.rfind(":")
    missing = f"address {address}: missing port in address"
    if colon < 0:
        return missing
    if address.startswith("["):
        end = address.find("]")
        if end < 0:
            return f"address {address}: missing ']' in address"
        if end + 1 == len(address):
            return missing
        if end + 1 != colon:
            many = address[end + 1] == ":"
            return f"address {address}: too many colons in address" if many else missing
        host, rest = address[1:end], (address[1:], address[end + 1 :])
    else:
        host, rest = address[:colon], (address, address)
        if ":" in host:
            return f"address {address}: too many colons in address"
    if "[" in rest[0]:
        return f"address {address}: unexpected '[' in address"
    if "]" in rest[1]:
        return f"address {address}: unexpected ']' in address"
    return host, address[colon + 1 :]


def is_ip(text: str) -> bool:
    """Whether Go's net.ParseIP takes the text: an address without zone, port and brackets."""
    if "%" in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def regex_fault(pattern: str) -> str | None:
    """Return what Go's regexp says against a pattern; None where it takes it, or may.

    Source: Go regexp/syntax (parse). Classes of Unicode by name are taken as right.
    """
    return scanned(pattern)[0]


def regex_groups(pattern: str) -> int:
    """Return how many groups of a pattern capture."""
    return scanned(pattern)[1]


@lru_cache(1024)
def scanned(pattern: str) -> tuple[str | None, int]:
    """Return what is said against a pattern, and how many groups capture."""
    depth, at, start, quantified, groups = 0, 0, True, False, 0
    while at < len(pattern):
        char = pattern[at]
        repeat = REPEAT.match(pattern, at) if char == "{" else None
        if char == "\\":
            end, fault = escaped(pattern, at)
            if fault:
                return fault, groups
            at, start, quantified = end, False, False
            continue
        if char == "[":
            end = class_end(pattern, at)
            if end < 0:
                return f"missing closing ]: `{pattern[at:]}`", groups
            if bad := bad_range(pattern[at + 1 : end]):
                return f"invalid character class range: `{bad}`", groups
            at, start, quantified = end + 1, False, False
            continue
        if char == "(":
            if pattern.startswith("(?", at):
                flags = GROUP.match(pattern, at)
                if flags is None:
                    return f"invalid or unsupported Perl syntax: `{pattern[at : at + 3]}`", groups
                groups += "<" in flags[0]
                depth += not flags[0].endswith(")")
                at, start, quantified = flags.end(), True, False
                continue
            depth, groups = depth + 1, groups + 1
            at, start, quantified = at + 1, True, False
            continue
        if char == ")":
            depth -= 1
            if depth < 0:
                return f"unexpected ): `{pattern}`", groups
            start, quantified = False, False
        elif char in "*+?" or repeat:
            operator = repeat[0] if repeat else char
            if start:
                return f"missing argument to repetition operator: `{operator}`", groups
            lazy = quantified and char == "?" and lazy_at(pattern, at)
            if quantified and not lazy:
                return f"invalid nested repetition operator: `{pattern[at - 1 : at + 1]}`", groups
            if repeat and not counts(repeat):
                return f"invalid repeat count: `{operator}`", groups
            at += len(operator) - 1
            quantified = True
        else:
            start, quantified = char == "|", False
        at += 1
    return (f"missing closing ): `{pattern}`" if depth else None), groups


REPEAT = regex(r"\{(\d+)(?:(,)(\d*))?\}", re.ASCII)
GROUP = regex(r"\(\?(?:P?<[A-Za-z0-9_]+>|[imsU]*(?:-[imsU]+)?[:)])", re.ASCII)
MOST_REPEATS = 1000


def counts(repeat: re.Match[str]) -> bool:
    """Whether Go takes the counts of a repetition."""
    least = int(repeat[1][:9])
    most = int(repeat[3][:9]) if repeat[3] else least
    return least <= MOST_REPEATS and most <= MOST_REPEATS and least <= most


def lazy_at(pattern: str, at: int) -> bool:
    """Whether a question mark makes the repetition before it a lazy one: once, not twice."""
    marks = at
    while marks > 0 and pattern[marks - 1] == "?":
        marks -= 1
    before = pattern[marks - 1 : marks]
    count = at - marks
    return count == 0 if before in ("*", "+", "}") else count == 1


def escaped(pattern: str, at: int) -> tuple[int, str | None]:
    """Return where an escape ends, and what Go says against it."""
    if at + 1 == len(pattern):
        return at + 1, "trailing backslash at end of expression: ``"
    char = pattern[at + 1]
    if char == "Q":
        end = pattern.find("\\E", at + 2)
        return (len(pattern) if end < 0 else end + 2), None
    match = ESCAPE.match(pattern, at)
    if match:
        return match.end(), None
    return at + 2, f"invalid escape sequence: `\\{char}`"


ESCAPE = regex(
    r"\\(?:[^0-9A-Za-z\x80-\U0010ffff]|0[0-7]{0,2}|[1-7][0-7]{1,2}|x(?:[0-9a-fA-F]{2}|\{[0-9a-fA-F]+\})"
    r"|[AbBzafnrtvdDsSwWCE]|[pP](?:\{\^?[A-Za-z_]+\}|[A-Z]))"
)
RANGE = regex(r"(?:\\.|[^\\])-(?:\\.|[^\\\]])", re.DOTALL)


def bad_range(inside: str) -> str | None:
    """Return a range of a bracket expression whose end stands before its beginning."""
    for one in RANGE.findall(inside):
        first, last = one.split("-", 1) if one[0] != "-" else ("-", one[2:])
        if len(first) == len(last) == 1 and first > last:
            return str(one)
    return None


def class_end(pattern: str, at: int) -> int:
    """Return where a bracket expression ends; -1 when it does not."""
    at += 1
    at += pattern.startswith("^", at)
    first = True
    while at < len(pattern):
        if pattern[at] == "]" and not first:
            return at
        if pattern.startswith("[:", at):
            end = pattern.find(":]", at)
            at = end + 1 if end > 0 else at
        at += 2 if pattern[at] == "\\" else 1
        first = False
    return -1


@dataclass(frozen=True)
class Value:
    """A rule for one argument.

    `says` returns what CoreDNS says against an argument, "" where its words are not known, and
    None where it takes it; {at} in it stands for the place. `wants` says what it takes.
    """

    says: Says
    wants: str


def one_of(words: Iterable[str], says: str = "") -> Value:
    """Return the rule that an argument is one of these words."""
    known = tuple(words)
    return Value(
        lambda text: None if text in known else says.replace("{value}", text),
        "one of " + ", ".join(known),
    )


def number(wants: str, least: int = 0, most: int = BIG, says: str = "") -> Value:
    """Return the rule that an argument is a whole number in a range."""

    def check(text: str) -> str | None:
        found = integer(text)
        if found is None:
            return f'strconv.Atoi: parsing "{text}": invalid syntax'
        return None if least <= found <= most else says.replace("{value}", str(found))

    return Value(check, wants)


def duration(wants: str, least_s: float = float("-inf"), most_s: float = float("inf")) -> Value:
    """Return the rule that an argument is a Go duration in a range."""

    def check(text: str) -> str | None:
        found = duration_s(text)
        return None if found is not None and least_s <= found <= most_s else ""

    return Value(check, wants)


def accepted(test: Callable[[str], object], wants: str, says: str = "") -> Value:
    """Return the rule that a test holds for an argument."""
    return Value(lambda text: None if test(text) else says.replace("{value}", text), wants)


def address_fault(text: str) -> str | None:
    """Return what CoreDNS says against an address to listen on."""
    split = split_host_port(text)
    return split if isinstance(split, str) else None


def host_is_ip(text: str) -> bool:
    """Whether a text is an IP address, with or without a port."""
    split = split_host_port(text)
    return is_ip(text) or (isinstance(split, tuple) and is_ip(split[0]))


def is_selector(text: str) -> bool:
    """Whether Kubernetes takes a label selector.

    Source: kubernetes/apimachinery pkg/labels/selector.go (Parse).
    """
    at = 0
    while match := LABEL_TERM.match(text, at):
        at = match.end()
        if at == len(text):
            return True
        if text[at] != ",":
            return False
        at += 1
    return not text.strip()


def cache_ttl_fault(text: str) -> str | None:
    """Return what cache says against its first argument: a word that is no number is a zone."""
    found = integer(text)
    if found is None or found > 0:
        return None
    return f"cache TTL can not be zero or negative: {found}"


def template_fault(text: str) -> str | None:
    """Return what Go's text/template says against an action that does not end."""
    opened = text.rfind("{{")
    if opened < 0 or "}}" in text[opened:]:
        return None
    return "{at}could not compile template: " + text + ", template: answer:1: unclosed action"


def prefix_fault(text: str) -> str | None:
    """Return "" where dns64 refuses a prefix: IPv6, and of 32 to 96 bits by eights."""
    try:
        network = ipaddress.IPv6Network(text, strict=False)
    except ValueError:
        return f"invalid CIDR address: {text}"
    return None if network.prefixlen in (32, 40, 48, 56, 64, 72, 80, 88, 96) else ""


def is_cidr(text: str) -> bool:
    """Whether Go's net.ParseCIDR takes the text."""
    if not re.search(r"/\d{1,3}\Z", text, re.ASCII):
        return False
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "%" not in text


ADDRESS = Value(address_fault, "an address with a port, such as :8080")
ANY_DURATION = duration("a duration with its unit, such as 5s")
POSITIVE_DURATION = duration("a duration that is not negative, such as 5s", 0)
COUNT = number("a whole number that is not negative")
POSITIVE = number("a whole number above zero", 1)
REGEX = Value(regex_fault, "a regular expression of Go (RE2)")
PLACED_REGEX = Value(
    lambda text: (
        None
        if regex_fault(text) is None
        else "{at}error parsing regexp: " + (regex_fault(text) or "")
    ),
    REGEX.wants,
)
SELECTOR = accepted(is_selector, "a label selector, such as environment=prod")
RCODE = accepted(
    lambda text: text.upper() in RCODES,
    "a DNS response code, such as SERVFAIL",
    "{value} is not a valid rcode",
)
CACHE_TTL = number(
    "a TTL in seconds above zero", 1, says="cache TTL can not be zero or negative: {value}"
)
ZONE_TTL = number(
    "a TTL from 0 to 3600 seconds",
    0,
    HOUR_S,
    "{at}ttl must be in range [0, 3600]: {value}",
)
TEMPLATE = Value(template_fault, "a template of Go's text/template")


class Takes(Enum):
    """How a plugin reads the arguments of a line; it decides what a superfluous word becomes.

    LINE: all words up to the end of the line or an opening brace, a closing brace among them.
    WORDS: as many as wanted; the next word is read as a property.
    NOTHING: none; the next word is read as a property.
    """

    LINE = "line"
    WORDS = "words"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Property:
    """What one property takes in a range of versions.

    `values` are the rules of the first arguments, `rest` of all further ones; `joined` is that
    of all arguments as one text. `once` says that a second one is refused.
    """

    name: str
    least: int = 0
    most: int | None = None
    values: tuple[Value, ...] = ()
    rest: Value | None = None
    joined: Value | None = None
    takes: Takes = Takes.LINE
    once: bool = False
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Setup:
    """How a plugin reads its line and its block in a range of versions.

    `words` are the arguments taken one by one before the rest of the line. `once` says that a
    second line in a server block is refused; `first_only` that it is not looked at. `block`
    says that a block is read; `unknown` is what is said of a property that it does not know,
    "" where it cannot be told; a `lenient` plugin passes over such a word. In `any_case`, names of
    properties do not differ by case; `others` is what one takes whose name is free. `words_only`
    says that the rest of the line is not read with it, but as a further line. `too_few` stands in
    for the general message.
    """

    words: int = 0
    least: int = 0
    most: int | None = None
    values: tuple[Value, ...] = ()
    rest: Value | None = None
    once: bool = False
    first_only: bool = False
    block: bool = False
    unknown: str = "{at}unknown property '{value}'"
    too_few: str = ""
    closed: bool = False
    words_only: bool = False
    lenient: bool = False
    any_case: bool = False
    others: Property | None = None
    since: str = ""
    until: str = ""


WORDS = Takes.WORDS
NOTHING = Takes.NOTHING
ONE_WORD = {"least": 1, "most": 1, "takes": WORDS}


def word(name: str, *values: Value, since: str = "", until: str = "") -> Property:
    """Return the row of a property that reads exactly one word."""
    return Property(name, 1, 1, values, takes=WORDS, since=since, until=until)


def flag(name: str, since: str = "", until: str = "") -> Property:
    """Return the row of a property that stands alone on its line."""
    return Property(name, most=0, since=since, until=until)


def bare(name: str, since: str = "", until: str = "") -> Property:
    """Return the row of a property that does not look at the rest of its line."""
    return Property(name, takes=NOTHING, since=since, until=until)
