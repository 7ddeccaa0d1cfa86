"""Whether plugins take their lines in a Corefile, as their set-up reads them, version by version.

Source: coredns/caddy caddyfile/dispenser.go at v1.1.4; coredns/coredns plugin/*/setup.go at each
release since 1.6.0. Limits: what is not in the Corefile (a file, an interface, a host, a cluster)
is taken as right, and so are expressions and the arguments of plugins without a row in the tables.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from diagnose.facts.corefile import (
    UNRESOLVED,
    Corefile,
    Directive,
    Refused,
    ServerBlock,
    SyntaxFault,
    Token,
    is_domain_name,
    origins,
    qualified,
    same_line,
    transport,
    zone_fault,
    zone_refusal,
)
from diagnose.facts.corefile_rare import OPCODE, RR_TYPE, TRACERS
from diagnose.facts.corefile_rewrite import rule_fault
from diagnose.facts.corefile_rules import (
    Property,
    Setup,
    Takes,
    Value,
    Version,
    bound,
    duration_s,
    is_cidr,
    is_ip,
    number,
    one_of,
    parse_version,
    regex_groups,
    split_host_port,
    within,
)
from diagnose.facts.corefile_tables import (
    CHAIN,
    EXTERNAL_PLUGINS,
    NEWEST,
    OLDEST,
    PROPERTIES,
    RELEASES,
    eras,
    known_plugins,
    lifetime,
    plugin_row,
    property_row,
    setup_row,
    span,
)
from diagnose.text.regex import regex

MAX_UPSTREAMS = 15  # plugin/forward/setup.go
REVERSE_SUFFIXES = (".in-addr.arpa.", ".ip6.arpa.")
TRANSPORTS_OF_FORWARD = (  # those that forward takes from a version on
    ("dns", ""),
    ("tls", ""),
    ("https", "1.14.5"),
    ("quic", "1.15.0"),
)


def argument_faults(corefile: Corefile, version: str | None = None) -> tuple[SyntaxFault, ...]:
    """Return why a version of CoreDNS refuses the plugins, properties and arguments of a file.

    One fault at most per plugin and server block, in the order in which CoreDNS meets them.
    Without a version, `versions` of a fault says for which ones it holds. Where the file has a
    fault of syntax, only what stands before it is looked at.
    """
    end = min((one.line for one in corefile.faults if one.kind == "syntax"), default=None)
    blocks = [
        replace(block, directives=tuple(one for one in block.directives if before(one, end)))
        for block in corefile.blocks
    ]
    at = parse_version(version)
    if at is not None:
        return tuple(faults_at(blocks, at))
    releases = eras(one.name for block in blocks for one in block.directives)
    # CoreDNS words one fault in several ways; the newest wording stands for all
    found: dict[SyntaxFault, tuple[str, set[int]]] = {}
    for index in range(len(releases) - 1, -1, -1):
        for fault in faults_at(blocks, bound(releases[index])):
            bare = replace(fault, coredns_says="")
            found.setdefault(bare, (fault.coredns_says, set()))[1].add(index)
    return tuple(
        replace(fault, coredns_says=says, versions=fault.versions or versions_of(indices, releases))
        for fault, (says, indices) in found.items()
    )


def before(directive: Directive, end: int | None) -> bool:
    """Whether a directive ends before a line."""
    return end is None or all(one.line < end for one in (directive, *directive.block))


def versions_of(indices: set[int], releases: Sequence[str]) -> str:
    """Return in words the versions of the eras with these indices; "" for all."""
    spans: list[str] = []
    for index in sorted(indices):
        if index - 1 in indices:
            continue
        last = index
        while last + 1 in indices:
            last += 1
        since = releases[index] if index else ""
        ended = releases[last + 1] if last + 1 < len(releases) else ""
        until = RELEASES[RELEASES.index(ended) - 1] if ended else ""
        spans.append(span(since, until))
    return ", ".join(spans)


def faults_at(blocks: Sequence[ServerBlock], at: Version) -> Iterator[SyntaxFault]:
    """Yield the faults that one version finds."""
    plugins = known_plugins(".".join(map(str, at)))
    for one in (one for block in blocks for one in block.directives):
        if one.name not in plugins and not UNRESOLVED.search(one.name):
            yield unknown_directive(one, at)
    for key in dict.fromkeys(key for block in blocks for key in block.keys):
        says = zone_fault(key.text, at)
        if says and zone_fault(key.text) is None and not UNRESOLVED.search(key.text):
            yield zone_refusal(key.text, key.line, says, key.spot)
    yield from unencrypted(blocks, at)
    yield from shared_with_view(blocks, at)
    yield from addressless(blocks, at)
    if at < bound(OLDEST):
        return
    named = [by_plugin(block) for block in blocks]
    for name in (*CHAIN, *OLD_CHAIN):
        for block, lines_of in zip(blocks, named, strict=True):
            lines = lines_of.get(name, ())
            setup = setup_row(name, at) if lines and name in plugins else None
            if setup is None:
                continue
            try:
                check(Stanzas(name, setup, at, block, lines))
            except Refused as refused:
                yield refused.fault


def unencrypted(blocks: Sequence[ServerBlock], at: Version) -> Iterator[SyntaxFault]:
    """Yield what stops CoreDNS as it begins to listen: a transport that wants the tls plugin.

    Source: core/dnsserver/server_{https,https3,quic}.go.
    """
    for block in blocks:
        for key in () if block.plugin("tls") else block.keys:
            since, until, says = WANT_TLS.get(key.scheme, ("", OLDEST, ""))
            if says and within(at, since, until) and not UNRESOLVED.search(key.text):
                message = f"{key.text} wants the plugin tls in its server block"
                yield SyntaxFault(key.line, message, says, "argument", key.text, spot=key.spot)


def shared_with_view(blocks: Sequence[ServerBlock], at: Version) -> Iterator[SyntaxFault]:
    """Yield the zones of blocks with view that a block without it before them serves too.

    Until 1.14.2 CoreDNS took them for served twice. Source: core/dnsserver/register.go.
    """
    if not within(at, "1.10.0", "1.14.2"):
        return
    taken: set[tuple[str, str, int]] = set()
    for block in blocks:
        bound_to = block.plugin("bind")
        for key in () if bound_to else block.keys:
            name = (key.scheme, key.zone, key.port)
            if not block.plugin("view"):
                taken.add(name)
            elif name in taken:
                message = f"{key.zone} on port {key.port} is served before by a block without view"
                says = f"cannot serve {key.scheme}://{key.zone}:{key.port} - it is already defined"
                yield SyntaxFault(key.line, message, says, "duplicate", key.zone, spot=key.spot)


def addressless(blocks: Sequence[ServerBlock], at: Version) -> Iterator[SyntaxFault]:
    """Yield the binds that leave no address, where a plugin beside them cannot do without one.

    CoreDNS ends in a panic. Source: plugin/{kubernetes/local,trace/setup,loop/setup}.go.
    """
    for block in blocks:
        binds = block.plugin("bind") if at >= bound("1.8.4") else ()
        excepted = {
            one for bind in binds for line in bind.properties("except") for one in line.args
        }
        left = [one for bind in binds for one in bind.args if one not in excepted or not is_ip(one)]
        if not binds or left:
            continue
        for name, until in WANT_ADDRESS.items():
            if block.plugin(name) and within(at, "", until):
                line = binds[0]
                spot = line.tokens[0].spot(line.line - line.tokens[0].shown_line)
                says = "panic: runtime error: index out of range [0] with length 0"
                message = f"bind: leaves no address, on which {name} stumbles"
                yield SyntaxFault(line.line, message, says, "argument", "bind", "bind", spot=spot)
                break


WANT_ADDRESS = {"kubernetes": "1.14.1", "trace": "1.12.4", "loop": "1.12.4"}
WANT_TLS = {  # with the first and the last version in which it is so
    "https": ("1.8.0", "1.8.6", "DoH requires TLS to be configured, see the tls plugin"),
    "https3": ("1.13.2", "", "DoH3 requires TLS, no TLS config found"),
    "quic": ("1.11.0", "", "ListenPacket: quic: tls.Config not set"),
}
OLD_CHAIN = ("federation",)


def by_plugin(block: ServerBlock) -> dict[str, list[Directive]]:
    """Return the lines of a server block by their plugin."""
    lines: dict[str, list[Directive]] = {}
    for one in block.directives:
        lines.setdefault(one.name, []).append(one)
    return lines


def unknown_directive(directive: Directive, at: Version) -> SyntaxFault:
    """Return the fault of a directive that a version's standard build does not know."""
    name = directive.name
    token = directive.tokens[0]
    spot = token.spot(directive.line - token.shown_line)
    says = f"{token.place} - Error during parsing: Unknown directive '{name}'"
    row = plugin_row(name)
    if row:
        instead = f"; {row.replaced_by} took its place" if row.replaced_by else ""
        message = f"{name} is a plugin of CoreDNS {lifetime((row,))} only{instead}"
        return SyntaxFault(directive.line, message, says, "removed", name, name, spot=spot)
    message = f"CoreDNS has no plugin {name}"
    versions = f"until {NEWEST}, later ones are not known" if at > bound(NEWEST) else ""
    if name in EXTERNAL_PLUGINS:
        message = f"{name} is a plugin that the standard build of CoreDNS does not hold"
        versions = "built without it"
    elif owners := [plugin for plugin, rows in PROPERTIES.items() if has(rows, name)]:
        message += f"; it is a property of {', '.join(owners[:3])}: a brace may be missing"
    elif close := difflib.get_close_matches(name[:64], CHAIN, 1):
        message += f"; {close[0]} may be meant"
    return SyntaxFault(
        directive.line, message, says, "unknown-directive", name, versions=versions, spot=spot
    )


def has(rows: Iterable[Property], name: str) -> bool:
    """Whether one of the properties has a name."""
    return any(row.name == name for row in rows)


class Stanzas:
    """All lines of one plugin in one server block, read as caddyfile/dispenser.go does."""

    def __init__(
        self,
        plugin: str,
        setup: Setup,
        at: Version,
        block: ServerBlock,
        lines: Sequence[Directive],
    ) -> None:
        """Stand before the first word."""
        self.plugin = plugin
        self.setup = setup
        self.at = at
        self.block = block
        self.tokens = [token for one in lines for token in one.tokens]
        self.offset = lines[0].line - lines[0].tokens[0].shown_line
        self.cursor = -1
        self.nesting = 0
        self.zones: tuple[str, ...] = ()

    def next(self) -> bool:
        """Go to the next word."""
        if self.cursor + 1 >= len(self.tokens):
            return False
        self.cursor += 1
        return True

    def next_arg(self) -> bool:
        """Go to the next word if it stands on the same line."""
        after = self.cursor + 1
        if after >= len(self.tokens) or not same_line(self.token, self.tokens[after]):
            return False
        self.cursor = after
        return True

    def next_block(self) -> bool:
        """Go to the next word within the block; False at its end, or without a block."""
        if self.nesting:
            if not self.next():
                return False
            if self.val == "}":
                self.nesting -= 1
                return False
            return True
        if not self.next_arg():
            return False
        if self.val != "{":
            self.cursor -= 1
            return False
        if not self.next() or self.val == "}":
            return False
        self.nesting += 1
        return True

    def remaining(self) -> tuple[str, ...]:
        """Return the words up to the end of the line or an opening brace, and go there."""
        words: list[str] = []
        while self.next_arg():
            if self.val == "{":
                self.cursor -= 1
                break
            words.append(self.val)
        return tuple(words)

    @property
    def token(self) -> Token:
        """The current word."""
        return self.tokens[max(self.cursor, 0)]

    @property
    def val(self) -> str:
        """The text of the current word."""
        return self.token.text

    def refused(
        self, message: str, says: str = "", *, kind: str = "argument", word: str = ""
    ) -> Refused:
        """Return the fault at the current word; in `says`, {at} and {place} stand for it."""
        said = says.replace("{place}", f"{self.token.place} - ")
        said = said.replace("{at}", f"{self.token.place} - Error during parsing: ")
        if "{arguments}" in said:
            said = self.wrong_count()
        return Refused(
            SyntaxFault(
                self.token.shown_line + self.offset,
                f"{self.plugin}: {message}",
                f"plugin/{self.plugin}: {said}" if said else "",
                kind,
                word,
                self.plugin,
                spot=self.nearest(word).spot(self.offset),
            )
        )

    def nearest(self, word: str) -> Token:
        """Return the last token of the current line that is a word; the current one without it."""
        for at in range(self.cursor, -1, -1):
            if self.tokens[at].text == word:
                return self.tokens[at]
            if at and not same_line(self.tokens[at - 1], self.tokens[at]):
                break
        return self.token

    def wrong_count(self) -> str:
        """Return what CoreDNS says of too few or too many arguments at the current word."""
        said = (
            "Unexpected token '{', expecting argument"
            if self.val == "{"
            else f"Wrong argument count or unexpected line ending after '{self.val}'"
        )
        return f"{self.token.place} - Error during parsing: {said}"

    def miscounted(self, name: str, least: int, most: int | None, says: str = "") -> Refused:
        """Return the fault of too few or too many arguments at the current word."""
        wants = count_words(least, most)
        tail = ""
        if self.val == "}":
            tail = "; a block on a single line does not work, its brace counts as an argument"
        return self.refused(f"{name} takes {wants}{tail}", says or "{arguments}", word=name)


def count_words(least: int, most: int | None) -> str:
    """Return in words how many arguments are wanted."""
    if most == 0:
        return "no argument"
    if least == most:
        return "one argument" if least == 1 else f"{least} arguments"
    if most is None:
        return f"at least {'one argument' if least == 1 else f'{least} arguments'}"
    return f"{least} to {most} arguments" if least else f"at most {most} arguments"


def check(run: Stanzas) -> None:
    """Raise Refused where a plugin's setup would end; as plugin/*/setup.go do."""
    setup = run.setup
    count = 0
    while run.next():
        if setup.once and count:
            raise run.refused(
                "may stand once in a server block",
                "this plugin can only be used once per Server Block",
                kind="duplicate",
                word=run.plugin,
            )
        count += 1
        arguments = head_arguments(run)
        seen = check_block(run, arguments)
        hook = HOOKS.get(run.plugin)
        if hook:
            hook(run, arguments, seen)
        if setup.first_only:
            return


def head_arguments(run: Stanzas) -> tuple[str, ...]:
    """Return the arguments of a plugin's line; raises Refused where one is wrong."""
    setup = run.setup
    name = run.plugin
    lead: list[str] = []
    for index in range(setup.words):
        if not run.next_arg():
            raise run.miscounted(name, setup.words + setup.least, None)
        lead.append(run.val)
        check_value(run, name, run.val, setup.values[index : index + 1])
    if setup.closed:
        if run.next_arg():
            raise run.miscounted(name, 0, 0)
        return ()
    if setup.words_only:
        return tuple(lead)
    early = EARLY.get(name)
    if early:
        early(run, tuple(lead))
    rest = run.remaining()
    if not setup.least <= len(rest) <= (len(rest) if setup.most is None else setup.most):
        most = None if setup.most is None else setup.words + setup.most
        says = setup.too_few if len(rest) < setup.least else ""
        raise run.miscounted(name, setup.words + setup.least, most, says)
    for index, argument in enumerate(rest):
        rules = setup.values[setup.words + index : setup.words + index + 1]
        check_value(run, name, argument, rules or optional(setup.rest))
    return (*lead, *rest)


def optional(value: Value | None) -> tuple[Value, ...]:
    """Return a rule as a tuple."""
    return (value,) if value else ()


def check_value(run: Stanzas, name: str, argument: str, rules: Iterable[Value]) -> None:
    """Raise Refused where a rule does not hold for an argument."""
    for rule in rules:
        says = None if UNRESOLVED.search(argument) else rule.says(argument)
        if says is not None:
            owner = f"{name} " if name != run.plugin else ""
            message = f"{owner}wants {rule.wants}, not {argument or 'nothing'}"
            raise run.refused(message, says, word=argument)


def check_block(run: Stanzas, arguments: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the properties of a plugin's block with their arguments, the last of each name."""
    seen: dict[str, tuple[str, ...]] = {}
    reads = BLOCKS.get(run.plugin)
    if not run.setup.block or (reads and not reads(run, arguments)):
        return seen
    while run.next_block():
        name = run.val.lower() if run.setup.any_case else run.val
        row = property_row(run.plugin, name, run.at) or run.setup.others
        if row is None and run.setup.lenient:
            continue
        if row is None and run.plugin == "hosts" and "fallthrough" not in seen:
            run.remaining()  # an entry of the table of hosts
            continue
        if row is None or (run.plugin == "loadbalance" and not fits(name, arguments)):
            raise unknown_property(run, name)
        if row.once and name in seen:
            raise run.refused(
                f"{name} may stand once",
                f"{{at}}{name} already defined for this server block",
                kind="duplicate",
                word=name,
            )
        seen[name] = property_arguments(run, row)
        extra = PROPERTY_HOOKS.get((run.plugin, name))
        if extra:
            extra(run, seen[name])
    return seen


def property_arguments(run: Stanzas, row: Property) -> tuple[str, ...]:
    """Return the arguments of a property; raises Refused where one is wrong."""
    if row.takes is Takes.NOTHING:
        return ()
    if row.takes is Takes.WORDS:
        words: list[str] = []
        for _ in range(row.least):
            if not run.next_arg():
                raise run.miscounted(row.name, row.least, row.most)
            words.append(run.val)
        if row.most == 0 and run.next_arg():
            raise run.miscounted(row.name, 0, 0)
        found = tuple(words)
    else:
        found = run.remaining()
        if not row.least <= len(found) <= (len(found) if row.most is None else row.most):
            raise run.miscounted(row.name, row.least, row.most)
    for index, argument in enumerate(found):
        check_value(run, row.name, argument, row.values[index : index + 1] or optional(row.rest))
    if row.joined and not any(UNRESOLVED.search(one) for one in found):
        check_value(run, row.name, " ".join(found), (row.joined,))
    return found


def unknown_property(run: Stanzas, name: str) -> Refused:
    """Return the fault of a property that a version does not know, with what may be meant."""
    rows = [row for row in PROPERTIES.get(run.plugin, ()) if row.name == name]
    says = run.setup.unknown or "{at}unknown property '{value}'"
    says = says.replace("{value}", name)
    if rows and not any(within(run.at, row.since, row.until) for row in rows):
        message = f"{name} is known to CoreDNS {lifetime(rows)} only"
        return run.refused(message, says, kind="removed", word=name)
    message = f"has no property {name}"
    if UNRESOLVED.search(name):
        message += ", and the variable's value is not at hand"
    elif name in known_plugins():
        message += f"; {name} is a plugin: the closing brace of {run.plugin} is missing before it"
    elif name in "{}":
        message += "; a brace stands where a property is expected"
    elif close := difflib.get_close_matches(
        name[:64], {row.name for row in PROPERTIES.get(run.plugin, ())}, 1
    ):
        message += f"; {close[0]} may be meant"
    return run.refused(message, says, kind="property", word=name)


def check_forward(
    run: Stanzas, arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where forward would not take its upstreams."""
    check_upstreams(run, arguments[1:])


def check_upstreams(run: Stanzas, upstreams: tuple[str, ...], *, grpc: bool = False) -> None:
    """Raise Refused where forward, or grpc, would not take its upstreams, or so many."""
    for upstream in upstreams:
        fault = upstream_fault(upstream, run.at, grpc=grpc)
        if fault:
            raise run.refused(*fault, kind="upstream", word=upstream)
    if len(upstreams) > MAX_UPSTREAMS:
        raise run.refused(
            f"takes {MAX_UPSTREAMS} upstreams at most",
            f"more than {MAX_UPSTREAMS} TOs configured: {len(upstreams)}",
            kind="upstream",
            word=str(len(upstreams)),
        )


def upstream_fault(text: str, at: Version, *, grpc: bool = False) -> tuple[str, str] | None:
    """Return our words and CoreDNS's against an upstream; None where it takes it, or may.

    A path may be that of a file. Since 1.14.4 a host name is looked up at the start, which may
    succeed. Source: plugin/pkg/parse/host.go, plugin/forward/{setup,resolve}.go.
    """
    if UNRESOLVED.search(text):
        return None
    scheme, host = transport(text)
    if not host:
        says = "invalid address" if at >= bound("1.11.0") else "not an IP address or file"
        return "an upstream is empty: a variable without a value?", f'{says}: "{text}"'
    if scheme == "https" and "/" in host and at >= bound("1.14.5"):
        return (
            f"{text}: an https upstream takes no path",
            "paths are not allowed in HTTPS upstream addresses "
            f"(the /dns-query path is used by default): {text}",
        )
    split = split_host_port(host)
    bare = host.strip("[]") if at >= bound("1.14.2") else host
    address = bare if isinstance(split, str) else split[0]
    if scheme != "unix" and not is_ip(address.rpartition("%")[0] or address):
        return unresolvable(host, address, scheme, at)
    allowed = [name for name, since in TRANSPORTS_OF_FORWARD if within(at, since, "")]
    if scheme in allowed or at < bound("1.7.0"):
        return None
    full = f"{scheme}://{host}" if scheme == "unix" or not isinstance(split, str) else ""
    says = f"'{scheme}' is not supported as a destination protocol in forward: {full}"
    return f"{text}: forward does not speak {scheme}", says if full else ""


def unresolvable(host: str, address: str, scheme: str, at: Version) -> tuple[str, str] | None:
    """Return the words against an upstream that is no IP address; None where it may be a file."""
    if host in (".", ".."):  # folders are read as files without a server
        return None
    if host.endswith(",") and "/" not in host:
        says = f'not an IP address or file: "{host}"' if at < bound("1.14.4") else ""
        return f"{host}: upstreams are separated by spaces, without commas", says
    if "/" in host:
        return None
    if at < bound("1.14.4"):
        return (
            f"{host} is no IP address, and no path of a file",
            f'not an IP address or file: "{host}"',
        )
    if scheme in ("dns", "tls", "https") and is_domain_name(address.strip("[]")):
        return None
    return (
        f"{host} is no IP address, path or host name",
        f'not an IP address, file, or valid domain: "{host}"',
    )


def check_kubernetes_zones(run: Stanzas, _lead: tuple[str, ...]) -> None:
    """Raise Refused where the kubernetes plugin has reverse zones only."""
    ahead = run.cursor
    zones = origins(run.remaining(), run.block.keys)
    if all(zone.endswith(REVERSE_SUFFIXES) for zone in zones):
        raise run.refused("wants a zone that is not reverse", "non-reverse zone name must be used")
    run.cursor = ahead


def check_forward_zone(run: Stanzas, lead: tuple[str, ...]) -> None:
    """Raise Refused where forward would not take its zone."""
    if run.at >= bound("1.9.1") and zone_fault(lead[0], run.at) and not UNRESOLVED.search(lead[0]):
        raise run.refused(f"{lead[0]} is no zone", f"unable to normalize '{lead[0]}'", word=lead[0])


def check_kubernetes(
    run: Stanzas, arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where properties of kubernetes exclude each other, or name another's zone."""
    own = origins(arguments, run.block.keys)
    for zone in origins(seen["multicluster"], ()) if seen.get("multicluster") else ():
        if zone not in own and not UNRESOLVED.search(zone):
            says = f"{{at}}is not authoritative for the multicluster zone {zone}"
            message = f"multicluster {zone} is none of the zones of kubernetes"
            raise run.refused(message, says, word=zone)
    if {"namespaces", "namespace_labels"} <= seen.keys():
        raise run.refused(
            "namespaces and namespace_labels exclude each other",
            "{at}namespaces and namespace_labels cannot both be set",
            word="namespace_labels",
        )
    if {"zonal", "noendpoints"} <= seen.keys():
        raise run.refused(
            "zonal and noendpoints exclude each other",
            "{at}zonal requires the endpoint cache; remove noendpoints",
            word="zonal",
        )


def check_reload(
    run: Stanzas, arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where the jitter of reload is too small; since 1.14.2 it may be 0."""
    jitter = duration_s(arguments[1]) if len(arguments) > 1 else None
    zero = run.at >= bound("1.14.2")
    if jitter is not None and jitter < 1 and not (zero and jitter == 0):
        least = "0 or greater" if zero else "greater"
        raise run.refused(
            f"the jitter {arguments[1]} is below 1s",
            f"jitter value must be {least} or equal to 1s",
            word=arguments[1],
        )


def check_transfer(
    run: Stanzas, _arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where transfer does not say to whom."""
    if "to" not in seen:
        raise run.refused("wants the property to", "plugin/transfer: {at}'to' is required")


def reads_block(run: Stanzas, arguments: tuple[str, ...]) -> bool:
    """Whether loadbalance reads a block; raises Refused where its arguments are wrong."""
    policy = arguments[0] if arguments else "round_robin"
    if policy == "round_robin" and len(arguments) > 1:
        raise run.refused("round_robin takes no argument", "{at}unknown property for round_robin")
    if policy == "weighted" and len(arguments) == 1:
        raise run.refused("weighted wants a file", "{at}missing weight file argument")
    return policy == "weighted" or run.at >= bound("1.12.4")


def reads_block_of_dns64(run: Stanzas, arguments: tuple[str, ...]) -> bool:
    """Whether dns64 reads a block: not behind a prefix, its lines are then lines of their own."""
    return not arguments


def fits(name: str, arguments: tuple[str, ...]) -> bool:
    """Whether a property of loadbalance belongs to its policy."""
    return name == ("reload" if arguments[:1] == ("weighted",) else "prefer")


def check_health_check(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where health_check of forward has an option that it does not know."""
    options = list(arguments[1:])
    while options:
        option = options.pop(0)
        takes_domain = option == "domain" and run.at >= bound("1.9.2")
        if takes_domain and options:
            options.pop(0)
        elif takes_domain:
            raise run.miscounted("domain", 1, 1)
        elif option != "no_rec" and not UNRESOLVED.search(option):
            message = f"health_check has no option {option}"
            raise run.refused(message, f"health_check: unknown option {option}", word=option)


def check_rewrite(
    run: Stanzas, arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where a rule of rewrite is wrong: its type, its words, its expressions."""
    words = list(arguments)
    if len(words) < 2:
        while run.next_block():
            words.append(run.val)
    if not words:
        raise run.refused("names no rule", "no rule type specified for rewrite")
    first = words[0].lower()
    if first in ("continue", "stop"):
        words.pop(0)
        if not words:
            message = f"{first} rule must begin with a rule type"
            raise run.refused(f"{first} names no rule", message, word=first)
    kind, rule = words[0].lower(), words[1:]
    if UNRESOLVED.search(kind):
        return
    if kind == "answer":
        message = "response rewrites must begin with a name rule"
        raise run.refused("answer stands only after a name rule", message, word=kind)
    if property_row("rewrite", kind, run.at) is None:
        rows = [row for row in PROPERTIES["rewrite"] if row.name == kind]
        raise run.refused(
            f"rules of {kind} are known to CoreDNS {lifetime(rows)} only"
            if rows
            else f"has no rules of type {words[0]}",
            f'invalid rule type "{first if rows else words[0]}"',
            kind="removed" if rows else "argument",
            word=words[0],
        )
    if any(UNRESOLVED.search(one) for one in rule):
        return
    if fault := rule_fault(kind, rule, run.at):
        raise run.refused(*fault[:2], word=fault[2] or kind)


def check_nothing_more(
    run: Stanzas, _arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where anything follows the arguments: a block, or a second line."""
    if run.next():
        raise run.refused("takes no block, and stands once", "{arguments}", word=run.val)


def check_timeouts(
    run: Stanzas, _arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where timeouts sets none."""
    if not seen:
        raise run.refused("sets no timeout", "{at}timeouts block with no timeouts specified")


def check_geoip(
    run: Stanzas, _arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where geoip names a second database."""
    if any(one.text == "geoip" for one in run.tokens[run.cursor + 1 :]):
        says = "{at}configuring multiple databases is not supported"
        raise run.refused("takes one database", says, kind="duplicate", word="geoip")


def check_shed(
    run: Stanzas, _arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where shed stands in a block of another transport."""
    for key in run.block.keys:
        if key.scheme != "dns":
            says = f'{{at}}only plain DNS server blocks are supported; "{key.text}" uses transport'
            raise run.refused(f"is for plain DNS, not for {key.text}", says, word=key.text)


def check_trace(
    run: Stanzas, arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where trace names another kind of server than it knows."""
    if len(arguments) == 2:
        check_value(run, "trace", arguments[0], (TRACERS,))


def check_dnstap(
    run: Stanzas, arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where dnstap would not take its endpoint or its sizes."""
    listens = arguments[0] == "listen" and run.at >= bound("1.14.4")
    if listens and len(arguments) < 2:
        raise run.refused("listen wants an endpoint", "{at}dnstap listen requires an endpoint")
    endpoint, *rest = arguments[1:] if listens else arguments
    if endpoint.startswith("tcp://") and run.at < bound("1.9.3"):
        fault = upstream_fault(endpoint[6:], run.at)
        if fault:
            raise run.refused(f"{endpoint} is no address", "{arguments}", word=endpoint)
    elif endpoint.startswith(("tcp://", "tls://")) and url_fault(endpoint):
        raise run.refused(f"{endpoint} is no URL", "{arguments}", word=endpoint)
    if run.at >= bound("1.13.0"):
        for size, most in zip(rest[1:3], (1024, 4096), strict=False):
            check_value(run, "dnstap", size, (number(f"a number from 1 to {most}", 1, most),))
    if "tls" in seen and not listens:
        raise run.refused("tls is for listen", "{at}tls directive only valid for listeners")


def url_fault(text: str) -> bool:
    """Whether Go's url.Parse refuses an address: its host, port and escapes.

    Source: net/url (parse, parseAuthority, parseHost, validOptionalPort).
    """
    rest = text.partition("://")[2]
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    if host.startswith("["):
        bracket = host.rfind("]")
        port = host[bracket + 1 :]
        if bracket < 0:
            return True
    else:
        colon = host.rfind(":")
        port = host[colon:] if colon >= 0 else ""
    escaped = re.search(r"%(?![0-9A-Fa-f]{2})", rest)
    odd = re.search(r'[\x00-\x20\x7f"<>\\^`{|}]', host)
    return bool(escaped or odd or not re.fullmatch(r"(?::[0-9]*)?", port))


def check_secret(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where a secret of tsig is given twice."""
    name = qualified(arguments[0])
    if name in run.zones:
        raise run.refused(f"the key {name} stands twice", f'key "{name}" redefined', word=name)
    run.zones = (*run.zones, name)


def check_expression(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where an expression of view cannot be one: brackets, quotes, a missing end.

    Source: antonmedv/expr (expr-lang/expr). Whether its names and types fit is not looked at.
    """
    text = " ".join(arguments)
    if UNRESOLVED.search(text):
        return
    bare = EXPRESSION_TEXT.sub(" 0 ", text)
    stack: list[str] = []
    fits = not EXPRESSION_OPEN.search(bare)
    for char in bare:
        if char in "([{":
            stack.append(char)
        elif char in ")]}":
            fits = fits and bool(stack) and stack.pop() + char in ("()", "[]", "{}")
    if not fits or stack or EXPRESSION_CUT.search(bare):
        raise run.refused(f"{text} is no expression", "unexpected token", word=arguments[0])


EXPRESSION_TEXT = regex(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL)
EXPRESSION_OPEN = regex(r"['\"`#]")
EXPRESSION_CUT = regex(
    r"(?:[-+*/%=<>&|!,.:?]|\b(?:in|and|or|not|matches|contains))\s*\Z|^\s*(?:[=*/%<>&|,)\]}]|\Z)"
)


def check_require(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where require of tsig has a type that does not exist."""
    if arguments[0] not in ("all", "none"):
        for one in arguments:
            check_value(run, "require", one, (RR_TYPE,))


def check_require_opcode(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where require_opcode of tsig has an operation that does not exist."""
    if arguments[0] not in ("all", "none"):
        for one in arguments:
            check_value(run, "require_opcode", one, (OPCODE,))


def check_acl(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where a rule of acl is wrong: sections of types and of networks."""
    section, filled = "", True
    for one in arguments:
        if one.lower() in ("type", "net"):
            if not filled:
                break
            section, filled, whole = one.lower(), False, False
            continue
        if not section:
            says = f"{{at}}unexpected token \"{one}\"; expect 'type | net'"
            raise run.refused(f"{one} stands where type or net is expected", says, word=one)
        filled = True
        whole = whole or one == "*"
        if whole:
            continue
        if section == "type":
            check_value(run, "type", one, (RR_TYPE,))
        else:
            suffix = "" if "/" in one else "/128" if ":" in one else "/32"
            if not is_cidr(one + suffix) and not UNRESOLVED.search(one):
                says = f'{{at}}illegal CIDR notation "{one}{suffix}"'
                raise run.refused(f"{one} is no address and no subnet", says, word=one)
    if section and not filled:
        says = f'{{at}}no token specified in "{section}" section'
        raise run.refused(f"the section {section} is empty", says, word=section)


def check_flags(run: Stanzas, arguments: tuple[str, ...], action: str = "") -> None:
    """Raise Refused where a rule of header is wrong: its action and its flags."""
    action, *flags = (action, *arguments) if action else arguments
    if action.lower() not in ("set", "clear"):
        says = f"setting up rule: unknown flag action={action}, should be set or clear"
        raise run.refused(f"{action} is neither set nor clear", says, word=action)
    for one in flags:
        if one.lower() not in ("aa", "ra", "rd") and not UNRESOLVED.search(one):
            says = f"setting up rule: unknown/unsupported flag={one.lower()}"
            raise run.refused(f"{one} is none of the flags aa, ra, rd", says, word=one)


def check_header(
    run: Stanzas, _arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where header has no rule; what follows the first ones is not read."""
    if seen:
        run.cursor = len(run.tokens)
    elif run.cursor + 1 >= len(run.tokens):
        raise run.refused("has no rule", "{arguments}")


def check_key(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where key of dnssec or sign names no file."""
    kind = arguments[0]
    if kind == "directory" and run.plugin == "sign":
        raise run.refused("key directory does not exist yet", "directory: not implemented")
    aws = kind == "aws_secretsmanager" and run.plugin == "dnssec" and run.at >= bound("1.11.4")
    if (kind == "file" or aws) and not run.remaining():
        raise run.miscounted("key", 2, None)


def check_tls(
    run: Stanzas, arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where tls has one argument alone; none means ACME, since 1.14.7."""
    if len(arguments) == 1:
        raise run.miscounted("tls", 2, 3)


def check_balance(
    run: Stanzas, arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where loadbalance until 1.10.0 has no line with less than two arguments.

    What follows a line that it takes is not read before 1.12.4.
    """
    if run.at >= bound("1.10.1"):
        if run.at < bound("1.12.4"):  # what follows the first line, and its block, is not read
            run.cursor = len(run.tokens)
        return
    if len(arguments) == 1:
        rule = one_of(("round_robin",), "unknown policy: {value}")
        check_value(run, "loadbalance", arguments[0], (rule,))
    if len(arguments) <= 1:
        run.cursor = len(run.tokens)
    elif run.cursor + 1 >= len(run.tokens):
        raise run.miscounted("loadbalance", 0, 1)


def check_directory(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where directory of auto has an expression without group or template."""
    if len(arguments) < 2 or UNRESOLVED.search(arguments[1]):
        return
    if not regex_groups(arguments[1]):
        says = "{at}Need at least one sub expression"
        raise run.refused(f"{arguments[1]} has no group", says, word=arguments[1])
    if len(arguments) == 2:
        raise run.miscounted("directory with an expression", 3, 3)


def check_transfer_words(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where transfer of a plugin that is no secondary names no address."""
    kind = arguments[0]
    if kind == "from":
        says = "can't use `transfer from` when not being a secondary"
        raise run.refused("transfer from is for secondary only", says, word=kind)
    for one in run.remaining() if kind == "to" else ():
        check_server(run, one)


def check_server(run: Stanzas, text: str) -> None:
    """Raise Refused where a server is no IP address, with a port or without, and not "*"."""
    host = split_host_port(text)
    address = text if isinstance(host, str) else host[0]
    if text != "*" and not is_ip(address.partition("%")[0]) and not UNRESOLVED.search(text):
        says = f"must specify an IP address: `{address}'"
        raise run.refused(f"{text} is no IP address", says, word=text)


def check_transfer_to(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where to of transfer names no address."""
    for one in arguments:
        check_server(run, one)


def check_transfer_from(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where transfer of secondary names no server, or none by its address."""
    servers = run.remaining() if arguments[0] in ("to", "from") else ()
    if not servers and run.at >= bound("1.8.0"):
        raise run.miscounted("transfer from", 1, None)
    for one in servers:
        if one == "*" and arguments[0] == "from":
            raise run.refused("nobody can transfer from *", "can't use '*' in transfer from")
        check_server(run, one)


def check_secondary(
    run: Stanzas, _arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where secondary does not say from where; asked for since 1.12.2."""
    if "transfer" not in seen and run.at >= bound("1.12.2"):
        says = "{at}secondary zones require a transfer from property"
        raise run.refused("wants the property transfer from", says)


def check_grpc(
    run: Stanzas, arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where grpc would not take its upstreams."""
    check_upstreams(run, arguments[1:], grpc=True)


def check_on(
    run: Stanzas, arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where on names no command."""
    command = " ".join(arguments[1:])
    try:
        words = shlex.split(command, comments=True)
    except ValueError as error:
        says = "{at}error parsing command: EOF found"
        raise run.refused(f"{command} is no command: {error}", says, word=arguments[-1]) from None
    if not words:
        raise run.refused("names no command", f"{{at}}no command contained in '{command}'")


def check_federation(
    run: Stanzas, _arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where federation names none."""
    if not seen.keys() - {"upstream"}:
        says = "at least one name to zone federation expected"
        raise run.refused("names no federation", says)


def check_unique_zones(
    run: Stanzas, arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where a zone of a cloud stands twice; azure counts all its lines as one."""
    before = run.zones if run.plugin == "azure" else ()
    run.zones = (*before, *arguments)
    for at, one in enumerate(run.zones):
        if one in run.zones[:at]:
            says = f'{{at}}conflict zone "{one}"'
            raise run.refused(f"{one} stands twice", says, kind="duplicate", word=one)


def check_dynupdate(
    run: Stanzas, arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where dynupdate lacks its file, its rules or its one zone."""
    if not arguments and len(run.block.keys) != 1:
        raise run.refused("wants a zone, as its server block has several", "zone is required")
    for name, says in (("file", "file is required"), ("allow", "at least one allow rule")):
        if name not in seen:
            raise run.refused(f"wants the property {name}", f"{{at}}{says}")


def check_k8s_external(
    run: Stanzas, _arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where k8s_external has no kubernetes plugin beside it; since 1.11.0."""
    if run.at >= bound("1.11.0") and not run.block.plugin("kubernetes"):
        raise run.refused(
            "wants the plugin kubernetes in its server block", "kubernetes plugin not loaded"
        )


Hook = Callable[[Stanzas, tuple[str, ...], Mapping[str, tuple[str, ...]]], None]
HOOKS: dict[str, Hook] = {
    "azure": check_unique_zones,
    "clouddns": check_unique_zones,
    "dnstap": check_dnstap,
    "dynupdate": check_dynupdate,
    "federation": check_federation,
    "forward": check_forward,
    "geoip": check_geoip,
    "grpc": check_grpc,
    "header": check_header,
    "k8s_external": check_k8s_external,
    "kubernetes": check_kubernetes,
    "loadbalance": check_balance,
    "multisocket": check_nothing_more,
    "on": check_on,
    "reload": check_reload,
    "rewrite": check_rewrite,
    "route53": check_unique_zones,
    "secondary": check_secondary,
    "shed": check_shed,
    "timeouts": check_timeouts,
    "tls": check_tls,
    "trace": check_trace,
    "transfer": check_transfer,
}
EARLY: dict[str, Callable[[Stanzas, tuple[str, ...]], None]] = {
    "forward": check_forward_zone,
    "kubernetes": check_kubernetes_zones,
}
BLOCKS: dict[str, Callable[[Stanzas, tuple[str, ...]], bool]] = {
    "dns64": reads_block_of_dns64,
    "loadbalance": reads_block,
}
PROPERTY_HOOKS: dict[tuple[str, str], Callable[[Stanzas, tuple[str, ...]], None]] = {
    ("auto", "directory"): check_directory,
    ("auto", "transfer"): check_transfer_words,
    ("file", "transfer"): check_transfer_words,
    ("kubernetes", "transfer"): check_transfer_words,
    ("transfer", "to"): check_transfer_to,
    ("acl", "allow"): check_acl,
    ("acl", "block"): check_acl,
    ("acl", "drop"): check_acl,
    ("acl", "filter"): check_acl,
    ("dnssec", "key"): check_key,
    ("forward", "health_check"): check_health_check,
    ("header", "clear"): partial(check_flags, action="clear"),
    ("header", "query"): check_flags,
    ("header", "response"): check_flags,
    ("header", "set"): partial(check_flags, action="set"),
    ("secondary", "transfer"): check_transfer_from,
    ("sign", "key"): check_key,
    ("tsig", "require"): check_require,
    ("tsig", "secret"): check_secret,
    ("view", "expr"): check_expression,
    ("tsig", "require_opcode"): check_require_opcode,
}
