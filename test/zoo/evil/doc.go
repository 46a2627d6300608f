// Package evil holds tests that misbehave, one folder a way of misbehaving. It is a module of its own so that
// `go test ./...` of podtest never runs them. Every child a test leaves behind ends by itself within a minute.
package evil
