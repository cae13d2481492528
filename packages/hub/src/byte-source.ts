/** Random access to the bytes of one file, wherever it lies: disk, memory or HTTP. Nothing is read before it is asked for. */
export interface ByteSource {
  /** What to call the file in messages: a path, or repo and path. */
  readonly name: string
  /** Size of the whole file in bytes. */
  readonly byteLength: number
  /** Exactly the bytes [offset, offset + length); throws when the file ends before that. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Frees the file handle, if there is one. */
  close(): Promise<void>
}
