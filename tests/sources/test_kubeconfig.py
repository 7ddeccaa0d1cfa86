"""The two ways to open a context: plainly, and by the package `kubernetes`."""

from __future__ import annotations

import base64
import fcntl
import importlib.util
import json
import os
import ssl
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest
import yaml

from diagnose.pool import Pool
from diagnose.sources.base import SourceError
from diagnose.sources.kubeconfig import Access, access, checked, fault_of, plainly
from diagnose.sources.live import Live
from diagnose.sources.options import LiveOptions
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


@pytest.mark.parametrize(
    ("server", "what"),
    [
        ("10.77.0.10:6443", "does not begin with https://"),
        ("unix:///run/api.sock", "does not begin with https://"),
        ("https://", "names no host"),
        ("https:///prefix", "names no host"),
        ("https://10.77.0.10:0", "a port that is none"),
        ("https://10.77.0.10:99999", "a port that is none"),
        ("https://10.77.0.10:six", "a port that is none"),
        ("https://10.77.0.10:\u0668\u0660", "a port that is none"),
        ("https://2001:db8::10", "without brackets"),
        ("https://2001:db8::10:6443", "without brackets"),
        ("https://[2001:db8::10:6443", "without brackets"),
        ("https://[api]:6443", "no IPv6 address in its brackets"),
        ("https://a:b:c", "more than a host and a port"),
        ("https://${HOST}:6443", "characters that no host's name has"),
        ("https://the api:6443", "characters that no host's name has"),
        ("https://10.77.0.10:6443\n", "a port that is none"),
        ("https://a..example:6443", "no name of a host"),
        (f"https://{'a' * 64}.example:6443", "no name of a host"),
        ("https://\u202eapi:6443", "no name of a host"),
    ],
)
def test_a_server_that_cannot_be_asked_is_named(server: str, what: str, tmp_path: Path) -> None:
    """What is wrong with its URL, and what it is to be like; nothing is asked."""
    path = written(tmp_path, {"server": server}, {})
    with pytest.raises(SourceError, match=what) as told:
        access(path, None, {})
    assert told.value.hint
    assert "\n" not in told.value.message
    assert "\u202e" not in told.value.message


@pytest.mark.parametrize(
    "server",
    [
        *("http://127.0.0.1:{}/", "http://127.0.0.1:{}///", "http://me:secret@127.0.0.1:{}"),
        *("http://127.0.0.1:{}?timeout=5s", "http://127.0.0.1:{}/#top", "http://127.0.0.1:000{}"),
    ],
)
def test_a_server_is_asked_as_kubectl_asks_it(server: str, tmp_path: Path) -> None:
    """With slashes at its end, and without a query or fragment, which means nothing there."""
    cluster = healthy()
    with serving(cluster) as url:
        path = written(tmp_path, {"server": server.format(url.rpartition(":")[2])}, {})
        Live(LiveOptions(kubeconfig=path), Pool(1, 10))
    assert cluster.requests == ["/version"]


def test_addresses_and_names_of_all_kinds_can_be_asked() -> None:
    """IPv6 in brackets, with a zone or without, a path, names of other scripts."""
    for server in (
        *("https://[::1]", "https://[2001:db8::10]:6443/", "https://[fe80::1%25eth0]:6443"),
        *(
            "https://10.77.0.10:6443/k8s/clusters/c-1",
            "https://b\u00fccher.example",
            "https://api.",
        ),
        *("http://localhost:8080", "https://api_1.example:", "https://me@api:6443"),
    ):
        assert fault_of(server) is None


def test_a_name_and_password_in_the_url_are_sent_and_not_shown(tmp_path: Path) -> None:
    """As Go sends them: where there is no token."""
    server = {"server": "https://me:pa%20ss@10.77.0.10:6443/prefix"}
    way = access(written(tmp_path, server, {}), None, {})
    assert way.host == "https://10.77.0.10:6443/prefix"
    assert way.headers == {"Authorization": "Basic bWU6cGEgc3M="}
    way = access(written(tmp_path, server, {"token": "abc"}), None, {})
    assert way.headers == {"Authorization": "Bearer abc"}


def test_what_is_wrong_with_a_server_never_shows_its_password(tmp_path: Path) -> None:
    """Nor half of it."""
    with pytest.raises(SourceError) as told:
        access(written(tmp_path, {"server": "https://me:pa@ss@:6443"}, {}), None, {})
    assert "pa" not in told.value.message.partition("no host")[2]


def test_files_are_merged_as_kubectl_merges_them(tmp_path: Path) -> None:
    """One may hold the users alone, one nothing, one may be missing; the way is the same."""
    whole = yaml.safe_load(written(tmp_path, {"server": "http://10.77.0.10"}, {}).read_text())
    login = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
    plugin = {
        "apiVersion": login["apiVersion"],
        "interactiveMode": "Never",
        "command": "echo",
        "args": [json.dumps({**login, "status": {"token": "mine"}})],
    }
    parts: dict[str, dict[str, Any] | None] = {
        "clusters": {"clusters": whole["clusters"], "contexts": whole["contexts"]},
        "token": {"users": [{"name": "u", "user": {"token": "mine"}}], "current-context": "a"},
        "plugin": {"users": [{"name": "u", "user": {"exec": plugin}}], "current-context": "a"},
        "empty": {"apiVersion": "v1", "kind": "Config"},
    }
    for name, content in parts.items():
        (tmp_path / name).write_text(yaml.safe_dump(content))
    (tmp_path / "blank").write_text("")
    for user in ("token", "plugin"):
        names = ("missing", "blank", "clusters", "empty", user)
        several = os.pathsep.join(str(tmp_path / name) for name in names)
        way = access(None, None, {"KUBECONFIG": several})
        assert way.headers == {"Authorization": "Bearer mine"}
    for several in (("blank",), ("empty",), ("blank", "empty", "missing")):
        joined = os.pathsep.join(str(tmp_path / name) for name in several)
        with pytest.raises(SourceError, match="without clusters"):
            access(None, None, {"KUBECONFIG": joined})


def proxied(
    folder: Path, monkeypatch: pytest.MonkeyPatch, in_file: str = "", **environ: str
) -> str | None:
    """Return the proxy by which an access asks; None where it asks without one."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        for one in (name, name.lower()):
            monkeypatch.delenv(one, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    cluster = {"server": "https://10.77.0.10:6443"} | ({"proxy-url": in_file} if in_file else {})
    way = access(written(folder, cluster, {"token": "abc"}), None, os.environ)
    proxy = getattr(way.manager, "proxy", None)
    return None if proxy is None else str(proxy)


def test_proxies_are_those_that_kubectl_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a scheme one is of HTTP; NO_PROXY says nothing of the kubeconfig's own."""
    its, other = "http://10.77.0.80:3128", "http://10.77.0.81:3128"
    assert proxied(tmp_path, monkeypatch) is None
    assert proxied(tmp_path, monkeypatch, HTTPS_PROXY=its) == its
    assert proxied(tmp_path, monkeypatch, HTTPS_PROXY="10.77.0.80:3128") == its
    assert proxied(tmp_path, monkeypatch, HTTPS_PROXY=its, NO_PROXY="10.77.0.0/16") is None
    assert proxied(tmp_path, monkeypatch, its, HTTPS_PROXY=other) == its
    assert proxied(tmp_path, monkeypatch, its, NO_PROXY="10.77.0.0/16") == its
    odd = {"HTTPS_PROXY": "socks5://10.77.0.80", "NO_PROXY": "10.77.0.10"}
    assert proxied(tmp_path, monkeypatch, **odd) is None


@pytest.mark.parametrize(
    ("proxy", "what"),
    [("ftp://me:secret@10.77.0.80", "cannot be of ftp"), ("socks5://10.77.0.80", "SOCKS")],
)
def test_a_proxy_that_cannot_be_used_is_named(
    proxy: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its password, and with where it may come from."""
    if proxy.startswith("socks") and importlib.util.find_spec("socks"):
        pytest.skip("this Python can use it")
    with pytest.raises(SourceError, match=what) as told:
        proxied(tmp_path, monkeypatch, HTTPS_PROXY=proxy)
    assert "HTTPS_PROXY" in told.value.hint
    assert "secret" not in told.value.message
