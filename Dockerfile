# Builds from the same hashed lock as a developer's checkout. Where there is no registry, give a base of your own that
# has Python 3.11 or newer with its venv module:  --build-arg BASE=localhost/python
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
WORKDIR /src
COPY requirements/ requirements/
RUN python3 -m venv /opt/tools && \
    python3 -m venv --without-pip /opt/netcheck && \
    /opt/tools/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/build.txt && \
    /opt/tools/bin/pip --python /opt/netcheck install --no-cache-dir --disable-pip-version-check --no-compile \
      --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY playbooks/ playbooks/
COPY bot/ bot/
# Compiled here, since the root file system may be read-only later; but for a thousand generated modules that netcheck
# never imports.
RUN /opt/tools/bin/hatchling build -t wheel -d /tmp/dist && \
    /opt/tools/bin/pip --python /opt/netcheck install --no-cache-dir --disable-pip-version-check --no-compile --no-deps \
      /tmp/dist/*.whl && \
    python3 -m compileall -q -j 0 -x '/kubernetes/(aio/)?client/(api|models)/' --invalidation-mode unchecked-hash \
      /opt/netcheck && \
    mkdir -p /var/lib/netcheck

FROM ${BASE}
COPY --from=build /opt/netcheck /opt/netcheck
COPY --from=build --chown=10001:10001 /var/lib/netcheck /var/lib/netcheck
# A number, so that Kubernetes can see that it is not root. HOME is writable also where the root file system is not.
USER 10001:10001
ENV PATH=/opt/netcheck/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    USER=netcheck \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NETCHECK_DATA_DIR=/var/lib/netcheck
WORKDIR /tmp
EXPOSE 8080
ENTRYPOINT ["netcheck"]
CMD ["serve"]
