/**
 * What AWS refuses and the emulator of SQS takes: a mistake that would show on the day of the deployment shows here.
 * Where AWS lets the rest of a batch pass, the whole call is refused: it is a mistake of the code, not of a message.
 */
export interface Refusal {
  /** The error's name, as the client of the SDK raises it. */
  readonly type: string;
  readonly message: string;
}

interface Entry {
  readonly Id?: unknown;
  readonly MessageBody?: unknown;
  readonly DelaySeconds?: unknown;
  readonly MessageGroupId?: unknown;
  readonly MessageAttributes?: Readonly<Record<string, Attribute>>;
}

interface Attribute {
  readonly DataType?: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

export const delayMaxSeconds = 900;
export const messageMaxBytes = 1_048_576;
const BATCH_MAX = 10;

/** `operation` is that of the header `x-amz-target`, such as `SendMessage`. */
export function refuseSqs(operation: string, input: Readonly<Record<string, unknown>>): Refusal | undefined {
  const isFifo = String(input['QueueUrl']).endsWith('.fifo');
  if (operation === 'SendMessage') return refuseEntry(input, isFifo) ?? refuseSize([input]);
  if (!operation.endsWith('Batch')) return undefined;
  const entries = (input['Entries'] ?? []) as Entry[];
  return (
    refuseBatch(entries) ??
    (operation === 'SendMessageBatch'
      ? (entries.map((entry) => refuseEntry(entry, isFifo)).find((refusal) => refusal !== undefined) ??
        refuseSize(entries))
      : undefined)
  );
}

function refuseBatch(entries: readonly Entry[]): Refusal | undefined {
  if (entries.length === 0) return { type: 'EmptyBatchRequest', message: 'There should be at least one entry.' };
  if (entries.length > BATCH_MAX) {
    const message = `Maximum number of entries per request are ${BATCH_MAX}. You have sent ${entries.length}.`;
    return { type: 'TooManyEntriesInBatchRequest', message };
  }
  const ids = entries.map(({ Id: id }) => String(id));
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id))) {
    const message = 'A batch entry id can only contain alphanumeric characters, hyphens and underscores.';
    return { type: 'InvalidBatchEntryId', message };
  }
  if (new Set(ids).size < ids.length) return { type: 'BatchEntryIdsNotDistinct', message: 'An id is repeated.' };
  return undefined;
}

function refuseEntry(entry: Entry, isFifo: boolean): Refusal | undefined {
  const { DelaySeconds: delay = 0, MessageBody: body, MessageGroupId: group } = entry;
  if (typeof delay !== 'number' || !Number.isInteger(delay) || delay < 0 || delay > delayMaxSeconds) {
    const message = `Value ${String(delay)} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.`;
    return { type: 'InvalidParameterValue', message };
  }
  if (typeof body !== 'string' || body === '') {
    return { type: 'MissingParameter', message: 'The request must contain the parameter MessageBody.' };
  }
  if (!isFifo) return undefined;
  if (group === undefined) {
    return { type: 'MissingParameter', message: 'The request must contain the parameter MessageGroupId.' };
  }
  if (delay > 0) {
    const message = `Value ${delay} for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.`;
    return { type: 'InvalidParameterValue', message };
  }
  return undefined;
}

function refuseSize(entries: readonly Entry[]): Refusal | undefined {
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes <= messageMaxBytes) return undefined;
  const message = `Batch requests cannot be longer than ${messageMaxBytes} bytes. You have sent ${bytes} bytes.`;
  return entries.length === 1 && entries[0]?.Id === undefined
    ? {
        type: 'InvalidParameterValue',
        message: `One or more parameters are invalid. Reason: Message must be shorter than ${messageMaxBytes} bytes.`,
      }
    : { type: 'BatchRequestTooLong', message };
}

/** The body and the attributes with their names and types count. */
function sizeOf({ MessageBody: body, MessageAttributes: attributes = {} }: Entry): number {
  const own = Object.entries(attributes).map(
    ([name, { DataType: type = '', StringValue: text = '', BinaryValue: bytes = '' }]) =>
      Buffer.byteLength(name + type + text) + Buffer.from(bytes, 'base64').length,
  );
  return own.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(String(body)));
}
