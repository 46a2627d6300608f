# Every setting of the cluster; each can be set in the environment first.
# shellcheck shell=bash disable=SC2034
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MODULES=$HERE/modules                      # one Go module for each thing that is built

: "${PODTEST_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/podtest}"
CLUSTER_HOME=$PODTEST_CACHE/cluster
BINARIES=$CLUSTER_HOME/bin                 # what was built, a folder for each part and version
STATE=$CLUSTER_HOME/state                  # etcd's data, images, the kubelet's folder
LOGS=$CLUSTER_HOME/log                     # one log for each component
ETC=$CLUSTER_HOME/etc                      # generated configuration and keys
PKI=$ETC/pki
ADMIN_KUBECONFIG=$CLUSTER_HOME/kubeconfig
RUN=/run/podtest-cluster                   # process numbers and sockets, gone after a reboot

: "${WITH_DNS:=0}"                         # 1: CoreDNS too
: "${NODE_PARTS:=auto}"                    # containerd, runc, CNI plugins: packages, modules (built here) or auto
: "${PROXY_MODE:=nftables}"                # or iptables
: "${SNAPSHOTTER:=auto}"                   # overlayfs, native or auto
: "${MAX_PODS:=250}"
: "${BUILD_NICE:=10}"

: "${NETNS:=podtest}"                      # network namespace of the whole cluster
: "${VETH:=podtest0}"                      # this machine's end of the link into it
: "${HOST_IP:=10.98.0.1}"                  # this machine, as pods see it
: "${NODE_IP:=10.98.0.2}"                  # API server, kubelet and DNS answer here
: "${POD_CIDR:=10.244.0.0/16}"
: "${POD_GATEWAY:=10.244.0.1}"
: "${SERVICE_CIDR:=10.96.0.0/16}"
: "${SERVICE_IP1:=10.96.0.1}"              # the service `kubernetes`
NODE_NAME=podtest-node
DOMAIN=cluster.local
API_PORT=6443
CGROUP=podtest                             # every pod's cgroup is below it
PAUSE_IMAGE=podtest.local/pause:1
NETNS_PATH=/run/netns/$NETNS
CONTAINERD_SOCK=$RUN/containerd/containerd.sock
COMPONENTS=(etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy coredns)

# go.mod says which Kubernetes it is, and nothing else does.
KUBE_VERSION=$(sed -n 's#^[[:space:]]*k8s.io/kubernetes v##p' "$MODULES/hyperkube/go.mod")

# part_dir PART: where its binaries are. The name changes with the sources.
part_dir() {
  local key
  key=$(cd "$MODULES/$1" && find . -name 'go.*' -o -name '*.go' | LC_ALL=C sort | xargs cat | sha256sum | cut -c1-12)
  case $1 in
    hyperkube) echo "$BINARIES/kubernetes-$KUBE_VERSION-$key" ;;
    *) echo "$BINARIES/$1-$key" ;;
  esac
}
KUBE_BIN=$(part_dir hyperkube)

# Packages put nft and runc where PATH may not look.
export PATH="$KUBE_BIN:$PATH:/usr/sbin:/sbin"
export CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1
