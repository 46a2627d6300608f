# etcd, API server, controller manager and scheduler.
# shellcheck shell=bash
start_control_plane() {
  start_etcd
  start_apiserver
  wait_for 120 "the API server" kubectl get --raw /readyz
  start_controller_manager
  start_scheduler
  grant_cluster_roles
}

# Without fsync: this cluster is for throwing away.
start_etcd() {
  start etcd "$KUBE_BIN/etcd" --name podtest --data-dir "$STATE/etcd" \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
    --initial-cluster podtest=http://127.0.0.1:2380 \
    --unsafe-no-fsync --auto-compaction-retention 10m --quota-backend-bytes 4294967296 --log-level warn
}

start_apiserver() {
  start kube-apiserver "$KUBE_BIN/kube-apiserver" \
    --etcd-servers=http://127.0.0.1:2379 \
    --bind-address=0.0.0.0 --secure-port="$API_PORT" --advertise-address="$NODE_IP" \
    --service-cluster-ip-range="$SERVICE_CIDR" \
    --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" --client-ca-file="$PKI/ca.crt" \
    --service-account-issuer="https://kubernetes.default.svc.$DOMAIN" \
    --service-account-key-file="$PKI/sa.pub" --service-account-signing-key-file="$PKI/sa.key" \
    --kubelet-client-certificate="$PKI/apiserver-kubelet.crt" --kubelet-client-key="$PKI/apiserver-kubelet.key" \
    --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP \
    --requestheader-client-ca-file="$PKI/ca.crt" --requestheader-allowed-names=front-proxy-client \
    --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --requestheader-group-headers=X-Remote-Group --requestheader-username-headers=X-Remote-User \
    --proxy-client-cert-file="$PKI/front-proxy.crt" --proxy-client-key-file="$PKI/front-proxy.key" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --endpoint-reconciler-type=lease
}

start_controller_manager() {
  local name=kube-controller-manager
  local config=$ETC/$name.kubeconfig
  start $name "$KUBE_BIN/$name" \
    --kubeconfig="$config" --authentication-kubeconfig="$config" --authorization-kubeconfig="$config" \
    --bind-address=127.0.0.1 --leader-elect=false \
    --tls-cert-file="$PKI/$name.crt" --tls-private-key-file="$PKI/$name.key" \
    --service-account-private-key-file="$PKI/sa.key" --root-ca-file="$PKI/ca.crt" --use-service-account-credentials=true \
    --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" \
    --service-cluster-ip-range="$SERVICE_CIDR" \
    --kube-api-qps=200 --kube-api-burst=400
}

start_scheduler() {
  local name=kube-scheduler
  local config=$ETC/$name.kubeconfig
  put "$ETC/scheduler.yaml" <<C
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {kubeconfig: "$config", qps: 200, burst: 400}
leaderElection: {leaderElect: false}
C
  start $name "$KUBE_BIN/$name" --config="$ETC/scheduler.yaml" --bind-address=127.0.0.1 \
    --tls-cert-file="$PKI/$name.crt" --tls-private-key-file="$PKI/$name.key" \
    --authentication-kubeconfig="$config" --authorization-kubeconfig="$config"
}

grant_cluster_roles() {
  kubectl apply -f - >/dev/null <<'C'
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "cluster:apiserver-to-kubelet"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:kubelet-api-admin"}
subjects: [{kind: User, name: kube-apiserver-kubelet-client, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "cluster:coredns"}
rules:
- {apiGroups: [""], resources: [services, namespaces, endpoints, pods], verbs: [list, watch]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "cluster:coredns"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "cluster:coredns"}
subjects: [{kind: User, name: "cluster:coredns", apiGroup: rbac.authorization.k8s.io}]
C
}
