# Stands in for the image of Redis that compose.yml names: Debian's package.
FROM localhost/risorius-debian:bookworm
ARG DEBIAN_FRONTEND=noninteractive
RUN groupadd --gid 999 redis && useradd --uid 999 --gid 999 --no-log-init --home-dir /nonexistent redis
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
CMD ["redis-server"]
