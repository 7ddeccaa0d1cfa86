"""What redaction leaves readable: resolvers and names that everybody knows, endings of names."""

from __future__ import annotations

import ipaddress


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


RESOLVERS = frozenset(
    map(
        ipaddress.ip_address,
        words(
            "8.8.8.8 8.8.4.4 2001:4860:4860::8888 2001:4860:4860::8844 "  # Google
            "2001:4860:4860::64 2001:4860:4860::6464 "
            "1.1.1.1 1.0.0.1 1.1.1.2 1.0.0.2 1.1.1.3 1.0.0.3 "  # Cloudflare
            "2606:4700:4700::1111 2606:4700:4700::1001 2606:4700:4700::64 2606:4700:4700::6400 "
            "9.9.9.9 149.112.112.112 9.9.9.10 149.112.112.10 9.9.9.11 149.112.112.11 "  # Quad9
            "2620:fe::fe 2620:fe::9 2620:fe::10 2620:fe::fe:10 "
            "208.67.222.222 208.67.220.220 208.67.222.220 208.67.220.222 "  # OpenDNS
            "2620:119:35::35 2620:119:53::53 "
            "4.2.2.1 4.2.2.2 4.2.2.3 4.2.2.4 4.2.2.5 4.2.2.6 "  # Level 3
            "64.6.64.6 64.6.65.6 156.154.70.1 156.154.71.1 "  # Verisign, Neustar
            "94.140.14.14 94.140.15.15 185.228.168.9 185.228.169.9 "  # AdGuard, CleanBrowsing
            "84.200.69.80 84.200.70.40 8.26.56.26 8.20.247.20 "  # DNS.Watch, Comodo
            "114.114.114.114 114.114.115.115 223.5.5.5 223.6.6.6 119.29.29.29 "  # China
            "180.76.76.76 1.2.4.8 210.2.4.8 77.88.8.8 77.88.8.1 "  # Baidu, CNNIC, Yandex
            "168.63.129.16 "  # Azure's own
            "185.12.64.1 185.12.64.2 2a01:4ff:ff00::add:1 2a01:4ff:ff00::add:2 "  # Hetzner
            "213.133.98.98 213.133.99.99 213.133.100.100 213.186.33.99 "  # Hetzner, OVH
            "67.207.67.2 67.207.67.3 161.26.0.10 161.26.0.11 "  # DigitalOcean, IBM
            "2a0f:fc80:: 2a0f:fc81:: 193.110.81.0 185.253.5.0"  # dns0.eu
        ),
    )
)

LOGINS = words("root admin core ubuntu centos debian fedora ec2-user user vagrant")
UNITS = words("service socket target mount slice scope timer device path swap")
COUNTRIES = words(
    "ae ar at au be bg br ca ch ci cl cn co cz de dk ee eg es fi fr gr hk hr hu ie il in ir is it "
    "jp ke kr kz lt lu lv ma mx my ng nl no nz pe ph pk pl pt qa ro ru sa se sg si sk th tr tw ua "
    "uk us uy ve vn za"
)
GENERIC = words(
    "com net org edu gov mil int biz io dev app cloud tech tv ai xyz online site shop store bank "
    "group global network systems solutions services company consulting digital agency eu asia "
    "health finance insurance energy software academy studio media live world team email"
)
INNER = words("local localdomain internal intranet lan corp home private intra priv")
ENDINGS = COUNTRIES | GENERIC | INNER
SURE = words("com net org edu gov io")  # as labels that are no namespace's name
SECOND_LEVEL = words("co com org net ac gov edu or ne go gob nom")
KNOWN_DOMAINS = words(
    "cluster.local in-addr.arpa ip6.arpa home.arpa compute.internal ec2.internal "
    "metadata.google.internal metadata.goog localhost.localdomain example.com example.net "
    "example.org example.local k8s.io kubernetes.io x-k8s.io coredns.io cncf.io etcd.io "
    "containerd.io cri-o.io flannel.io projectcalico.org tigera.io cilium.io weave.works "
    "openshift.io openshift.com operatorframework.io istio.io linkerd.io envoyproxy.io "
    "helm.sh docker.io docker.com quay.io gcr.io pkg.dev ghcr.io mcr.microsoft.com "
    "github.com github.io githubusercontent.com gitlab.com golang.org go.dev gopkg.in "
    "googlesource.com google.com googleapis.com gstatic.com prometheus.io grafana.com "
    "grafana.net rancher.io rancher.com k3s.io cattle.io suse.com suse.io microk8s.io "
    "canonical.com ubuntu.com debian.org alpinelinux.org centos.org fedoraproject.org "
    "redhat.com redhat.io rockylinux.org almalinux.org archlinux.org kernel.org "
    "amazon.com aws.amazon.com awscloud.com microsoft.com cloudflare.com cloudflare-dns.com "
    "opendns.com quad9.net dns.google one.one.one.one iana.org ietf.org isc.org "
    "root-servers.net gtld-servers.net "
    "facebook.com wikipedia.org apple.com baidu.com bing.com yahoo.com amazonlinux.com "
    "opentelemetry.io fluentd.org cert-manager.io metallb.io metallb.universe.tf kubevirt.io "
    "knative.dev argoproj.io fluxcd.io crossplane.io keda.sh velero.io longhorn.io "
    "kubernetes.local karpenter.sh eks.amazonaws.com gke.io node.kubernetes.io "
    "digitalocean.com hetzner.cloud hetzner.com linode.com oraclecloud.com letsencrypt.org"
)
# Kept themselves, but what stands left of them names an account, a cluster or a host.
TENANTS = words(
    "amazonaws.com amazonaws.com.cn azurecr.io azmk8s.io azure.com azure.net windows.net "
    "azurewebsites.net cloudapp.net cloudfront.net herokuapp.com appspot.com run.app "
    "cloudfunctions.net digitaloceanspaces.com ondigitalocean.com linodeobjects.com "
    "aliyuncs.com myqcloud.com googleusercontent.com firebaseio.com elastic-cloud.com"
)
PLAIN_LABELS = words(
    "www api app web db sql mail smtp imap mx ns ns1 ns2 ns3 dns dns1 dns2 resolver cache cdn "
    "static proxy gateway gw lb elb vpn ntp ldap git registry docker images repo mirror "
    "archive security packages dl updates metadata kubernetes kube-dns coredns default "
    "kube-system kube-public kube-node-lease kube-flannel svc pod cluster k8s k3s local "
    "internal compute ec2 s3 ecr dkr eks gke aks rds sqs sts iam us eu ap sa ca me af "
    "us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-west-2 eu-west-3 eu-central-1 "
    "eu-north-1 eu-south-1 ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 "
    "ap-northeast-2 ca-central-1 sa-east-1 _http _https _tcp _udp _dns _dns-tcp _ldap "
    "_kerberos _sip _metrics blob queue table database privatelink vault public private "
    "test dev stage staging prod production"
)
