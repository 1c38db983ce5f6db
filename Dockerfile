# The image of rollcall: built from source, one binary, no root.

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential cmake \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --release --package cli --bin rollcall \
    && install -D target/release/rollcall /image/usr/local/bin/rollcall

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 rollcall \
    && useradd --uid 10001 --gid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin rollcall
COPY --from=build /image/ /
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV ROLLCALL_LISTEN=0.0.0.0:8080 \
    ROLLCALL_DATABASE_URL=sqlite:///data/rollcall.db?mode=rwc
EXPOSE 8080
# The binary asks itself: the image holds no HTTP client.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["rollcall", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["rollcall"]
CMD ["serve"]
