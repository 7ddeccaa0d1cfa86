"""Certificates are read from what openssl and kubeadm print, and from what a live run notes."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.certificates import Certificate
from diagnose.parsers.certificates import parse
from diagnose.parts import Kind, Part
from diagnose.text.recognise import cut

BEGINS, ENDS = datetime(2025, 11, 1, 8, tzinfo=UTC), datetime(2026, 11, 1, 8, tzinfo=UTC)
NAMES = ("kubernetes", "kubernetes.default.svc", "10.32.0.1", "10.77.0.11")
LISTED = "DNS:kubernetes, DNS:kubernetes.default.svc, IP Address:10.32.0.1, IP Address:10.77.0.11"
DATES = "notBefore=Nov  1 08:00:00 2025 GMT\nnotAfter=Nov  1 08:00:00 2026 GMT\n"
SHORT = (
    f"X509v3 Subject Alternative Name: \n    {LISTED}\n"
    f"subject=CN = kube-apiserver\nissuer=CN = kubernetes\n{DATES}"
)
TEXT = f"""Certificate:
    Data:
        Version: 3 (0x2)
        Serial Number: 6513241542379105862 (0x5a638e0f6e3a2e46)
        Signature Algorithm: sha256WithRSAEncryption
        Issuer: CN = kubernetes
        Validity
            Not Before: Nov  1 08:00:00 2025 GMT
            Not After : Nov  1 08:00:00 2026 GMT
        Subject: CN = kube-apiserver
        Subject Public Key Info:
            Public Key Algorithm: rsaEncryption
                Public-Key: (2048 bit)
                Modulus:
                    00:b4:31:98:0a:c4:bc:62:c1:88:aa:dc:b0:c8:bb:
                Exponent: 65537 (0x10001)
        X509v3 extensions:
            X509v3 Key Usage: critical
                Digital Signature, Key Encipherment
            X509v3 Basic Constraints: critical
                CA:FALSE
            X509v3 Subject Alternative Name:
                {LISTED}
    Signature Algorithm: sha256WithRSAEncryption
    Signature Value:
        5d:bf:38:0c:21:39:53:6a:89:5e:cb:0f:7f:09:bd:73:1e:ab:
"""
CLIENT = """CONNECTED(00000003)
depth=0 CN = kube-apiserver
verify error:num=10:certificate has expired
notAfter=Nov  1 08:00:00 2026 GMT
verify return:1
---
Certificate chain
 0 s:CN = kube-apiserver
   i:CN = kubernetes
   a:PKEY: rsaEncryption, 2048 (bit); sigalg: RSA-SHA256
   v:NotBefore: Nov  1 08:00:00 2025 GMT; NotAfter: Nov  1 08:00:00 2026 GMT
---
Server certificate
subject=CN = kube-apiserver

issuer=CN = kubernetes

---
Acceptable client certificate CA names
CN = kubernetes
---
SSL handshake has read 1570 bytes and written 379 bytes
Verification error: certificate has expired
---
New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256
Verify return code: 10 (certificate has expired)
---
DONE
"""


def read(text: str) -> list[Certificate]:
    """Return the certificates that a part of this text holds."""
    items = parse(Part(Kind.CERTIFICATE, "a", text)).items
    return [one for one in items if isinstance(one, Certificate)]


def pasted(text: str) -> list[Certificate]:
    """Return the certificates of a paste, which nothing says to hold any."""
    found = []
    for part in cut(text, origin="paste"):
        if part.kind is Kind.CERTIFICATE:
            found += [one for one in parse(part).items if isinstance(one, Certificate)]
    return found


def test_what_x509_prints() -> None:
    """In its long form and in its short one, holder, names and dates are the same."""
    for text in (SHORT, TEXT):
        for (one,) in (read(text), pasted(text), pasted("It is so:\n\n" + text + "\nIs it right?")):
            assert (one.holder, one.issuer) == ("CN = kube-apiserver", "CN = kubernetes")
            assert one.names == NAMES
            assert (one.begins, one.ends) == (BEGINS, ENDS)
            assert one.of_api_server
            assert not one.ended


def test_what_s_client_prints() -> None:
    """Its verdict counts, and its own word for the end; names it does not tell."""
    for (one,) in (read(CLIENT), pasted(CLIENT), pasted(f"# openssl s_client\n{CLIENT}")):
        assert (one.holder, one.ends, one.names) == ("CN = kube-apiserver", ENDS, None)
        assert one.ended
        assert one.of_api_server


def test_what_a_live_run_notes() -> None:
    """Where and when it was seen stands above, by a clock that is named."""
    head = "# shown at https://10.77.0.11:6443; the server's clock said Nov 23 10:00:00 2026 GMT\n"
    for (one,) in (read(head + SHORT), pasted(head + SHORT)):
        assert one.server == "https://10.77.0.11:6443"
        assert (one.at, one.clock) == (datetime(2026, 11, 23, 10, tzinfo=UTC), "the server's clock")
        assert one.names == NAMES


def test_several_are_told_apart() -> None:
    """One begins where a field is told again, or a heading is."""
    other = "subject=CN = etcd\nissuer=CN = etcd-ca\nnotAfter=Dec  1 08:00:00 2026 GMT\n"
    assert [one.holder for one in read(SHORT + other)] == ["CN = kube-apiserver", "CN = etcd"]
    assert [one.of_api_server for one in read(SHORT + other)] == [True, False]
    assert len(read(TEXT + TEXT)) == 2
    assert len(read("# shown at https://a:1\n" + SHORT + "# shown at https://a:1\n" + SHORT)) == 2


def test_kubeadm_lists_them() -> None:
    """Of each row name and end are known, and whether kubeadm calls it ended."""
    text = (
        "CERTIFICATE                EXPIRES                  RESIDUAL TIME   OF\n"
        "admin.conf                 Nov 01, 2027 08:00 UTC   361d            ca\n"
        "apiserver                  Nov 01, 2026 08:00 UTC   <invalid>       ca\n"
        "!MISSING! apiserver-etcd-client\n"
    )
    for several in (read(text), pasted(text)):
        first, second = several
        assert (first.file, first.ended, first.of_api_server) == ("admin.conf", False, False)
        assert (second.ends, second.ended, second.of_api_server) == (ENDS, True, True)


def test_a_list_of_names_that_may_go_on_tells_nothing() -> None:
    """Where openssl's next line does not follow, the list was cut or wrapped."""
    head, rest = SHORT.partition("subject=")[0], "subject=CN = kube-apiserver\n"
    assert [one.names for one in read(head)] == []
    assert read(head + "2.0.1, IP Address:10.0.0.9\n" + rest)[0].names is None
    assert read(SHORT.replace(", IP Address:10.77.0.11", ", IP Addr"))[0].names is None
    assert read("X509v3 Subject Alternative Name:\n    <none>\n" + rest)[0].names == ()


def test_a_pem_block_is_opened() -> None:
    """What stands in it counts where no words tell it; what is none is left."""
    assert not read("-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n")
    assert not parse(
        Part(Kind.CERTIFICATE, "a", "-----BEGIN CERTIFICATE-----\nREDACTED\n" * 3)
    ).gaps


def test_what_holds_none_is_a_gap() -> None:
    """A refusal tells of no certificate."""
    refused = Part(Kind.CERTIFICATE, "a", "connect:errno=111")
    assert not parse(refused).items
    assert parse(refused).gaps


def test_names_are_matched_as_clients_do() -> None:
    """Addresses in any form, wildcards for one label; unknown names rule nothing out."""
    (one,) = read(SHORT.replace("DNS:kubernetes,", "DNS:*.Example.com, IP Address:FD00:0:0::1,"))
    assert one.is_for("10.32.0.1")
    assert one.is_for("fd00::1")
    assert one.is_for("A.example.com.")
    assert not one.is_for("a.b.example.com")
    assert not one.is_for("10.32.0.10")
    assert read(CLIENT)[0].is_for("10.32.0.10")


@given(st.text(max_size=400) | st.text("DNS:,IPAdres0123.\n=-#<>SubjectX509v", max_size=400))
def test_never_raises(text: str) -> None:
    """Whatever stands there is read or left out."""
    read(text)
    read(SHORT + text)
    read("X509v3 Subject Alternative Name:\n" + text)
