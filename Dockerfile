# One image for manager, agent and podtest. BASE may be scratch: the binaries
# are static and bring all they need.
ARG BUILDER=golang:1.26
ARG BASE=gcr.io/distroless/static:nonroot

# --target prebuilt: binaries that are in bin/ already, so no Go is needed. It
# comes first, so that no builder makes the stage below for it.
FROM ${BASE} AS prebuilt
COPY bin/manager bin/agent bin/podtest /bin/
USER 65532:65532
ENTRYPOINT ["/bin/manager"]

FROM ${BUILDER} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/ ./cmd/manager ./cmd/agent ./cmd/podtest

FROM ${BASE}
COPY --from=build /out/ /bin/
USER 65532:65532
ENTRYPOINT ["/bin/manager"]
