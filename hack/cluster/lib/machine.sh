# What this machine must offer: Linux, root, programs, node parts, cgroups.
# shellcheck shell=bash
require_linux_root() {
  [ "$(uname -s)" = Linux ] || die "a node needs Linux, and this is $(uname -s); point KUBECONFIG at another cluster instead"
  [ "$(id -u)" = 0 ] || die "a node needs root (network namespaces, mounts, cgroups); call it as root, or point KUBECONFIG at another cluster"
}

has() { command -v "$1" >/dev/null 2>&1; }

cni_dir() {
  local dir
  for dir in /usr/lib/cni /opt/cni/bin /usr/libexec/cni; do
    if [ -x "$dir/bridge" ] && [ -x "$dir/host-local" ] && [ -x "$dir/loopback" ]; then echo "$dir"; return 0; fi
  done
  return 1
}

missing_packages() {
  has ip || echo iproute2
  has openssl || echo openssl
  has "${PROXY_MODE/nftables/nft}" || echo "$PROXY_MODE"
  if [ "$NODE_PARTS" = modules ]; then runc_build_packages; return; fi
  { has containerd && has ctr; } || echo containerd
  has runc || echo runc
  cni_dir >/dev/null || echo containernetworking-plugins
}

runc_build_packages() {
  [ ! -d "$(part_dir runc)" ] || return 0
  has cc || echo gcc libc6-dev
  pkg-config --exists libseccomp 2>/dev/null || echo pkg-config libseccomp-dev
}

# --no-remove: rather build the parts here than drive out another containerd.
install_packages() {
  has apt-get || return 1
  say "installing with apt-get: $*"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends --no-remove "$@"; } </dev/null >"$LOGS/apt.log" 2>&1 ||
    { tail -n 5 "$LOGS/apt.log" >&2; return 1; }
}

# Sets CONTAINERD_BIN, RUNC and CNI_BIN; what must be built is named in BUILD.
choose_node_parts() {
  local missing
  missing=$(missing_packages | tr '\n' ' ')
  # shellcheck disable=SC2086 # a list of names
  if [ -n "$missing" ] && ! install_packages $missing; then
    [ "$NODE_PARTS" = auto ] || die "missing, and not to be had with apt-get: $missing"
    NODE_PARTS=modules
    missing=$(missing_packages | tr '\n' ' ')
    [ -z "$missing" ] || die "please install first: $missing"
  fi
  if [ "$NODE_PARTS" = modules ]; then
    say "containerd, runc and CNI plugins are built from their Go modules"
    BUILD+=(node runc)
  fi
  locate_node_parts
}

locate_node_parts() {
  if [ "$NODE_PARTS" = modules ]; then
    CONTAINERD_BIN=$(part_dir node) RUNC=$(part_dir runc)/runc
    CNI_BIN=$CONTAINERD_BIN/cni
    return
  fi
  NODE_PARTS=packages
  CONTAINERD_BIN=$(dirname "$(command -v containerd)") RUNC=$(command -v runc)
  CNI_BIN=$(cni_dir)
}

# The control tool that came with the containerd that runs.
ctr() {
  [ -e "$RUN/containerd.bin" ] || die "the cluster is not up"
  "$(cat "$RUN/containerd.bin")/ctr" -a "$CONTAINERD_SOCK" -n k8s.io "$@"
}

# The kubelet wants the parent of all pods to exist. A parent of our own keeps
# clear of any other kubelet's. No cgroup file system is mounted or remounted.
make_cgroups() {
  local hierarchy
  if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
    delegate_v2
    mkdir -p "/sys/fs/cgroup/$CGROUP"
    return
  fi
  for hierarchy in /sys/fs/cgroup/*/; do
    if [ -e "$hierarchy/cgroup.procs" ]; then mkdir -p "$hierarchy/$CGROUP"; fi
  done
}

# cgroup v2 without systemd: a controller reaches the pods only if the root
# hands it down, and the kubelet insists on these. (Not tried yet: written from
# the documentation of the kernel and from what the kubelet checks.)
delegate_v2() {
  local root=/sys/fs/cgroup controller lacking=()
  for controller in cpu cpuset memory pids hugetlb; do
    grep -qw "$controller" "$root/cgroup.controllers" || continue
    grep -qw "$controller" "$root/cgroup.subtree_control" || lacking+=("$controller")
  done
  [ "${#lacking[@]}" -gt 0 ] || return 0
  say "handing down cgroup controllers: ${lacking[*]}"
  # The root of a container's cgroup namespace is no real root (it has a
  # cgroup.type) and may not hold processes beside children: move them down.
  if [ -e "$root/cgroup.type" ]; then leave_cgroup "$root"; fi
  for controller in "${lacking[@]}"; do
    echo "+$controller" 2>/dev/null >"$root/cgroup.subtree_control" ||
      die "cannot hand down the cgroup controller $controller: the kubelet could not limit pods"
  done
}

leave_cgroup() {
  local pid
  mkdir -p "$1/init"
  while read -r pid; do
    echo "$pid" 2>/dev/null >"$1/init/cgroup.procs" || true # it has ended, or is the kernel's
  done <"$1/cgroup.procs"
}

remove_cgroups() {
  local top
  for top in "/sys/fs/cgroup/$CGROUP" /sys/fs/cgroup/*/"$CGROUP"; do
    if [ -d "$top" ]; then find "$top" -depth -type d -exec rmdir {} \; 2>/dev/null || true; fi
  done
}
