/** What the file system refused, in words; `undefined` for errors of another kind. */
export function describeFileFault(error: unknown): { readonly message: string; readonly mend: string } | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('path' in error)) return undefined;
  const { code, path } = error;
  const known = faults[String(code)];
  if (known === undefined || typeof path !== 'string') return undefined;
  const [what, mend] = known;
  return { message: `${path.length > 200 ? `${path.slice(0, 200)}…` : path} ${what}.`, mend };
}

const faults: Readonly<Record<string, readonly [what: string, mend: string]>> = {
  EACCES: ['may not be read or written', 'Choose another place, or ask for the right to it.'],
  EPERM: ['may not be read or written', 'Choose another place, or ask for the right to it.'],
  EROFS: ['lies on a disk that takes nothing', 'Choose another place.'],
  ENOSPC: ['has no room: the disk is full', 'Make room, or choose another place.'],
  EDQUOT: ['has no room: your share of the disk is full', 'Make room, or choose another place.'],
  EEXIST: ['is there already, and is no folder', 'Choose another name.'],
  ENOTDIR: ['has a file where a folder should be', 'Choose another place.'],
  EISDIR: ['is a folder, not a file', 'Choose a file.'],
  ENOENT: ['is not there, and cannot be made', 'Choose another place.'],
  ENAMETOOLONG: ['is too long for a name', 'Choose a shorter name.'],
  ELOOP: ['leads in circles', 'Look at the links on the way.'],
};
