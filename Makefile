# `make` lists all targets. Tools are Go modules below hack/tools, at the versions written down there.
#   IMAGE       podtest's image, for deploy; unset: the one that `make image` puts on the node of hack/cluster
#   KUBECONFIG  the cluster for install, deploy, undeploy and uninstall; without it and IMAGE: that node

export GOFLAGS ?= -trimpath
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

CONTROLLER_GEN := go tool -modfile=hack/tools/go.mod controller-gen
GOLANGCI_LINT := go tool -modfile=hack/tools/lint/go.mod golangci-lint
E2E := go test -tags e2e -count 1 -timeout 60m
CRDS := config/crd/bases

# What a recipe begins with: Kubernetes' own binaries, built on first use; the node of hack/cluster; that node with all
# that stories need; the cluster to install to.
KUBERNETES := hack/cluster/build && eval "$$(hack/cluster/env)" &&
NODE := eval "$$(hack/cluster/env)" &&
STORIES := env="$$(test/e2e/prepare)" && eval "$$env" &&
TARGET := $(if $(IMAGE)$(KUBECONFIG),,$(NODE))

##@ General

help: ## List the targets
	@awk -F ':.*## ' '/^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## The whole system at work, from nothing: a node, podtest on it, a TestRun over real tests
	hack/demo

##@ Code

generate: ## Write deep copies and CRDs; the schema of the pod template loses its descriptions
	$(CONTROLLER_GEN) object crd:generateEmbeddedObjectMeta=true paths=./api/... output:crd:dir=$(CRDS)
	go run ./hack/crd $(CRDS)

fmt: ## Format all Go files
	$(GOLANGCI_LINT) fmt

lint: ## Check style, limits and the floors between packages (compiles the linter on first use: minutes)
	$(GOLANGCI_LINT) run

verify: generate fmt lint ## generate, fmt, lint, tidy; fails if that leaves a difference to what is committed
	go mod tidy -diff
	git diff --exit-code

##@ Tests

test: ## Everything that must hold: all packages, an API server, stories on the real node
	@$(KUBERNETES) code=0; go test -timeout 8m ./... || code=1; \
	{ $(STORIES) $(E2E) ./test/e2e/...; } || code=1; exit $$code

test-pure: ## Only the internal packages: no cluster, seconds
	go test ./internal/...

test-api: ## Only the API's rules and the controllers, against a real API server
	@$(KUBERNETES) go test ./api/... ./controllers/...

test-e2e: ## Only the stories on the real node; RUN=<regexp> picks some
	@$(STORIES) $(E2E) -v -run '$(RUN)' ./test/e2e/...

bench: ## Measure on the real node, as docs/performance.md tells
	@$(STORIES) go run ./test/bench

##@ Binaries and image

build: ## bin/manager, bin/agent and bin/podtest, static
	CGO_ENABLED=0 go build -ldflags '-s -w' -o bin/ ./cmd/manager ./cmd/agent ./cmd/podtest

image: build ## podtest's image, onto the node of hack/cluster (for a registry: Dockerfile)
	USER=65532:65532 hack/cluster/image files "$$(hack/image-name)" \
		bin/manager=/bin/manager bin/agent=/bin/agent bin/podtest=/bin/podtest -- /bin/manager

##@ In a cluster

install: ## The kinds TestRun, TestBatch and TestRecord
	@$(TARGET) go run ./cmd/podtest install --crds-only

deploy: ## podtest itself, and the kinds; IMAGE=... names its image
	@$(TARGET) image=$(or $(IMAGE),"$$(hack/image-name)") && go run ./cmd/podtest install --image "$$image"

undeploy: ## Take podtest away; runs and results stay
	@$(TARGET) go run ./cmd/podtest uninstall

uninstall: ## Take podtest away, and with it every TestRun and all results
	@$(TARGET) go run ./cmd/podtest uninstall --crds

##@ A one-node Kubernetes on this machine

cluster-up: ## Start it; the first time it is built: 9 to 20 minutes
	hack/cluster/up

cluster-down: ## End it, and the pods on it
	hack/cluster/down

cluster-status: ## Say what runs
	hack/cluster/status
