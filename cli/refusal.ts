import { TulleRequestError } from '../client/error.ts';
import { PublishError } from '../client/publish.ts';
import { describeFileFault } from './file-fault.ts';

/** What Tulle or the file system refused, where, and how to mend it. @returns whether it was that */
export function printRefusal(error: unknown): boolean {
  if (error instanceof PublishError) {
    console.error(`${error.accepted.accepted} events of the last ones were published as well.`);
    return printRefusal(error.cause);
  }
  const fault = describeFileFault(error);
  if (fault !== undefined) console.error(`${fault.message}\n${fault.mend}`);
  if (!(error instanceof TulleRequestError)) return fault !== undefined;
  const { request, status, message, place, mend, errors } = error;
  console.error(
    status === 0 ? message : `${request} was answered ${status}. ${message}${place === undefined ? '' : ` (${place})`}`,
  );
  for (const one of errors.length > 1 ? errors : []) {
    console.error(`  ${[one.place, one.detail, one.mend].filter((part) => part !== undefined).join(' ')}`);
  }
  if (mend !== undefined) console.error(mend);
  return true;
}
