"""The two ways to open a context: plainly, and by the package `kubernetes`."""

from __future__ import annotations

import base64
import fcntl
import os
import ssl
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest
import yaml

from diagnose.sources.base import SourceError
from diagnose.sources.kubeconfig import Access, access, checked, plainly
from tests.sources.apiserver import healthy, serving
from tests.sources.test_streams import authority, context_of

__all__ = ["authority"]  # a fixture


def written(folder: Path, cluster: dict[str, Any], user: dict[str, Any]) -> Path:
    """Return a kubeconfig of one context."""
    path = folder / "config"
    path.write_text(
        yaml.safe_dump(
            {
                "current-context": "a",
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": user}],
                "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    return path


def opened_plainly(path: Path, **environ: str) -> Access | None:
    """Return what opens without the package; None where it is needed."""
    return plainly(checked([path], None), environ)


def test_certificates_as_data_and_as_files(authority: Path, tmp_path: Path) -> None:
    """Both are taken, the latter relative to the kubeconfig, and the server is asked."""
    (tmp_path / "ca.pem").write_bytes((authority / "cert.pem").read_bytes())
    (tmp_path / "key.pem").write_bytes((authority / "key.pem").read_bytes())

    def data(name: str) -> str:
        return base64.b64encode((authority / name).read_bytes()).decode()

    as_files = {"client-certificate": "ca.pem", "client-key": "key.pem"}
    as_data = {
        "client-certificate-data": data("cert.pem"),
        "client-key-data": data("key.pem"),
    }
    with serving(healthy(), context_of(authority)) as url:
        for authority_, pair in (
            ({"certificate-authority": "ca.pem"}, as_files),
            ({"certificate-authority-data": data("cert.pem")}, as_data),
            ({"certificate-authority": "ca.pem", "tls-server-name": "api.test"}, as_data),
            ({"insecure-skip-tls-verify": True}, {**as_data, "token": "abc"}),
        ):
            way = opened_plainly(written(tmp_path, {"server": url, **authority_}, pair))
            assert way is not None
            assert way.manager.request("GET", f"{url}/version", headers=way.headers).status == 200
    assert way.headers == {"Authorization": "Bearer abc"}


@pytest.mark.parametrize(
    ("cluster", "user", "environ"),
    [
        ({}, {"exec": {"command": "login"}}, {}),
        ({}, {"auth-provider": {"name": "oidc"}}, {}),
        ({}, {"username": "u", "password": "p"}, {}),
        ({}, {"tokenFile": "/token"}, {}),
        ({"proxy-url": "http://127.0.0.1:1"}, {}, {}),
        ({}, {}, {"https_proxy": "http://127.0.0.1:1"}),
        ({"certificate-authority": "missing.pem"}, {}, {}),
        ({"certificate-authority-data": "bm9uZQ=="}, {}, {}),
        ({"certificate-authority-data": "%%%"}, {}, {}),
        ({}, {"client-certificate-data": "bm9uZQ=="}, {}),
        ({}, {"client-certificate-data": "bm9uZQ==", "client-key-data": "bm9uZQ=="}, {}),
        ({}, {"token": "two\nlines"}, {}),
    ],
)
def test_everything_else_is_the_packages(
    cluster: dict[str, Any], user: dict[str, Any], environ: dict[str, str], tmp_path: Path
) -> None:
    """Plugins, proxies, and whatever is wrong: it knows them, and says what is wrong."""
    path = written(tmp_path, {"server": "https://127.0.0.1:1", **cluster}, user)
    assert opened_plainly(path, **environ) is None


def test_a_key_is_left_nowhere(
    authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL reads a key from files alone; the one it is given is gone afterwards."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    seen = []
    load = ssl.SSLContext.load_cert_chain

    def loading(self: ssl.SSLContext, path: Path, **_: object) -> None:
        seen.append(path.stat().st_mode & 0o777)
        load(self, path)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", loading)
    pair = {
        "client-certificate": str(authority / "cert.pem"),
        "client-key": str(authority / "key.pem"),
    }
    path = written(tmp_path, {"server": "https://127.0.0.1:1"}, pair)
    assert access(path, None, {}).context == "a"
    assert seen == [0o600]
    assert not list((tmp_path / "temporary").iterdir())


LOCKED = """
import sys
from pathlib import Path
from diagnose.sources.kubeconfig import checked, plainly
print(plainly(checked([Path(sys.argv[1])], None), {}))
"""


def test_nobody_is_asked_for_a_passphrase(authority: Path, tmp_path: Path) -> None:
    """OpenSSL would ask the terminal, and wait; the package says that the key is encrypted."""
    subprocess.run(
        [
            *("openssl", "pkcs8", "-topk8", "-passout", "pass:x"),
            *("-in", str(authority / "key.pem"), "-out", str(tmp_path / "key.pem")),
        ],
        check=True,
        capture_output=True,
    )
    pair = {"client-certificate": str(authority / "cert.pem"), "client-key": "key.pem"}
    path = written(tmp_path, {"server": "https://127.0.0.1:1"}, pair)
    terminal, inside = os.openpty()  # without one there is nobody to ask
    try:
        told = subprocess.run(
            [sys.executable, "-c", LOCKED, str(path)],
            stdin=inside,
            stdout=subprocess.PIPE,
            stderr=inside,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            timeout=60,
            check=True,
        )
    finally:
        os.close(terminal)
        os.close(inside)
    assert told.stdout.strip() == b"None"


@pytest.mark.parametrize("named", ["pipe", "/dev/zero", "."])
def test_what_never_ends_is_no_certificate(named: str, tmp_path: Path) -> None:
    """Neither a pipe that nobody writes to nor a device is read."""
    os.mkfifo(tmp_path / "pipe")
    cluster = {"server": "https://127.0.0.1:1", "certificate-authority": named}
    assert opened_plainly(written(tmp_path, cluster, {})) is None


def test_false_in_quotes_switches_nothing_off(tmp_path: Path) -> None:
    """A text in place of a truth value is refused, as by kubectl; it would count as true."""
    cluster = {"server": "https://127.0.0.1:1", "insecure-skip-tls-verify": "false"}
    with pytest.raises(SourceError, match="neither true nor false"):
        access(written(tmp_path, cluster, {}), None, {})
