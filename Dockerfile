# The program alone: no shell, no package manager, not root.
#   docker build --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" -t policyconv .
#   docker run --rm -v "$PWD:/work:ro" policyconv migrate /work/policies --cluster /work/cluster.yaml
FROM debian:12 AS build
# Of the packages; without .git in the context it has to be said.
ARG SOURCE_DATE_EPOCH=0
COPY . /src
WORKDIR /src
RUN ./x package
# What the last stage holds: the tarball's program and library, and of the system what ldd names. The loader finds its
# libraries in its default directories, which are these; the program's own by /proc, which a container has and chroot lacks.
RUN mkdir -p /image/usr/local /image/work \
 && tar --extract --gzip --strip-components=1 --directory /image/usr/local \
        --file "$(ls build/package/packages/policyconv-*.tar.gz)" \
 && ldd /image/usr/local/bin/policyconv | sed -n 's|.*[[:space:]]\(/lib[^ ]*\) .*|\1|p' | while read -r library; do \
      mkdir -p "/image$(dirname "$library")" && cp -L "$library" "/image$library" || exit 1; \
    done \
 && cp --parents /usr/share/doc/libc6/copyright /image \
 && LD_LIBRARY_PATH=/usr/local/lib/policyconv chroot --userspec=65532:65532 /image /usr/local/bin/policyconv --version

FROM scratch
COPY --from=build /image /
ENV PATH=/usr/local/bin
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["policyconv"]
