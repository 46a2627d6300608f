// Package config holds the manifests of podtest, so that the command line can install them without any file at
// hand. It renders nothing.
package config

import "embed"

// Tree is the kustomize tree: crd, rbac, manager and default.
//
//go:embed crd rbac manager default
var Tree embed.FS
