# Starting, finding and stopping the cluster's processes; waiting; saying.
# shellcheck shell=bash
say() { echo "cluster: $*"; }
die() { echo "cluster: $*" >&2; exit 1; }

# lock NAME: until this script ends. Two calls of make may overlap.
lock() {
  mkdir -p "$CLUSTER_HOME"
  exec 9>"$CLUSTER_HOME/$1.lock"
  flock -n 9 && return 0
  say "waiting for another call that holds $CLUSTER_HOME/$1.lock"
  flock 9
}

# In the cluster's network namespace, with this machine's mounts
# (`ip netns exec` would hide /sys/fs/cgroup).
in_net() { nsenter --net="$NETNS_PATH" -- "$@"; }

# A caller that reads our output to its end must not wait for the daemons.
close_inherited_files() {
  local fd
  for fd in "/proc/$BASHPID/fd/"*; do
    fd=${fd##*/}
    [ "$fd" -le 2 ] || eval "exec $fd>&-"
  done
}

# start NAME COMMAND...: in the background, unless it runs already.
start() {
  local name=$1 pid; shift
  if alive "$name"; then return 0; fi
  (
    close_inherited_files
    exec setsid nsenter --net="$NETNS_PATH" -- "$@"
  ) >>"$LOGS/$name.log" 2>&1 </dev/null &
  pid=$!
  echo "$pid" >"$RUN/$name.pid"
  start_time "$pid" >"$RUN/$name.start"
  say "$name started ($pid)"
}

# The start time tells a process from a later one that got its number; one that
# has ended and waits for its parent (Z) has none.
start_time() { awk '$3 != "Z" {print $22}' "/proc/$1/stat" 2>/dev/null || true; }

alive() {
  local now
  now=$(start_time "$(cat "$RUN/$1.pid" 2>/dev/null)")
  [ -n "$now" ] && [ "$now" = "$(cat "$RUN/$1.start" 2>/dev/null)" ]
}

any_alive() {
  local name
  for name in "${COMPONENTS[@]}"; do
    if alive "$name"; then return 0; fi
  done
  return 1
}

# stop NAME: asks, and after 10 s insists; only the process that start noted.
stop() {
  local pid
  if alive "$1"; then
    pid=$(cat "$RUN/$1.pid")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 100); do alive "$1" || break; sleep 0.1; done
    if alive "$1"; then kill -9 "$pid" 2>/dev/null || true; sleep 0.3; fi
    say "$1 stopped"
  fi
  rm -f "$RUN/$1.pid" "$RUN/$1.start"
}

# put FILE: standard input into FILE, left untouched if it is the same
# (kube-proxy ends itself when its configuration is written again).
put() {
  local new
  new=$(cat; echo .)
  if [ -e "$1" ] && [ "$(cat "$1"; echo .)" = "$new" ]; then return 0; fi
  printf '%s' "${new%.}" >"$1"
}

# wait_for SECONDS WHAT COMMAND...
wait_for() {
  local left=$(($1 * 5)) what=$2; shift 2
  while ! "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || die "waited in vain for $what; see $LOGS"
    sleep 0.2
  done
}
