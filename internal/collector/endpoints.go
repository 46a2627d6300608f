package collector

import (
	"context"

	"github.com/podtest/podtest/internal/wire"
)

func (e endpoint) hello(ctx context.Context, c Caller, h wire.Hello) (any, error) {
	if err := checkVersion(h.Version); err != nil {
		return nil, err
	}
	if c.Listing {
		return e.runs.helloListing(ctx, c)
	}
	run, err := e.runs.runOf(ctx, c)
	if err != nil {
		return nil, err
	}
	return run.hello(ctx, c, h)
}

func (e endpoint) report(ctx context.Context, c Caller, req wire.Report) (any, error) {
	run, err := e.run(ctx, c, req.Version)
	if err != nil {
		return nil, err
	}
	return run.report(ctx, c, req)
}

func (e endpoint) lease(ctx context.Context, c Caller, req wire.LeaseRequest) (any, error) {
	run, err := e.run(ctx, c, req.Version)
	if err != nil {
		return nil, err
	}
	return run.lease(ctx, c, req)
}

func (e endpoint) output(ctx context.Context, c Caller, req wire.OutputReport) (any, error) {
	run, err := e.run(ctx, c, req.Version)
	if err != nil {
		return nil, err
	}
	return nil, run.output(c, req)
}

func (e endpoint) catalog(ctx context.Context, c Caller, part wire.Catalog) (any, error) {
	if err := checkVersion(part.Version); err != nil {
		return nil, err
	}
	return nil, e.runs.catalog(ctx, c, part)
}

func (e endpoint) run(ctx context.Context, c Caller, version int) (*Run, error) {
	if err := checkVersion(version); err != nil {
		return nil, err
	}
	return e.runs.runOf(ctx, c)
}
