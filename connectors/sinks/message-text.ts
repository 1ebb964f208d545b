export const textSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 8_192,
  description:
    'the message, with ${expression} or ${expression:-fallback}, each JSONata on the event: ${data.total}, ${subject:-nobody}',
} as const;

/** Of a message that says nothing of its text. */
export const defaultText = '${type}${subject ? " " & subject : ""}\n${data}';
