# Keys, certificates and kubeconfigs, made once.
# shellcheck shell=bash
make_pki() (
  umask 077
  mkdir -p "$PKI"
  cd "$PKI" || exit
  if [ ! -s ca.crt ]; then
    openssl ecparam -name prime256v1 -genkey -noout -out ca.key
    openssl req -x509 -new -key ca.key -days 3650 -subj /CN=podtest-cluster -out ca.crt 2>/dev/null
  fi
  if [ ! -s sa.pub ]; then
    openssl genrsa -out sa.key 2048 2>/dev/null
    openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
  fi
  local name=kubernetes
  cert apiserver /CN=kube-apiserver serverAuth \
    "DNS:$name,DNS:$name.default,DNS:$name.default.svc,DNS:$name.default.svc.$DOMAIN,DNS:localhost,IP:127.0.0.1,IP:$NODE_IP,IP:$SERVICE_IP1"
  cert apiserver-kubelet /O=podtest:kubelet-admins/CN=kube-apiserver-kubelet-client clientAuth
  cert front-proxy /CN=front-proxy-client clientAuth
  cert admin /O=system:masters/CN=podtest-admin clientAuth
  cert kube-controller-manager /CN=system:kube-controller-manager clientAuth,serverAuth "DNS:localhost,IP:127.0.0.1"
  cert kube-scheduler /CN=system:kube-scheduler clientAuth,serverAuth "DNS:localhost,IP:127.0.0.1"
  cert kube-proxy /CN=system:kube-proxy clientAuth
  cert kubelet "/O=system:nodes/CN=system:node:$NODE_NAME" clientAuth
  cert kubelet-serving "/O=system:nodes/CN=system:node:$NODE_NAME" serverAuth "DNS:$NODE_NAME,IP:$NODE_IP,IP:127.0.0.1"
  cert coredns /CN=cluster:coredns clientAuth
  for name in kube-controller-manager kube-scheduler kube-proxy kubelet coredns; do
    kubeconfig "$name" "$ETC/$name.kubeconfig"
  done
  kubeconfig admin "$ADMIN_KUBECONFIG"
)

# cert NAME SUBJECT USAGE [ALTERNATIVE-NAMES]
cert() {
  [ ! -s "$1.crt" ] || return 0
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
  {
    echo "keyUsage=critical,digitalSignature"
    echo "extendedKeyUsage=$3"
    if [ -n "${4:-}" ]; then echo "subjectAltName=$4"; fi
  } >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
  rm -f "$1.csr" "$1.ext"
}

kubeconfig() { # NAME FILE
  put "$2" <<K
apiVersion: v1
kind: Config
clusters: [{name: podtest, cluster: {server: "https://$NODE_IP:$API_PORT", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}}]
contexts: [{name: podtest, context: {cluster: podtest, user: $1}}]
current-context: podtest
K
}
