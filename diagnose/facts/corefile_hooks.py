"""What single plugins ask of their lines beyond what the tables say.

Source: coredns/coredns plugin/<name>/setup.go at each release from 1.6.0 to 1.15.0.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from functools import partial

from diagnose.facts.corefile import (
    UNRESOLVED,
    holds,
    is_domain_name,
    origins,
    qualified,
    same_line,
    transport,
    zone_fault,
)
from diagnose.facts.corefile_rare import OPCODE, RR_TYPE, TRACERS
from diagnose.facts.corefile_rewrite import rule_fault
from diagnose.facts.corefile_rules import (
    RR_TYPES,
    Version,
    bound,
    duration_s,
    is_cidr,
    is_ip,
    number,
    one_of,
    regex_groups,
    split_host_port,
    within,
)
from diagnose.facts.corefile_stanzas import Hook, Stanzas, check_value
from diagnose.facts.corefile_tables import PROPERTIES, lifetime, property_row
from diagnose.text.regex import regex

MAX_UPSTREAMS = 15  # plugin/forward/setup.go
REVERSE_SUFFIXES = (".in-addr.arpa.", ".ip6.arpa.")
TRANSPORTS_OF_FORWARD = (  # those that forward takes from a version on
    ("dns", ""),
    ("tls", ""),
    ("https", "1.14.5"),
    ("quic", "1.15.0"),
)


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
    succeed, in forward. Source: plugin/pkg/parse/host.go, plugin/forward/{setup,resolve}.go.
    """
    if grpc:
        at = min(at, bound("1.14.3"))
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
    if grpc or scheme in allowed or at < bound("1.7.0"):
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


def check_grpc_zone(run: Stanzas, lead: tuple[str, ...]) -> None:
    """Raise Refused where grpc would not take its zone; 1.8.4 to 1.9.0 end in a panic."""
    if run.at >= bound("1.8.4") and zone_fault(lead[0], run.at) and not UNRESOLVED.search(lead[0]):
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


def check_needed(property_: str, needed: str, says: str) -> Hook:
    """Return the check that one property does not stand without another."""

    def check_it(
        run: Stanzas, _arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
    ) -> None:
        if property_ in seen and needed not in seen:
            raise run.refused(f"{property_} wants {needed}", says, word=property_)

    return check_it


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


def fits_always(_name: str, _arguments: tuple[str, ...]) -> bool:
    """Whether a property of another plugin belongs to its arguments."""
    return True


def fits_certificates(name: str, arguments: tuple[str, ...]) -> bool:
    """Whether a property of tls belongs to given certificates, or to those that ACME brings."""
    return (name in ("client_auth", "keylog")) == bool(arguments)


def fits_policy(name: str, arguments: tuple[str, ...]) -> bool:
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


def check_secrets(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where a file of tsig is read twice, so that its keys are there twice."""
    file = f"/{arguments[0]}"  # no key's name
    if file in run.zones:
        raise run.refused(f"{arguments[0]} stands twice", "redefined", word=arguments[0])
    run.zones = (*run.zones, file)


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
    if not fits or stack or EXPRESSION_CUT.search(bare) or side_by_side(bare):
        raise run.refused(f"{text} is no expression", "unexpected token", word=arguments[0])


def side_by_side(bare: str) -> bool:
    """Whether two operands stand beside each other without an operator between them."""
    operand = False
    for word in EXPRESSION_WORD.findall(bare):
        plain = bool(re.match(r"[\w$]", word)) and word not in EXPRESSION_OPERATORS
        if plain and operand:
            return True
        operand = plain or word in ")]}"
    return False


def check_variable(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where var of template has no expression."""
    check_expression(run, arguments[1:])


EXPRESSION_WORD = regex(r"[A-Za-z_$][\w$]*|\d[\w.]*|[^\s\w]")
EXPRESSION_OPERATORS = frozenset(
    "in not and or matches contains startsWith endsWith let if else".split()
)
EXPRESSION_TEXT = regex(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL)
EXPRESSION_OPEN = regex(r"['\"`#]|\{\s*\{")
EXPRESSION_CUT = regex(
    r"(?:[-+*/%=<>&|!,.:?]|\b(?:in|and|or|not|matches|contains))\s*\Z|^\s*(?:[=*/%<>&|,)\]}]|(?:in|and|or|matches|contains)\b|\Z)"
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
    if not arguments and "acme" not in seen:
        raise run.refused(
            "names neither certificates nor acme", "ACME requires at least one domain"
        )


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


def check_permission(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where allow of dynupdate is for another zone, or for no type."""
    head = line_arguments(run)
    origin = qualified(head[0]) if head else run.block.keys[0].zone if run.block.keys else "."
    key, name, *types = arguments
    if key in ("*", "@", ""):
        raise run.refused(f"{key} is no key", f'invalid TSIG key "{key}"', word=key)
    if name not in ("*", "@") and not holds(origin, qualified(name)):
        says = f'allow name "{name}" is outside zone "{origin}"'
        raise run.refused(f"{name} is outside of the zone {origin}", says, word=name)
    for one in types:
        if one == "*" and len(types) > 1:
            says = "wildcard RR type must be the only type in an allow rule"
            raise run.refused("* stands alone, or not", says, word=one)
        if one != "*" and one.upper() not in RR_TYPES and not one.upper().startswith("TYPE"):
            says = f'invalid RR type "{one}" in allow rule'
            raise run.refused(f"there is no record type {one}", says, word=one)


def line_arguments(run: Stanzas) -> tuple[str, ...]:
    """Return the arguments of the plugin's first line."""
    words: list[str] = []
    for at in range(1, len(run.tokens)):
        if run.tokens[at].text == "{" or not same_line(run.tokens[at - 1], run.tokens[at]):
            break
        words.append(run.tokens[at].text)
    return tuple(words)


def check_k8s_external(
    run: Stanzas, _arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where k8s_external has no kubernetes plugin beside it; since 1.11.0."""
    if run.at >= bound("1.11.0") and not run.block.plugin("kubernetes"):
        raise run.refused(
            "wants the plugin kubernetes in its server block", "kubernetes plugin not loaded"
        )


HOOKS: dict[str, Hook] = {
    "azure": check_unique_zones,
    "cache": check_needed(
        "serve_stale_policy", "serve_stale", "serve_stale_policy requires serve_stale"
    ),
    "clouddns": check_unique_zones,
    "dnstap": check_dnstap,
    "dynupdate": check_dynupdate,
    "federation": check_federation,
    "forward": check_forward,
    "geoip": check_geoip,
    "grpc": check_grpc,
    "header": check_header,
    "hosts": check_needed(
        "fallthrough_unsupported",
        "fallthrough",
        "{at}fallthrough_unsupported requires fallthrough",
    ),
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
    "grpc": check_grpc_zone,
    "kubernetes": check_kubernetes_zones,
}
FITS: dict[str, Callable[[str, tuple[str, ...]], bool]] = {
    "loadbalance": fits_policy,
    "tls": fits_certificates,
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
    ("dynupdate", "allow"): check_permission,
    ("forward", "health_check"): check_health_check,
    ("header", "clear"): partial(check_flags, action="clear"),
    ("header", "query"): check_flags,
    ("header", "response"): check_flags,
    ("header", "set"): partial(check_flags, action="set"),
    ("secondary", "transfer"): check_transfer_from,
    ("sign", "key"): check_key,
    ("template", "var"): check_variable,
    ("tsig", "require"): check_require,
    ("tsig", "secret"): check_secret,
    ("tsig", "secrets"): check_secrets,
    ("view", "expr"): check_expression,
    ("tsig", "require_opcode"): check_require_opcode,
}
