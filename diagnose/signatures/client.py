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
            pattern=r"(?:error -3:|Errno -3\]|getaddrinfo (?:for (?P<name>\S{1,253}) )?failed:) "
            "Try again",
            literal=" Try again",
            samples=(
                "getaddrinfo api.example.net: error -3: Try again",
                "socket.gaierror: [Errno -3] Try again",
                "php_network_getaddresses: getaddrinfo for api.example.net failed: Try again",
            ),
            source="musl src/network/gai_strerror.c (EAI_AGAIN), 1.2.3; php/php-src "
            "main/network.c (php_network_getaddresses), 8.1",
        ),
        Wording(
            pattern=r"https?://(?P<name>[\w.-]{1,253})\S{0,500}: "
            r"(?:DNS: transient|temporary) error \(try again later\)",
            literal=" error (try again later)",
            samples=(
                "WARNING: fetching https://apk.example.net/v3.19/main/x86_64/APKINDEX.tar.gz: "
                "temporary error (try again later)",
                "WARNING: updating and opening https://apk.example.net/v3.24/main/x86_64/"
                "APKINDEX.tar.gz: DNS: transient error (try again later)",
            ),
            source="alpinelinux/apk-tools src/print.c (apk_error_str), v2.14; "
            "src/apk_print.h (APKE_DNS_AGAIN), v3.0",
        ),
        Wording(
            pattern=r"Resource temporarily unavailable \((?P<name>[\w.-]{1,253}):\d+\)",
            literal="Resource temporarily unavailable (",
            samples=(
                "System.Net.Http.HttpRequestException: Resource temporarily unavailable "
                "(api.example.net:443)",
            ),
            source="dotnet/runtime System.Net.NameResolution NameResolutionPal.Unix.cs "
            "(GetSocketErrorForNativeError: EAI_AGAIN as SocketError.TryAgain), v8",
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
            pattern=r"UnknownHostException: (?:Failed to resolve )?'?(?P<name>[^\s:'\[]+)",
            literal="UnknownHostException",
            samples=(
                "java.net.UnknownHostException: api.example.net: Name or service not known",
                "java.net.UnknownHostException: Failed to resolve 'api.example.net' after 4 "
                "queries",
            ),
            source="openjdk/jdk java.base java/net/Inet6AddressImpl (lookupAllHostAddr), 17; "
            "netty/netty resolver-dns DnsResolveContext (finishResolve), 4.1",
        ),
        Wording(
            pattern=r"[Cc]ould not resolve host:? '?(?P<name>[^\s'"
            r"\"]+)",
            literal="ould not resolve host",
            samples=("curl: (6) Could not resolve host: api.example.net",),
            source="curl/curl lib/hostip.c (Curl_resolver_error), 7.88",
        ),
        Wording(
            pattern="Could not resolve '(?P<name>[^']+)'",
            literal="Could not resolve '",
            samples=("Could not resolve 'api.example.net'",),
            source="Debian apt methods/connect.cc (Connect), 2.6",
        ),
        Wording(
            pattern="No address associated with (?:host)?name",
            literal="No address associated with ",
            samples=("socket.gaierror: [Errno -5] No address associated with hostname",),
            source="glibc resolv/gai_strerror.c (EAI_NODATA), 2.36",
        ),
        Wording(
            pattern=r"Bad hostname '(?P<name>[^':]+)",
            literal="Bad hostname '",
            samples=("IO::Socket::INET: Bad hostname 'api.example.net:80'",),
            source="perl dist/IO/lib/IO/Socket/INET.pm (configure), 5.36",
        ),
        Wording(
            pattern='host not found in (?:upstream|resolver) "(?P<name>[^":]+)',
            literal="host not found in ",
            samples=(
                'nginx: [emerg] host not found in upstream "backend.shop.svc" in '
                "/etc/nginx/conf.d/default.conf:3",
            ),
            source="nginx/nginx src/http/ngx_http_upstream.c, src/core/ngx_inet.c "
            "(ngx_inet_resolve_host), 1.25",
        ),
        Wording(
            pattern=r"Unknown MySQL server host '(?P<name>[^']+)' \((?P<reason>-?\d+)\)",
            literal="Unknown MySQL server host '",
            samples=("Unknown MySQL server host 'db.example.net' (-3)",),
            source="mysql/mysql-server include/errmsg.h, libmysql/errmsg.cc (CR_UNKNOWN_HOST), 8.0",
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
            "resolution|(?:read|write|dial) (?:udp|tcp) .+|Try again|no answer from DNS server|"
            "cannot unmarshal DNS message|invalid DNS response)",
            literal="lookup ",
            samples=(
                "dial tcp: lookup api.example.com on 10.96.0.10:53: read udp "
                "10.244.1.4:41234->10.96.0.10:53: i/o timeout",
                "dial tcp: lookup api.example.com on 10.96.0.10:53: write udp "
                "10.244.1.4:36745->10.96.0.10:53: write: operation not permitted",
                "dial tcp: lookup api.example.com on 10.96.0.10:53: no answer from DNS server",
            ),
            source="golang/go net/net.go (DNSError.Error), go1.26",
        ),
    ),
    key=("server", "reason"),
    fallback=True,
)

QUERY_FAILED = Signature(
    name="client-query-failed",
    emitter=EMITTER,
    wordings=tuple(
        Wording(
            pattern=rf"{query} (?P<reason>E(?:TIMEOUT|CONNREFUSED|SERVFAIL|REFUSED|BADRESP|NOTFOUND"
            r"|NODATA|FORMERR|NOTIMP)) (?P<name>\S+)",
            literal=f"{query} E",
            samples=(f"Error: {query} ETIMEOUT api.example.net",),
            source="nodejs/node lib/internal/dns/callback_resolver.js (resolver), v20; c-ares",
        )
        for query in ("queryA", "queryAaaa", "querySrv", "queryTxt")
    ),
    key=("reason",),
    fallback=True,
)

LOOKUP_TIMED_OUT = Signature(
    name="client-lookup-timed-out",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Resolving timed out after \d+ milliseconds",
            literal="Resolving timed out after ",
            samples=("curl: (28) Resolving timed out after 40000 milliseconds",),
            source="curl/curl lib/connect.c (Curl_timeleft), lib/multi.c (multi_handle_timeout), "
            "7.88",
        ),
        Wording(
            pattern=r"\[(?:\d+: )?[\w.-]{0,253}/(?P<server>[0-9a-fA-F.:%]+):\d+\] query "
            r"(?:'[^']*' )?(?:via (?P<transport>UDP|TCP) )?timed out after \d+ milliseconds",
            literal=" timed out after ",
            samples=(
                "io.netty.resolver.dns.DnsNameResolverTimeoutException: [/10.96.0.10:53] query "
                "via UDP timed out after 5000 milliseconds (no stack trace available)",
            ),
            source="netty/netty resolver-dns DnsQueryContext (writeQuery), 4.1",
        ),
        Wording(
            pattern=r"(?P<name>[\w.-]{1,253})'? could not be resolved \("
            r"(?P<reason>110: Operation timed out|2: Server failure|3: Host not found"
            r"|5: Operation refused)\)",
            literal=" could not be resolved (",
            samples=(
                "[error] 29#29: *1 backend.shop.svc.cluster.local could not be resolved "
                "(110: Operation timed out), client: 10.244.0.1",
            ),
            source="nginx/nginx src/http/ngx_http_upstream.c (ngx_http_upstream_resolve_handler), "
            "src/core/ngx_resolver.c (ngx_resolver_strerror), 1.25",
        ),
        Wording(
            pattern=r"(?:C-ares status is not ARES_SUCCESS|DNS server returned|DNS query).{0,200}?"
            r"(?P<reason>Could not contact DNS servers|Timeout while contacting DNS servers)",
            literal="DNS servers",
            samples=(
                "DNS resolution failed for api.example.net:50051: C-ares status is not "
                "ARES_SUCCESS qtype=A name=api.example.net is_balancer=0: Could not contact DNS "
                "servers",
            ),
            source="grpc/grpc src/core/resolver/dns/c_ares/grpc_ares_wrapper.cc, v1.60; c-ares "
            "src/lib/ares_strerror.c (ARES_ECONNREFUSED, ARES_ETIMEOUT), 1.19",
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
