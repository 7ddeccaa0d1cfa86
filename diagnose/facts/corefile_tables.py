"""What each version of CoreDNS knows: plugins, their properties, and the arguments they take.

Rows say the first and the last version that they hold for; "" means since ever, or still.
Argument rules begin with 1.6.0: of older versions only the names are known.
Source: coredns/coredns plugin.cfg and plugin/*/setup.go at each release up to 1.15.0,
notes/*.md, coredns/corefile-migration migration/versions.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from diagnose.facts import corefile_rare
from diagnose.facts.corefile_rules import (
    ADDRESS,
    ANY_DURATION,
    BIG,
    CACHE_TTL,
    CLASSES,
    COUNT,
    FLOAT,
    NATURAL,
    PERCENT,
    PLACED_REGEX,
    POSITIVE_DURATION,
    RCODE,
    RCODES,
    REGEX,
    RR_TYPES,
    SELECTOR,
    TEMPLATE,
    WORDS,
    ZONE_TTL,
    Property,
    Setup,
    Value,
    Version,
    accepted,
    bare,
    bound,
    cache_ttl_fault,
    duration,
    duration_s,
    flag,
    host_is_ip,
    integer,
    is_cidr,
    is_ip,
    number,
    one_of,
    parse_version,
    prefix_fault,
    regex_fault,
    within,
    word,
)
from diagnose.values import dataclass


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
        Setup(
            most=1,
            values=(ADDRESS,),
            once=True,
            block=True,
            lenient=True,
            since="1.12.2",
            until="1.14.3",
        ),
        Setup(most=1, values=(ADDRESS,), once=True, block=True, since="1.14.4"),
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
        Setup(until="1.10.0"),
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
                    RR_TYPES.__contains__,
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
    "root": (Setup(words=1, words_only=True),),
    "transfer": (Setup(block=True, unknown='{at}unknown property "{value}"'),),
    "rewrite": (Setup(unknown=""),),
    **corefile_rare.SETUPS,
}

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
        word("transfer", since="1.0.6", until="1.7.1"),
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
    "dns64": (
        bare("translate_all"),
        word("prefix", Value(prefix_fault, "an IPv6 prefix of 32 to 96 bits")),
        bare("allow_ipv4", "1.8.7"),
    ),
    "bind": (Property("except", 1, since="1.8.4"),),
    "file": (
        bare("no_reload", until="1.4.0"),
        word("transfer", until="1.7.1"),
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
        word("transfer", until="1.7.1"),
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
    **corefile_rare.PROPERTIES,
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
    starts = {OLDEST, *(row.since for row in rows)}
    starts |= {one for name in ("", *names) for one in OTHER_CHANGES.get(name, ())}
    starts |= {following(row.until) for row in rows if row.until}
    return tuple(release for release in RELEASES if release in starts)


def following(release: str) -> str:
    """Return the release after one; "" after the newest and before the oldest."""
    if release not in RELEASES[:-1]:
        return ""
    return RELEASES[RELEASES.index(release) + 1]


# Releases with a change that stands in no row but in the code: "" for zones and listeners (see
# zone_fault, unencrypted) and what Caddy calls a block (1.15.0), the others by their plugins
UPSTREAMS = ("1.7.0", "1.9.1", "1.11.0", "1.14.2", "1.14.4", "1.14.5", "1.15.0")
OTHER_CHANGES: dict[str, tuple[str, ...]] = {
    "": ("1.8.0", "1.8.5", "1.8.7", "1.11.0", "1.11.4", "1.13.2", "1.15.0"),
    "bind": ("1.8.4", "1.13.0", "1.14.2"),
    "dnssec": ("1.11.4",),
    "dnstap": ("1.9.3", "1.13.0", "1.14.4", *UPSTREAMS),
    "forward": ("1.9.2", *UPSTREAMS),
    "grpc": ("1.8.4", *UPSTREAMS),
    "k8s_external": ("1.11.0",),
    "loadbalance": ("1.10.1", "1.12.4"),
    "reload": ("1.14.2",),
    "rewrite": ("1.8.4", "1.9.4", "1.11.4", "1.12.3", "1.13.2", "1.14.0", "1.15.0"),
    "secondary": ("1.8.0", "1.12.2"),
    "view": ("1.10.0", "1.14.3"),
}
