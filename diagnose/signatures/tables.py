"""The signatures of all emitters together, and whose of them to look for in whose log.

Programs quote each other: a CNI plugin's error stands in the log of the runtime that ran it and
of the kubelet that asked for it; texts of the kernel, of Go and of client-go in all.
"""

from __future__ import annotations

from collections.abc import Mapping

from diagnose.signatures import (
    api_client,
    client,
    cni,
    controller_manager,
    coredns,
    flannel,
    kernel,
    kube_proxy,
    kubelet,
    runtime,
)
from diagnose.signatures.base import Emitter, Signature

BY_EMITTER: Mapping[Emitter, tuple[Signature, ...]] = {
    Emitter.COREDNS: coredns.SIGNATURES,
    Emitter.KUBELET: kubelet.SIGNATURES,
    Emitter.RUNTIME: runtime.SIGNATURES,
    Emitter.CNI: cni.SIGNATURES,
    Emitter.KUBE_PROXY: kube_proxy.SIGNATURES,
    Emitter.FLANNEL: flannel.SIGNATURES,
    Emitter.CONTROLLER_MANAGER: controller_manager.SIGNATURES,
    Emitter.KERNEL: kernel.SIGNATURES,
    Emitter.API_CLIENT: api_client.SIGNATURES,
    Emitter.CLIENT: client.SIGNATURES,
}
SIGNATURES = tuple(one for table in BY_EMITTER.values() for one in table)
BY_NAME: Mapping[str, Signature] = {one.name: one for one in SIGNATURES}

# What the runtime of Go prints of any program.
GO = (coredns.PANIC, coredns.THREADS_EXHAUSTED)
# The kubelet's own answer in place of a log: a gap, not a line of a program.
NO_LOG = (runtime.LOG_UNAVAILABLE,)


def applying(emitter: Emitter) -> tuple[Signature, ...]:
    """Return the signatures to look for in a program's log, its own first."""
    return APPLYING[emitter]


def table(*emitters: Emitter, also: tuple[Signature, ...] = ()) -> tuple[Signature, ...]:
    """Return the signatures of several emitters, without those that are no line of a log."""
    every = [one for emitter in emitters for one in BY_EMITTER[emitter]]
    return tuple(dict.fromkeys(one for one in (*every, *also) if one not in NO_LOG))


QUOTED = (Emitter.API_CLIENT, Emitter.CLIENT)
APPLYING: Mapping[Emitter, tuple[Signature, ...]] = {
    Emitter.COREDNS: table(Emitter.COREDNS, *QUOTED),
    Emitter.KUBELET: table(Emitter.KUBELET, Emitter.RUNTIME, Emitter.CNI, Emitter.KERNEL, *QUOTED),
    Emitter.RUNTIME: table(Emitter.RUNTIME, Emitter.CNI, Emitter.KERNEL, Emitter.CLIENT),
    Emitter.CNI: table(Emitter.CNI, Emitter.KERNEL, *QUOTED),
    Emitter.KUBE_PROXY: table(Emitter.KUBE_PROXY, Emitter.KERNEL, *QUOTED, also=GO),
    Emitter.FLANNEL: table(Emitter.FLANNEL, Emitter.KERNEL, *QUOTED, also=GO),
    Emitter.CONTROLLER_MANAGER: table(Emitter.CONTROLLER_MANAGER, *QUOTED, also=GO),
    Emitter.KERNEL: table(Emitter.KERNEL),
    Emitter.API_CLIENT: table(*QUOTED),
    Emitter.CLIENT: table(Emitter.CLIENT, Emitter.API_CLIENT),
    Emitter.UNKNOWN: table(*BY_EMITTER),
}
