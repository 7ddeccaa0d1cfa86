"""Brings the lab up, tells how it is, and takes it down without a trace."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab import control_plane, network, node, plan
from lab.build import build
from lab.cluster import Lab
from lab.images import Image, archive, cluster_images, control_plane_images
from lab.process import LabError, run, say
from lab.snapshot import snapshot
from lab.spaces import MARK, Space, close_space, inhabitants, numbers, open_space, spaces


def up(lab: Lab) -> float:
    """Return the seconds until the lab was well: started, mended, or found so."""
    started = time.monotonic()
    build((lab.coredns,))
    if spaces() and shape_differs(lab):
        say("CoreDNS is deployed in the other shape; starting anew")
        down()
    fresh = not spaces()
    try:
        _converge(lab)
    except LabError as error:
        if fresh:
            say(f"what explains it: {snapshot(lab, 'up')}")
            raise
        say(f"could not be mended ({str(error).splitlines()[0]}); starting anew")
        down()
        _converge(lab)
    return time.monotonic() - started


def shape_differs(lab: Lab) -> bool:
    """Whether a lab runs whose CoreDNS has other names; they cannot be changed in place."""
    try:
        return Lab.running().helm != lab.helm
    except LabError:
        return False


def _converge(lab: Lab) -> None:
    state = plan.state()
    state.mkdir(parents=True, exist_ok=True)
    lab.remember()
    pause = lab.built.command("pause")
    outside = network.open_outside(pause)
    network.start_upstream(outside)
    control_plane.make_keys()
    images = cluster_images(lab.built, lab.coredns)
    own = {True: control_plane_images(lab.built), False: ()}
    for image in (*images, *own[True]):
        archive(image)  # written here, since the nodes below would write the same file twice
    with ThreadPoolExecutor(len(plan.NODES)) as pool:
        started = [
            pool.submit(
                _start_node,
                lab,
                outside,
                open_space(each.name, pause),
                each,
                (*images, *own[each.control_plane]),
            )
            for each in plan.NODES
        ]
        for one in started:
            one.result()
    lab.wait("the API server", lab.api_answers, timeout_s=240)
    say("the API server answers")
    lab.apply("kube-proxy")
    lab.apply("flannel")
    for daemonset, namespace in (
        ("kube-proxy", "kube-system"),
        ("kube-flannel-ds", "kube-flannel"),
    ):
        lab.reselect(daemonset, namespace)
    lab.wait("the nodes to be ready", lab.nodes_ready, timeout_s=240)
    lab.kubectl("uncordon", *(each.name for each in plan.NODES))
    say("the nodes are ready")
    lab.apply(lab.coredns_manifest)
    lab.apply("client")
    count = len(control_plane.COMPONENTS)
    lab.wait("the control plane's pods", lambda: lab.all_ready("tier=control-plane", count=count))
    try:
        lab.wait_healthy(timeout_s=90)
    except LabError:  # pods that lost their link to the bridge look well and reach nobody
        say("not well yet: recreating the nodes' pods")
        for each in plan.NODES:
            lab.recreate_pods_on(each.name)
        lab.wait_healthy()


def _start_node(
    lab: Lab, outside: Space, space: Space, each: plan.Node, images: tuple[Image, ...]
) -> None:
    node.prepare(space, each)
    network.wire_node(outside, space, each)
    node.start_containerd(space)
    node.import_images(space, images)
    before = space.read(node.KUBELET_CONFIG)
    node.write_kubelet_files(space, each, control_plane.pki())
    if each.control_plane:
        control_plane.install(space)
    if before and before != space.read(node.KUBELET_CONFIG):
        space.stop("kubelet")
    node.start_kubelet(space, each, lab.built)


def status() -> list[str]:
    """Return one line per part of the lab: what runs, and whether it is well."""
    existing = spaces()
    if not existing:
        return ["no lab runs here"]
    lab = Lab.running()
    lines = [f"CoreDNS {lab.coredns}{', as helm deploys it' if lab.helm else ''}"]
    for each in plan.NODES:
        space = existing.get(each.name)
        if space is None:
            lines.append(f"{each.name}: gone")
            continue
        daemons = ", ".join(
            f"{name} {'runs' if space.daemon_pid(name) else 'GONE'}"
            for name in ("containerd", "kubelet")
        )
        lines.append(f"{each.name}: {daemons}")
    lines.append(f"API server: {'answers' if lab.api_answers() else 'does not answer'}")
    lines.append(f"kubeconfig: {plan.kubeconfig()}")
    return [*lines, *lab.summary().strip().splitlines()]


def down() -> None:
    """Assert that nothing of the lab is left on this machine but what was built."""
    existing = spaces()
    namespaces: set[str] = set()
    for space in existing.values():
        namespaces |= numbers(space)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(close_space, existing.values()))
    # An end of the link lives here; the kernel takes it with the other end, but not at once.
    run("ip", "link", "delete", plan.HOST_LINK, check=False)
    node.remove_cgroups()
    shutil.rmtree(plan.state(), ignore_errors=True)
    if left := leftovers(namespaces):
        raise LabError("left behind: " + "; ".join(left))


def leftovers(namespaces: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
    """Return what of the lab is still on this machine: processes, mounts, links, rules, cgroups."""
    state = str(plan.state())
    left = [f"process {line}" for line in inhabitants(set(namespaces))]
    left += [f"space {name}" for name in spaces()]
    left += [f"process {line}" for line in _processes_naming(state)]
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    left += [f"mount {line.split()[4]}" for line in mounts if state in line]
    links = json.loads(run("ip", "-j", "link").stdout or "[]")
    names = [link["ifname"] for link in links]
    left += [f"link {name}" for name in names if name == plan.HOST_LINK or name.startswith("cdl")]
    routes = run("ip", "route").stdout.splitlines()
    left += [f"route {line}" for line in routes if plan.HOST_LINK in line]
    for command in ("iptables-save", "iptables-legacy-save"):
        rules = run(command, check=False).stdout.splitlines()
        left += [f"rule {line}" for line in rules if "KUBE-" in line or "FLANNEL-" in line]
    left += [f"cgroup {tree}" for tree in node.cgroup_trees() if tree.exists()]
    left += [f"folder {state}"] if Path(state).exists() else []
    return left


def _processes_naming(text: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if words[1:2] == [MARK] or any(word.startswith(text) for word in words):
            found.append(f"{folder.name} {' '.join(words)}")
    return found


def shell_words(name: str) -> tuple[str, ...]:
    """Return the command that opens a shell on a node, with kubectl and the lab's kubeconfig."""
    lab = Lab.running()
    tools = lab.built.command("kubectl").parent
    environment = (f"KUBECONFIG={plan.kubeconfig()}", f"PATH={tools}:{node.PATH}")
    return lab.space(name).words("env", *environment, f"PS1={name}# ", "sh")
