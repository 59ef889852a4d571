# Stands in for the image of nginx that compose.yml names: Debian's package, with envsubst and curl as that image has them.
FROM localhost/risorius-debian:bookworm
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends nginx gettext-base curl && rm -rf /var/lib/apt/lists/*
CMD ["nginx", "-g", "daemon off;"]
