# The worker: the same code with OpenCV and LiteRT, no TensorFlow. Beat runs from this image too.
# From the repository's root: docker build -f docker/worker.Dockerfile -t risorius-worker .
FROM python:3.12.14-slim-bookworm AS build
RUN python -m venv /venv
COPY requirements.txt docker/slim.py /
RUN /venv/bin/pip install --no-cache-dir --no-compile --no-deps --require-hashes -r /requirements.txt \
    && python /slim.py /venv/lib/python3*/site-packages worker

FROM python:3.12.14-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=clinic.config.settings.production RISORIUS_VAR_DIR=/var/lib/risorius \
    RISORIUS_HEARTBEAT=/tmp/heartbeat
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
COPY docker/health.py docker/imports.py docker/
# The root file system is read-only later on: byte code is made now, and whatever is missing ends the build.
RUN python -m compileall -q clinic inference docker && PYTHONDONTWRITEBYTECODE="" python docker/imports.py worker
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["celery", "-A", "clinic.config", "worker", "--concurrency", "2", "--queues", "analysis,housekeeping", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
