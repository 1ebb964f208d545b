/** What `tulle dev` says when it is ready: enough to see one event go all the way, by copy and paste. */
export function greet(server: {
  readonly url: string;
  readonly stateFolder: string;
  readonly adminKey: string;
  /** A folder is applied, which has buses of its own. */
  readonly hasBus?: boolean;
  readonly demoEvent?: unknown;
}): string {
  const { url, stateFolder, adminKey, hasBus = false, demoEvent } = server;
  const authorization = `-H 'Authorization: Bearer ${adminKey}'`;
  const lines = [
    `Tulle runs at ${url}`,
    '',
    `  The operator's key is ${adminKey}`,
    `  It and all state are kept in ${stateFolder}. Ctrl-C stops the server.`,
    '',
  ];
  if (demoEvent === undefined && hasBus) return lines.join('\n');
  if (demoEvent === undefined) {
    lines.push(
      'There is no bus yet. Create one:',
      '',
      `  curl -X PUT ${url}/v1/admin/buses/default ${authorization} \\`,
      "    -H 'Content-Type: application/json' -d '{}'",
      '',
    );
    return lines.join('\n');
  }
  lines.push(
    'Publish an event of the demo:',
    '',
    `  curl -i ${url}/v1/events ${authorization} \\`,
    "    -H 'Content-Type: application/cloudevents+json' \\",
    `    -d '${JSON.stringify(demoEvent)}'`,
    '',
    'See it as the CRM got it, with personal data masked, and what became of the delivery:',
    '',
    `  curl '${url}/demo/inbox?receiver=crm'`,
    `  curl '${url}/v1/buses/default/deliveries?limit=5' ${authorization}`,
    '',
  );
  return lines.join('\n');
}
