# docs/image.md says why it is as it is, how large it is, and how to build it. A release gives both images by digest.
ARG BUILD_IMAGE=python:3.13-slim-trixie
ARG RUNTIME_IMAGE=gcr.io/distroless/python3-debian13:nonroot

# Every wheel is fetched for the target's machine, nothing of the target runs here: no emulation for other machines.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
ARG TARGETARCH
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
COPY requirements-build.lock requirements-runtime.lock ./
RUN python3 -m pip install --require-hashes --only-binary :all: -r requirements-build.lock
RUN case "$TARGETARCH" in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; *) exit 1 ;; esac \
 && python3 -m pip install --require-hashes --no-deps --only-binary :all: --no-compile --target /opt/exporter \
      --platform "manylinux_2_28_$machine" --platform "manylinux_2_17_$machine" --platform "manylinux2014_$machine" \
      -r requirements-runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
# With --upgrade the folder of scripts is ours alone. What the daemon imports is compiled: its root is read-only.
RUN python3 -m hatchling build -t wheel -d /tmp/wheel \
 && python3 -m pip install --no-index --no-deps --no-compile --upgrade --target /opt/exporter /tmp/wheel/*.whl \
 && sed -i '1s|.*|#!/usr/bin/python3|' /opt/exporter/bin/elasticblast-exporter \
 && python3 -m compileall -q --invalidation-mode unchecked-hash -x 'kubernetes/(aio|client/(api|models)/[^_])' /opt/exporter

FROM ${RUNTIME_IMAGE}
ARG VERSION=0
ARG REVISION=unknown
ARG CREATED=
LABEL org.opencontainers.image.title="elasticblast-exporter" \
      org.opencontainers.image.description="Prometheus exporter for ElasticBLAST searches on Azure Kubernetes Service" \
      org.opencontainers.image.source="https://github.com/elasticblast/elasticblast-exporter" \
      org.opencontainers.image.documentation="https://github.com/elasticblast/elasticblast-exporter/tree/main/docs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
COPY --from=build /opt/exporter /opt/exporter
ENV PATH=/opt/exporter/bin:/usr/local/bin:/usr/bin:/bin PYTHONPATH=/opt/exporter PYTHONDONTWRITEBYTECODE=1 \
    SOURCE_REVISION=$REVISION
USER 65532:65532
EXPOSE 9850 9851
ENTRYPOINT ["elasticblast-exporter"]
CMD ["run"]
