"""Why a request failed, read from the error texts of Go programs.

The texts are nested ("Get URL: dial tcp A: connect: connection refused"), so the most telling
piece decides, wherever it stands. The rows are tried in order, most telling first.

Sources: Go 1.26 net (OpError, DNSError, ErrClosed), syscall (zerrors_linux_amd64.go), net/http
transport.go, crypto/tls handshake_client.go, crypto/x509 verify.go; kubernetes/apimachinery
v0.35 pkg/api/errors/errors.go; kubernetes/client-go v0.35 rest/request.go; miekg/dns v1.1.62,
msg.go.
"""

from __future__ import annotations

import re
from enum import Enum

from diagnose.text.regex import regex
from diagnose.values import dataclass


class Reason(Enum):
    """How a request ended, as far as causes differ; the value completes "it failed: …"."""

    TIMEOUT = "no answer in time"
    REFUSED = "connection refused"
    RESET = "connection reset"
    EOF = "connection closed"
    NO_ROUTE = "no route to host"
    NETWORK_UNREACHABLE = "network unreachable"
    NOT_PERMITTED = "operation not permitted"
    NAME_NOT_FOUND = "name not resolved"
    CERT_EXPIRED = "certificate expired or not yet valid"
    CERT_NAME = "certificate for another name"
    CERT_MALFORMED = "a malformed name in the certificate"
    CERT_UNKNOWN_AUTHORITY = "certificate of an unknown authority"
    TLS_HANDSHAKE_TIMEOUT = "TLS handshake timed out"
    TLS_OTHER = "TLS failed"
    HTTP_PROXY = "an HTTP proxy answers"
    HTTP_NOT_TLS = "plain HTTP where TLS was expected"
    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    TOO_MANY_REQUESTS = "too many requests"
    SERVER_ERROR = "the server fails"
    NOT_SERVED = "a resource that the server does not have"
    OVERSIZED = "answer larger than announced"
    GARBAGE = "not a DNS message"
    ADDRESS_INVALID = "an address that cannot be asked"
    CANCELED = "given up by the program itself"
    HIDDEN = "no reason is given"
    OTHER = "another reason"


@dataclass(frozen=True)
class Trouble:
    """Why one request failed.

    `target` is the host:port that was asked, `resource` what was asked for ("services"), `user`
    the account that was refused, each "" where the text does not tell.
    """

    reason: Reason
    target: str = ""
    resource: str = ""
    user: str = ""


ROWS: tuple[tuple[re.Pattern[str], Reason], ...] = tuple(
    (regex(pattern), reason)
    for pattern, reason in (
        # net/http transport.go (dialConn): what a proxy answers to CONNECT is the whole error; one
        # that cannot be reached is named by the operation
        (
            r'(?:Get|Post|Put|Patch|Delete|Head) \\*"?https://[^\s"\\]{1,2000}\\*"?: '
            r"(?:Forbidden|Service Unavailable|Bad Gateway|Gateway Time-?out|Not Found|Bad Request|"
            r"Method Not Allowed|(?:Proxy )?Authentication Required)(?=[\"\\',;)\]]|\s*$)"
            r"|\bproxyconnect tcp: ",
            Reason.HTTP_PROXY,
        ),
        # client-go v0.17.4 rest/request.go: up to CoreDNS 1.8.0 it makes this of a connection that
        # was reset, beside what a server answers with 5xx and no text
        (r'an error on the server \(\\*"\\*"\)', Reason.RESET),
        # apimachinery errors.go: the server answered; what its text quotes is its own trouble. The
        # decoder of a watch is the client's own and quotes the connection's end.
        (
            r'an error on the server \((?!\\*"unable to decode an event from the watch)'
            r"|currently unable to handle|[Ii]nternal [Ss]erver [Ee]rror|Internal error occurred",
            Reason.SERVER_ERROR,
        ),
        (
            r"request did not complete within|response in the time allotted|etcdserver: "
            r"|Service Unavailable|Gateway Time-?out|Bad Gateway",
            Reason.SERVER_ERROR,
        ),
        (r"apiserver not ready|not yet ready to handle request", Reason.SERVER_ERROR),
        (r"could not find the requested resource", Reason.NOT_SERVED),
        # net DNSError: a name that does not resolve is no answer of the server itself
        (
            r"\blookup \S+(?: on \S+)?: |no such host|server misbehaving"
            r"|Temporary failure in name resolution",
            Reason.NAME_NOT_FOUND,
        ),
        # crypto/x509 verify.go, crypto/tls alert.go
        (
            r"certificate has expired or is not yet valid|remote error: tls: expired certificate",
            Reason.CERT_EXPIRED,
        ),
        (r"certificate signed by unknown authority", Reason.CERT_UNKNOWN_AUTHORITY),
        (
            r"certificate is (?:valid for|not valid for any)|doesn't contain any IP SANs",
            Reason.CERT_NAME,
        ),
        (r"cannot validate certificate for|relies on legacy Common Name", Reason.CERT_NAME),
        # crypto/x509 x509.go (parseSANExtension) up to Go 1.16, parser.go since, and verify.go
        # (isValid) where an authority restricts names
        (r"cannot parse dnsName|SAN \w{1,40} is malformed", Reason.CERT_MALFORMED),
        # net/http client.go and transport.go, crypto/tls conn.go
        (
            r"server gave HTTP response to HTTPS client|[Cc]lient sent an HTTP request to an HTTPS"
            r"|malformed HTTP response",
            Reason.HTTP_NOT_TLS,
        ),
        (
            r"first record does not look like a TLS handshake|oversized record received",
            Reason.HTTP_NOT_TLS,
        ),
        (r"TLS handshake timeout", Reason.TLS_HANDSHAKE_TIMEOUT),
        (r"x509: |tls: |remote error: tls", Reason.TLS_OTHER),
        # apiserver forbiddenMessage; client-go calls a body that it did not read "unknown". What
        # admission refuses ("is forbidden: exceeded quota") is no matter of roles.
        (
            r"(?: is |\b)forbidden: User |unknown \((?:get|list|watch) "
            r'|\bUser \\*"system:serviceaccount:[\w:.-]+\\*" cannot \w+ resource ',
            Reason.FORBIDDEN,
        ),
        (
            r"\b[Uu]nauthorized\b|provide credentials|the server has asked for the client",
            Reason.UNAUTHORIZED,
        ),
        (r"[Tt]oo [Mm]any [Rr]equests", Reason.TOO_MANY_REQUESTS),
        # syscall zerrors_linux_amd64.go; Windows words its errors itself
        (r"address \S+: invalid port|connect: invalid argument", Reason.ADDRESS_INVALID),
        (
            r"(?:connect|write|read|send\w{0,10}|socket): "
            "(?:operation not permitted|permission denied)",
            Reason.NOT_PERMITTED,
        ),
        (
            r"[Nn]etwork is unreachable|to an unreachable network"
            r"|address family not supported by protocol"
            r"|dial (?:tcp|udp)6? \[[0-9A-Fa-f:.%\w]{2,60}\]:\d{1,5}: connect: "
            "cannot assign requested address",
            Reason.NETWORK_UNREACHABLE,
        ),
        (
            r"[Nn]o route to host|host is (?:unreachable|down)|to an unreachable host",
            Reason.NO_ROUTE,
        ),
        (r"[Cc]onnection refused|was refused|actively refused", Reason.REFUSED),
        (r"[Cc]onnection reset|broken pipe|forcibly closed", Reason.RESET),
        # miekg/dns msg.go
        (r"dns: overflow|buffer size too small", Reason.OVERSIZED),
        (r"\bdns: \w|insufficient data", Reason.GARBAGE),
        (
            r"i/o timeout|deadline exceeded|Client\.Timeout|timed out|[Rr]equest timeout"
            r"|timeout awaiting response headers|did not properly respond"
            r"|canceled while waiting for connection",
            Reason.TIMEOUT,
        ),
        (
            r"\bEOF\b|connection lost|use of closed network connection|sent GOAWAY",
            Reason.EOF,
        ),
        (r"context canceled|request canceled", Reason.CANCELED),
    )
)
HOST = r"(?:\[[0-9A-Fa-f:.%\w…]+\]|[\w.-]+)"  # people shorten addresses
TARGETS = tuple(
    regex(pattern)
    for pattern in (
        rf"(?:dial|read|write) (?:tcp|udp)\d? (?:{HOST}(?::\d+)?->)?(?P<target>{HOST}:\d+)",
        rf"(?P<scheme>https?)://(?P<target>{HOST}(?::\d+)?)(?=[/?\"\\:\s]|$)",
        rf"server (?P<target>{HOST}:\d+) was refused",
    )
)
PORT = regex(r":\d+$")
RESOURCE = regex(
    r'cannot \w+ resource \\*"(?P<a>[\w./-]+)\\*"'
    r"(?: in API group \\*\"(?P<group>[\w.-]*)\\*\")?"
    r"|(?:list|watch|get) \*v\d\w*\.(?P<b>\w+)"
    r"|unknown \(\w+ (?P<c>[\w.-]+)\)"
    r"|/apis?/(?:v1|(?P<dgroup>[\w.-]+)/v\w+)/(?:watch/)?(?:namespaces/[\w.-]+/)?(?P<d>[a-z]+)"
    r"(?=[/?\"\\]|$)"
)
USER = regex(r'User \\*"(?P<user>[^"\\]+)')
KINDS = {  # client-go names Go types, RBAC plural resources with their group
    "Endpoints": "endpoints",
    "EndpointSlice": "endpointslices.discovery.k8s.io",
    "Service": "services",
    "Namespace": "namespaces",
    "Pod": "pods",
    "Node": "nodes",
    "ConfigMap": "configmaps",
    "ServiceCIDR": "servicecidrs.networking.k8s.io",
}
SEEN = 4000  # characters of an error text; what comes behind is a quoted body


def classify(text: str) -> Trouble:
    """Return why a request failed, as its error text tells; HIDDEN when there is no text."""
    text = text[:SEEN]
    if not text.strip():
        return Trouble(Reason.HIDDEN)
    reason = next((reason for row, reason in ROWS if row.search(text)), Reason.OTHER)
    through = TARGETS[1:2] if reason is Reason.HTTP_PROXY else TARGETS  # not the proxy's address
    return Trouble(reason, target_of(text, through), resource_of(text), user_of(text))


def target_of(text: str, patterns: tuple[re.Pattern[str], ...] = TARGETS) -> str:
    """Return the address that was asked, of several pieces the one nearest to the network."""
    for pattern in patterns:
        if match := pattern.search(text):
            target = match["target"]
            scheme = match.groupdict().get("scheme")
            if scheme and not PORT.search(target):
                target += ":443" if scheme == "https" else ":80"
            return target
    return ""


def resource_of(text: str) -> str:
    """Return the resource as RBAC names it, its API group behind a dot; "" when not told."""
    match = RESOURCE.search(text)
    if match is None:
        return ""
    if match["b"]:
        return KINDS.get(match["b"]) or plural(match["b"].lower())
    name = match["a"] or match["c"] or match["d"] or ""
    group = match["group"] or match["dgroup"]
    return f"{name}.{group}" if group and "." not in name else name


def plural(kind: str) -> str:
    """Return a kind's resource by the rule that the API server's names follow."""
    if kind.endswith("y"):
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith(("s", "x")) else f"{kind}s"


def user_of(text: str) -> str:
    """Return the account that the API server refused; "" when not told."""
    match = USER.search(text)
    return match["user"] if match else ""
