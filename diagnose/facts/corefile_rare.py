"""How the plugins read their lines that few clusters have; as corefile_tables for the others.

Source: coredns/coredns plugin/<name>/setup.go at each release from 1.6.0 to 1.15.0;
plugin/pkg/{durations,parse,tls}; coredns/caddy onevent/on.go at v1.1.4.
"""

from __future__ import annotations

import ipaddress

from diagnose.facts.corefile_rules import (
    ADDRESS,
    ANY_DURATION,
    COUNT,
    DAY_S,
    FLOAT,
    HOUR_S,
    NATURAL,
    OPCODES,
    POSITIVE,
    RR_TYPES,
    Property,
    Setup,
    Value,
    accepted,
    bare,
    duration_s,
    flag,
    integer,
    is_cidr,
    is_ip,
    number,
    one_of,
    word,
)

INT32 = 1 << 31
BOOLEANS = ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False")
TTL_MOST_S = (1 << 32) - 1


def seconds_or_duration(text: str) -> float | None:
    """Return a duration in seconds, where a bare number counts seconds; None for what is none."""
    return float(found) if (found := integer(text)) is not None else duration_s(text)


def timeout_fault(text: str) -> str | None:
    """Return what timeouts says against a duration."""
    found = seconds_or_duration(text)
    if found is None:
        return f"{{at}}failed to parse duration '{text}'"
    return None if 1 <= found <= DAY_S else f"{{at}}timeout provided '{text}' needs to be between"


def lease_fault(text: str) -> str | None:
    """Return "" where etcd refuses a TTL of leases."""
    text = text.strip()
    found = duration_s(f"{text}s" if NATURAL.fullmatch(text) else text)
    return None if not text or (found is not None and 0 <= found <= TTL_MOST_S) else ""


def identifiers(count: int) -> Value:
    """Return the rule of a zone of a cloud: names with colons between, as many as there are."""
    return accepted(
        lambda text: len(parts := text.split(":", count - 1)) == count and all(parts),
        "names with colons between",
        '{at}invalid zone "{value}"',
    )


def lowered(words: tuple[str, ...], says: str = "") -> Value:
    """Return the rule that an argument is one of these words, in any case."""
    return accepted(lambda text: text.lower() in words, f"one of {', '.join(words)}", says)


TIMEOUT = Value(timeout_fault, "a duration from 1s to 24h")
LEASE = Value(lease_fault, "a number of seconds or a duration")
ABOVE_ZERO = accepted(lambda text: (duration_s(text) or 0) > 0, "a duration above zero")
REFRESH = accepted(
    lambda text: (seconds_or_duration(text) or 0) > 0, "a number of seconds or a duration above 0"
)
AMOUNT = number("a whole number that is not negative", 0, INT32 - 1)
UNSIGNED = accepted(
    lambda text: NATURAL.fullmatch(text) and int(text[:20]) < 1 << 64, "a number without a sign"
)
INTEGER = number("a whole number", -(1 << 63))
RATE = accepted(
    lambda text: FLOAT.fullmatch(text) and 0 <= float(text) <= 1, "a number from 0 to 1"
)
CIDR = accepted(is_cidr, "a subnet as CIDR")
RR_TYPE = accepted(RR_TYPES.__contains__, "a record type in upper case, such as AAAA")
OPCODE = one_of(OPCODES)
TRACERS = lowered(("zipkin", "datadog"), "tracing endpoint type '{value}' is not supported")
CLIENT_AUTH = one_of(
    ("nocert", "request", "require", "verify_if_given", "require_and_verify"),
    "{at}unknown authentication type '{value}'",
)
POLICY = one_of(("random", "round_robin", "sequential"), "{at}unknown policy '{value}'")
EVENTS = lowered(
    ("startup", "shutdown", "certrenew"),
    "{at}Wrong event name or event not supported: '{value}'",
)


def prefix6_fault(text: str) -> str | None:
    """Return "" where siit refuses a prefix: IPv6 of certain lengths, with its 9th byte zero."""
    if not is_cidr(text) or ":" not in text:
        return ""
    network = ipaddress.ip_network(text, strict=False)
    fits = network.prefixlen in (32, 40, 48, 56, 64, 96) and not network.network_address.packed[8]
    return None if fits else ""


SETUPS: dict[str, tuple[Setup, ...]] = {
    "metadata": (Setup(once=True, block=True, unknown="{arguments}"),),
    "federation": (Setup(block=True, first_only=True, others=Property("", 1, 1)),),
    "geoip": (Setup(words=1, most=0, block=True, unknown='{at}unknown property "{value}"'),),
    "cancel": (Setup(most=1, values=(ABOVE_ZERO,)),),
    "proxyproto": (Setup(most=0, block=True, unknown="{at}unknown option '{value}'"),),
    "quic": (Setup(most=0, block=True, first_only=True),),
    "grpc_server": (Setup(most=0, block=True, first_only=True),),
    "https": (Setup(most=0, block=True, first_only=True),),
    "https3": (Setup(most=0, block=True, first_only=True),),
    "timeouts": (Setup(most=0, block=True, unknown="{at}unknown option: '{value}'"),),
    "multisocket": (
        Setup(most=1, values=(POSITIVE,), until="1.13.1"),
        Setup(most=1, values=(number("a number from 1 to 1024", 1, 1024),), since="1.13.2"),
    ),
    "pprof": (Setup(most=1, values=(ADDRESS,), once=True, block=True),),
    "trace": (
        Setup(most=2, block=True, lenient=True, until="1.14.3"),
        Setup(most=2, block=True, since="1.14.4"),
    ),
    "shed": (Setup(most=0, once=True, block=True, unknown="{at}shed takes no options"),),
    "dnstap": (
        Setup(words=1, first_only=True, until="1.10.0"),
        Setup(least=1, until="1.10.1", since="1.10.1"),
        Setup(least=1, block=True, lenient=True, since="1.11.0", until="1.14.3"),
        Setup(least=1, block=True, since="1.14.4"),
    ),
    "local": (Setup(most=0, block=True, since="1.14.4"),),
    "siit": (Setup(most=0, block=True),),
    "chaos": (Setup(block=True, first_only=True, since="1.14.4"),),
    "tsig": (Setup(once=True, block=True, unknown="{arguments}"),),
    "acl": (
        Setup(block=True, any_case=True, unknown='{at}unexpected token "{value}"; expect allow'),
    ),
    "header": (Setup(block=True, any_case=True, unknown="setting up rule: {value}"),),
    "dnssec": (Setup(once=True, block=True),),
    "tls": (
        Setup(least=2, most=3, block=True, unknown="{at}unknown option '{value}'", until="1.14.6"),
        Setup(most=3, block=True, unknown="{at}unknown option '{value}'", since="1.14.7"),
    ),
    "dynupdate": (Setup(most=1, once=True, block=True, unknown='{at}unknown property "{value}"'),),
    "route53": (Setup(rest=identifiers(2), block=True, unknown='{at}unknown property "{value}"'),),
    "azure": (Setup(rest=identifiers(2), block=True, unknown='{at}unknown property: "{value}"'),),
    "clouddns": (Setup(rest=identifiers(3), block=True, unknown='{at}unknown property "{value}"'),),
    "secondary": (Setup(block=True),),
    "etcd": (Setup(block=True, first_only=True),),
    "grpc": (Setup(words=1, least=1, once=True, block=True),),
    "erratic": (Setup(block=True),),
    "on": (Setup(words=1, values=(EVENTS,)),),
    "sign": (Setup(words=1, block=True),),
    "view": (Setup(least=1, most=1, once=True, block=True),),
    "nomad": (Setup(block=True, first_only=True, any_case=True),),
}


def limit(name: str, value: Value, since: str = "") -> Property:
    """Return the row of a limit of a server, which may stand once."""
    return Property(name, 1, 1, (value,), once=True, since=since)


CREDENTIALS_OF_AZURE = ("subscription", "tenant", "client", "secret", "environment")
PROPERTIES: dict[str, tuple[Property, ...]] = {
    "metadata": (),
    "federation": (Property("upstream"),),
    "geoip": (bare("edns-subnet", "1.9.2"),),
    "proxyproto": (
        Property("allow", rest=CIDR),
        Property("default", 1, 1, (lowered(("use", "ignore", "reject", "skip"), "{arguments}"),)),
        Property("udp_session_tracking", 1, 2, (ANY_DURATION, POSITIVE)),
        flag("tlv_metadata", "1.15.0"),
    ),
    "quic": (
        limit("max_streams", POSITIVE),
        limit("worker_pool_size", POSITIVE),
        limit("max_connections", COUNT, "1.15.0"),
    ),
    "grpc_server": (limit("max_streams", COUNT), limit("max_connections", COUNT)),
    "https": (
        limit("max_connections", COUNT),
        limit("max_streams", number("a number up to 4294967295", 0, (1 << 32) - 1), "1.15.0"),
    ),
    "https3": (limit("max_streams", COUNT), limit("max_connections", COUNT, "1.14.7")),
    "timeouts": (
        *(Property(name, 1, 1, (TIMEOUT,)) for name in ("read", "write", "idle")),
        Property(
            "maxtcpqueries",
            1,
            1,
            (
                accepted(
                    lambda text: (integer(text) or 0) > 0 or integer(text) == -1,
                    "-1 or a number above zero",
                ),
            ),
            since="1.14.7",
        ),
    ),
    "pprof": (Property("block", most=1, values=(INTEGER,)),),
    "trace": (
        Property("every", 1, 1, (UNSIGNED,)),
        Property("service", 1, 1),
        Property("client_server", most=1, values=(one_of(BOOLEANS),)),
        Property("datadog_analytics_rate", most=1, values=(RATE,), since="1.8.0"),
        Property("zipkin_max_backlog_size", 1, 1, (INTEGER,), since="1.9.4"),
        Property("zipkin_max_batch_size", 1, 1, (INTEGER,), since="1.9.4"),
        Property("zipkin_max_batch_interval", 1, 1, (ANY_DURATION,), since="1.9.4"),
    ),
    "shed": (),
    "dnstap": (
        bare("skipverify", "1.11.0"),
        word("identity", since="1.11.0"),
        word("version", since="1.11.0"),
        word("extra", since="1.11.1"),
        Property("tls", 2, since="1.14.4"),
    ),
    "local": (
        Property(
            "localhost_prefix",
            1,
            1,
            (one_of(("on", "off"), "{at}localhost_prefix expects 'on' or 'off', got \"{value}\""),),
        ),
    ),
    "siit": (
        word("ipv6_prefix", Value(prefix6_fault, "an IPv6 prefix of 32 to 96 bits")),
        Property(
            "eam",
            2,
            2,
            (
                accepted(lambda text: is_ip(text) and ":" not in text, "an IPv4 address"),
                accepted(lambda text: is_ip(text) and ":" in text, "an IPv6 address"),
            ),
        ),
    ),
    "chaos": (),
    "tsig": (
        Property("secret", 2, 2),
        Property("secrets", 1, 1),
        Property("require", 1),
        Property("require_opcode", 1, since="1.14.3"),
    ),
    "acl": (
        Property("allow"),
        Property("block"),
        Property("filter", since="1.8.2"),
        Property("drop", since="1.10.1"),
    ),
    "header": (
        Property("set", 1, until="1.12.3"),
        Property("clear", 1, until="1.12.3"),
        Property("query", 2, since="1.9.4"),
        Property("response", 2, since="1.9.4"),
    ),
    "dnssec": (word("key"), word("cache_capacity", INTEGER)),
    "tls": (
        Property("client_auth", 1, 1, (CLIENT_AUTH,)),
        Property("keylog", 1, 1, since="1.14.3"),
        Property("acme", 1, once=True, since="1.14.7"),
        *(
            Property(name, 1, 1, once=True, since="1.14.7")
            for name in ("email", "ca", "storage", "ca_root", "resolver")
        ),
    ),
    "dynupdate": (
        Property("file", 1, 1, once=True),
        Property("database", 1, 1, once=True),
        Property("max_records", 1, 1, (POSITIVE,), once=True),
        Property("max_bytes", 1, 1, (POSITIVE,), once=True),
        Property("max_update_records", 1, 1, (POSITIVE,), once=True),
        Property("allow", 3),
    ),
    "route53": (
        Property("aws_access_key", 2),
        word("aws_endpoint", since="1.8.7"),
        Property("upstream"),
        Property("credentials", 1, 2),
        Property("fallthrough"),
        word("refresh", REFRESH, since="1.6.2"),
    ),
    "azure": (
        *(word(name) for name in CREDENTIALS_OF_AZURE),
        Property("fallthrough"),
        word("access", one_of(("public", "private")), since="1.6.8"),
        word("refresh", REFRESH, since="1.15.0"),
    ),
    "clouddns": (
        Property("upstream"),
        word("credentials"),
        word("endpoint", since="1.15.0"),
        Property("fallthrough"),
        word("refresh", REFRESH, since="1.15.0"),
    ),
    "secondary": (
        word("transfer", one_of(("from",), "{at}unknown property {value}"), since="1.8.0"),
        word("transfer", until="1.7.1"),
        Property("upstream", until="1.7.1"),
        Property("fallthrough", since="1.14.4"),
        Property("catalog", since="1.14.5"),
    ),
    "etcd": (
        bare("stubzones"),
        Property("fallthrough"),
        bare("debug"),
        word("path"),
        Property("endpoint", 1),
        Property("upstream"),
        Property("tls", most=3),
        Property("credentials", 2, 2),
        word("min-lease-ttl", LEASE, since="1.12.4"),
        word("max-lease-ttl", LEASE, since="1.12.4"),
        flag("no_apex_fallback", "1.15.0"),
        bare("}"),
    ),
    "grpc": (
        Property("except", 1),
        Property("tls", most=3),
        word("tls_servername"),
        word("policy", POLICY),
        Property("fallthrough", since="1.12.3"),
        bare("}"),
    ),
    "erratic": (
        Property("drop", most=1, values=(AMOUNT,)),
        Property("delay", most=2, values=(AMOUNT, ANY_DURATION)),
        Property("truncate", most=1, values=(AMOUNT,)),
        bare("large"),
    ),
    "sign": (word("key"), Property("directory", 1, 1)),
    "view": (Property("expr", 1),),
    "nomad": (
        Property("address", 1),
        Property("filter", 1, 1, since="1.13.2"),
        Property("token", 1, 1),
        Property("ttl", 1, 1, (number("a TTL from 0 to 3600 seconds", 0, HOUR_S),)),
    ),
}
