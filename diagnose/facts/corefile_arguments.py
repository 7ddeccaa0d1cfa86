"""Whether plugins take their lines in a Corefile, as their set-up reads them, version by version.

Source: coredns/coredns plugin/*/setup.go and core/dnsserver at each release since 1.6.0. Limits:
what is not in the Corefile (a file, an interface, a host, a cluster) is taken as right, and so is
what an expression or a template means.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from diagnose.facts.corefile import (
    UNRESOLVED,
    Corefile,
    Directive,
    Refused,
    ServerBlock,
    SyntaxFault,
    zone_fault,
    zone_refusal,
)
from diagnose.facts.corefile_hooks import BLOCKS, EARLY, FITS, HOOKS, PROPERTY_HOOKS, fits_always
from diagnose.facts.corefile_rules import (
    Property,
    Takes,
    Version,
    bound,
    is_ip,
    parse_version,
    within,
)
from diagnose.facts.corefile_stanzas import Stanzas, check_value, optional
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
        return tuple(faults_at(blocks, at, corefile.strays))
    every = (*(one for block in blocks for one in block.directives), *corefile.strays)
    releases = eras(one.name for one in every)
    # CoreDNS words one fault in several ways; the newest wording stands for all
    found: dict[SyntaxFault, tuple[str, set[int]]] = {}
    for index in range(len(releases) - 1, -1, -1):
        for fault in faults_at(blocks, bound(releases[index]), corefile.strays):
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


def faults_at(
    blocks: Sequence[ServerBlock], at: Version, strays: Sequence[Directive] = ()
) -> Iterator[SyntaxFault]:
    """Yield the faults that one version finds."""
    plugins = known_plugins(".".join(map(str, at)))
    for several in (*(block.directives for block in blocks), strays):
        for number, one in enumerate(several):
            if one.name not in plugins and not UNRESOLVED.search(one.name):
                brace = glued(several[number - 1]) if number else ""
                yield unknown_directive(one, at, brace)
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


def glued(directive: Directive) -> str:
    """Return the last word of a line whose brace has no space before it; "" without such a one.

    CoreDNS reads the brace as a part of the word, and the lines behind it as plugins.
    """
    word = directive.args[-1] if directive.args else directive.name
    alone = not directive.has_block and word.endswith("{") and word.strip("{}") != ""
    return word if alone and not UNRESOLVED.search(word) else ""


def unknown_directive(directive: Directive, at: Version, brace: str = "") -> SyntaxFault:
    """Return the fault of a directive that a version's standard build does not know.

    `brace` is the word before it that ends in a brace.
    """
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
    elif brace:
        message += f": a space is missing before the brace of {brace}, which opens no block so"
    elif name.endswith("{") and name[:-1] in known_plugins(NEWEST):
        message += ": a space is missing before the brace"
    elif owners := [plugin for plugin, rows in PROPERTIES.items() if has(rows, name)]:
        message += f"; it is a property of {', '.join(owners[:3])}: a brace may be missing"
    elif close := difflib.get_close_matches(name[:64], CHAIN, 1):
        message += f"; {close[0]} may be meant"
    return SyntaxFault(
        directive.line,
        message,
        says,
        "unknown-directive",
        name,
        versions=versions,
        spot=spot,
        certain=bool(brace),
    )


def has(rows: Iterable[Property], name: str) -> bool:
    """Whether one of the properties has a name."""
    return any(row.name == name for row in rows)


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
        if row is None or not FITS.get(run.plugin, fits_always)(name, arguments):
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
