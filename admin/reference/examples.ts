/** One document of each kind, as it may be sent. They go together: a test puts them all. */
export const examples: Readonly<Record<string, object>> = {
  bus: {
    kind: 'bus',
    name: 'orders',
    description: 'What the shop sells',
    record: 'all',
    retention: '3d',
    deduplication: { window: '24h' },
  },
  secret: {
    kind: 'secret',
    name: 'warehouse-signing',
    value: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
  },
  connection: {
    kind: 'connection',
    name: 'warehouse',
    hosts: ['warehouse.example.com'],
    oauth2: { tokenUrl: 'https://id.example.com/token', clientId: 'tulle', clientSecret: 'of the client' },
  },
  function: {
    kind: 'function',
    name: 'score',
    runs: { http: 'https://functions.example.com/score', signing: 'warehouse-signing' },
    timeout: '5s',
  },
  schema: { kind: 'schema', name: 'order-paid', type: 'order.paid', compatibility: 'backward' },
  archive: {
    kind: 'archive',
    bus: 'orders',
    name: 'paid',
    filter: { pattern: { type: ['order.paid'] } },
    retention: '30d',
  },
  connector: {
    kind: 'connector',
    bus: 'orders',
    name: 'every-morning',
    source: { schedule: { cron: '0 8 * * mon-fri', timeZone: 'Europe/Berlin', data: { report: 'daily' } } },
    event: { source: '/schedules', type: 'report.due' },
  },
  rule: {
    kind: 'rule',
    bus: 'orders',
    name: 'large-orders-to-warehouse',
    description: 'The warehouse never sees the card',
    filter: { pattern: { type: ['order.paid'], data: { total: [{ numeric: ['>=', 100] }] } } },
    steps: [{ redact: { paths: ['data.card'], with: 'drop' } }, { compute: 'score' }],
    targets: [
      {
        name: 'warehouse',
        http: {
          url: 'https://warehouse.example.com/orders',
          connection: 'warehouse',
          signing: { secret: 'warehouse-signing' },
        },
        retry: { preset: 'default', maxAttempts: 24, maxAge: '3d' },
        ordering: 'partitionkey',
        rateLimit: { perSecond: 50 },
        deadLetter: { http: { url: 'https://archive.example.com/undelivered' } },
      },
    ],
  },
  identity: {
    kind: 'identity',
    name: 'company',
    issuer: 'https://id.example.com',
    audience: ['tulle'],
    access: [{ claims: { groups: 'operations' }, role: 'operator', buses: ['*'] }],
  },
  key: { role: 'publisher', buses: ['orders'], description: 'the shop', expires: '2100-01-31T00:00:00Z' },
  tenant: { kind: 'tenant', name: 'acme', description: 'Its own buses, keys and secrets' },
};
