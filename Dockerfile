# Serves models that are mounted at /models, as a user without rights, from a file system that may be read-only:
#   docker build --tag contrafact .
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --publish 127.0.0.1:8000:8000 \
#     --volume "$PWD/runs:/models:ro" --env CONTRAFACT_TOKEN contrafact /models/ring
# Without CONTRAFACT_TOKEN a token is made and printed. Other names than localhost: --allow-host NAME.
FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
# PyTorch's builds for CPUs, a tenth the size, have an index of their own: --build-arg TORCH_INDEX=ITS_ADDRESS
ARG TORCH_INDEX=""
RUN python -m venv /venv \
    && /venv/bin/pip install torch==2.13.0 ${TORCH_INDEX:+--index-url "$TORCH_INDEX"}
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY src ./src
RUN /venv/bin/pip install --constraint constraints.txt ".[serve,data]"

FROM python:3.12-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    HOME=/tmp \
    CONTRAFACT_CACHE=/tmp/contrafact
COPY --from=build /venv /venv
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin contrafact
USER 10001:10001
WORKDIR /models
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["contrafact", "serve", "--host", "0.0.0.0", "--port", "8000"]
