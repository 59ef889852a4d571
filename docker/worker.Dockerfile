# The worker: the same code with MediaPipe and LiteRT. Beat runs from this image too.
FROM python:3.12-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=clinic.config.settings.production \
    RISORIUS_VAR_DIR=/var/lib/risorius
RUN useradd --system --uid 10001 --home-dir /app risorius && install -d -o risorius -m 0700 /var/lib/risorius
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt
COPY manage.py ./
COPY clinic clinic
COPY inference inference
USER risorius
CMD ["celery", "-A", "clinic.config", "worker", "--concurrency", "2", "--queues", "analysis,housekeeping", "--loglevel", "INFO"]
