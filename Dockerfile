# The whole mesh in one process: docs/node.md. Node runs the TypeScript sources as they are, so nothing is built.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production TULLE_HOST=0.0.0.0 PORT=8080 TULLE_DATA=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY event ./event
COPY functions ./functions
COPY mesh ./mesh
COPY admin ./admin
COPY connectors ./connectors
COPY adapters ./adapters
RUN mkdir /data && chown 1000:1000 /data
# Numeric, so that Kubernetes can see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--disable-warning=ExperimentalWarning", "--max-semi-space-size=32", "adapters/node/main.ts"]
