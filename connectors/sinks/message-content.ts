/** How an event becomes a message of a broker. */
export function messageContentSchema(binary: string): object {
  return {
    enum: ['binary', 'structured', 'raw'],
    description: `how an event becomes a message: ${binary} (binary, the default), the whole event in the JSON format of CloudEvents, or its payload alone`,
  };
}
