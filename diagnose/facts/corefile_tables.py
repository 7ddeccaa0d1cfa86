"""What each version of CoreDNS knows: plugins, their properties, and the arguments they take.

Rows say the first and the last version that they hold for; "" means since ever, or still.
Argument rules begin with 1.6.0: of older versions only the names are known.
Source: coredns/coredns plugin.cfg and plugin/*/setup.go at each release up to 1.15.0,
notes/*.md, coredns/corefile-migration migration/versions.go.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache

from diagnose.text.regex import regex

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
DURATION = regex(r"[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
DURATION_PART = regex(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
INTEGER = regex(r"[+-]?\d+", re.ASCII)
NATURAL = regex(r"\d+", re.ASCII)
FLOAT = regex(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
PERCENT = regex(r"[+-]?\d+%", re.ASCII)
CLASSES = ("IN", "CS", "CH", "HS", "NONE", "ANY")
RR_TYPE = regex(r"[A-Z][A-Z0-9]*(?:-PTR)?|None|Reserved", re.ASCII)
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
    rf"\s*(?:!\s*{LABEL_KEY}|{LABEL_KEY}"
    rf"(?:\s*(?:==|=|!=|>|<)\s*{LABEL_VALUE}"
    rf"|\s+(?:in|notin)\s*\(\s*{LABEL_VALUE}(?:\s*,\s*{LABEL_VALUE})*\s*\))?)\s*",
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

    Looks for what is wrong in any engine, and for look-around, which RE2 does not have.
    """
    depth, at, start, quantified = 0, 0, True, False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            if at + 1 == len(pattern):
                return "trailing backslash at end of expression: ``"
            if pattern[at + 1] == "Q":
                end = pattern.find("\\E", at + 2)
                at = len(pattern) if end < 0 else end
            at, start, quantified = at + 2, False, False
            continue
        if char == "[":
            end = class_end(pattern, at)
            if end < 0:
                return f"missing closing ]: `{pattern[at:]}`"
            at, start, quantified = end + 1, False, False
            continue
        if char == "(":
            if pattern.startswith(("(?=", "(?!", "(?<=", "(?<!", "(?>"), at):
                return f"invalid or unsupported Perl syntax: `{pattern[at : at + 3]}`"
            depth += 1
            flags = re.match(r"\(\?(?:P?<\w+>|[imsU-]+[:)]|:)", pattern[at:])
            if flags and flags[0].endswith(")"):
                depth -= 1
            at, start, quantified = at + (flags.end() if flags else 1), True, False
            continue
        if char == ")":
            depth -= 1
            if depth < 0:
                return f"unexpected ): `{pattern}`"
            start, quantified = False, False
        elif char in "*+?":
            if start:
                return f"missing argument to repetition operator: `{char}`"
            lazy = quantified and char == "?" and pattern[at - 2 : at - 1] not in "*+?"
            if quantified and not lazy:
                return f"invalid nested repetition operator: `{pattern[at - 1 : at + 1]}`"
            quantified = True
        else:
            start, quantified = char == "|", False
        at += 1
    return f"missing closing ): `{pattern}`" if depth else None


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
    of all arguments as one text.
    """

    name: str
    least: int = 0
    most: int | None = None
    values: tuple[Value, ...] = ()
    rest: Value | None = None
    joined: Value | None = None
    takes: Takes = Takes.LINE
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Setup:
    """How a plugin reads its line and its block in a range of versions.

    `words` are the arguments taken one by one before the rest of the line. `once` says that a
    second line in a server block is refused; `first_only` that it is not looked at. `block`
    says that a block is read; `unknown` is what is said of a property that it does not know,
    "" where it cannot be told. `too_few` and `too_many` stand in for the general message.
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
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Plugin:
    """A plugin of the standard build, and what took its place when it left."""

    name: str
    since: str = ""
    until: str = ""
    replaced_by: str = ""


@dataclass(frozen=True)
class Deprecation:
    """A change that breaks, or will break, a Corefile that still has a plugin or an option.

    `state` is deprecated (works as before), ignored (taken without effect), removed (CoreDNS
    exits at its start) or newdefault (part of the default Corefile from then on).
    """

    plugin: str
    version: str
    state: str
    option: str = ""
    replaced_by: str = ""
    note: str = ""


OLDEST = "1.6.0"
NEWEST = "1.15.0"
RELEASES = (
    *(f"1.6.{n}" for n in range(10)),
    *(f"1.7.{n}" for n in range(2)),
    *(f"1.8.{n}" for n in range(8)),
    *(f"1.9.{n}" for n in range(5)),
    *(f"1.10.{n}" for n in range(2)),
    *(f"1.11.{n}" for n in (0, 1, 3, 4)),
    *(f"1.12.{n}" for n in range(5)),
    *(f"1.13.{n}" for n in range(3)),
    *(f"1.14.{n}" for n in range(8)),
    NEWEST,
)

# In the order of the chain of the newest version, whatever the order in the Corefile
PLUGINS = (
    Plugin("root"),
    Plugin("metadata", "1.2.0"),
    Plugin("geoip", "1.8.5"),
    Plugin("cancel", "1.5.0"),
    Plugin("proxyproto", "1.14.3"),
    Plugin("quic", "1.12.2"),
    Plugin("grpc_server", "1.14.0"),
    Plugin("https", "1.14.0"),
    Plugin("https3", "1.14.0"),
    Plugin("timeouts", "1.10.1"),
    Plugin("multisocket", "1.12.0"),
    Plugin("reload", "1.1.0"),
    Plugin("nsid", "1.0.1"),
    Plugin("bufsize", "1.6.6"),
    Plugin("bind"),
    Plugin("debug"),
    Plugin("trace"),
    Plugin("ready", "1.5.0"),
    Plugin("health"),
    Plugin("pprof"),
    Plugin("shed", "1.14.7"),
    Plugin("prometheus"),
    Plugin("errors"),
    Plugin("log"),
    Plugin("dnstap"),
    Plugin("local", "1.8.1"),
    Plugin("dns64", "1.7.0"),
    Plugin("siit", "1.15.0"),
    Plugin("any", "1.5.1"),
    Plugin("chaos"),
    Plugin("loadbalance"),
    Plugin("tsig", "1.9.4"),
    Plugin("rewrite"),
    Plugin("autopath"),
    Plugin("acl", "1.6.4"),
    Plugin("cache"),
    Plugin("header", "1.8.5"),
    Plugin("dnssec"),
    Plugin("tls"),
    Plugin("minimal", "1.8.4"),
    Plugin("template", "1.0.3"),
    Plugin("transfer", "1.6.5"),
    Plugin("dynupdate", "1.15.0"),
    Plugin("hosts"),
    Plugin("route53", "1.0.5"),
    Plugin("azure", "1.6.2"),
    Plugin("clouddns", "1.6.3"),
    Plugin("k8s_external", "1.3.0"),
    Plugin("kubernetes"),
    Plugin("file"),
    Plugin("auto"),
    Plugin("secondary"),
    Plugin("etcd"),
    Plugin("loop", "1.2.1"),
    Plugin("forward", "1.0.5"),
    Plugin("grpc", "1.5.0"),
    Plugin("erratic"),
    Plugin("whoami"),
    Plugin("on", "1.0.5"),
    Plugin("sign", "1.6.3"),
    Plugin("view", "1.10.0"),
    Plugin("nomad", "1.13.0"),
)
REMOVED = (
    Plugin("reverse", until="1.1.4"),
    Plugin("federation", until="1.6.9"),
    Plugin("proxy", until="1.4.0", replaced_by="forward"),
    Plugin("startup", until="1.1.0", replaced_by="on"),
    Plugin("shutdown", until="1.1.0", replaced_by="on"),
)
CHAIN = tuple(plugin.name for plugin in PLUGINS)

# Plugins that a build of one's own may hold. Source: coredns.io/explugins
EXTERNAL_PLUGINS = frozenset(
    (
        "ads",
        "alias",
        "alternate",
        "amazondns",
        "blocklist",
        "demo",
        "dnsredir",
        "docker",
        "dump",
        "dynapi",
        "ebpf",
        "example",
        "fanout",
        "finalize",
        "gathersrv",
        "git",
        "gslb",
        "idetcd",
        "ipecho",
        "ipin",
        "json",
        "k8s_cache",
        "k8s_crd",
        "k8s_dns_chaos",
        "k8s_event",
        "k8s_gateway",
        "kubeforward",
        "kubenodes",
        "kubernetai",
        "lighthouse",
        "mdns",
        "meshname",
        "meship",
        "multicluster",
        "mysql",
        "netbox",
        "ocp_dnsnameresolver",
        "pdsql",
        "powerdns",
        "ratelimit",
        "records",
        "recursor",
        "redirect",
        "redis",
        "redis_cache",
        "redisc",
        "rrl",
        "split",
        "tailscale",
        "unbound",
        "warnlist",
        "wgsd",
    )
)

LISTENING = Setup(most=1, values=(ADDRESS,), block=True)
NO_ARGUMENT = Setup(closed=True)
SETUPS: dict[str, tuple[Setup, ...]] = {
    "kubernetes": (Setup(once=True, block=True),),
    "forward": (
        Setup(words=1, least=1, once=True, block=True, until="1.9.3"),
        Setup(words=1, least=1, block=True, since="1.9.4"),
    ),
    "cache": (
        Setup(
            values=(Value(cache_ttl_fault, "a TTL in seconds above zero, or a zone"),),
            once=True,
            block=True,
            unknown="{arguments}",
        ),
    ),
    "health": (
        Setup(most=1, values=(ADDRESS,), block=True, unknown="{arguments}", until="1.14.3"),
        Setup(most=1, values=(ADDRESS,), block=True, since="1.14.4"),
    ),
    "ready": (
        Setup(most=1, values=(ADDRESS,), once=True, until="1.12.1"),
        Setup(most=1, values=(ADDRESS,), once=True, block=True, since="1.12.2"),
    ),
    "prometheus": (
        Setup(most=1, values=(ADDRESS,), once=True, until="1.14.2"),
        Setup(
            most=1,
            values=(ADDRESS,),
            once=True,
            block=True,
            unknown="{at}unknown option: {value}",
            since="1.14.3",
        ),
    ),
    "errors": (
        Setup(
            most=1,
            values=(one_of(("stdout",), "{at}invalid log file: {value}"),),
            once=True,
            block=True,
            unknown="{place}Syntax error: Unexpected token '{value}', expecting 'consolidate'",
            until="1.9.2",
        ),
        Setup(
            most=1,
            values=(one_of(("stdout",), "{at}invalid log file: {value}"),),
            once=True,
            block=True,
            unknown=(
                "{place}Syntax error: Unexpected token '{value}', expecting 'Unknown field {value}'"
            ),
            since="1.9.3",
        ),
    ),
    "log": (
        Setup(block=True, unknown="{arguments}", until="1.14.3"),
        Setup(block=True, since="1.14.4"),
    ),
    "loop": (Setup(closed=True, once=True),),
    "debug": (NO_ARGUMENT,),
    "whoami": (Setup(closed=True, first_only=True),),
    "minimal": (Setup(closed=True, first_only=True, since="1.8.4"),),
    "any": (Setup(first_only=True, until="1.14.3"), Setup(closed=True, since="1.14.4")),
    "reload": (
        Setup(
            most=2,
            values=(
                Value(
                    lambda text: (
                        None
                        if (duration_s(text) or 0) >= 2
                        else ""
                        if duration_s(text) is None
                        else "interval value must be greater or equal to 2s"
                    ),
                    "a duration of at least 2s",
                ),
                ANY_DURATION,
            ),
            first_only=True,
        ),
    ),
    "loadbalance": (
        Setup(
            values=(one_of(("round_robin",), "unknown policy: {value}"),),
            most=1,
            first_only=True,
            until="1.10.0",
        ),
        Setup(
            values=(one_of(("round_robin", "weighted"), "unknown policy: {value}"),),
            most=2,
            block=True,
            since="1.10.1",
        ),
    ),
    "hosts": (Setup(once=True, block=True, unknown=""),),
    "bind": (
        Setup(
            least=1,
            rest=accepted(is_ip, "an IP address", "not a valid IP address: {value}"),
            too_few="at least one address is expected",
            until="1.8.3",
        ),
        Setup(
            least=1,
            block=True,
            unknown='invalid option "{value}"',
            too_few="at least one address or interface name is expected",
            since="1.8.4",
        ),
    ),
    "template": (
        Setup(
            words=2,
            values=(
                one_of(CLASSES, "{at}invalid query class {value}"),
                accepted(
                    RR_TYPE.fullmatch,
                    "a record type in upper case, such as AAAA",
                    "{at}invalid RR class {value}",
                ),
            ),
            block=True,
            unknown="{arguments}",
        ),
    ),
    "file": (Setup(words=1, block=True),),
    "auto": (Setup(block=True),),
    "autopath": (Setup(least=1, too_few="no resolv-conf specified"),),
    "k8s_external": (Setup(block=True),),
    "dns64": (Setup(most=1, values=(Value(prefix_fault, "an IPv6 prefix"),), block=True),),
    "bufsize": (
        Setup(
            most=1,
            values=(
                Value(
                    lambda text: None if 512 <= (integer(text) or 0) <= 4096 else "",
                    "a size from 512 to 4096 bytes",
                ),
            ),
            first_only=True,
        ),
    ),
    "nsid": (Setup(once=True),),
    "root": (Setup(words=1),),
    "transfer": (Setup(block=True, unknown='{at}unknown property "{value}"'),),
    "rewrite": (Setup(unknown=""),),
}

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


SERVE_STALE = (POSITIVE_DURATION, one_of(("immediate", "verify")))
PROPERTIES: dict[str, tuple[Property, ...]] = {
    "kubernetes": (
        Property("tls", 3, 3),
        Property("labels", 1, joined=SELECTOR),
        Property("endpoint", 1),
        bare("resyncperiod", until="1.6.9"),
        Property(
            "pods",
            1,
            1,
            (
                one_of(
                    ("disabled", "insecure", "verified"),
                    "wrong value for pods: {value},  must be one of: disabled, verified, insecure",
                ),
            ),
        ),
        Property("ttl", 1, values=(ZONE_TTL,)),
        flag("endpoint_pod_names"),
        Property("fallthrough"),
        Property("namespaces", 1),
        Property("upstream", until="1.6.9"),
        Property("transfer", 1, since="1.0.6", until="1.7.1"),
        flag("noendpoints", "1.0.6"),
        Property(
            "ignore",
            values=(one_of(("empty_service",), "unable to parse ignore value: '{value}'"),),
            since="1.1.3",
        ),
        Property("kubeconfig", 2, 2, since="1.2.3", until="1.8.1"),
        Property("kubeconfig", 1, 2, since="1.8.2"),
        Property("namespace_labels", 1, joined=SELECTOR, since="1.5.0"),
        Property("multicluster", since="1.12.2"),
        Property("startup_timeout", 1, values=(ANY_DURATION,), since="1.12.3"),
        Property("apiserver_burst", 1, 1, (COUNT,), since="1.14.0"),
        Property("apiserver_max_inflight", 1, 1, (COUNT,), since="1.14.0"),
        Property(
            "apiserver_qps",
            1,
            1,
            (
                accepted(
                    lambda text: FLOAT.fullmatch(text) and not text.startswith("-"),
                    "a number that is not negative",
                ),
            ),
            since="1.14.0",
        ),
        flag("zonal", "1.14.7"),
    ),
    "forward": (
        Property("tls", most=3),
        Property("except", 1),
        word("expire", POSITIVE_DURATION),
        Property("force_tcp", most=0, takes=WORDS),
        word("health_check", POSITIVE_DURATION, until="1.6.7"),
        Property("health_check", 1, values=(POSITIVE_DURATION,), since="1.6.8"),
        word("max_fails", COUNT),
        word("tls_servername"),
        word(
            "policy",
            one_of(("random", "round_robin", "sequential"), "{at}unknown policy '{value}'"),
        ),
        Property("prefer_udp", most=0, takes=WORDS, since="1.2.0"),
        word("max_concurrent", COUNT, since="1.6.8"),
        Property("next", 1, rest=RCODE, since="1.11.4"),
        flag("failfast_all_unhealthy_upstreams", "1.12.1"),
        Property(
            "failover",
            1,
            rest=Value(
                lambda text: (
                    "NoError cannot be used in failover"
                    if text.upper() == "NOERROR"
                    else RCODE.says(text)
                ),
                "a DNS response code other than NOERROR",
            ),
            since="1.13.0",
        ),
        word("max_connect_attempts", COUNT, since="1.13.2"),
        word("max_idle_conns", COUNT, since="1.14.1"),
        word("max_age", POSITIVE_DURATION, since="1.14.3"),
        Property("next_on_nodata", most=0, takes=WORDS, since="1.14.4"),
        Property(
            "resolver",
            1,
            rest=accepted(
                host_is_ip,
                "an IP address, with a port or without",
                'resolver must be an IP address or IP:port: "{value}"',
            ),
            since="1.14.4",
        ),
        word("doh_method", one_of(("POST", "GET")), since="1.14.5"),
        word("read_timeout", duration("a duration above zero", 1e-9), since="1.14.5"),
        word(
            "source_address",
            accepted(is_ip, "an IP address", "{at}invalid IP address: {value}"),
            since="1.14.6",
        ),
    ),
    "cache": (
        Property("success", 1, values=(number("a whole number", -BIG), CACHE_TTL, COUNT)),
        Property("denial", 1, values=(number("a whole number", -BIG), CACHE_TTL, COUNT)),
        Property(
            "prefetch",
            1,
            3,
            (
                COUNT,
                ANY_DURATION,
                accepted(
                    lambda text: PERCENT.fullmatch(text) and 10 <= int(text[:-1][:9]) <= 90,
                    "a percentage from 10% to 90%",
                ),
            ),
        ),
        Property("serve_stale", most=1, values=SERVE_STALE, since="1.6.6", until="1.9.1"),
        Property("serve_stale", most=2, values=SERVE_STALE, since="1.9.2", until="1.14.3"),
        Property("serve_stale", most=3, values=SERVE_STALE, since="1.14.4", until="1.14.6"),
        Property("serve_stale", most=5, values=SERVE_STALE, since="1.14.7"),
        Property("disable", 1, values=(one_of(("success", "denial")),), since="1.9.4"),
        Property("servfail", 1, 1, (duration("a duration from 0 to 5m", 0, 300),), since="1.9.4"),
        flag("keepttl", "1.10.1"),
        Property(
            "serve_stale_policy",
            1,
            1,
            (accepted(lambda text: text.lower() == "prefer_positive", "prefer_positive"),),
            since="1.14.7",
        ),
    ),
    "health": (Property("lameduck", 1, 1, (ANY_DURATION,), since="1.0.5"),),
    "ready": (
        Property(
            "monitor",
            1,
            1,
            (one_of(("until-ready", "continuously"), "{at}monitor type '{value}' not supported"),),
            since="1.12.2",
        ),
    ),
    "errors": (
        Property("consolidate", 2, 2, (ANY_DURATION, PLACED_REGEX), until="1.8.4"),
        Property(
            "consolidate",
            2,
            3,
            (ANY_DURATION, PLACED_REGEX, one_of(("warning", "error", "info", "debug"))),
            since="1.8.5",
            until="1.13.2",
        ),
        Property(
            "consolidate",
            2,
            4,
            (ANY_DURATION, PLACED_REGEX),
            one_of(("warning", "error", "info", "debug", "show_first")),
            since="1.14.0",
        ),
        bare("stacktrace", "1.9.3"),
    ),
    "log": (
        Property(
            "class",
            1,
            rest=one_of(("all", "success", "denial", "error"), "invalid Class: {value}"),
        ),
    ),
    "hosts": (
        Property("fallthrough"),
        bare("no_reverse", "1.4.0"),
        Property("ttl", 1, values=(number("a TTL from 1 to 65535", 1, 65535),), since="1.4.0"),
        Property("reload", 1, 1, (POSITIVE_DURATION,), since="1.4.0"),
        flag("fallthrough_unsupported", "1.14.7"),
    ),
    "k8s_external": (
        Property("ttl", 1, values=(ZONE_TTL,)),
        Property("apex", 1),
        bare("headless", "1.9.4"),
        Property("fallthrough", since="1.11.0"),
    ),
    "loadbalance": (
        Property("reload", 1, 1, (ANY_DURATION,), since="1.10.1"),
        Property("prefer", rest=accepted(is_cidr, "a subnet as CIDR"), since="1.12.4"),
    ),
    "prometheus": (
        flag("runtime_metrics", "1.14.3"),
        Property("tls", 1, 1, since="1.14.3"),
    ),
    "rewrite": (
        Property("edns0"),
        Property("name"),
        Property("type"),
        Property("class"),
        Property("answer", since="1.0.5"),
        Property("ttl", since="1.2.3"),
        Property("cname", since="1.11.0"),
        Property("rcode", since="1.11.3"),
    ),
    "acl": (
        Property("allow"),
        Property("block"),
        Property("filter", since="1.8.2"),
        Property("drop", since="1.10.1"),
    ),
    "dns64": (
        bare("translate_all"),
        word("prefix", Value(prefix_fault, "an IPv6 prefix of 32 to 96 bits")),
        bare("allow_ipv4", "1.8.7"),
    ),
    "bind": (Property("except", 1, since="1.8.4"),),
    "file": (
        bare("no_reload", until="1.4.0"),
        Property("transfer", 1, until="1.7.1"),
        Property("upstream"),
        Property("reload", 1, values=(ANY_DURATION,), since="1.2.3"),
        Property("fallthrough", since="1.12.2"),
        bare("reload_by_mtime", "1.14.4"),
    ),
    "auto": (
        bare("no_reload", until="1.4.0"),
        Property("directory", 1, 3, (accepted(bool, "a directory"), REGEX)),
        Property("reload", 1, values=(POSITIVE_DURATION,), since="1.2.3"),
        Property("upstream"),
        Property("transfer", 1, until="1.7.1"),
    ),
    "transfer": (
        Property("to", 1),
        Property("source", 1, 1, (accepted(is_ip, "an IP address"),), since="1.14.5"),
    ),
    "template": (
        Property(
            "match",
            1,
            rest=Value(
                lambda text: (
                    None
                    if regex_fault(text) is None
                    else "{at}could not parse regex: "
                    f"{text}, error parsing regexp: {regex_fault(text)}"
                ),
                REGEX.wants,
            ),
        ),
        Property("answer", 1, rest=TEMPLATE),
        Property("additional", 1, rest=TEMPLATE),
        Property("authority", 1, rest=TEMPLATE),
        word(
            "rcode",
            accepted(
                RCODES.__contains__,
                "a DNS response code in upper case, such as NXDOMAIN",
                "{at}unknown rcode {value}",
            ),
        ),
        Property(
            "ederror",
            1,
            2,
            (
                accepted(
                    lambda text: NATURAL.fullmatch(text) and int(text[:9]) < 1 << 16,
                    "the number of an extended DNS error",
                ),
            ),
            since="1.10.1",
        ),
        Property("fallthrough"),
        Property("upstream", since="1.0.6"),
        Property("var", 2, since="1.15.0"),
        Property("expr", 1, since="1.15.0"),
    ),
}

DEPRECATIONS = (
    Deprecation("startup", "1.1.1", "removed", replaced_by="on (event startup)"),
    Deprecation("shutdown", "1.1.1", "removed", replaced_by="on (event shutdown)"),
    Deprecation("proxy", "1.1.4", "ignored", "protocol https_google"),
    Deprecation(
        "proxy",
        "1.2.0",
        "removed",
        "protocol https_google",
        "forward to a DNS-over-TLS or plain upstream",
    ),
    Deprecation("reverse", "1.2.0", "removed"),
    Deprecation("loop", "1.2.1", "newdefault"),
    Deprecation(
        "kubernetes",
        "1.3.1",
        "deprecated",
        "endpoint (more than one)",
        note="only the first endpoint was used",
    ),
    Deprecation("kubernetes", "1.4.0", "ignored", "endpoint (more than one)"),
    Deprecation("kubernetes", "1.4.0", "deprecated", "upstream"),
    Deprecation("proxy", "1.4.0", "deprecated", replaced_by="forward"),
    Deprecation("file", "1.5.0", "removed", "no_reload", "reload 0"),
    Deprecation("auto", "1.5.0", "removed", "no_reload", "reload 0"),
    Deprecation("proxy", "1.5.0", "removed", replaced_by="forward"),
    Deprecation("kubernetes", "1.5.0", "ignored", "upstream"),
    Deprecation("kubernetes", "1.5.0", "deprecated", "resyncperiod"),
    Deprecation(
        "ready",
        "1.5.0",
        "newdefault",
        note="health no longer reports whether plugins are ready",
    ),
    Deprecation("kubernetes", "1.6.0", "ignored", "resyncperiod"),
    Deprecation("health", "1.6.5", "newdefault", "lameduck 5s"),
    Deprecation("kubernetes", "1.7.0", "removed", "resyncperiod"),
    Deprecation("kubernetes", "1.7.0", "removed", "upstream"),
    Deprecation("federation", "1.7.0", "removed"),
    Deprecation("forward", "1.7.0", "newdefault", "max_concurrent 1000"),
    Deprecation("kubernetes", "1.8.0", "removed", "transfer", "plugin transfer"),
    Deprecation("file", "1.8.0", "removed", "transfer", "plugin transfer"),
    Deprecation("auto", "1.8.0", "removed", "transfer", "plugin transfer"),
    Deprecation("secondary", "1.8.0", "removed", "transfer", "plugin transfer"),
)


def known_plugins(version: str | None = None) -> frozenset[str]:
    """Return the plugins of the standard build of a version; of any version when not known."""
    at = parse_version(version)
    return frozenset(
        row.name for row in (*PLUGINS, *REMOVED) if at is None or within(at, row.since, row.until)
    )


def plugin_changes(name: str) -> tuple[Deprecation, ...]:
    """Return what changed for a plugin and its options, oldest first."""
    return tuple(row for row in DEPRECATIONS if row.plugin == name)


def plugin_row(name: str) -> Plugin | None:
    """Return when a plugin came and went; None for one that the standard build never had."""
    return next((row for row in (*PLUGINS, *REMOVED) if row.name == name), None)


def property_row(plugin: str, name: str, version: Version) -> Property | None:
    """Return what a property takes in a version; None when the plugin does not know it."""
    rows = PROPERTIES.get(plugin, ())
    return next(
        (row for row in rows if row.name == name and within(version, row.since, row.until)), None
    )


def setup_row(plugin: str, version: Version) -> Setup | None:
    """Return how a plugin reads its line in a version; None where no rule is known."""
    rows = SETUPS.get(plugin, ())
    return next((row for row in rows if within(version, row.since, row.until)), None)


def property_known(plugin: str, name: str, version: str | None = None) -> bool | None:
    """Whether a plugin knows a property in a version, or in any when that is not known.

    None where the plugin's properties are not in the tables.
    """
    if plugin not in PROPERTIES:
        return None
    at = parse_version(version)
    return any(
        row.name == name and (at is None or within(at, row.since, row.until))
        for row in PROPERTIES[plugin]
    )


def lifetime(rows: Iterable[Plugin | Property]) -> str:
    """Return in words in which versions a plugin or property is known: "since 1.12.2"."""
    known = tuple(rows)
    starts = [row.since for row in known]
    ends = [row.until for row in known]
    since = "" if "" in starts else min(starts, key=bound)
    until = "" if "" in ends else max(ends, key=bound)
    return span(since, until)


def span(since: str, until: str) -> str:
    """Return a range of versions in words; "" when it has no end on either side."""
    if since and until:
        return since if since == until else f"{since} to {until}"
    return f"since {since}" if since else f"until {until}" if until else ""


def eras(plugins: Iterable[str]) -> tuple[str, ...]:
    """Return the releases at which a rule for these plugins changes, with the oldest."""
    names = set(plugins)
    rows: list[Plugin | Property | Setup] = [
        row for row in (*PLUGINS, *REMOVED) if row.name in names
    ]
    rows += [row for name in names for row in PROPERTIES.get(name, ())]
    rows += [row for name in names for row in SETUPS.get(name, ())]
    starts = {OLDEST, *(row.since for row in rows), *OTHER_CHANGES}
    starts |= {following(row.until) for row in rows if row.until}
    return tuple(release for release in RELEASES if release in starts)


def following(release: str) -> str:
    """Return the release after one; "" after the newest and before the oldest."""
    if release not in RELEASES[:-1]:
        return ""
    return RELEASES[RELEASES.index(release) + 1]


# Changes that stand in no row: zone names (1.9.1, 1.11.0), upstreams (1.7.0, 1.11.0, 1.14.2,
# 1.14.4, 1.14.5, 1.15.0), rewrite's answer rules (1.8.4), reload's jitter (1.14.2)
OTHER_CHANGES = (
    "1.7.0",
    "1.8.4",
    "1.9.1",
    "1.11.0",
    "1.14.2",
    "1.14.4",
    "1.14.5",
    "1.15.0",
)
