import { TulleError } from '../../event/error.ts';

/** Answers whether a conditional write held. @throws what is no conflict */
export async function attempt(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!TulleError.is(error) || error.code !== 'version_conflict') throw error;
    return false;
  }
}
