/** A file of Python's file system: its absolute path there, and its bytes. */
export type PythonFile = readonly [path: string, bytes: Uint8Array]
