/**
 * The fields of one row of CSV (RFC 4180); `undefined` where its quotes are wrong. Our own, because a row has to be known by
 * the bytes at which it ends: there a pull goes on. The parsers of the field count characters, or rows from the start.
 */
export function readFields(row: string, delimiter: string): readonly string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; ;) {
    if (row.charAt(at) === '"') {
      let text = '';
      let from = at + 1;
      for (;;) {
        const quote = row.indexOf('"', from);
        if (quote < 0) return undefined;
        text += row.slice(from, quote);
        at = quote + 1;
        if (row.charAt(at) !== '"') break;
        // Two of them are one that is meant.
        text += '"';
        from = at + 1;
      }
      fields.push(text);
    } else {
      const end = row.indexOf(delimiter, at);
      const field = row.slice(at, end < 0 ? row.length : end);
      if (field.includes('"')) return undefined;
      fields.push(field);
      at += field.length;
    }
    if (at === row.length) return fields;
    if (row.charAt(at) !== delimiter) return undefined;
    at += 1;
  }
}
