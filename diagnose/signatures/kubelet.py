"""What the kubelet prints, in its log and in the Events that it sends.

In structured logs quotes inside a value are escaped, once for each program that quoted it: every
pattern takes any number of backslashes before a quote.
"""

from __future__ import annotations

from diagnose.signatures.base import Emitter, Signature, Wording, signatures_in

EMITTER = Emitter.KUBELET

# The message quotes the runtime, which quotes the CNI plugin: its innermost error decides.
SANDBOX_CREATE_FAILED = Signature(
    name="sandbox-create-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Failed (?:to )?create pod sandbox: (?P<message>.+)$",
            literal=" pod sandbox: ",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to "
                'setup network for sandbox "8a1f": plugin type="flannel" failed (add): '
                'failed to set bridge addr: "cni0" already has an IP address different from '
                "10.200.1.1/24",
                "Failed create pod sandbox: rpc error: code = Unknown desc = NetworkPlugin "
                'cni failed to set up pod "kube-dns-86f4d74b45-kgjbk_kube-system" network: '
                "operation timed out",
            ),
            source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go "
            '(SyncPod), v1.30.5; without "to" up to v1.15',
        ),
        Wording(
            pattern=r'Failed to create sandbox for pod\\*" err=(?P<message>.+?)(?: '
            r'pod=\\*"(?P<namespace>[^"\\/]+)/(?P<pod>[^"\\]+)\\*")?$',
            literal="Failed to create sandbox for pod",
            samples=(
                'E0302 05:11:09.120211    1322 kuberuntime_sandbox.go:72] "Failed to create '
                'sandbox for pod" err="rpc error: code = Unknown desc = failed to setup '
                'network for sandbox \\"0c4d\\": plugin type=\\"flannel\\" failed (add): '
                "loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: no such file or "
                'directory" pod="kube-system/coredns-5d78c9869d-x2lqv"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_sandbox.go "
            "(createPodSandbox), v1.30.5",
            since="1.20",
        ),
        Wording(
            pattern=r'CreatePodSandbox for pod failed\\*" err=(?P<message>.+?)(?: '
            r'pod=\\*"(?P<namespace>[^"\\/]+)/(?P<pod>[^"\\]+)\\*")?$',
            literal="CreatePodSandbox for pod failed",
            samples=(
                "E0302 05:11:09.120211    1322 kuberuntime_manager.go:1166] "
                '"CreatePodSandbox for pod failed" err="rpc error: code = Unknown desc = '
                'failed to setup network for sandbox \\"0c4d\\": plugin type=\\"portmap\\" '
                'failed (add): failed to find plugin \\"portmap\\" in path [/opt/cni/bin]" '
                'pod="kube-system/coredns-5d78c9869d-x2lqv"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go "
            "(SyncPod), v1.30.5",
            since="1.20",
        ),
        Wording(
            pattern=r'RunPodSandbox from runtime service failed\\*" err=(?P<message>.+?)(?: '
            r'pod=\\*"(?P<namespace>[^"\\/]+)/(?P<pod>[^"\\]+)\\*")?$',
            literal="RunPodSandbox from runtime service failed",
            samples=(
                'E0302 05:11:09.120211    1322 remote_runtime.go:193] "RunPodSandbox from '
                'runtime service failed" err="rpc error: code = Unknown desc = failed to '
                'setup network for sandbox \\"0c4d\\": plugin type=\\"portmap\\" failed (add): '
                'failed to find plugin \\"portmap\\" in path [/opt/cni/bin]"',
            ),
            source="kubernetes/cri-client pkg/remote_runtime.go (RunPodSandbox), v0.30.5",
            since="1.20",
        ),
        Wording(
            pattern=r'failed to \\*"CreatePodSandbox\\*" for '
            r'\\*"(?P<pod>[^"\\_]+)_(?P<namespace>[^"\\(]+)\([^"\\]+\)\\*" with '
            "CreatePodSandboxError: (?P<message>.+)$",
            literal="with CreatePodSandboxError: ",
            samples=(
                'E0302 05:11:09.120211    1322 pod_workers.go:1301] "Error syncing pod, '
                'skipping" err="failed to \\"CreatePodSandbox\\" for '
                '\\"coredns-5d78c9869d-x2lqv_kube-system(1b2c)\\" with CreatePodSandboxError: '
                '\\"Failed to create sandbox for pod \\\\\\"coredns-5d78c9869d-x2lqv_kube-system'
                '(1b2c)\\\\\\": rpc error: code = Unknown desc = failed to setup network for '
                'sandbox\\"" pod="kube-system/coredns-5d78c9869d-x2lqv"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go "
            "(SyncPod), v1.30.5",
        ),
        Wording(
            pattern="(?:RunPodSandbox from runtime service failed|[cC]reatePodSandbox for pod "
            r'\\*"(?P<pod>[^"\\_]+)_(?P<namespace>[^"\\(]+)\([^"\\]+\)\\*" failed): '
            "(?P<message>.+)$",
            literal="PodSandbox f",
            samples=(
                "E0302 05:11:09.120211    1322 remote_runtime.go:105] RunPodSandbox from "
                "runtime service failed: rpc error: code = Unknown desc = failed to set up "
                'sandbox container "3f1c0a9d" network for pod "coredns-7677f9bb54-jxnlh": '
                "networkPlugin cni failed to set up pod "
                '"coredns-7677f9bb54-jxnlh_kube-system" network: failed to Statfs '
                '"/proc/15875/ns/net": no such file or directory',
                "E0302 05:11:09.120211    1322 kuberuntime_manager.go:662] createPodSandbox "
                'for pod "coredns-7677f9bb54-jxnlh_kube-system(1b2c)" failed: rpc error: '
                "code = Unknown desc = failed to create a sandbox",
            ),
            source="kubernetes/kubernetes pkg/kubelet/remote/remote_runtime.go "
            "(RunPodSandbox), kuberuntime/kuberuntime_manager.go (SyncPod), v1.18",
            until="1.19",
        ),
    ),
    key=("pod", "message"),
    envelope=True,
)

SANDBOX_KILL_FAILED = Signature(
    name="sandbox-kill-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'failed to \\*"KillPodSandbox\\*" for \\*"[^"\\]+\\*" with '
            "KillPodSandboxError: (?P<message>.+)$",
            literal="with KillPodSandboxError: ",
            samples=(
                'error killing pod: failed to "KillPodSandbox" for "1b2c" with '
                'KillPodSandboxError: "rpc error: code = Unknown desc = networkPlugin cni '
                'failed to teardown pod \\"coredns-7677f9bb54-jxnlh_kube-system\\" network: '
                'neither iptables nor ip6tables usable"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go "
            "(killPodWithSyncResult), v1.18",
        ),
        Wording(
            pattern=r'StopPodSandbox \\*"?(?P<sandbox>[0-9a-f]+)\\*"? from runtime service '
            "failed: (?P<message>.+)$",
            literal="from runtime service failed: ",
            samples=(
                "E0302 05:11:09.120211    1322 remote_runtime.go:128] StopPodSandbox "
                '"3f1c0a9d" from runtime service failed: rpc error: code = Unknown desc = '
                "networkPlugin cni failed to teardown pod "
                '"coredns-7677f9bb54-jxnlh_kube-system" network: neither iptables nor '
                "ip6tables usable",
            ),
            source="kubernetes/kubernetes pkg/kubelet/remote/remote_runtime.go "
            "(StopPodSandbox), v1.18",
            until="1.19",
        ),
        Wording(
            pattern=r'StopPodSandbox from runtime service failed\\*".{0,300}? '
            "?err=(?P<message>.+)$",
            literal="StopPodSandbox from runtime service failed",
            samples=(
                'E0302 05:11:09.120211    1322 remote_runtime.go:205] "StopPodSandbox from '
                'runtime service failed" err="rpc error: code = Unknown desc = failed to '
                'destroy network for sandbox \\"3f1c0a9d\\": plugin type=\\"portmap\\" failed '
                '(delete): failed to find plugin \\"portmap\\" in path [/opt/cni/bin]" '
                'podSandboxID="3f1c0a9d"',
            ),
            source="kubernetes/cri-client pkg/remote_runtime.go (StopPodSandbox), v0.30.5",
            since="1.20",
        ),
    ),
    key=("message",),
    envelope=True,
)

CNI_ADD_FAILED = Signature(
    name="kubelet-cni-add-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Error adding (?P<namespace>[^_\s]+)_(?P<pod>[^/\s]+)/(?P<sandbox>\S+) to "
            r"network (?P<network>\S+): (?P<message>.+)$",
            literal="] Error adding ",
            samples=(
                "E0302 05:11:09.120211    1322 cni.go:366] Error adding "
                "kube-system_coredns-7677f9bb54-jxnlh/8a1f to network flannel/cbr0: failed "
                'to set bridge addr: "cni0" already has an IP address different from '
                "10.200.1.1/24",
            ),
            source="kubernetes/kubernetes pkg/kubelet/dockershim/network/cni/cni.go "
            "(addToNetwork), v1.18",
            until="1.23",
        ),
        Wording(
            pattern=r"Error deleting (?P<namespace>[^_\s]+)_(?P<pod>[^/\s]+)/(?P<sandbox>\S+) "
            r"from network (?P<network>\S+): (?P<message>.+)$",
            literal="] Error deleting ",
            samples=(
                "E0302 05:11:09.120211    1322 cni.go:387] Error deleting "
                "kube-system_coredns-7677f9bb54-jxnlh/8a1f from network flannel/cbr0: "
                "neither iptables nor ip6tables usable",
            ),
            source="kubernetes/kubernetes pkg/kubelet/dockershim/network/cni/cni.go "
            "(deleteFromNetwork), v1.18",
            until="1.23",
        ),
    ),
    key=("pod", "message"),
    envelope=True,
)

# Normal once after a reboot.
SANDBOX_CHANGED = Signature(
    name="sandbox-changed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Pod sandbox changed, it will be killed and re-created",
            literal="Pod sandbox changed, it will be",
            samples=("Pod sandbox changed, it will be killed and re-created.",),
            source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go "
            "(SyncPod), v1.30.5",
        ),
    ),
)

# Routine in the first minutes of a node.
NETWORK_NOT_READY = Signature(
    name="network-not-ready",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'[Rr]untime network not ready(?:\\*" networkReady=\\*"|: '
            r"?)NetworkReady=false reason:\S+ message:(?P<message>[^\"\\]+)",
            literal="NetworkReady=false reason:",
            samples=(
                'E0302 05:11:09.120211    1322 kubelet.go:2855] "Container runtime network '
                'not ready" networkReady="NetworkReady=false reason:NetworkPluginNotReady '
                'message:Network plugin returns error: cni plugin not initialized"',
                "network is not ready: container runtime network not ready: "
                "NetworkReady=false reason:NetworkPluginNotReady message:Network plugin "
                "returns error: cni plugin not initialized",
                "E0126 09:38:10.991053    1322 kubelet.go:2167] Container runtime network "
                "not ready: NetworkReady=false reason:NetworkPluginNotReady message:docker: "
                "network plugin is not ready: cni config uninitialized",
            ),
            source="kubernetes/kubernetes pkg/kubelet/kubelet.go (updateRuntimeUp), runtime.go "
            "(networkErrors), v1.30.5",
        ),
    ),
    key=("message",),
    envelope=True,
)

CNI_CONFIG_ERROR = Signature(
    name="kubelet-cni-config-error",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Unable to update cni config(?:: |\\*" err=\\*")(?P<message>[^\"]+)',
            literal="Unable to update cni config",
            samples=(
                'I0910 09:58:01.621500   12866 cni.go:239] "Unable to update cni config" '
                'err="no networks found in /etc/cni/net.d"',
                "W0910 09:58:01.621500   12866 cni.go:239] Unable to update cni config: no "
                "valid networks found in /etc/cni/net.d",
            ),
            source="kubernetes/kubernetes pkg/kubelet/dockershim/network/cni/cni.go "
            "(syncNetworkConfig), v1.23",
            until="1.23",
        ),
    ),
    envelope=True,
)

CLUSTER_DNS_MISSING = Signature(
    name="kubelet-clusterdns-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="kubelet does not have ClusterDNS IP configured and cannot create Pod using "
            r'\\*"(?P<policy>\w+)\\*" policy',
            literal="does not have ClusterDNS IP configured",
            samples=(
                'pod: "web-0_default(1b2c3d4e-0000-4000-8000-000000000001)". kubelet does '
                "not have ClusterDNS IP configured and cannot create Pod using "
                '"ClusterFirst" policy. Falling back to "Default" policy.',
            ),
            source="kubernetes/kubernetes pkg/kubelet/network/dns/dns.go (GetPodDNS), v1.30.5",
        ),
    ),
)

NAMESERVER_LIMIT = Signature(
    name="nameserver-limit",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Nameserver limits were exceeded, some nameservers have been omitted, the "
            r"applied nameserver line is: (?P<applied>[^\"]+)",
            literal="Nameserver limits were exceeded",
            samples=(
                "Nameserver limits were exceeded, some nameservers have been omitted, the "
                "applied nameserver line is: 192.168.1.1 192.168.1.2 fd00::1",
            ),
            source="kubernetes/kubernetes pkg/kubelet/network/dns/dns.go "
            "(formDNSNameserversFitsLimits), v1.30.5",
        ),
    ),
)

SEARCH_LIMIT = Signature(
    name="search-limit",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Search Line limits were exceeded, some (?:search paths|dns names) have "
            r"been omitted, the applied search line is: (?P<applied>[^\"]*)",
            literal="Search Line limits were exceeded",
            samples=(
                "Search Line limits were exceeded, some search paths have been omitted, the "
                "applied search line is: default.svc.cluster.local svc.cluster.local "
                "cluster.local corp.example eu.corp.example us.corp.example",
            ),
            source="kubernetes/kubernetes pkg/kubelet/network/dns/dns.go "
            "(formDNSSearchFitsLimits), v1.30.5",
        ),
        Wording(
            pattern=r"Resolv\.conf file ['"
            r"\"](?P<file>[^"
            "'"
            r"\"]+)["
            "'"
            r"\"] contains (?:search line|a search path)",
            literal="esolv.conf file ",
            samples=(
                "Resolv.conf file '/etc/resolv.conf' contains search line consisting of "
                "more than 3 domains!",
            ),
            source="kubernetes/kubernetes pkg/kubelet/network/dns/dns.go "
            "(CheckLimitsForResolvConf), v1.18",
            until="1.27",
        ),
    ),
)

RESOLVCONF_MISSING = Signature(
    name="kubelet-resolvconf-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"open (?P<file>/\S*resolv[\w.-]*\.conf): (?P<reason>no such file or "
            "directory|permission denied)",
            literal="resolv",
            samples=(
                'E0302 05:11:09.120211    1322 kuberuntime_sandbox.go:45] "Failed to '
                'generate sandbox config for pod" err="open '
                '/run/systemd/resolve/resolv.conf: no such file or directory" '
                'pod="kube-system/coredns-5d78c9869d-x2lqv"',
                "Failed to create pod sandbox: open /run/systemd/resolve/resolv.conf: no "
                "such file or directory",
            ),
            source="kubernetes/kubernetes pkg/kubelet/network/dns/dns.go (getHostDNSConfig), "
            "v1.30.5",
        ),
    ),
    key=("file",),
)

RESOLVCONF_EMPTY = Signature(
    name="kubelet-resolvconf-empty",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="nameserver list is empty",
            literal="nameserver list is empty",
            samples=("nameserver list is empty ",),
            source="kubernetes/kubernetes pkg/kubelet/network/dns/dns.go (parseResolvConf), v1.18",
        ),
    ),
)

IMAGE_PULL_FAILED = Signature(
    name="image-pull-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'Failed to pull image \\*"(?P<image>[^"\\]+)\\*": (?P<reason>.+)$',
            literal="Failed to pull image ",
            samples=(
                'Failed to pull image "registry.k8s.io/coredns/coredns:v1.11.1": rpc error: '
                "code = Unknown desc = failed to do request: Head "
                '"https://registry.k8s.io/v2/coredns/coredns/manifests/v1.11.1": dial tcp: '
                "lookup registry.k8s.io on 127.0.0.53:53: server misbehaving",
            ),
            source="kubernetes/kubernetes pkg/kubelet/images/image_manager.go "
            "(EnsureImageExists), v1.30.5",
        ),
    ),
    key=("image",),
    envelope=True,
)

BACK_OFF = Signature(
    name="container-back-off",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"[Bb]ack-off (?:\S+ )?restarting failed container(?:[ "
            r"=](?P<container>[\w.-]+))?",
            literal="restarting failed container",
            samples=(
                "Back-off restarting failed container coredns in pod "
                "coredns-5d78c9869d-x2lqv_kube-system(1b2c3d4e-0000-4000-8000-000000000001)",
                "back-off 5m0s restarting failed container=coredns "
                "pod=coredns-5d78c9869d-x2lqv_kube-system(1b2c)",
            ),
            source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go "
            "(doBackOff), v1.30.5",
        ),
    ),
    key=("container",),
)

READINESS_FAILED = Signature(
    name="readiness-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Readiness probe failed: (?P<reason>.+)$",
            literal="Readiness probe failed: ",
            samples=(
                "Readiness probe failed: HTTP probe failed with statuscode: 503",
                'Readiness probe failed: Get "http://10.244.0.5:8181/ready": dial tcp '
                "10.244.0.5:8181: connect: connection refused",
            ),
            source="kubernetes/kubernetes pkg/kubelet/prober/prober.go (probe), v1.30.5",
        ),
    ),
    envelope=True,
)

LIVENESS_FAILED = Signature(
    name="liveness-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Liveness probe failed: (?P<reason>.+)$",
            literal="Liveness probe failed: ",
            samples=(
                'Liveness probe failed: Get "http://10.244.0.5:8080/health": context '
                "deadline exceeded (Client.Timeout exceeded while awaiting headers)",
            ),
            source="kubernetes/kubernetes pkg/kubelet/prober/prober.go (probe), v1.30.5",
        ),
    ),
    envelope=True,
)

LIVENESS_KILLED = Signature(
    name="liveness-killed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Container (?P<container>\S+) failed liveness probe, will be restarted",
            literal="failed liveness probe, will be restarted",
            samples=("Container coredns failed liveness probe, will be restarted",),
            source="kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go "
            "(computePodActions), v1.30.5",
        ),
    ),
    key=("container",),
)

CONFIG_VOLUME_MISSING = Signature(
    name="config-volume-missing",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'MountVolume\.SetUp failed for volume \\*"(?P<volume>[^"\\]+)\\*"\s{0,3}:? '
            r'.{0,400}?(?:configmap \\*"(?P<configmap>[^"\\]+)\\*" not found|references '
            r"non-existent config key: (?P<config_key>\S+))",
            literal="MountVolume.SetUp failed for volume",
            samples=(
                'MountVolume.SetUp failed for volume "config-volume" : configmap "coredns" '
                "not found",
                'MountVolume.SetUp failed for volume "config-volume" : configmap references '
                "non-existent config key: Corefile",
            ),
            source="kubernetes/kubernetes pkg/volume/configmap/configmap.go (SetUpAt, "
            "MakePayload), v1.30.5",
        ),
    ),
    key=("volume",),
)

CGROUP_DRIVER_MISMATCH = Signature(
    name="cgroup-driver-mismatch",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'misconfiguration: kubelet cgroup driver: \\*"(?P<kubelet>\w+)\\*" is '
            r'different from docker cgroup driver: \\*"(?P<runtime>\w+)\\*"',
            literal="misconfiguration: kubelet cgroup driver",
            samples=(
                "F0302 05:11:09.120211    1322 server.go:274] failed to run Kubelet: "
                'misconfiguration: kubelet cgroup driver: "systemd" is different from '
                'docker cgroup driver: "cgroupfs"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/dockershim/docker_service.go "
            "(NewDockerService), v1.23",
            until="1.23",
        ),
        Wording(
            pattern=r'expected cgroupsPath to be of format \\*"slice:prefix:name\\*" for systemd '
            "cgroups",
            literal="expected cgroupsPath to be of format",
            samples=(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to "
                "create containerd task: failed to create shim task: OCI runtime create "
                "failed: runc create failed: expected cgroupsPath to be of format "
                '"slice:prefix:name" for systemd cgroups, got '
                '"/kubepods/burstable/pod7690/x" instead',
            ),
            source="opencontainers/runc libcontainer/specconv/spec_linux.go "
            "(CreateCgroupConfig), v1.1.0",
        ),
        # The systemd driver's slice:prefix:name, which the other one takes for a folder's name
        Wording(
            pattern=r"/sys/fs/cgroup/\S{0,300}?kubepods[\w-]{0,200}\.slice:"
            r"(?:cri-containerd|crio|docker):\S{1,300}?: no such file or directory",
            literal=".slice:",
            samples=(
                "Error: failed to create containerd task: failed to create shim task: OCI "
                "runtime create failed: runc create failed: unable to start container process: "
                "error during container init: error setting cgroup config for procHooks process: "
                "open /sys/fs/cgroup/memory/system.slice/containerd.service/"
                "kubepods-burstable-pod7690.slice:cri-containerd:coredns/memory.limit_in_bytes: "
                "no such file or directory: unknown",
            ),
            source="containerd/containerd pkg/cri/server/helpers.go (getCgroupsPath), v1.6.0; "
            "opencontainers/runc libcontainer/process_linux.go (initProcess.start), v1.1.0",
        ),
    ),
)

# Before any sandbox: the kubelet makes the pod's own cgroup.
POD_CGROUP_FAILED = Signature(
    name="pod-cgroup-failed",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"unable to ensure pod container exists: failed to create container for "
            r"\[[^\]]{1,200}\] : (?P<reason>.+)$",
            literal="unable to ensure pod container exists",
            samples=(
                "unable to ensure pod container exists: failed to create container for [kubepods "
                "burstable pod1b2c] : mkdir /sys/fs/cgroup/memory/kubepods/burstable/pod1b2c: "
                "cannot allocate memory",
            ),
            source="kubernetes/kubernetes pkg/kubelet/kubelet.go (SyncPod), "
            "cm/pod_container_manager_linux.go (EnsureExists), v1.33",
        ),
    ),
)

SERVICES_NOT_SYNCED = Signature(
    name="kubelet-services-not-synced",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="services have not yet been read at least once, cannot construct envvars",
            literal="services have not yet been read at least once",
            samples=(
                "Error: services have not yet been read at least once, cannot construct envvars",
            ),
            source="kubernetes/kubernetes pkg/kubelet/kubelet_pods.go "
            "(makeEnvironmentVariables), v1.30.5",
        ),
    ),
)

NODE_IP_INVALID = Signature(
    name="kubelet-node-ip-invalid",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'failed to validate nodeIP: node IP: \\*"(?P<address>[0-9a-fA-F.:]+)\\*" '
            "not found",
            literal="failed to validate nodeIP: ",
            samples=(
                'E0302 05:11:09.120211    1322 kubelet_node_status.go:701] "Failed to set '
                'some node status fields" err="failed to validate nodeIP: node IP: '
                '\\"10.0.0.153\\" not found in the host'
                "'s network interfaces"
                '" node="worker-1"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/nodestatus/setters.go (NodeAddress), "
            "kubelet_node_status.go (validateNodeIP), v1.30.5",
        ),
    ),
)

EVICTED = Signature(
    name="evicted",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"The node was low on resource: (?P<resource>[\w-]+)",
            literal="The node was low on resource: ",
            samples=(
                "The node was low on resource: memory. Threshold quantity: 100Mi, available: 88Mi.",
            ),
            source="kubernetes/kubernetes pkg/kubelet/eviction/helpers.go (evictionMessage), "
            "v1.30.5",
        ),
    ),
)

NOT_ADMITTED = Signature(
    name="not-admitted",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Failed to admit pod (?P<pod>\S+) - node has conditions: "
            r"\[(?P<conditions>[\w ]+)\]",
            literal="node has conditions: [",
            samples=(
                "Failed to admit pod web-0_default(0a1b) - node has conditions: [DiskPressure]",
            ),
            source="kubernetes/kubernetes pkg/kubelet/eviction/eviction_manager.go (Admit), v1.10",
            until="1.18",
        ),
        Wording(
            pattern=r'Failed to admit pod to node" pod="(?P<pod>[^"]+)" nodeCondition='
            r'\[(?P<conditions>[\w "]+)\]',
            literal="Failed to admit pod to node",
            samples=(
                '"Failed to admit pod to node" pod="default/web-0" nodeCondition=["DiskPressure"]',
            ),
            source="kubernetes/kubernetes pkg/kubelet/eviction/eviction_manager.go (Admit), "
            "v1.30.5",
            since="1.19",
        ),
    ),
)

SYSTEM_OOM = Signature(
    name="system-oom",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"System OOM encountered, victim process: (?P<process>\S+), pid: (?P<pid>\d+)",
            literal="System OOM encountered, victim",
            samples=("System OOM encountered, victim process: coredns, pid: 12345",),
            source="kubernetes/kubernetes pkg/kubelet/oom/oom_watcher_linux.go (Start), v1.30.5",
        ),
    ),
    key=("process",),
)

# At level error in good health: while the kubelet starts.
SYNC_SKIPPED = Signature(
    name="kubelet-sync-skipped",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Skipping pod synchronization",
            literal="Skipping pod synchronization",
            samples=(
                'E0302 05:10:58.340311    1322 kubelet.go:2253] "Skipping pod '
                'synchronization" err="[container runtime status check may not have '
                'completed yet, PLEG is not healthy: pleg has yet to be successful]"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/kubelet.go (syncLoop), v1.30.5",
        ),
    ),
)

# At level error in good health: while a container is removed.
CONTAINER_GONE = Signature(
    name="kubelet-container-gone",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r'ContainerStatus from runtime service failed\\*"? err=\\*"rpc error: code = '
            "NotFound",
            literal="ContainerStatus from runtime service",
            samples=(
                'E0302 07:20:45.120211    1322 remote_runtime.go:432] "ContainerStatus from '
                'runtime service failed" err="rpc error: code = NotFound desc = an error '
                'occurred when try to find container \\"9e1f\\": not found" containerID="9e1f"',
            ),
            source="kubernetes/cri-client pkg/remote_runtime.go (ContainerStatus), v0.30.5",
        ),
    ),
)

# What a kubelet says once it has reached the API server, and once its node has a network.
NODE_REGISTERED = Signature(
    name="kubelet-node-registered",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern=r"Successfully registered node",
            literal="Successfully registered node",
            samples=(
                "I0302 05:10:58.450211    1322 kubelet_node_status.go:74] "
                '"Successfully registered node" node="worker-1"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/kubelet_node_status.go "
            "(registerWithAPIServer), v1.30.5",
        ),
    ),
)

NODE_READY = Signature(
    name="kubelet-node-ready",
    emitter=EMITTER,
    wordings=(
        Wording(
            pattern="Fast updating node status as it just became ready",
            literal="Fast updating node status as it ",
            samples=(
                "I0302 05:11:11.120211    1322 kubelet_node_status.go:428] "
                '"Fast updating node status as it just became ready"',
            ),
            source="kubernetes/kubernetes pkg/kubelet/kubelet.go (fastStatusUpdateOnce), v1.30.5",
        ),
    ),
)

SIGNATURES = signatures_in(globals())
