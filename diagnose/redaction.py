"""Evidence without secrets: what is hidden, what is renamed, and what stays because it is proof.

Hidden for good: tokens, passwords, keys, certificates, the data of Secrets, values of settings
whose name says that they are secret. Renamed, always to the same other name: e-mail addresses,
public addresses, names of hosts outside of the cluster. Kept: private, carrier-grade, loopback,
link-local and documentation addresses, well-known public resolvers, the cluster's own names and
networks, and the shape of all text, so that no line moves.

A renamed address keeps its /24 (IPv6: /64) neighbours; a renamed host keeps the number of its
labels, except below a public suffix that is not known here, and its relation to its domain.
Limits: a secret in running text that neither its form nor a name beside it gives away.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import operator
import re
from collections.abc import Iterable, Iterator
from typing import Any

import ahocorasick_rs

from diagnose.redaction_tables import (
    ENDINGS,
    INNER,
    KNOWN_DOMAINS,
    LOGINS,
    PLAIN_LABELS,
    RESOLVERS,
    SECOND_LEVEL,
    SURE,
    TENANTS,
    UNITS,
    words,
)
from diagnose.text.regex import regex

HIDDEN = "REDACTED"
LONGEST_JSON = 64 * 1024 * 1024
MOST_KNOWN = 200_000  # strings whose redacted form is remembered

# ---------------------------------------------------------------- secrets

SECRET_WORD = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token|credentials?|api[_-]?key|access[_-]?key(?:[_-]?id)?|"
    r"private[_-]?key|secret[_-]?key|account[_-]?key|encryption[_-]?key|client[_-]?key|"
    r"auth[_-]?key|shared[_-]?key|signing[_-]?key|cookie|session[_-]?id|connection[_-]?string|dsn|"
    r"(?:client[_-]?certificate|client[_-]?key|certificate[_-]?authority)[_-]?data|"
    r"\.?dockerconfigjson|dockercfg|license[_-]?key|webhook[_-]?url)"
)
SECRET_NAME = regex(rf"(?i)[\w./-]*{SECRET_WORD}\Z")
# What stands behind such a name and is none: switches, sizes, references, paths, kinds of token.
HARMLESS = regex(
    r"(?i)(?:true|false|null|none|nil|yes|no|\d{1,3}|<[^>]*>(?:\s.*)?|[{\[]|\{\}|\[\]|\{\{.*\}\}|"
    r"[|>][-+]?|\$[({][\w.-]+[)}]|REDACTED|basic|bearer|kubernetes\.io/[\w-]+|"
    r"/(?:etc|var|run|opt|usr|home|root|tmp|srv|mnt|secrets|data|config)/[\w./-]*)\Z"
)
QUOTE = r"(?:\\{0,4}[\"'])?"
VALUE = r"(?:\\{0,4}\"(?:[^\"\\]|\\.){0,1024}?\\{0,4}\"|'[^'\n]{0,1024}'|[^\s,;&\"'\\]{1,4096})"
KEY = rf"[\w./-]{{0,80}}{SECRET_WORD}"
ESC = r"\\{0,4}"  # JSON inside JSON has its quotes escaped
AT_LINE_START = regex(
    rf"(?im)^(?P<head>[ \t>|-]*{QUOTE}{KEY}{QUOTE}[ \t]*:[ \t]+)(?P<value>\S[^\n]*)"
)
IN_JSON = regex(rf"(?i)(?P<head>{ESC}\"{KEY}{ESC}\"\s*:\s*{ESC}\")(?P<value>[^\"\\]{{1,65536}})")
ASSIGNED = regex(rf"(?P<head>(?P<name>[\w.-]{{1,80}})=)(?P<value>{VALUE})")
FLAGS = regex(
    rf"(?i)(?P<head>(?<![\w-])--?[\w-]{{0,60}}{SECRET_WORD}[ \t]+)"
    r"(?P<value>[^\s\"'\\-][^\s\"'\\]{0,4096})"
)
NAMED_VALUE_YAML = regex(
    rf"(?im)^(?P<head>[ \t-]*name:[ \t]*{QUOTE}{KEY}{QUOTE}[ \t]*\n[ \t]*value:[ \t]*)"
    r"(?P<value>\S[^\n]*)"
)
NAMED_VALUE_JSON = regex(
    rf"(?i)(?P<head>{ESC}\"name{ESC}\"\s*:\s*{ESC}\"{KEY}{ESC}\"\s*,\s*{ESC}\"value{ESC}\"\s*:"
    rf"\s*{ESC}\")(?P<value>[^\"\\]{{1,65536}})"
)
NAMED_VALUES = (AT_LINE_START, IN_JSON, FLAGS, NAMED_VALUE_YAML, NAMED_VALUE_JSON)
PEM = regex(r"-----BEGIN [A-Z0-9 ]{1,60}-----")
PEM_LINES = regex(r"(?:[A-Za-z0-9+/=\s]|\\{1,4}[nrt])*")
PEM_BODY = regex(r"[A-Za-z0-9+/=]{6,}")
FORMS = tuple(
    (regex(pattern), shown)
    for pattern, shown in (
        (r"(?i)\b(bearer|basic|digest|negotiate)[ \t]+[A-Za-z0-9._~+/=-]{16,8192}", r"\1 REDACTED"),
        (
            r"(?i)(authorization\\{0,4}[\"']?\s*[:=]\s*\\{0,4}[\"']?)(?!REDACTED)(?!(?:bearer|basic|"
            r"digest|negotiate)\b)[^\s\"'\\]{6,8192}",
            r"\1REDACTED",
        ),
        (r"\beyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,8192}(?:\.[A-Za-z0-9_-]{0,8192})?", HIDDEN),
        (r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b", HIDDEN),
        (r"\bAIza[A-Za-z0-9_-]{30,60}", HIDDEN),
        (r"\b(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{30,255}|glpat-[\w-]{16,255})", HIDDEN),
        (r"\bxox[abeprs]-[A-Za-z0-9-]{10,255}", HIDDEN),
        (r"\bhooks\.slack\.com/services/[\w/]{10,255}", f"hooks.slack.com/services/{HIDDEN}"),
        (r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,255}", HIDDEN),
        (r"\bhvs\.[A-Za-z0-9_-]{20,255}", HIDDEN),
        (
            r"([?&](?:sig|signature|X-Amz-(?:Signature|Credential|Security-Token)|token|key)=)[^\s&\"'\\]+",
            r"\1REDACTED",
        ),
        (r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/@:\"']{1,200}:)[^\s/@\"']{1,400}(@)", r"\1REDACTED\2"),
        # directives of a Corefile: etcd, route53, azure, tsig
        (r"(?m)^([ \t]*credentials[ \t]+\S+[ \t]+)[^\s{]\S*", r"\1REDACTED"),
        (r"(?m)^([ \t]*aws_access_key[ \t]+)\S+[ \t]+\S+", r"\1REDACTED REDACTED"),
        (
            r"(?m)^([ \t]*(?:client_secret|client|subscription|tenant)[ \t]+)[^\s{]\S{7,}",
            r"\1REDACTED",
        ),
        (r"(?m)^([ \t]*secret[ \t]+\S+[ \t]+)[^\s{]\S*", r"\1REDACTED"),
    )
)
# In small letters; a line without any of these holds no secret that is recognised here.
HINTS = ahocorasick_rs.AhoCorasick(
    sorted(
        words(
            "pass pwd secret token credential key cookie session connection dsn -data _data docker "
            "license webhook bearer basic digest negotiate authoriz client tenant subscription "
            "eyj akia asia aroa aida aiza ghp_ gho_ ghu_ ghs_ ghr_ github_pat glpat- xox slack "
            "_live_ _test_ hvs. sig= signature x-amz :// certificate"
        )
    )
)

# ---------------------------------------------------------------- addresses

OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
NOT_WITHIN = r"(?:(?<![\w.])|(?<=\\[nrt]))"
DOTTED = regex(
    rf"{NOT_WITHIN}(?P<address>(?:{OCTET}\.){{3}}{OCTET})(?P<reverse>\.in-addr\.arpa)?(?![\w]|\.\d)"
)
DASHED = regex(
    rf"(?P<head>\b(?:ip|ec2)-|{NOT_WITHIN})(?P<address>(?:{OCTET}-){{3}}{OCTET})"
    r"(?P<tail>\.[a-z])"
)
SIXES = regex(
    r"(?:(?<![\w:.])|(?<=\\[nrt]))(?P<address>[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{1,40})"
    r"(?P<dotted>(?:\.\d{1,3}){3})?(?![\w])"
)
NIBBLES = regex(r"(?i)(?<![\w.])(?P<address>(?:[0-9a-f]\.){31}[0-9a-f])(?P<tail>\.ip6\.arpa)")
# Rows of /proc/net/{udp,tcp}[6] and /proc/net/route: words in a little-endian machine's order.
WORDS = r"[0-9A-F]{8}(?:[0-9A-F]{24})?"
SOCKETS = regex(
    rf"(?P<local>{WORDS})(?P<port>:[0-9A-F]{{4}} )"
    rf"(?P<peer>{WORDS})(?P<rest>:[0-9A-F]{{4}} [0-9A-F]{{2}} )"
)
ROUTED = regex(
    r"(?P<head>\t)(?P<destination>[0-9A-F]{8})\t(?P<gateway>[0-9A-F]{8})(?P<rest>\t[0-9A-F]{4}\t\d)"
)
MAPPED = bytes(10) + b"\xff\xff"  # before an address of IPv4
GLOBAL_SIX = ipaddress.IPv6Network("2000::/3")
DOCUMENTED = tuple(map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))
DOCUMENTED_SIX = ipaddress.IPv6Network("2001:db8::/32")
KEPT_NETWORKS = (
    *DOCUMENTED,
    *map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "224.0.0.0/3",  # multicast, reserved, netmasks
        ),
    ),
)
# ---------------------------------------------------------------- names

MAIL = regex(
    r"(?<![\w.+%-])(?P<who>[A-Za-z0-9][\w.+%-]{0,63})@(?P<where>(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})"
    r"(?![\w-])"
)
HOST = regex(
    r"(?i)(?:(?<![\w.@/\\-])|(?<=\\[nrt])|(?<=://)|(?<=[/@]))"
    r"(?P<name>(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.){1,30}[a-z]{2,24})(?![\w-])(?!\.[\w])"
)


class Redactor:
    """Hides and renames, the same thing always the same way; one object per bundle.

    `addresses` and `hosts` tell whether those are renamed; secrets are always hidden.
    """

    def __init__(self, *, addresses: bool = True, hosts: bool = True) -> None:
        """Know nothing yet."""
        self.addresses = addresses
        self.hosts = hosts
        self._kept_names: set[str] = set()
        self._kept_networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        self._fours: dict[str, int] = {}
        self._sixes: dict[int, int] = {}
        self._six_hosts: dict[tuple[int, int], int] = {}
        self._people: dict[str, int] = {}
        self._domains: dict[str, int] = {}
        self._labels: dict[str, int] = {}
        self._known: dict[str, str] = {}

    def keep(self, names: Iterable[str] = (), networks: Iterable[str] = ()) -> None:
        """Leave these names, and addresses in these networks, as they are: they are the cluster's.

        What is no network is passed over.
        """
        self._kept_names.update(name.lower().rstrip(".") for name in names if name)
        for network in networks:
            try:
                self._kept_networks.append(ipaddress.ip_network(network, strict=False))
            except ValueError:
                continue
        self._known.clear()

    def text(self, text: str) -> str:
        """Return text of any kind redacted, with as many lines."""
        found = self._known.get(text)
        if found is None:
            found = self._redacted(text)
            if len(text) < 1000 and len(self._known) < MOST_KNOWN:
                self._known[text] = found
        return found

    def document(self, text: str) -> str:
        """Return a document redacted: JSON by its structure, YAML and all else as text."""
        if text.lstrip()[:1] in ("{", "[") and len(text) <= LONGEST_JSON:
            try:
                value = json.loads(text)
                return json.dumps(self.value(value), ensure_ascii=False, separators=(",", ":"))
            except (ValueError, RecursionError):
                pass
        return self.text(without_secret_data(text))

    def value(self, value: Any, name: str = "") -> Any:
        """Return a decoded JSON value redacted; `name` is the key that it stands under."""
        if isinstance(value, str):
            return self._string(value, name)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if not isinstance(value, dict):
            return value
        secret = value.get("kind") == "Secret"
        hidden_pair = secret_named(value.get("name")) and isinstance(value.get("value"), str)
        result: dict[str, Any] = {}
        for key, one in value.items():
            if secret and key in ("data", "stringData") and isinstance(one, dict):
                result[key] = dict.fromkeys(map(self.text, one), HIDDEN)
            elif hidden_pair and key == "value":
                result[key] = self._string(one, value["name"])
            else:
                result[self.text(key)] = self.value(one, key)
        return result

    def _string(self, text: str, name: str) -> str:
        if secret_named(name) and not HARMLESS.match(text):
            return HIDDEN if text else ""
        if text[:1] == "{" and text.rstrip()[-1:] == "}":  # kubectl's last-applied-configuration
            return self._inner(text) + ("\n" if text.endswith("\n") else "")
        return self.text(text)

    def _inner(self, text: str) -> str:
        """Return JSON that a string holds; with its own lines, which a ConfigMap's values have."""
        shown = self.document(text)
        if "\n" not in text.rstrip():
            return shown
        try:
            before, after = json.loads(text), json.loads(shown)
        except (ValueError, RecursionError):
            return shown.rstrip("\n")
        if before == after:
            return self.text(text).rstrip("\n")
        return json.dumps(after, ensure_ascii=False, indent=2)

    def _redacted(self, text: str) -> str:
        text = without_secrets(text)
        if "@" in text:
            text = MAIL.sub(self._mail, text)
        if self.addresses:
            text = self._without_addresses(text)
        if self.hosts and "." in text:
            text = HOST.sub(self._host, text)
        return text

    def _without_addresses(self, text: str) -> str:
        if "." in text:
            text = DOTTED.sub(self._dotted, text)
            text = NIBBLES.sub(self._nibbles, text)
            if "-" in text:
                text = DASHED.sub(self._dashed, text)
        if ":" in text:
            text = SIXES.sub(self._six, text)
            text = SOCKETS.sub(self._sockets, text)
        if "\t" in text:
            text = ROUTED.sub(self._routed, text)
        return text

    def _sockets(self, match: re.Match[str]) -> str:
        local, peer = self._words(match["local"]), self._words(match["peer"])
        return f"{local}{match['port']}{peer}{match['rest']}"

    def _routed(self, match: re.Match[str]) -> str:
        destination, gateway = self._words(match["destination"]), self._words(match["gateway"])
        return f"{match['head']}{destination}\t{gateway}{match['rest']}"

    def _words(self, digits: str) -> str:
        packed = b"".join(one[::-1] for one in words_of(bytes.fromhex(digits)))
        if len(packed) == 4:
            packed = ipaddress.IPv4Address(self._four(str(ipaddress.IPv4Address(packed)))).packed
        elif packed.startswith(MAPPED):
            packed = (
                MAPPED
                + ipaddress.IPv4Address(self._four(str(ipaddress.IPv4Address(packed[-4:])))).packed
            )
        else:
            six = ipaddress.IPv6Address(packed)
            if six in GLOBAL_SIX and six not in RESOLVERS and not self._kept(six):
                packed = self._renamed_six(six).packed
        return b"".join(one[::-1] for one in words_of(packed)).hex().upper()

    def _dotted(self, match: re.Match[str]) -> str:
        address, reverse = match["address"], match["reverse"] or ""
        return turned(self._four(turned(address))) + reverse if reverse else self._four(address)

    def _dashed(self, match: re.Match[str]) -> str:
        address = self._four(match["address"].replace("-", "."))
        return f"{match['head']}{address.replace('.', '-')}{match['tail']}"

    def _four(self, text: str) -> str:
        address = ipaddress.IPv4Address(text)
        if address in RESOLVERS or self._kept(address):
            return text
        prefix, _, host = text.rpartition(".")
        number = self._fours.setdefault(prefix, len(self._fours))
        if number < len(DOCUMENTED):
            network = DOCUMENTED[number].network_address
        else:
            # RFC 5737 has three networks; then RFC 2544's 198.18.0.0/15, then the reserved class E
            number -= len(DOCUMENTED)
            start = "198.18.0.0" if number < 512 else "240.0.0.0"
            network = ipaddress.IPv4Address(start) + 256 * (
                number if number < 512 else number - 512
            )
        return str(network).rpartition(".")[0] + "." + host

    def _six(self, match: re.Match[str]) -> str:
        text = match["address"] + (match["dotted"] or "")
        ending = text[len(text.rstrip(":")) :] if not text.endswith("::") else ""
        try:
            address = ipaddress.IPv6Address(text[: len(text) - len(ending)])
        except ValueError:
            return text
        if address not in GLOBAL_SIX or address in RESOLVERS or self._kept(address):
            return text
        return str(self._renamed_six(address)) + ending

    def _renamed_six(self, address: ipaddress.IPv6Address) -> ipaddress.IPv6Address:
        prefix, host = int(address) >> 64, int(address) & (2**64 - 1)
        network = self._sixes.setdefault(prefix, len(self._sixes))
        number = self._six_hosts.setdefault((prefix, host), len(self._six_hosts) + 1) if host else 0
        return DOCUMENTED_SIX.network_address + (network << 64) + number

    def _nibbles(self, match: re.Match[str]) -> str:
        address = ipaddress.IPv6Address(int(match["address"].replace(".", "")[::-1], 16))
        if address not in GLOBAL_SIX or address in RESOLVERS or self._kept(address):
            return match[0]
        return ".".join(reversed(f"{int(self._renamed_six(address)):032x}")) + match["tail"]

    def _kept(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        if address.version == 4 and any(address in network for network in KEPT_NETWORKS):
            return True
        if address.version == 6 and address in DOCUMENTED_SIX:
            return True
        return any(address in network for network in self._kept_networks)

    def _mail(self, match: re.Match[str]) -> str:
        who, where = match["who"], match["where"].lower()
        if where.rpartition(".")[2] in UNITS or who.lower() in LOGINS or who == HIDDEN:
            return match[0]
        if where == "example.com" and re.fullmatch(r"person-\d+", who):
            return match[0]
        number = self._people.setdefault(f"{who}@{where}".lower(), len(self._people) + 1)
        return f"person-{number}@example.com"

    def _host(self, match: re.Match[str]) -> str:
        return self._renamed(match["name"])

    def _renamed(self, name: str) -> str:
        plain = name.lower()
        ending = plain.rpartition(".")[2]
        if ending not in ENDINGS or plain in self._kept_names:
            return name
        labels = plain.split(".")
        if plain.endswith(".cluster.local"):
            inner = expanded(labels)
            return (
                ".".join((self._renamed(".".join(labels[:inner])), *labels[inner:]))
                if inner
                else name
            )
        suffixes = [".".join(labels[start:]) for start in range(len(labels))]
        if any(suffix in KNOWN_DOMAINS for suffix in suffixes):
            return name
        tenant = next((start for start, one in enumerate(suffixes) if one in TENANTS), None)
        if tenant is not None:
            return ".".join((*map(self._label, labels[:tenant]), *labels[tenant:]))
        if any(suffix in self._kept_names for suffix in suffixes):
            return name
        return self._customer(labels)

    def _customer(self, labels: list[str]) -> str:
        """Return a name of somebody's: the domain numbered, each label left of it too."""
        ending = labels[-1]
        end = len(labels) - 1
        if end > 1 and labels[end - 1] in SECOND_LEVEL:
            end -= 1
        if labels[end - 1].startswith("domain-") and ending in ("example", *INNER):
            return ".".join(labels)
        number = self._domains.setdefault(".".join(labels[end - 1 :]), len(self._domains) + 1)
        shown = ending if ending in INNER else "example"
        left = map(self._label, labels[: end - 1])
        return ".".join((*left, f"domain-{number}", *labels[end:-1], shown))

    def _label(self, label: str) -> str:
        if (
            label in PLAIN_LABELS
            or label.startswith("_")
            or re.fullmatch(r"\d{1,3}|host-\d+", label)
        ):
            return label
        if re.fullmatch(r"(?:ip|ec2)-\d+-\d+-\d+-\d+|\d+-\d+-\d+-\d+", label):
            return label  # an address, renamed before
        return f"host-{self._labels.setdefault(label, len(self._labels) + 1)}"


def words_of(octets: bytes) -> list[bytes]:
    """Return the 32-bit words of an address."""
    return [octets[start : start + 4] for start in range(0, len(octets), 4)]


def turned(address: str) -> str:
    """Return a dotted address with its parts in reverse order."""
    return ".".join(reversed(address.split(".")))


def expanded(labels: list[str]) -> int:
    """Return how many labels of a name in cluster.local are an outer domain; 0 for a Service.

    A resolver appends its search list to outer names: `customer.com.default.svc.cluster.local`.
    """
    end = len(labels) - 2
    if labels[end - 1] == "svc":
        end -= 1
    for inner in (end, end - 1):
        if inner >= 2 and labels[inner - 1] in SURE:
            return inner
        if inner >= 3 and labels[inner - 1] in ENDINGS and labels[inner - 2] in SECOND_LEVEL:
            return inner
    return 0


def secret_named(name: object) -> bool:
    """Whether a setting's name says that its value is secret."""
    return isinstance(name, str) and bool(SECRET_NAME.fullmatch(name))


def without_secrets(text: str) -> str:
    """Return the text with what is secret by its form, or by the name before it, hidden."""
    if "-----BEGIN" in text:
        text = "".join(without_keys(text))
    if not HINTS.find_matches_as_indexes(text.lower()):
        return text
    if text.count("\n") < FEW_LINES:
        return hidden_in(text)
    suspect = [
        bool(HINTS.find_matches_as_indexes(line.lower())) for line in text.splitlines(keepends=True)
    ]
    # the line after a suspect one may hold the value of a name
    marked = [here or before for here, before in zip(suspect, [False, *suspect], strict=False)]
    lines = zip(marked, text.splitlines(keepends=True), strict=True)
    pieces = []
    for hinted, several in itertools.groupby(lines, key=operator.itemgetter(0)):
        piece = "".join(line for _, line in several)
        pieces.append(hidden_in(piece) if hinted else piece)
    return "".join(pieces)


FEW_LINES = 8


def hidden_in(text: str) -> str:
    """Return some lines with secrets hidden."""
    for pattern, shown in FORMS:
        text = pattern.sub(shown, text)
    if "=" in text:
        text = ASSIGNED.sub(hide_assigned, text)
    for pattern in NAMED_VALUES:
        text = pattern.sub(hide_value, text)
    return text


def hide_assigned(match: re.Match[str]) -> str:
    """Return name=value with the value hidden where the name says that it is secret."""
    return hide_value(match) if secret_named(match["name"]) else match[0]


def without_keys(text: str) -> Iterator[str]:
    """Yield the pieces of a text with the bodies of PEM blocks hidden, with as many lines.

    A block that does not end counts as far as its letters go.
    """
    position = 0
    while begin := PEM.search(text, position):
        yield text[position : begin.end()]
        lines = PEM_LINES.match(text, begin.end())
        position = lines.end() if lines else begin.end()
        yield PEM_BODY.sub(HIDDEN, text[begin.end() : position])
    yield text[position:]


def hide_value(match: re.Match[str]) -> str:
    """Return a name with its value hidden, unless that is plainly none."""
    value = match["value"]
    core = value.strip(AROUND)
    if not core or HARMLESS.match(core):
        return match[0]
    before, after = value.split(core, 1)
    return f"{match['head']}{before}{HIDDEN}{after}"


AROUND = "\\\"', \t\r"
SEGMENT = regex(r"(?m)^(?=---|[ ]{0,2}- )")
IS_SECRET = regex(r"(?m)^[ ]{0,4}(?:- )?kind:[ ]*[\"']?Secret\b[\"']?[ ]*$")
DATA_KEY = regex(r"^(?P<blank>[ ]*)(?:- )?(?:data|stringData):[ ]*$")
DATA_LINE = regex(r"^(?P<head>[ ]*[\w./-]+:[ ]*)\S.*$")


def without_secret_data(text: str) -> str:
    """Return YAML with the data of Secrets hidden, with as many lines."""
    if "Secret" not in text:
        return text
    return "".join(
        hide_data(segment) if IS_SECRET.search(segment) else segment
        for segment in SEGMENT.split(text)
    )


def hide_data(segment: str) -> str:
    """Return the YAML of one Secret with the values of its data hidden."""
    return "\n".join(data_hidden(segment.split("\n")))


def data_hidden(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a Secret, those below data and stringData without their values."""
    inside = -1
    for line in lines:
        blank = len(line) - len(line.lstrip(" "))
        if inside >= 0 and line.strip() and blank <= inside:
            inside = -1
        if inside >= 0 and line.strip():
            keyed = DATA_LINE.match(line)
            yield f"{keyed['head']}{HIDDEN}" if keyed else " " * blank + HIDDEN
            continue
        found = DATA_KEY.match(line)
        if found:
            inside = len(found["blank"]) + (2 if "- " in line[: blank + 2] else 0)
        yield line
