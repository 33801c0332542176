# The same steps as ./run, in two stages.
FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
RUN scripts/check-cargo && scripts/install-deps build
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin slipway && cp target/release/slipway /slipway

FROM debian:bookworm-slim
COPY scripts/install-deps /tmp/install-deps
RUN /tmp/install-deps run && rm -rf /tmp/install-deps /var/lib/apt/lists/*
COPY --from=build /slipway /usr/local/bin/slipway
RUN useradd --create-home --uid 1000 slipway && install --directory --owner=slipway --mode=0700 /data
USER slipway
ENV SLIPWAY_DATA=/data
VOLUME /data
EXPOSE 8443
# Beyond the container's own loopback, or a published port would not reach it. Publish it on 127.0.0.1 only.
CMD ["slipway", "up", "--listen", "0.0.0.0:8443"]
