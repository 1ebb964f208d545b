/** What lies at a path of names: `data.vehicle.vin`, or an attribute such as `subject`; `undefined` where nothing is. */
export function readPath(event: object, path: string): unknown {
  let value: unknown = event;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/**
 * The data with a value at `path`, which starts with `data.`; what is missing on the way is made.
 * Throws where something else than an object is on the way.
 */
export function withValue(data: unknown, path: string, value: unknown): unknown {
  const [, ...names] = path.split('.');
  return put(data, names, value);
}

/** @throws TypeError for a path that does not lead into the data */
export function checkDataPath(path: string): void {
  if (/^data(\.[^.]+)+$/.test(path) && !path.split('.').includes('__proto__')) return;
  throw new TypeError(`${JSON.stringify(path)} is no path into the data, such as data.vehicle.details`);
}

function put(holder: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (holder !== undefined && (typeof holder !== 'object' || holder === null || Array.isArray(holder))) {
    throw new Error('the answer has no place: something else than an object is on the way');
  }
  const members: Record<string, unknown> = { ...holder };
  const present = Object.hasOwn(members, name) ? members[name] : undefined;
  return { ...members, [name]: put(present, rest, value) };
}
