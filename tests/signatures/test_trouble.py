"""Why a request failed, read from the texts that Go, client-go, apimachinery and dns print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.signatures.trouble import SEEN, Reason, Trouble, classify

LIST = 'failed to list *v1.Service: Get "https://10.32.0.1:443/api/v1/services?limit=500": '
X509 = "tls: failed to verify certificate: x509: "
TEXTS = (
    (LIST + "dial tcp 10.32.0.1:443: i/o timeout", Reason.TIMEOUT),
    (LIST + "context deadline exceeded", Reason.TIMEOUT),
    (
        LIST + "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        Reason.TIMEOUT,
    ),
    (LIST + "net/http: timeout awaiting response headers", Reason.TIMEOUT),
    (LIST + "net/http: request canceled while waiting for connection", Reason.TIMEOUT),
    (LIST + "dial tcp 10.32.0.1:443: connect: connection timed out", Reason.TIMEOUT),
    (LIST + "dial tcp 10.32.0.1:443: connect: connection refused", Reason.REFUSED),
    (
        "dial tcp 10.77.0.10:6443: connectex: No connection could be made because the target "
        "machine actively refused it.",
        Reason.REFUSED,
    ),
    ("The connection to the server 10.77.0.10:6443 was refused", Reason.REFUSED),
    (
        LIST + "read tcp 10.200.0.5:41012->10.32.0.1:443: read: connection reset by peer",
        Reason.RESET,
    ),
    (LIST + "write tcp 10.200.0.5:41012->10.32.0.1:443: write: broken pipe", Reason.RESET),
    (LIST + "EOF", Reason.EOF),
    (LIST + "Forbidden", Reason.HTTP_PROXY),
    (LIST + "Proxy Authentication Required", Reason.HTTP_PROXY),
    (LIST + "proxyconnect tcp: dial tcp 192.0.2.80:3128: i/o timeout", Reason.HTTP_PROXY),
    (LIST + "proxyconnect tcp: EOF", Reason.HTTP_PROXY),
    (LIST + "unexpected EOF", Reason.EOF),
    (LIST + "http2: server sent GOAWAY and closed the connection", Reason.EOF),
    (LIST + "dial tcp 10.32.0.1:443: connect: no route to host", Reason.NO_ROUTE),
    (LIST + "dial tcp 10.32.0.1:443: connect: host is down", Reason.NO_ROUTE),
    (
        "dial udp [2001:db8::53]:53: connect: network is unreachable",
        Reason.NETWORK_UNREACHABLE,
    ),
    (
        "dial udp [2001:db8::53]:53: connect: cannot assign requested address",
        Reason.NETWORK_UNREACHABLE,
    ),
    (
        "dial udp [2001:db8::53]:53: socket: address family not supported by protocol",
        Reason.NETWORK_UNREACHABLE,
    ),
    # no port is left to ask from
    (LIST + "dial tcp 10.32.0.1:443: connect: cannot assign requested address", Reason.OTHER),
    # what client-go makes of a reset up to v0.18, and what a server answered
    (
        'an error on the server ("") has prevented the request from succeeding (get services)',
        Reason.RESET,
    ),
    (
        'an error on the server ("unknown") has prevented the request from succeeding',
        Reason.SERVER_ERROR,
    ),
    (
        "write udp 10.200.0.5:41234->8.8.4.4:53: write: operation not permitted",
        Reason.NOT_PERMITTED,
    ),
    ("dial tcp [fd00::1]:443: connect: permission denied", Reason.NOT_PERMITTED),
    (
        LIST + "dial tcp: lookup api.example.net on 10.77.0.53:53: no such host",
        Reason.NAME_NOT_FOUND,
    ),
    (LIST + "dial tcp: lookup api.example.net: server misbehaving", Reason.NAME_NOT_FOUND),
    (
        LIST + X509 + "certificate has expired or is not yet valid: current time "
        "2026-01-02T03:04:05Z is after 2025-12-31T00:00:00Z",
        Reason.CERT_EXPIRED,
    ),
    (LIST + X509 + "certificate signed by unknown authority", Reason.CERT_UNKNOWN_AUTHORITY),
    (LIST + X509 + "certificate is valid for 10.96.0.1, not 10.32.0.1", Reason.CERT_NAME),
    (
        LIST + "x509: cannot validate certificate for 10.32.0.1 because it doesn't contain any IP "
        "SANs",
        Reason.CERT_NAME,
    ),
    (LIST + "x509: certificate relies on legacy Common Name field", Reason.CERT_NAME),
    (LIST + 'x509: cannot parse dnsName "kubernetes.default.svc."', Reason.CERT_MALFORMED),
    (LIST + "x509: SAN dNSName is malformed", Reason.CERT_MALFORMED),
    (LIST + "x509: malformed certificate", Reason.TLS_OTHER),
    (LIST + "remote error: tls: handshake failure", Reason.TLS_OTHER),
    (LIST + "net/http: TLS handshake timeout", Reason.TLS_HANDSHAKE_TIMEOUT),
    (LIST + "http: server gave HTTP response to HTTPS client", Reason.HTTP_NOT_TLS),
    (LIST + "tls: first record does not look like a TLS handshake", Reason.HTTP_NOT_TLS),
    (
        'services is forbidden: User "system:serviceaccount:kube-system:coredns" cannot list '
        'resource "services" in API group "" at the cluster scope',
        Reason.FORBIDDEN,
    ),
    ("unknown (get endpointslices.discovery.k8s.io)", Reason.FORBIDDEN),
    ("failed to list *v1.Service: Unauthorized", Reason.UNAUTHORIZED),
    (
        "failed to list *v1.Service: the server has asked for the client to provide credentials "
        "(get services)",
        Reason.UNAUTHORIZED,
    ),
    (
        "the server has received too many requests and has asked us to try again later",
        Reason.TOO_MANY_REQUESTS,
    ),
    ("the server is currently unable to handle the request (get services)", Reason.SERVER_ERROR),
    ("failed to list *v1.Service: apiserver not ready", Reason.SERVER_ERROR),
    ("dns: overflow unpacking uint32", Reason.OVERSIZED),
    ("dns: overflowing header size", Reason.OVERSIZED),
    ("dns: buffer size too small", Reason.OVERSIZED),
    ("dns: short read", Reason.GARBAGE),
    ("dns: bad rdata", Reason.GARBAGE),
    ("dns: id mismatch", Reason.GARBAGE),
    ("dial udp: address 99999: invalid port", Reason.ADDRESS_INVALID),
    ("context canceled", Reason.CANCELED),
    ("something that nobody has seen", Reason.OTHER),
    ("", Reason.HIDDEN),
    ("  ", Reason.HIDDEN),
)


@pytest.mark.parametrize(("text", "reason"), TEXTS, ids=lambda value: str(value)[-40:])
def test_reason(text: str, reason: Reason) -> None:
    """Each library's wording is read as the reason that it means."""
    assert classify(text).reason is reason


@pytest.mark.parametrize(
    "inner",
    [
        "i/o timeout",
        "no such host",
        "read udp 10.77.0.11:40112->10.77.0.53:53: i/o timeout",
        "write udp 10.77.0.11:40112->10.77.0.53:53: write: operation not permitted",
    ],
)
def test_a_failed_look_up_is_no_failure_of_the_server(inner: str) -> None:
    """However the resolver failed, the API server was never asked."""
    text = f"{LIST}dial tcp: lookup api.example.net on 10.77.0.53:53: {inner}"
    assert classify(text).reason is Reason.NAME_NOT_FOUND


@pytest.mark.parametrize(
    "text",
    [
        "etcdserver: request timed out",
        "Timeout: request did not complete within requested timeout - context deadline exceeded",
        "the server was unable to return a response in the time allotted, but may still be "
        "processing the request (get services)",
        'an error on the server ("Internal Server Error: dial tcp 127.0.0.1:2379: connect: '
        'connection refused") has prevented the request from succeeding',
    ],
)
def test_an_answer_that_quotes_the_servers_own_trouble(text: str) -> None:
    """A server that answers was reached: what it quotes is between it and its storage."""
    assert classify(text).reason is Reason.SERVER_ERROR


def test_the_decoder_of_a_watch_is_the_clients_own() -> None:
    """A watch that breaks is no answer, although client-go words it as one."""
    text = (
        'an error on the server ("unable to decode an event from the watch stream: http2: client '
        'connection lost") has prevented the request from succeeding'
    )
    assert classify(text).reason is Reason.EOF


@pytest.mark.parametrize(
    "text",
    [
        'pods "web-0" is forbidden: exceeded quota: small, requested: pods=1',
        'pods "web-0" is forbidden: violates PodSecurity "restricted:latest"',
        "open /var/run/secrets/kubernetes.io/serviceaccount/token: permission denied",
    ],
)
def test_what_only_looks_like_a_refusal(text: str) -> None:
    """Admission speaks of forbidden, files of permission: neither is the role or the network."""
    assert classify(text).reason is Reason.OTHER


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (LIST + "dial tcp 10.32.0.1:443: i/o timeout", "10.32.0.1:443"),
        (LIST + "Unauthorized", "10.32.0.1:443"),
        ('Get \\"https://10.32.0.1:443/version\\": EOF', "10.32.0.1:443"),
        ('Get "https://kubernetes.default.svc/version": EOF', "kubernetes.default.svc:443"),
        ("Get http://10.77.0.10/version: EOF", "10.77.0.10:80"),
        ('Get "https://[fd00::1]:443/version": EOF', "[fd00::1]:443"),
        ('Get "https://[fd00::1]/version": EOF', "[fd00::1]:443"),
        ("read udp 10.200.0.5:35249->8.8.4.4:53: i/o timeout", "8.8.4.4:53"),
        ("read udp [fd00::5]:35249->[2001:db8::53]:53: i/o timeout", "[2001:db8::53]:53"),
        ("dial udp [fe80::1%eth0]:53: connect: invalid argument", "[fe80::1%eth0]:53"),
        ("The connection to the server 10.77.0.10:6443 was refused", "10.77.0.10:6443"),
        ("dial unix /run/x.sock: connect: no such file or directory", ""),
        ("EOF", ""),
    ],
)
def test_target(text: str, target: str) -> None:
    """The target is host and port that were asked, of the piece nearest to the network."""
    assert classify(text).target == target


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        (LIST + "EOF", "services"),
        ("failed to list *v1.EndpointSlice: Unauthorized", "endpointslices.discovery.k8s.io"),
        ("Failed to watch *v1.NetworkPolicy: Unauthorized", "networkpolicies"),
        ("Failed to watch *v1.Ingress: Unauthorized", "ingresses"),
        ("unknown (get endpointslices.discovery.k8s.io)", "endpointslices.discovery.k8s.io"),
        (
            'Get "https://10.32.0.1:443/apis/discovery.k8s.io/v1/endpointslices?watch=true": EOF',
            "endpointslices.discovery.k8s.io",
        ),
        ('Get "https://10.32.0.1:443/api/v1/namespaces/shop/pods/web-0": EOF', "pods"),
        ('Get "https://10.32.0.1:443/api/v1/namespaces?limit=500": EOF', "namespaces"),
        ('Get "https://10.32.0.1:443/version?timeout=32s": EOF', ""),
    ],
)
def test_resource(text: str, resource: str) -> None:
    """The resource is named as RBAC names it, whichever piece of the text tells it."""
    assert classify(text).resource == resource


def test_a_refusal_names_account_and_resource_with_its_group() -> None:
    """What `kubectl auth can-i` needs stands in the line."""
    text = (
        'endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:kube-system:'
        'coredns" cannot list resource "endpointslices" in API group "discovery.k8s.io" at the '
        "cluster scope"
    )
    assert classify(text) == Trouble(
        Reason.FORBIDDEN,
        resource="endpointslices.discovery.k8s.io",
        user="system:serviceaccount:kube-system:coredns",
    )


def test_what_stands_behind_a_long_body_is_not_read() -> None:
    """The text is read up to a bound, so that a quoted page costs nothing."""
    assert classify("x" * SEEN + " connection refused").reason is Reason.OTHER


@given(st.text())
def test_never_raises(text: str) -> None:
    """Any text has a reason."""
    assert isinstance(classify(text).reason, Reason)
