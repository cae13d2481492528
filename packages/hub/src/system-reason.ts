/** What the system's error codes mean, for who gave the path. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EAGAIN: 'too many processes or threads; allow more (ulimit -u)',
  EBUSY: 'something else uses it',
  EEXIST: 'something else has that name',
  EDQUOT: 'no space is left for this user',
  EFBIG: 'the file would be too large',
  EIO: 'the device does not work',
  EISDIR: 'it is a folder, not a file',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open; allow more (ulimit -n)',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'too many files are open on this machine',
  ENOENT: 'no such file or folder',
  ENOMEM: 'no memory is left',
  ENOSPC: 'no space is left',
  ENOTDIR: 'a part of the path is a file, not a folder',
  ENXIO: 'nothing is at its other end',
  EPERM: 'the system does not allow it',
  EROFS: 'it can only be read',
  ESTALE: 'it was removed meanwhile',
}

/** Why the system refused something, in words: "no space is left"; null for an error that is not the system's. */
export function systemReason(error: unknown): string | null {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  // Node's own refusal of a path that holds a NUL quotes it
  if (code === 'ERR_INVALID_ARG_VALUE') return 'no file has such a name'
  return code !== undefined && Object.hasOwn(reasons, code) ? reasons[code]! : null
}
