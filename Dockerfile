# An image with nothing in it but Hookwall: no shell, no package manager, no
# other user than the one it runs as. The program has the same bytes as that of
# "make build" and of a release of the same version.
#
#   docker build --build-arg VERSION="$(tools/version.sh)" -t hookwall .

FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm AS build
WORKDIR /src

COPY go.mod go.sum ./
RUN go mod download

COPY . .
RUN mkdir -p image/data && chmod 0700 image/data && make licenses LICENSES=image/licenses.txt

ARG VERSION=devel
ARG TARGETOS
ARG TARGETARCH
RUN GOOS="$TARGETOS" GOARCH="$TARGETARCH" make build VERSION="$VERSION" BINARY=image/hookwall

FROM scratch

# To know Fourthwall, and the endpoints that people ask to have checked.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/image/hookwall /src/image/licenses.txt /src/LICENSE /
COPY --from=build --chown=65532:65532 /src/image/data /data

ENV HOOKWALL_ADDR=:8080
ENV HOOKWALL_DATABASE_URL=sqlite:/data/hookwall.db
ENV XDG_DATA_HOME=/data

USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["/hookwall", "health"]
ENTRYPOINT ["/hookwall"]
