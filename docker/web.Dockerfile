# The web process: Django behind gunicorn, without anything that looks into pictures.
# From the repository's root: docker build -f docker/web.Dockerfile -t risorius-web .
FROM python:3.12.14-slim-bookworm AS build
# pg_dump and pg_restore of the server's version, for backups; the rest of the package, and its Perl, stays here.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-15 && rm -rf /var/lib/apt/lists/*
RUN python -m venv /venv
COPY docker/web-requirements.txt docker/slim.py /
RUN /venv/bin/pip install --no-cache-dir --no-compile --no-deps --require-hashes -r /web-requirements.txt \
    && python /slim.py /venv/lib/python3*/site-packages web

FROM python:3.12.14-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=clinic.config.settings.production RISORIUS_VAR_DIR=/var/lib/risorius
# What pg_dump and pg_restore are linked with; what reports are set with, and a font that holds all Latin letters.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 liblz4-1 libzstd1 \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core && rm -rf /var/lib/apt/lists/* \
    && rm -f /usr/share/fonts/truetype/dejavu/DejaVuSansMono* /usr/share/fonts/truetype/dejavu/DejaVuSerif*
COPY --from=build /usr/lib/postgresql/15/bin/pg_dump /usr/lib/postgresql/15/bin/pg_restore /usr/local/bin/
# A new volume takes its owner from the folder that it covers.
RUN useradd --uid 10001 --user-group --no-log-init --home-dir /nonexistent --shell /usr/sbin/nologin risorius \
    && install -d -o risorius -g risorius -m 0700 /var/lib/risorius /var/lib/risorius/photos \
       /var/lib/risorius/static /var/lib/risorius/keys /var/lib/risorius/backups
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py ./
COPY clinic clinic
COPY inference inference
COPY templates templates
COPY static static
COPY docker/gunicorn.conf.py docker/health.py docker/imports.py docker/
# The root file system is read-only later on: byte code is made now, and whatever is missing ends the build.
RUN python -m compileall -q clinic inference docker && PYTHONDONTWRITEBYTECODE="" python docker/imports.py web
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["gunicorn", "--config", "docker/gunicorn.conf.py", "clinic.config.wsgi"]
