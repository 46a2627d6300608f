# One network namespace for the whole cluster, one link to this machine and no
# default route: pods reach each other, services and this machine, no further.
# shellcheck shell=bash
make_network() {
  refuse_foreign_route "$POD_CIDR"
  refuse_foreign_route "$SERVICE_CIDR"
  [ -e "$NETNS_PATH" ] || ip netns add "$NETNS"
  in_net ip link set lo up
  ip link show "$VETH" >/dev/null 2>&1 || ip link add "$VETH" type veth peer name eth0 netns "$NETNS"
  ip addr replace "$HOST_IP/30" dev "$VETH"
  ip link set "$VETH" up
  in_net ip addr replace "$NODE_IP/30" dev eth0
  in_net ip link set eth0 up
  # This machine may talk to pods and services, through the node.
  ip route replace "$POD_CIDR" via "$NODE_IP" dev "$VETH"
  ip route replace "$SERVICE_CIDR" via "$NODE_IP" dev "$VETH"
  # A process of the node needs some route to a service before kube-proxy can
  # rewrite its packets; pods come by the bridge.
  in_net ip route replace "$SERVICE_CIDR" dev lo src "$NODE_IP"
  set_namespace_sysctls
}

refuse_foreign_route() {
  local device
  device=$(ip route show exact "$1" | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
  [ -z "$device" ] || [ "$device" = "$VETH" ] ||
    die "$1 is routed to $device already; set POD_CIDR, POD_GATEWAY, SERVICE_CIDR and SERVICE_IP1 to free addresses"
}

# These belong to the namespace; the machine's own stay as they are. Without
# the bridge one, answers between pods of one bridge by-pass kube-proxy's rules.
set_namespace_sysctls() {
  in_net test -e /proc/sys/net/bridge || modprobe br_netfilter 2>/dev/null || true
  in_net sh -c '
    echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 1 2>/dev/null >/proc/sys/net/bridge/bridge-nf-call-iptables || true
    echo 0 2>/dev/null >/proc/sys/net/ipv6/conf/all/disable_ipv6 || true'
}

remove_network() {
  ip link del "$VETH" 2>/dev/null || true
  ip netns del "$NETNS" 2>/dev/null || true
}
