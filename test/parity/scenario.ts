/**
 * One scenario for every platform: what is configured, what is published in which order, and how the targets answer. A
 * URL of `{target}` stands for the target of the test.
 */
export const scenario = {
  bus: { retention: '24h' },
  /** Of what was not archived, SQS keeps nothing that a trace could show. */
  archive: { filter: { pattern: { specversion: ['1.0'] } }, retention: '24h' },
  rules: {
    plain: {
      filter: { pattern: { source: ['/shop'] } },
      targets: [{ name: 'crm', http: { url: '{target}/plain' } }],
    },
    masked: {
      filter: { filters: [{ prefix: { type: 'user.' } }] },
      steps: [
        { redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } },
        { redact: { paths: ['data.idCard'] } },
        { transform: { jsonata: '{ "tel": data.phone, "name": data.name, "n": data.amount * 2 }' } },
      ],
      targets: [
        { name: 'crm', http: { url: '{target}/masked' } },
        { name: 'log', http: { url: '{target}/masked-log', content: 'structured' } },
      ],
    },
    ordered: {
      filter: { sql: "type = 'position'" },
      targets: [{ name: 'store', http: { url: '{target}/ordered' }, ordering: 'partitionkey' }],
    },
    flaky: {
      filter: { eventbridge: { 'detail-type': ['flaky'], detail: { n: [{ numeric: ['>', 1] }] } } },
      targets: [{ name: 'flaky', http: { url: '{target}/flaky' } }],
    },
    refused: {
      filter: { jsonata: "type = 'refused'" },
      targets: [
        { name: 'never', http: { url: '{target}/refused' } },
        { name: 'gone', http: { url: '{target}/gone' }, retry: { preset: 'standard-webhooks' } },
      ],
    },
    failing: {
      filter: { pattern: { type: ['failing'] } },
      steps: [{ transform: { jsonata: '{ "half": data.amount / data.parts.count }' } }],
      targets: [{ name: 'crm', http: { url: '{target}/failing' } }],
    },
    several: {
      filter: { pattern: { type: ['several'] } },
      steps: [{ transform: { jsonata: 'data.$merge([$$, { "data": $ }])', output: 'events' } }],
      targets: [{ name: 'crm', http: { url: '{target}/several' } }],
    },
  },
  /** Requests: one event, or a batch; a text is sent as it stands. */
  requests: [
    event('p1', 'order.created', { amount: 12.5 }),
    '{"specversion":"1.0","id":"p2","source":"/shop","type":"order.paid","data":{ "big" : 12345678901234567890.10, "e":1e2,"u":"\\u00e9ü😀" }}',
    { specversion: '1.0', id: 'p3', source: '/shop', type: 'order.void' },
    {
      specversion: '1.0',
      id: 'p4',
      source: '/shop',
      type: 'blob',
      data_base64: 'AAECAwQF/w==',
      datacontenttype: 'image/png',
    },
    {
      specversion: '1.0',
      id: 'p5',
      source: '/shop',
      type: 'note',
      data: 'Grüße\nan alle',
      subject: 's',
      time: '2026-11-22T06:30:00Z',
    },
    event('u1', 'user.created', { phone: '+49 151 12345678', idCard: 'X123', name: 'Ä', amount: 3 }, '/users'),
    [1, 2, 3, 4, 5, 6].map((n) => ({
      ...event(`o${n}`, 'position', { n }, '/fleet'),
      partitionkey: n % 2 === 0 ? 'even' : 'odd',
    })),
    [7, 8, 9, 10].map((n) => ({
      ...event(`o${n}`, 'position', { n }, '/fleet'),
      partitionkey: n % 2 === 0 ? 'even' : 'odd',
    })),
    [event('f1', 'flaky', { n: 1 }, '/other'), event('f2', 'flaky', { n: 2 }, '/other')],
    event('r1', 'refused', { n: 1 }, '/other'),
    [
      event('s1', 'failing', { amount: 'x', parts: { count: 2 } }, '/other'),
      event('s2', 'failing', { amount: 4, parts: { count: 2 } }, '/other'),
    ],
    event('m1', 'several', [1, { a: 2 }, null], '/other'),
    event('n1', 'nobody', {}, '/nowhere'),
    // Refused, on every platform alike.
    '{"specversion":"1.0","id":"x1","source":"/shop"}',
    '{"specversion":"0.3","id":"x2","source":"/shop","type":"t"}',
    'no JSON',
  ] as readonly unknown[],
  /** The status that a path is answered with, by how often it was called for the same event before. */
  answer(path: string, before: number): number {
    if (path === '/refused') return 400;
    if (path === '/gone') return 410;
    if (path === '/flaky') return before === 0 ? 503 : 204;
    return 204;
  },
  /** Requests that the targets get in all. */
  calls: 5 + 2 + 10 + 2 + 2 + 1 + 3,
  /** What history has of them: the same, a retry twice, and the event whose step failed. */
  records: 24,
  /** Paths whose order is fixed, within a partition. */
  ordered: ['/ordered'],
  traced: ['p1', 'u1', 'o3', 'f2', 'r1', 's1', 'm1', 'n1'],
} as const;

function event(id: string, type: string, data: unknown, source = '/shop'): Record<string, unknown> {
  return { specversion: '1.0', id, source, type, data };
}
