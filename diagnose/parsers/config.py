"""Configuration files of nodes and of the pod network: resolv.conf, flannel's, CNI's.

JSON is read even where it is cut or has a comma too many; what the programs themselves would
refuse is then a gap beside the item. Keys of flannel's JSON match without regard to case, as
Go's encoding/json matches them.

Limits: of a JSON text that lost its beginning nothing is read.
Source: resolv.conf(5); glibc resolv/res_init.c (res_vinit_1), 2.36; musl
src/network/resolvconf.c, 1.2.3; systemd v255 src/resolve/resolved-resolv-conf.c
(write_uplink_resolv_conf_contents); kubernetes/kubernetes pkg/kubelet/network/dns/dns.go
(parseResolvConf), v1.18; flannel-io/flannel pkg/subnet/config.go (ParseConfig), v0.25;
flannel-io/cni-plugin flannel.go (loadFlannelSubnetEnv, missing), v1.1.2;
containernetworking/plugins plugins/main/bridge/bridge.go (loadNetConf), v1.4.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from typing import Any

from diagnose.facts.cni_config import CNIConfig
from diagnose.facts.flannel import NetConf, SubnetEnv
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.model import Gap, GapKind, Quote
from diagnose.parsers import docker
from diagnose.parts import Kind, Parsed, Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

# ---------------------------------------------------------------- lines, quotes, file names

PATH = regex(r"(?:/[\w.@+*-]{1,255}){2,16}")
ABSENT = regex(r"No such file or directory|The system cannot find the (?:file|path)")
DENIED = regex(r"Permission denied|Forbidden|forbidden|is not permitted")
FAILED = regex(
    r"(?:(?:\S{1,40}: )?(?:cat|ls|head|tail|less|more|grep|readlink|stat|sh|bash|kubectl)\b"
    r"[^:]{0,40}: |[Ee]rror\b|Unable |unable to |command terminated|OCI runtime exec failed)"
)
LISTED = regex(r"[-l][rwxsStT-]{9}[.+]?\s")  # a line of ls -l
ROOTS = regex(r"(?:^|/)((?:etc|run|var|usr|opt)/.+)$")


def quote(part: Part, text: str, index: int, first_line: int | None = None) -> Quote:
    """Return the quote of a line; `index` counts from 0 in the text."""
    first = part.first_line if first_line is None else first_line
    return Quote(part.origin, visible(text.strip("\r\n")), first + index)


def path_of(part: Part, *words: str) -> str:
    """Return the path of the file that a part is, where its command or origin tells; else ""."""
    for path in PATH.findall(part.command[:2000]):
        if any(word in path for word in words):
            return str(path)
    found = ROOTS.search(part.origin)
    if found and any(word in found[1] for word in words):
        return f"/{found[1]}"
    return ""


def told(part: Part, *words: str) -> bool:
    """Whether anything but the content says that the part is such a file."""
    return part.ask is not None or any(
        word in text for word in words for text in (part.command, part.origin.lower())
    )


def trouble(part: Part, line: str, index: int) -> Gap:
    """Return the gap of a file that could not be read."""
    denied = bool(DENIED.search(line))
    return Gap(
        what=f"{part.origin} as {part.kind.value}",
        kind=GapKind.DENIED if denied else GapKind.UNREACHABLE,
        because=f"line {part.first_line + index}: {visible(line.strip())[:300]}",
        ask="read it as root" if denied else "",
    )


# ---------------------------------------------------------------- resolv.conf

DIRECTIVES = frozenset({"nameserver", "search", "domain", "options", "sortlist"})
MOST_INVALID = 20
ADDRESS_BEGINNING = regex(r"\d{1,3}(?:\.\d{1,3}){0,2}\.?|(?=.*:)[\da-fA-F:]{2,39}")
# Below its head systemd-resolved writes a server, or says that it knows none
RESOLVED, NO_SERVERS = "managed by man:systemd-resolved(8)", "# No DNS servers known."
MOST_SERVERS = 200  # kept of one resolv.conf; a resolver asks three


def parse_resolv_conf(part: Part) -> Parsed:
    """Return the resolver configuration; an empty file is one without name servers.

    What says only that the file is missing becomes one that does not exist. A piece of text
    that nothing but its own words calls a resolv.conf, and that names no server, is a gap.
    """
    servers: list[str] = []
    search: tuple[str, ...] = ()
    options: list[str] = []
    quotes: list[Quote] = []
    invalid: list[Quote] = []
    notes: list[Quote] = []
    lines: list[list[str]] = []
    absent: Quote | None = None
    failure: Gap | None = None
    headed = False
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw)
        words = line.split()
        if not words or line.lstrip().startswith(("#", ";")):
            headed = (headed or RESOLVED in line) and NO_SERVERS not in line
            continue
        lines.append(words)
        word, values = words[0], words[1:]
        here = quote(part, raw, index)
        if word not in DIRECTIVES:
            if ABSENT.search(line):
                absent = absent or here
            elif FAILED.match(line.strip()):
                failure = failure or trouble(part, line, index)
            elif LISTED.match(line.lstrip()):
                notes.append(here)
            else:
                invalid.append(here)
            continue
        valid = bool(values)
        if word == "nameserver" and values:
            valid = is_address(values[0])
            servers.extend(values[:1] if valid else ())
            if len(servers) > MOST_SERVERS:
                servers.pop()
                continue
        elif word == "search" and values:
            search = tuple(values)
        elif word == "domain" and values:
            search = (values[0],)
        elif word == "options":
            options.extend(values)
        (quotes if valid else invalid).append(here)
    # what a kubelet gave a pod of the node's network is seen in that pod's container
    handed = part.subject.kind == "Node" and bool(part.container)
    path = "" if handed else path_of(part, "resolv")
    if headed and not servers and not part.whole:
        return Parsed(gaps=(excerpt(part),))
    if quotes or (invalid and not (absent or failure)):
        if not servers and not (told(part, "resolv") and (part.whole or not is_piece(lines))):
            return Parsed(gaps=(excerpt(part),))
        return Parsed(
            items=(
                ResolvConf(
                    subject=part.subject,
                    origin=part.origin,
                    quotes=(*notes, *quotes),
                    nameservers=tuple(servers),
                    search=search,
                    options=tuple(options),
                    path=path,
                    invalid=tuple(invalid[:MOST_INVALID]),
                    handed=handed,
                ),
            )
        )
    if absent:
        found = next(iter(PATH.findall(absent.text)), path)
        return Parsed(
            items=(
                ResolvConf(
                    part.subject, part.origin, (*notes, absent), path=str(found), exists=False
                ),
            )
        )
    if failure:
        return Parsed(gaps=(failure,))
    if notes or (part.text.strip() and not told(part, "resolv")):
        # a listing, or comments that may be those of any file: what it holds is not shown
        return Parsed(gaps=(excerpt(part),))
    return Parsed(items=(ResolvConf(part.subject, part.origin, (), path=path, handed=handed),))


def is_piece(lines: Sequence[Sequence[str]]) -> bool:
    """Whether the first line has lost its beginning, or the last its end.

    `lines` are the words of those that are no comments. An author's dots stand for others.
    """
    first, last = lines[0], lines[-1]
    if any(set(words[0]) <= {".", "…", "[", "]"} for words in lines):
        return True
    if not any(words[0] in DIRECTIVES or is_address(words[-1]) for words in lines):
        return True
    misspelt = len(first) == 2 and is_address(first[1])
    ends = any(one.endswith(first[0]) for one in DIRECTIVES)
    if first[0] not in DIRECTIVES and (ends or not misspelt):
        return True
    if last[0] in DIRECTIVES:
        return last == ["nameserver"] or (
            last[0] == "nameserver"
            and len(last) == 2
            and bool(ADDRESS_BEGINNING.fullmatch(last[1]))
        )
    return len(last) == 1 and any(one.startswith(last[0]) for one in DIRECTIVES)


def excerpt(part: Part) -> Gap:
    """Return the gap of a resolv.conf of which not enough is shown."""
    return Gap(
        what=f"{part.origin} as {part.kind.value}",
        kind=GapKind.PARTIAL,
        because=f"from line {part.first_line} on: no line names a server, and nothing says that "
        "this is the whole file",
        ask="cat /etc/resolv.conf",
    )


def is_address(text: str) -> bool:
    """Whether a resolver takes the text for a server's address; an IPv6 one may have a zone."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------- subnet.env

SETTING = regex(r"(?:export\s+)?(?P<key>FLANNEL_[A-Z0-9_]{1,40})\s*=\s*(?P<value>.*)$")
DEMANDED = (  # each key, and the one of the other family that does as well
    ("FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK"),
    ("FLANNEL_SUBNET", "FLANNEL_IPV6_SUBNET"),
    ("FLANNEL_MTU", ""),
    ("FLANNEL_IPMASQ", ""),
)


def parse_subnet_env(part: Part) -> Parsed:
    """Return flannel's subnet.env with the keys that its CNI plugin would miss."""
    parsed = subnet_env(part)
    options = tuple(docker.options(part))
    return replace(parsed, items=(*parsed.items, *options)) if options else parsed


def subnet_env(part: Part) -> Parsed:
    """Return the file alone."""
    values: dict[str, str] = {}
    quotes: list[Quote] = []
    absent: Quote | None = None
    failure: Gap | None = None
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw).strip()
        if match := SETTING.match(line):
            values[match["key"]] = match["value"].strip().strip("'\"")
            quotes.append(quote(part, raw, index))
        elif ABSENT.search(line):
            absent = absent or quote(part, raw, index)
        elif FAILED.match(line):
            failure = failure or trouble(part, line, index)
    if not values and absent:
        missing = SubnetEnv(part.subject, part.origin, (absent,), exists=False)
        return Parsed(items=(missing,))
    if not values and failure:
        return Parsed(gaps=(failure,))
    if not values and not told(part, "subnet"):
        gap = Gap(
            f"{part.origin} as {part.kind.value}", GapKind.MALFORMED, "no line sets FLANNEL_…"
        )
        return Parsed(gaps=(gap,))
    mtu = values.get("FLANNEL_MTU", "")
    masquerade = values.get("FLANNEL_IPMASQ")
    return Parsed(
        items=(
            SubnetEnv(
                subject=part.subject,
                origin=part.origin,
                quotes=tuple(quotes),
                network=values.get("FLANNEL_NETWORK") or values.get("FLANNEL_IPV6_NETWORK", ""),
                subnet=values.get("FLANNEL_SUBNET") or values.get("FLANNEL_IPV6_SUBNET", ""),
                mtu=int(mtu) if mtu.isascii() and mtu.isdigit() and len(mtu) < 10 else None,
                ipmasq=None if masquerade is None else masquerade == "true",
                missing=tuple(
                    key
                    for key, other in DEMANDED
                    if not values.get(key) and not (other and values.get(other))
                ),
            ),
        )
    )


# ---------------------------------------------------------------- JSON as it is pasted

MOST_CHARACTERS = 1_000_000  # such files have a few hundred
MOST_VALUES = 200  # JSON values in one part: cat /etc/cni/net.d/* prints a few
DECODER = json.JSONDecoder(strict=False)
BLANKS = regex(r"\s*")


@dataclass
class Repair:
    """A JSON text on its way to be complete: written so far, and what is open."""

    written: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    safe: tuple[int, tuple[str, ...]] = (0, ())  # where a member ends: text and brackets there


def json_values(text: str) -> Iterator[tuple[int, Any, str]]:
    """Yield (offset, value, what is wrong) of each JSON value; wrong is "" for a valid one.

    The value is None when nothing could be read.
    """
    at = 0
    for _ in range(MOST_VALUES):
        at = BLANKS.match(text, at).end()  # type: ignore[union-attr]
        if at >= len(text):
            return
        try:
            value, end = DECODER.raw_decode(text, at)
        except RecursionError:
            yield at, None, "nested too deeply"
            return
        except json.JSONDecodeError as error:
            yield at, *mended(text[at:], error)
            return
        except ValueError as error:  # a number of thousands of digits
            yield at, None, str(error)
            return
        yield at, value, ""
        if not isinstance(value, dict | list):
            return  # words behind the value, not another one
        at = end


def mended(text: str, error: json.JSONDecodeError) -> tuple[Any, str]:
    """Return (value, what was wrong) of a text without the commas too many and with its end."""
    wrong = f"{error.msg.removesuffix(' at')} (its line {error.lineno})"
    for candidate in completed(text):
        try:
            return DECODER.raw_decode(candidate)[0], wrong
        except (ValueError, RecursionError):
            continue
    return None, wrong


def completed(text: str) -> Iterator[str]:
    """Yield texts that may be valid: closed where the text ends, then at its last whole member."""
    state = Repair()
    quoted = escaped = False
    for character in text:
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "{[":
            state.open.append("}" if character == "{" else "]")
            state.written.append(character)
            state.safe = (len(state.written), tuple(state.open[-100:]))
            continue
        elif character in "}]":
            while state.written and (state.written[-1].isspace() or state.written[-1] == ","):
                state.written.pop()
            if state.open:
                state.open.pop()
            state.written.append(character)
            if not state.open:
                break
            continue
        elif character == ",":
            state.safe = (len(state.written), tuple(state.open[-100:]))
        state.written.append(character)
    whole = "".join(state.written)
    end = '"' if quoted else ""
    yield whole.rstrip().rstrip(",") + end + "".join(reversed(state.open))
    length, brackets = state.safe
    yield "".join(state.written[:length]) + "".join(reversed(brackets))


def member(value: Any, name: str) -> Any:
    """Return a member of an object, its name compared without regard to case; None without."""
    if not isinstance(value, dict):
        return None
    if name in value:
        return value[name]
    wanted = name.lower()
    return next((one for key, one in value.items() if key.lower() == wanted), None)


def string(value: Any) -> str:
    """Return a value that is a string; "" for any other."""
    return value if isinstance(value, str) else ""


def line_at(text: str, offset: int, *words: str) -> tuple[str, int]:
    """Return (line, its index) of the first line from an offset on that holds one of the words.

    Without such a line it is the first that is not blank.
    """
    first = text.count("\n", 0, offset)
    lines = text[text.rfind("\n", 0, offset) + 1 :].split("\n")
    for word in words:
        for index, line in enumerate(lines):
            if word in line:
                return line, first + index
    return next(
        ((line, first + index) for index, line in enumerate(lines) if line.strip()), ("", first)
    )


def not_json(part: Part, what: str, wrong: str, first_line: int) -> Gap:
    """Return the gap of a text that a JSON parser refuses."""
    return Gap(
        what=f"{part.origin} as {what}",
        kind=GapKind.MALFORMED,
        because=f"from line {first_line} on, not valid JSON: {visible(wrong)[:200]}",
        ask="",
    )


# ---------------------------------------------------------------- flannel's net-conf.json

NETWORK = regex(r'"(?P<family>IPv6)?Network"\s*:\s*"(?P<network>[^"\n]{1,100})"', re.I)
BACKEND = regex(r'"Type"\s*:\s*"(?P<type>[\w-]{1,40})"', re.I)


def parse_net_conf(text: str, part: Part, first_line: int) -> Parsed:
    """Return flannel's configuration in a text whose first line has this number in the origin."""
    clean = plain(text[:MOST_CHARACTERS])
    offset, value, wrong = next(json_values(clean), (0, None, "it is empty"))
    gaps = (not_json(part, Kind.NET_CONF.value, wrong, first_line),) if wrong else ()
    line, index = line_at(clean, offset, '"Network"', '"IPv6Network"', "etwork")
    here = quote(part, line, index, first_line)
    if not isinstance(value, dict):
        networks = {bool(one["family"]): one["network"] for one in NETWORK.finditer(clean)}
        if not networks:
            return Parsed(gaps=gaps or (not_json(part, Kind.NET_CONF.value, "no object", 1),))
        backend = BACKEND.search(clean)
        found = NetConf(
            part.origin,
            here,
            networks.get(False, ""),
            networks.get(True, ""),
            backend["type"] if backend else "",
        )
        return Parsed(items=(found,), gaps=gaps)
    backend_conf = member(value, "Backend")
    port = member(backend_conf, "Port")
    item = NetConf(
        origin=part.origin,
        quote=here,
        network=string(member(value, "Network")),
        ipv6_network=string(member(value, "IPv6Network")),
        backend=string(member(backend_conf, "Type")),
        backend_port=port if isinstance(port, int) and not isinstance(port, bool) else None,
    )
    return Parsed(items=(item,), gaps=gaps)


# ---------------------------------------------------------------- CNI configurations

DEFAULT_BRIDGE = "cni0"


def parse_cni(text: str, part: Part, first_line: int) -> Parsed:
    """Return the CNI configurations in a text whose first line has this number in the origin."""
    clean = plain(text[:MOST_CHARACTERS])
    items: list[object] = []
    gaps: list[Gap] = []
    path = path_of(part, "cni", ".conf")
    for offset, value, wrong in json_values(clean):
        if wrong:
            at = first_line + clean.count("\n", 0, offset)
            gaps.append(not_json(part, Kind.CNI_CONFIG.value, wrong, at))
        if not isinstance(value, dict):
            continue
        chain = member(value, "plugins")
        plugins = [one for one in chain if isinstance(one, dict)] if isinstance(chain, list) else []
        plugins = plugins or ([value] if string(member(value, "type")) else [])
        line, index = line_at(clean, offset, '"name"', '"type"')
        items.append(
            CNIConfig(
                subject=part.subject,
                origin=part.origin,
                quote=quote(part, line, index, first_line),
                name=string(member(value, "name")),
                version=string(member(value, "cniVersion")),
                path="" if "*" in path else path,
                plugins=tuple(filter(None, (string(member(one, "type")) for one in plugins))),
                bridge=next(filter(None, map(bridge_of, plugins)), ""),
                subnets=tuple(dict.fromkeys(one for each in plugins for one in subnets_of(each))),
            )
        )
    if not items and not gaps:
        gaps.append(not_json(part, Kind.CNI_CONFIG.value, "no object in it", first_line))
    return Parsed(items=tuple(items), gaps=tuple(gaps))


def bridge_of(plugin: Any) -> str:
    """Return the bridge that a plugin makes, its default's name where none is set; else ""."""
    kind = string(member(plugin, "type"))
    if kind == "flannel":  # it delegates, to the bridge plugin unless told otherwise
        delegate = member(plugin, "delegate")
        kind = string(member(delegate, "type")) or "bridge"
        plugin = delegate
    return string(member(plugin, "bridge")) or DEFAULT_BRIDGE if kind == "bridge" else ""


def subnets_of(plugin: Any) -> Iterator[str]:
    """Yield the subnets of a plugin's host-local ranges, the old single one first."""
    ipam = member(plugin, "ipam")
    if string(member(ipam, "type")) not in {"host-local", ""}:
        return
    if single := string(member(ipam, "subnet")):
        yield single
    sets = member(ipam, "ranges")
    for ranges in sets if isinstance(sets, list) else ():
        for one in ranges if isinstance(ranges, list) else (ranges,):
            if subnet := string(member(one, "subnet")):
                yield subnet


def parse(part: Part) -> Parsed:
    """Return what a part of Kind.NET_CONF or Kind.CNI_CONFIG configures."""
    reader = parse_net_conf if part.kind is Kind.NET_CONF else parse_cni
    return reader(part.text, part, part.first_line)
