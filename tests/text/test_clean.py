"""Lines that were cut or broken when they were copied, made whole again."""

from __future__ import annotations

import pytest

from diagnose.text.clean import unwrap

MESSAGE = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for "
    'sandbox "5b1e6f70": plugin type="flannel" failed (add): failed to delegate add: failed to '
    'set bridge addr: "cni0" already has an IP address different from 10.200.1.1/24'
)


def broken(text: str, width: int, end: str = "") -> list[str]:
    """Return a text in lines as a mail program breaks them: at blanks, none wider than width."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line + end)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


@pytest.mark.parametrize("width", [60, 64, 72, 80])
@pytest.mark.parametrize("end", ["", " "])
def test_a_paragraph_broken_at_blanks_is_one_entry(width: int, end: str) -> None:
    """Where no first word would have fitted the line before, one program broke them all."""
    lines = broken(MESSAGE, width, end)
    assert len(lines) > 3
    assert [text for _, text in unwrap(lines)] == [MESSAGE]


def test_a_status_of_grpc_does_not_begin_an_entry() -> None:
    """Behind "rpc" the line goes on: "error: code = " is the rest of gRPC's own words."""
    lines = [
        "2024-03-02T05:11:09Z [Warning] Failed to create pod sandbox: rpc",
        "error: code = Unknown desc = failed to setup network for sandbox",
        '"8a1f0c4d": stat /var/lib/calico/nodename: no such file or directory:',
        "check that calico/node is running and has mounted that folder",
    ]
    assert [text for _, text in unwrap(lines)] == [" ".join(lines)]


def test_a_break_at_a_hyphen_takes_no_blank() -> None:
    """A name that was broken at its hyphen is whole again."""
    lines = [
        'createPodSandbox for pod "coredns-5d78c9869d-x2lqv_kube-',
        'system(1b2c3d4e-0000-4000-8000-aabbccddeeff)" failed: rpc error:',
        "code = Unknown desc = failed to start sandbox container for pod",
        "coredns-5d78c9869d-x2lqv: Error response from daemon: OCI failed",
    ]
    (_, text), *rest = unwrap(lines)
    assert not rest
    assert "coredns-5d78c9869d-x2lqv_kube-system(1b2c3d4e" in text


@pytest.mark.parametrize(
    "lines",
    [
        # a trace of Go: each of its lines begins nothing
        ["goroutine 1 [running]", "main.main()", "\t/app/main.go:7 +0x1d", "exit status 2"],
        # short answers of a program, one a line
        ["PING 192.0.2.1 (192.0.2.1): 56 data bytes", "64 bytes from 192.0.2.1: seq=0", "64 bytes"],
        # a first word that would have fitted the line before
        [
            "the first of these lines is long enough to be one that somebody broke by hand",
            "and the second one is not",
            "so that the third one stands for itself, whatever a reader may think of the text",
        ],
    ],
)
def test_lines_that_stand_for_themselves_are_not_joined(lines: list[str]) -> None:
    """Without evidence that they were broken, lines stay as they are."""
    shown = [text for _, text in unwrap(lines) if text]
    assert shown == [line.rstrip() for line in lines if line]
