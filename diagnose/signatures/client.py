"""What programs that use DNS print when a name does not resolve.

musl says `Try again` and `Name does not resolve` where glibc says `Temporary failure in name
resolution` and `Name or service not known`.
"""

from __future__ import annotations

from diagnose.signatures.base import Emitter, Signature, Wording, signatures_in

EMITTER = Emitter.CLIENT

TEMPORARY_FAILURE = Signature(
    name="client-temporary-failure",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Temporary failure (?:in name resolution|resolving '(?P<name>[^']+)')",
            literal="Temporary failure ",
            samples=(
                "ping: api.example.net: Temporary failure in name resolution",
                "Temporary failure resolving 'api.example.net'",
            ),
            source="glibc resolv/gai_strerror.c (EAI_AGAIN), 2.36; Debian apt "
            "methods/connect.cc (Connect), 2.6",
        ),
        Wording(
            pattern=r"EAI_AGAIN(?: (?P<name>\S+))?",
            literal="EAI_AGAIN",
            samples=("Error: getaddrinfo EAI_AGAIN api.example.net",),
            source="nodejs/node lib/dns.js (onlookup), v20",
        ),
        Wording(
            pattern="error -3: Try again",
            literal="error -3: Try again",
            samples=("getaddrinfo api.example.net: error -3: Try again",),
            source="musl src/network/gai_strerror.c (EAI_AGAIN), 1.2.3",
        ),
    ),
    fallback=True,
)

NAME_NOT_KNOWN = Signature(
    name="client-name-not-known",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Name or service not known",
            literal="Name or service not known",
            samples=("ping: api.example.net: Name or service not known",),
            source="glibc resolv/gai_strerror.c (EAI_NONAME), 2.36",
        ),
        Wording(
            pattern="Name does not resolve",
            literal="Name does not resolve",
            samples=("getaddrinfo api.example.net: error -2: Name does not resolve",),
            source="musl src/network/gai_strerror.c (EAI_NONAME), 1.2.3",
        ),
        Wording(
            pattern=r"ENOTFOUND (?P<name>\S+)",
            literal="getaddrinfo ENOTFOUND",
            samples=("Error: getaddrinfo ENOTFOUND api.example.net",),
            source="nodejs/node lib/dns.js (onlookup), v20",
        ),
        Wording(
            pattern=r"java\.net\.UnknownHostException: (?P<name>[^\s:]+)",
            literal="UnknownHostException",
            samples=("java.net.UnknownHostException: api.example.net: Name or service not known",),
            source="openjdk/jdk java.base java/net/Inet6AddressImpl (lookupAllHostAddr), 17",
        ),
        Wording(
            pattern=r"[Cc]ould not resolve host:? '?(?P<name>[^\s'"
            r"\"]+)",
            literal="ould not resolve host",
            samples=("curl: (6) Could not resolve host: api.example.net",),
            source="curl/curl lib/hostip.c (Curl_resolver_error), 7.88",
        ),
        Wording(
            pattern="bad address '(?P<name>[^']+)'",
            literal="bad address '",
            samples=("ping: bad address 'api.example.net'",),
            source="busybox libbb/xconnect.c (str2sockaddr), 1.35",
        ),
        Wording(
            pattern=r"unable to resolve host address .(?P<name>[\w.-]+)",
            literal="unable to resolve host address",
            samples=("wget: unable to resolve host address 'api.example.net'",),
            source="GNU wget src/connect.c (connect_to_host), 1.21",
        ),
    ),
    fallback=True,
)

GO_LOOKUP_FAILED = Signature(
    name="client-go-lookup-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"lookup (?P<name>[^\s:]+)(?: on (?P<server>\S+?:\d+))?: (?P<reason>no such "
            "host|server misbehaving|i/o timeout|Temporary failure in name "
            "resolution|read (?:udp|tcp) .+|dial (?:udp|tcp) .+|Try again)",
            literal="lookup ",
            samples=(
                "dial tcp: lookup api.example.com on 10.96.0.10:53: read udp "
                "10.244.1.4:41234->10.96.0.10:53: i/o timeout",
            ),
            source="golang/go net/net.go (DNSError.Error), go1.26",
        ),
    ),
    key=("server", "reason"),
    fallback=True,
)

NO_SERVERS_REACHED = Signature(
    name="client-no-servers-reached",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="no servers could be reached",
            literal="no servers could be reached",
            samples=(";; connection timed out; no servers could be reached",),
            source="isc-projects/bind9 bin/dig/dighost.c (connect_timeout), v9.18",
        ),
    ),
)

COMMUNICATIONS_ERROR = Signature(
    name="client-communications-error",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"communications error to (?P<server>\S+)#(?P<port>\d+): (?P<reason>timed "
            "out|connection refused|host unreachable|network unreachable|end of file)",
            literal="communications error to ",
            samples=(";; communications error to 10.96.0.10#53: timed out",),
            source="isc-projects/bind9 bin/dig/dighost.c (recv_done), v9.18",
        ),
    ),
    key=("server", "reason"),
)

UNEXPECTED_SOURCE = Signature(
    name="client-unexpected-source",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"reply from unexpected source: (?P<got>[0-9a-fA-F.:]+)#\d+, expected "
            r"(?P<expected>[0-9a-fA-F.:]+)#\d+",
            literal="reply from unexpected source: ",
            samples=(";; reply from unexpected source: 10.244.0.5#53, expected 10.96.0.10#53",),
            source="isc-projects/bind9 bin/dig/dighost.c (recv_done), v9.18",
        ),
    ),
    key=("got", "expected"),
)

SERVER_CANT_FIND = Signature(
    name="client-server-cant-find",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"\*\* server can't find (?P<name>\S+): (?P<rcode>\w+)",
            literal="server can't find ",
            samples=("** server can't find kubernetes.default: NXDOMAIN",),
            source="isc-projects/bind9 bin/dig/nslookup.c (printmessage), v9.18",
        ),
        Wording(
            pattern="nslookup: can't resolve '(?P<name>[^']*)'",
            literal="nslookup: can't resolve",
            samples=("nslookup: can't resolve 'kubernetes.default'",),
            source="busybox networking/nslookup.c (nslookup_main), 1.28",
        ),
    ),
    key=("rcode",),
)

SIGNATURES = signatures_in(globals())
