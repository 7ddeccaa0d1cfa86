"""The certificate of the API server comes with the connections of a run, and with no request."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from diagnose.asks import Ask
from diagnose.collect import evidence_of
from diagnose.facts.certificates import Certificate
from diagnose.facts.services import Service
from diagnose.model import GapKind
from diagnose.parts import Haul, Kind, Part
from diagnose.redaction import Redactor
from diagnose.sources import bundle
from diagnose.sources.live import Live, gather
from diagnose.sources.options import LiveOptions
from tests.fire import certificates
from tests.sources.apiserver import DATE, Cluster, Fault, kubeconfig, serving, thing
from tests.sources.pools import OneByOne

ONE = frozenset({Ask.API_CERTIFICATE})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of certificates for 127.0.0.1."""
    if not certificates.available():
        pytest.skip("certificates are made by openssl")
    return certificates.make(tmp_path_factory.mktemp("authority"))


def cluster() -> Cluster:
    """Return a cluster with the Service that pods ask."""
    found = Cluster()
    spec = {"clusterIP": "10.32.0.1", "clusterIPs": ["10.32.0.1"], "ports": [{"port": 443}]}
    found.add("services", thing("Service", "kubernetes", "default", spec=spec))
    return found


@contextmanager
def encrypted(
    of: Cluster, authority: Path, folder: Path, name: str, **settings: object
) -> Iterator[LiveOptions]:
    """Yield the options of a run against a server that shows a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / f"{name}.pem", authority / "key.pem")
    with serving(of, context) as url:
        path = kubeconfig(folder, url)
        content = json.loads(path.read_text())
        content["clusters"][0]["cluster"].update(settings)
        path.write_text(json.dumps(content))
        yield LiveOptions(kubeconfig=path, environ={}, request_timeout_s=5)


def certificates_of(haul: Haul) -> list[Part]:
    """Return the certificates in a haul."""
    return [part for part in haul.parts if part.kind is Kind.CERTIFICATE]


def only(haul: Haul) -> Certificate:
    """Return the only certificate that a haul's parts tell of."""
    (found,) = evidence_of(haul).of(Certificate)
    return found


def test_it_is_noted_with_the_clock_of_the_server(authority: Path, tmp_path: Path) -> None:
    """A run that verifies it notes it in words, beside the Service's address."""
    of = cluster()
    trusted = str(authority / "both.pem")
    with encrypted(of, authority, tmp_path, "valid", **{"certificate-authority": trusted}) as given:
        haul = gather(ONE, options=given, pool=OneByOne())
    one = only(haul)
    assert one.names == ("127.0.0.1",)
    assert one.holder == one.issuer == "CN = api"
    assert (f"{one.begins:%Y}", f"{one.ends:%Y}") == ("2020", "2099")
    assert one.server.startswith("https://127.0.0.1:")
    assert (f"{one.at:%d %b %Y %H:%M:%S}", one.clock) == (DATE[5:25], "the server's clock")
    assert evidence_of(haul).of(Service)[0].cluster_ips == ("10.32.0.1",)
    assert of.requests == ["/version", "/api/v1/namespaces/default/services/kubernetes"]
    assert not haul.gaps


def test_one_that_is_not_verified_is_noted_as_well(authority: Path, tmp_path: Path) -> None:
    """Where the kubeconfig says not to verify, an expired one is seen, and once for all asks."""
    with encrypted(
        cluster(), authority, tmp_path, "expired", **{"insecure-skip-tls-verify": True}
    ) as given:
        live = Live(given, OneByOne())
        haul = live.ask(ONE)
        again = live.ask(ONE | {Ask.NODES})
    assert f"{only(haul).ends:%Y}" == "2021"
    assert certificates_of(again) == certificates_of(haul)


def test_one_that_is_refused_is_looked_at_and_not_trusted(authority: Path, tmp_path: Path) -> None:
    """The run ends as before, and what was refused is shown; no request follows."""
    of = cluster()
    trusted = str(authority / "both.pem")
    with encrypted(
        of, authority, tmp_path, "expired", **{"certificate-authority": trusted}
    ) as given:
        haul = gather(ONE, options=given, pool=OneByOne())
    one = only(haul)
    assert f"{one.ends:%Y}" == "2021"
    assert one.clock == "corediag's own clock"
    assert "encrypted connection fails" in haul.general_gaps[0].because
    assert of.requests == []


def test_without_encryption_there_is_none(tmp_path: Path) -> None:
    """A connection that is not encrypted has none, so that nothing is missing."""
    with serving(cluster()) as url:
        given = LiveOptions(kubeconfig=kubeconfig(tmp_path, url), environ={})
        haul = gather(ONE, options=given, pool=OneByOne())
    assert not certificates_of(haul)
    assert not haul.gaps


def test_a_service_that_may_not_be_read_is_a_gap(authority: Path, tmp_path: Path) -> None:
    """The certificate came, and the address that it has to be valid for did not."""
    of = cluster()
    of.faults["/services/kubernetes"] = Fault(status=403, body="no")
    with encrypted(of, authority, tmp_path, "valid", **{"insecure-skip-tls-verify": True}) as given:
        haul = gather(ONE, options=given, pool=OneByOne())
    assert only(haul).names == ("127.0.0.1",)
    (gap,) = haul.gaps[Ask.API_CERTIFICATE]
    assert (gap.what, gap.kind) == ("the Service kubernetes", GapKind.DENIED)


def test_it_is_noted_only_where_it_is_asked_for(authority: Path, tmp_path: Path) -> None:
    """A run of other checks keeps no certificate."""
    settings = {"insecure-skip-tls-verify": True}
    with encrypted(cluster(), authority, tmp_path, "valid", **settings) as given:
        haul = gather(frozenset({Ask.NODES}), options=given, pool=OneByOne())
    assert not certificates_of(haul)
    assert Ask.API_CERTIFICATE not in haul.gaps


def test_a_bundle_tells_the_same_redacted(authority: Path, tmp_path: Path) -> None:
    """What is read of the bundle is what the run read; a public address has another one's name."""
    settings = {"insecure-skip-tls-verify": True}
    with encrypted(cluster(), authority, tmp_path, "valid", **settings) as given:
        haul = gather(ONE, options=given, pool=OneByOne())
    (part,) = certificates_of(haul)
    text = part.text.replace("127.0.0.1,", "127.0.0.1").replace(
        "IP Address:127.0.0.1", "IP Address:127.0.0.1, IP Address:8.9.10.11"
    )
    changed = Part(part.kind, part.origin, text, ask=part.ask, whole=True)
    parts = tuple(changed if one is part else one for one in haul.parts)
    path = tmp_path / "bundle.tar.gz"
    bundle.write(
        Haul(parts=parts, looked=haul.looked, taken_at=haul.taken_at),
        path,
        redactor=Redactor(),
    )
    one = only(bundle.read(path))
    assert one.names is not None
    assert one.names[0] == "127.0.0.1"
    assert one.names[1].startswith(("192.0.2.", "198.51.100.", "203.0.113."))
    assert (one.begins, one.ends) == (only(haul).begins, only(haul).ends)
    assert one.at == only(haul).at
