# containerd, kubelet, kube-proxy and, if wanted, CoreDNS.
# shellcheck shell=bash
start_node() {
  configure_cni
  start_containerd
  keep_kernel_settings start_kubelet_and_proxy
  if [ "$WITH_DNS" = 1 ]; then start_coredns; fi
}

# No masquerading: there is nowhere to go.
configure_cni() {
  mkdir -p "$ETC/cni" "$STATE/cni"
  put "$ETC/cni/10-podtest.conflist" <<C
{"cniVersion": "1.0.0", "name": "podtest", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true, "forceAddress": true,
   "ipam": {"type": "host-local", "dataDir": "$STATE/cni", "ranges": [[{"subnet": "$POD_CIDR", "gateway": "$POD_GATEWAY"}]],
            "routes": [{"dst": "0.0.0.0/0"}]}}]}
C
}

# An overlay cannot lie on another one, as in a container.
snapshotter() {
  if [ "$SNAPSHOTTER" != auto ]; then echo "$SNAPSHOTTER"; return; fi
  case $(stat -fc %T "$STATE") in overlay*) echo native ;; *) echo overlayfs ;; esac
}

start_containerd() {
  mkdir -p "$RUN/containerd"
  put "$ETC/containerd.toml" <<C
version = 2   # understood by 1.6 and, by migration, by 2.x
root = "$STATE/containerd-$NODE_PARTS"
state = "$RUN/containerd/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs", "io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$CONTAINERD_SOCK"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  disable_apparmor = true
  restrict_oom_score_adj = true   # without CAP_SYS_RESOURCE no process may lower its own
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$CNI_BIN"
    conf_dir = "$ETC/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$(snapshotter)"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "$RUNC"
        Root = "$RUN/containerd/runc"
        SystemdCgroup = false
C
  alive containerd || echo "$CONTAINERD_BIN" >"$RUN/containerd.bin"
  # The shim is looked up in PATH: it must be the one of this containerd.
  start containerd env PATH="$CONTAINERD_BIN:/usr/sbin:/usr/bin:/sbin:/bin" \
    "$CONTAINERD_BIN/containerd" --config "$ETC/containerd.toml" --log-level warn
  wait_for 30 containerd ctr version
  if [ -z "$(ctr images ls -q "name==$PAUSE_IMAGE" 2>/dev/null)" ]; then
    "$HERE/image" static "$PAUSE_IMAGE" "$(part_dir pause)/pause" /pause
  fi
}

start_kubelet_and_proxy() {
  configure_kubelet
  wait_for 120 "the kubelet" kubelet_serves
  put "$ETC/kube-proxy.yaml" <<C
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: $PROXY_MODE
hostnameOverride: "$NODE_NAME"
clusterCIDR: "$POD_CIDR"
bindAddress: 0.0.0.0
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
clientConnection: {kubeconfig: "$ETC/kube-proxy.kubeconfig"}
conntrack: {maxPerCore: 0, min: 0}   # leave this machine's nf_conntrack_max alone
C
  start kube-proxy "$KUBE_BIN/kube-proxy" --config="$ETC/kube-proxy.yaml"
  wait_for 90 "the node" node_ready
}

# A kubelet ends itself if containerd is not ready for it, as when that has many
# pods of before to find again: it is started until it serves. (What the node
# says of itself may be of before, too.)
kubelet_serves() {
  start kubelet "$KUBE_BIN/kubelet" --config="$ETC/kubelet.yaml" --kubeconfig="$ETC/kubelet.kubeconfig" \
    --root-dir="$STATE/kubelet" --cert-dir="$STATE/kubelet/pki" \
    --hostname-override="$NODE_NAME" --node-ip="$NODE_IP"
  answers 10248 /healthz
}

# answers PORT PATH: with 200, on the loopback of the cluster's namespace.
answers() {
  # shellcheck disable=SC2016 # for the shell in the namespace
  in_net bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 1 # or 3 would be what the caller has there
    printf "GET %s HTTP/1.0\r\n\r\n" "$1" >&3; head -n 1 <&3 | grep -q " 200 "' "$1" "$2"
}

node_ready() {
  local ready='{.status.conditions[?(@.type=="Ready")].status}'
  [ "$(kubectl get node "$NODE_NAME" -o jsonpath="$ready")" = True ]
}

# clusterDNS is set without DNS too: else each pod gets a warning event. An
# empty resolv.conf keeps this machine's name servers out of the pods. Images
# are never collected: they could not be pulled again.
configure_kubelet() {
  mkdir -p "$STATE/kubelet" "$STATE/pod-logs" "$STATE/volume-plugins"
  put "$ETC/resolv.conf" </dev/null
  put "$ETC/kubelet.yaml" <<C
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false            # true since 1.35: would not start on cgroup v1
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
containerRuntimeEndpoint: "unix://$CONTAINERD_SOCK"
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: "$PKI/ca.crt"}
authorization: {mode: Webhook}
tlsCertFile: "$PKI/kubelet-serving.crt"
tlsPrivateKeyFile: "$PKI/kubelet-serving.key"
clusterDomain: "$DOMAIN"
clusterDNS: ["$NODE_IP"]
resolvConf: "$ETC/resolv.conf"
podLogsDir: "$STATE/pod-logs"
volumePluginDir: "$STATE/volume-plugins"
makeIPTablesUtilChains: false
imageGCHighThresholdPercent: 100
imageMinimumGCAge: 8760h
evictionHard: {memory.available: 200Mi, nodefs.available: 1%, imagefs.available: 1%}
maxPods: $MAX_PODS
kubeAPIQPS: 200
kubeAPIBurst: 400
eventRecordQPS: 100
eventBurst: 200
serializeImagePulls: false
failSwapOn: false
localStorageCapacityIsolation: true
C
}

# keep_kernel_settings COMMAND...: a starting kubelet sets these for the whole
# machine, and looks at them no more. So they are put back once it has.
keep_kernel_settings() {
  local files=(/proc/sys/vm/overcommit_memory /proc/sys/kernel/panic /proc/sys/kernel/panic_on_oops)
  local before i wants=(1 10 1)
  mapfile -t before < <(cat "${files[@]}")
  if alive kubelet || [ "${before[*]}" = "${wants[*]}" ]; then "$@"; return; fi
  "$@"
  for _ in $(seq 100); do
    [ "$(cat "${files[@]}" | xargs)" != "${wants[*]}" ] || break
    sleep 0.2
  done
  for i in "${!files[@]}"; do echo "${before[i]}" >"${files[i]}"; done
}

# DNS is a process of the node and no pod, so it is there before any pod is.
start_coredns() {
  put "$ETC/Corefile" <<C
.:53 {
  bind $NODE_IP
  errors
  ready 127.0.0.1:8181
  kubernetes $DOMAIN in-addr.arpa ip6.arpa {
    kubeconfig $ETC/coredns.kubeconfig podtest
    pods insecure
    ttl 5
  }
  cache 5
}
C
  start coredns "$(part_dir coredns)/coredns" -conf "$ETC/Corefile"
  wait_for 30 DNS answers 8181 /ready
}
