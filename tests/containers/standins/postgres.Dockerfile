# Stands in for the image of PostgreSQL that compose.yml names: Debian's package, that image's user and entry point.
FROM localhost/risorius-debian:bookworm
ARG DEBIAN_FRONTEND=noninteractive
RUN groupadd --gid 999 postgres \
    && useradd --uid 999 --gid 999 --no-log-init --home-dir /var/lib/postgresql --shell /bin/sh postgres \
    && install -d /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-15 && rm -rf /var/lib/apt/lists/* \
    && install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data && install -d -o postgres -g postgres -m 3777 /run/postgresql
COPY docker-entrypoint.sh /usr/local/bin/
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
