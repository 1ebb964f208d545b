import { defineCommand } from '../define-command.ts';
import { whyOption } from '../terminal/why.ts';

export const rotate = defineCommand({
  name: 'keys rotate',
  summary: 'Give an API key a new secret, which is printed this once; the old one ends after the overlap',
  words: ['ID'],
  options: {
    overlap: { type: 'string', value: 'TIME', description: 'how long both are valid: 0s to 30d (default 24h)' },
    ...whyOption,
  },
  examples: ['tulle keys rotate 0123456789abcdef', 'tulle keys rotate 0123456789abcdef --overlap 0s'],
  async run({ words: [id = ''], values: { overlap, why }, session, output }) {
    const made = await session.client().admin.keys.rotate(id, overlap === undefined ? {} : { overlap }, { why });
    output.document(made, () => made.key);
    output.note(`The new secret of ${id} is shown this once: keep it.`);
  },
});
