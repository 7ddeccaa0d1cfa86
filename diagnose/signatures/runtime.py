"""What container runtimes print: containerd, CRI-O, and dockerd behind dockershim."""

from __future__ import annotations

from diagnose.signatures.base import Emitter, Signature, Wording, signatures_in

EMITTER = Emitter.RUNTIME

RUN_SANDBOX_FAILED = Signature(
    name="runtime-run-sandbox-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"RunPodSandbox for &PodSandboxMetadata\{Name:(?P<pod>[^,]{1,300}+),"
            r"Uid:[^,]{0,60}+,Namespace:(?P<namespace>[^,]{1,80}+),.{0,40}? failed, "
            r'error\\*" error=(?P<message>.+)$',
            literal="RunPodSandbox for &PodSandboxMetadata",
            samples=(
                'time="2024-03-02T05:11:09Z" level=error msg="RunPodSandbox for '
                "&PodSandboxMetadata{Name:coredns-5d78c9869d-x2lqv,Uid:1b2c,Namespace:kube-s"
                'ystem,Attempt:0,} failed, error" error="failed to setup network for '
                'sandbox \\"8a1f\\": plugin type=\\"flannel\\" failed (add): failed to delegate '
                'add: failed to set bridge addr: \\"cni0\\" already has an IP address '
                'different from 10.244.1.1/24"',
            ),
            source="containerd/containerd internal/cri/instrument/instrumented_service.go "
            "(RunPodSandbox), v1.7.22",
        ),
    ),
    key=("pod", "message"),
    envelope=True,
)

SANDBOX_STARTED = Signature(
    name="runtime-sandbox-started",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"RunPodSandbox for &PodSandboxMetadata\{Name:(?P<pod>[^,]{1,300}+),"
            r"Uid:[^,]{0,60}+,Namespace:(?P<namespace>[^,]{1,80}+),.{0,40}? returns sandbox id",
            literal=" returns sandbox id ",
            samples=(
                'time="2024-03-02T05:11:12Z" level=info msg="RunPodSandbox for '
                "&PodSandboxMetadata{Name:coredns-5d78c9869d-x2lqv,Uid:1b2c,Namespace:kube-s"
                'ystem,Attempt:0,} returns sandbox id \\"3f1c0a9d5b7e4c21a6d8\\""',
            ),
            source="containerd/containerd internal/cri/instrument/instrumented_service.go "
            "(RunPodSandbox), v1.7.22",
        ),
    ),
    key=("pod",),
)

STOP_SANDBOX_FAILED = Signature(
    name="runtime-stop-sandbox-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'StopPodSandbox for \\*"(?P<sandbox>[0-9a-f]+)\\*" failed\\*" '
            "error=(?P<message>.+)$",
            literal="StopPodSandbox for ",
            samples=(
                'time="2024-03-02T05:11:10Z" level=error msg="StopPodSandbox for '
                '\\"3f1c0a9d\\" failed" error="failed to destroy network for sandbox '
                '\\"3f1c0a9d\\": plugin type=\\"portmap\\" failed (delete): could not teardown '
                "ipv4 dnat: running [/usr/sbin/iptables -t nat -S CNI-HOSTPORT-DNAT "
                '--wait]: exit status 4"',
            ),
            source="containerd/containerd internal/cri/instrument/instrumented_service.go "
            "(StopPodSandbox), v1.7.22",
        ),
    ),
    key=("message",),
    envelope=True,
)

SANDBOX_IMAGE_FAILED = Signature(
    name="sandbox-image-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'failed to get sandbox image \\*"(?P<image>[^"\\]+)\\*": (?P<reason>.+)$',
            literal="failed to get sandbox image ",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to "
                'get sandbox image "registry.k8s.io/pause:3.9": failed to pull image '
                '"registry.k8s.io/pause:3.9": failed to pull and unpack image',
            ),
            source="containerd/containerd internal/cri/server/podsandbox/sandbox_run.go "
            "(Start), v1.7.22",
        ),
        Wording(
            pattern="unable to pull image for the sandbox container: (?P<reason>.+)$",
            literal="image for the sandbox container: ",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = unable to "
                "pull image for the sandbox container: Error response from daemon: Get "
                "https://k8s.gcr.io/v2/: net/http: request canceled",
            ),
            source="kubernetes/kubernetes pkg/kubelet/dockershim/docker_sandbox.go "
            "(RunPodSandbox), v1.18",
            until="1.23",
        ),
        Wording(
            pattern=r'failed pulling image \\*"(?P<image>[^"\\]*pause[^"\\]*)\\*": '
            "(?P<reason>.+)$",
            literal="failed pulling image ",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed "
                'pulling image "k8s.gcr.io/pause:3.2": Error response from daemon: Get '
                "https://k8s.gcr.io/v2/: net/http: request canceled while waiting for "
                "connection",
            ),
            source="kubernetes/kubernetes pkg/kubelet/dockershim/helpers.go "
            "(ensureSandboxImageExists), v1.18",
            until="1.23",
        ),
        Wording(
            pattern=r'creating pod sandbox with name \\*"[^"\\]+\\*": '
            r"(?:Error )?initializing source docker://(?P<image>[^\s\"\\]+?): (?P<reason>.+)$",
            literal="nitializing source docker://",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = creating pod "
                'sandbox with name "k8s_coredns-5zgtx_kube-system_1b2c_0": initializing source '
                "docker://registry.k8s.io/pause:3.10: pinging container registry registry.k8s.io: "
                'Get "https://registry.k8s.io/v2/": dial tcp 192.0.2.9:443: i/o timeout',
            ),
            source="cri-o/cri-o server/sandbox_run_linux.go (runPodSandbox), v1.37; the reason "
            "from containers/image docker/docker_image_src.go",
        ),
    ),
    key=("image",),
)

# The network is set up, or not asked for yet; the sandbox's own process does not come to life.
SANDBOX_START_FAILED = Signature(
    name="sandbox-start-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'failed to start sandbox container for pod \\*"[^"\\]+\\*": (?P<reason>.+)$',
            literal="failed to start sandbox container for pod ",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start "
                'sandbox container for pod "coredns-7677f9bb54-jxnlh": Error response from daemon: '
                "OCI runtime create failed: container_linux.go:349: starting container process "
                "caused \"process_linux.go:319: getting the final child's pid from pipe caused "
                '\\"EOF\\"": unknown',
            ),
            source="kubernetes/kubernetes pkg/kubelet/dockershim/docker_sandbox.go "
            "(RunPodSandbox), v1.18",
            until="1.23",
        ),
        Wording(
            pattern=r'failed to start sandbox (?:container task )?\\*"[0-9a-f]+\\*": '
            "(?P<reason>.+)$",
            literal="failed to start sandbox ",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start "
                'sandbox container task "3f1c0a9d5b7e4c21a6d8": cannot allocate memory',
            ),
            source="containerd/containerd internal/cri/server/podsandbox/sandbox_run.go (Start), "
            "v1.7.22",
        ),
        Wording(
            pattern="failed to create containerd task: (?P<reason>.+)$",
            literal="failed to create containerd task: ",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create "
                "containerd task: failed to create shim task: OCI runtime create failed: runc "
                "create failed: unable to start container process: can't get final child's PID "
                "from pipe: EOF: unknown",
            ),
            source="containerd/containerd internal/cri/server/podsandbox/sandbox_run.go (Start), "
            "v1.7.22",
        ),
        Wording(
            pattern="desc = container create failed: (?P<reason>.+)$",
            literal="desc = container create failed: ",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = container create "
                'failed: time="2024-03-02T05:11:09Z" level=error msg="container_linux.go:380: '
                "starting container process caused: exec: pause: executable file not found in "
                '$PATH"',
            ),
            source="cri-o/cri-o internal/oci/runtime_oci.go (CreateContainer), v1.28",
        ),
        Wording(
            # what the runtime does around the process, one step an alternative
            pattern=r"desc = (?:failed to start sandbox \S{1,80}: )?(?P<reason>failed to (?:create "
            "containerd container|create network namespace|get sandbox runtime|get OCI runtime|"
            "generate (?:sandbox container spec|runtime options)|mount container|mount sandbox shm|"
            "create (?:volatile )?sandbox root directory|setup sandbox files|pin namespaces|create "
            "pod namespaces|add hostport mapping for sandbox|write runtime configuration)"
            r"(?=[: ]).*)$",
            literal="desc = failed to ",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create "
                'network namespace for sandbox "3f1c0a9d": failed to setup netns: unshare: '
                "operation not permitted",
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get "
                'sandbox runtime: no runtime for "kata" is configured',
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create "
                "pod namespaces: failed to pin namespaces [uts ipc net]: [pinns:e]: Failed to bind "
                "mount ns: /proc/1234/ns/net: Operation not permitted",
            ),
            source="containerd/containerd internal/cri/server/sandbox_run.go (RunPodSandbox), "
            "podsandbox/sandbox_run.go (Start), v2.4; cri-o/cri-o server/sandbox_run_linux.go, "
            "server/sandbox_network.go, v1.37",
        ),
    ),
    envelope=True,
)

SANDBOX_NAME_RESERVED = Signature(
    name="sandbox-name-reserved",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'failed to reserve sandbox name \\*"(?P<sandbox>[^"\\]+)\\*"',
            literal="failed to reserve sandbox name",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to "
                'reserve sandbox name "coredns-5d78c9869d-x2lqv_kube-system_1b2c_0": name '
                '"coredns-5d78c9869d-x2lqv_kube-system_1b2c_0" is reserved for '
                '"3f1c0a9d5b7e4c21a6d8"',
            ),
            source="containerd/containerd internal/cri/server/sandbox_run.go (RunPodSandbox), "
            "v1.7.22",
        ),
        Wording(
            pattern=r'[Tt]he container name \\*"/?k8s_POD_(?P<sandbox>[^"\\]+)\\*" is already '
            "in use by container",
            literal='ontainer name "/k8s_POD_',
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create a "
                'sandbox for pod "coredns-5zgtx": Error response from daemon: Conflict. The '
                'container name "/k8s_POD_coredns-5zgtx_kube-system_1b2c_0" is already in use by '
                'container "3f1c0a9d".',
            ),
            source="moby/moby daemon/names.go (reserveName), v24.0; through dockershim and "
            "cri-dockerd",
        ),
        Wording(
            pattern=r"error reserving pod name k8s_(?P<sandbox>\S+) for id \w+: name is reserved",
            literal="error reserving pod name k8s_",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = Kubelet may be "
                "retrying requests that are timing out in CRI-O due to system load. Currently at "
                "stage sandbox network creation: context deadline exceeded: error reserving pod "
                "name k8s_coredns-5zgtx_kube-system_1b2c_0 for id 3f1c0a9d: name is reserved",
            ),
            source="cri-o/cri-o internal/lib/container_server.go (ReservePodName), v1.37",
        ),
    ),
)

# Routine when the runtime starts before the network add-on.
CNI_INIT_FAILED = Signature(
    name="runtime-cni-init-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="failed to load cni during init, please check CRI plugin status before "
            r'setting up network for pods\\*" error=(?P<message>.+)$',
            literal="failed to load cni during init",
            samples=(
                'time="2024-03-02T05:10:31Z" level=error msg="failed to load cni during '
                'init, please check CRI plugin status before setting up network for pods" '
                'error="cni config load failed: no network config found in /etc/cni/net.d: '
                'cni plugin not initialized: failed to load cni config"',
            ),
            source="containerd/containerd internal/cri/server/service.go (initPlatform), v1.7.22",
        ),
        Wording(
            pattern="failed to reload cni configuration after receiving fs change "
            "event.{0,500}?error=(?P<message>.+)$",
            literal="failed to reload cni configuration",
            samples=(
                'time="2024-03-02T05:10:31Z" level=error msg="failed to reload cni '
                "configuration after receiving fs change event(REMOVE        "
                '\\"/etc/cni/net.d/10-flannel.conflist\\")" error="cni config load failed: no '
                "network config found in /etc/cni/net.d: cni plugin not initialized: failed "
                'to load cni config"',
            ),
            source="containerd/containerd internal/cri/server/cni_conf_syncer.go (syncLoop), "
            "v1.7.22",
        ),
    ),
    envelope=True,
)

IMAGE_PULL_FAILED = Signature(
    name="runtime-image-pull-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'PullImage \\*"(?P<image>[^"\\]+)\\*" failed\\*" error=(?P<reason>.+)$',
            literal="PullImage ",
            samples=(
                'time="2024-03-02T05:11:09Z" level=error msg="PullImage '
                '\\"registry.k8s.io/pause:3.9\\" failed" error="failed to do request: Head '
                '\\"https://registry.k8s.io/v2/pause/manifests/3.9\\": dial tcp: lookup '
                'registry.k8s.io on 127.0.0.53:53: server misbehaving"',
            ),
            source="containerd/containerd internal/cri/instrument/instrumented_service.go "
            "(PullImage), v1.7.22",
        ),
    ),
    key=("image",),
    envelope=True,
)

# What libcni says of a plugin, whoever quotes it; people paste it without what stands before.
PLUGIN_ADD_FAILED = Signature(
    name="runtime-plugin-add-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'plugin type=\\*"(?P<plugin>[^"\\]{1,64})\\*"(?: name=\\*"[^"\\]{0,128}\\*")? '
            r"failed \(add\): (?P<message>.+)$",
            literal=" failed (add): ",
            samples=(
                'plugin type="bridge" name="net" failed (add): failed to make veth pair: operation '
                "not supported",
            ),
            source="containernetworking/cni libcni/api.go (AddNetworkList), v1.1.0",
        ),
    ),
    key=("plugin", "message"),
    envelope=True,
)

PLUGIN_DELETE_FAILED = Signature(
    name="runtime-plugin-delete-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'plugin type=\\*"(?P<plugin>[^"\\]{1,64})\\*"(?: name=\\*"[^"\\]{0,128}\\*")? '
            r"failed \(delete\): (?P<message>.+)$",
            literal=" failed (delete): ",
            samples=(
                'plugin type="portmap" name="net" failed (delete): could not teardown ipv4 dnat',
            ),
            source="containernetworking/cni libcni/api.go (DelNetworkList), v1.1.0",
        ),
    ),
    key=("plugin", "message"),
    envelope=True,
)

# Not a log: the answer of the kubelet when it has none.
LOG_UNAVAILABLE = Signature(
    name="container-log-unavailable",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"unable to retrieve container logs for (?P<container>\S+)",
            literal="unable to retrieve container logs",
            samples=(
                "unable to retrieve container logs for "
                "containerd://3f1c0a9d5b7e4c21a6d83f1c0a9d5b7e4c21a6d8",
            ),
            source="kubernetes/kubernetes pkg/kubelet/kuberuntime/logs/logs.go (ReadLogs), "
            "kubelet.go (GetKubeletContainerLogs), v1.30.5",
        ),
    ),
)

SIGNATURES = signatures_in(globals())
