#!/usr/bin/env bash
# Runs a TestRun with nothing but kubectl, and exits with the run's exit code.
#   NAMESPACE=ci IMAGE=registry.example/checkout-tests:1 ./kubectl.sh testrun.yaml
set -euo pipefail
k() { kubectl --namespace "${NAMESPACE:-default}" "$@"; }

run=$(sed "s|\$IMAGE|${IMAGE:-}|" "$1" | k create -f - -o name)
k wait "$run" --for=condition=Complete --timeout="${TIMEOUT:-1h}"
k get "$run"
k get "$run" -o jsonpath='{.status.result}: {.status.conditions[?(@.type=="Complete")].message}{"\n"}'
k get "$run" -o jsonpath='{range .status.failures[*]}{"\n--- "}{.test}: {.outcome}{"\n"}{.message}{"\n"}{end}'
exit "$(k get "$run" -o jsonpath='{.status.exitCode}')"
