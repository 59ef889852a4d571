# The web process: Django behind gunicorn, without anything that looks at pictures' contents.
FROM python:3.12-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=clinic.config.settings.production \
    RISORIUS_VAR_DIR=/var/lib/risorius
RUN useradd --system --uid 10001 --home-dir /app risorius && install -d -o risorius -m 0700 /var/lib/risorius
WORKDIR /app
COPY docker/web-requirements.txt requirements.txt
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt
COPY manage.py ./
COPY clinic clinic
COPY inference inference
COPY templates templates
COPY static static
USER risorius
EXPOSE 8000
CMD ["gunicorn", "clinic.config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--worker-class", "gthread", "--threads", "8", "--no-control-socket"]
