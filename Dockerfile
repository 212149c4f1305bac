# Built in two steps: the first makes the wheel, the second installs it, trains the model and runs as nobody special.
FROM python:3.12-slim AS wheel
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 \
    ROLECALL_MODELS=/var/lib/rolecall/models \
    ROLECALL_DATA=/var/lib/rolecall/data \
    ROLECALL_HOST=0.0.0.0 \
    NUMBA_CACHE_DIR=/var/lib/rolecall/cache
RUN useradd --system --create-home --home-dir /var/lib/rolecall --shell /usr/sbin/nologin rolecall
COPY --from=wheel /wheels /wheels
RUN wheel="$(echo /wheels/rolecall-*.whl)" \
    && pip install --no-cache-dir "${wheel}[service,postgresql,redis]" \
    && rm -r /wheels
USER rolecall
WORKDIR /var/lib/rolecall
RUN mkdir -p data && rolecall train && rolecall classify "Define SLOs and run blameless postmortems."
VOLUME /var/lib/rolecall/data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD \
    ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["rolecall", "serve"]
