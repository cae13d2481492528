/** Random access to the bytes of one file, wherever it lies: disk, memory or HTTP. Nothing is read before it is asked for. */
export interface ByteSource {
  /** What to call the file in messages: a path, or repo and path. */
  readonly name: string
  /** Size of the whole file in bytes. */
  readonly byteLength: number
  /** How many bytes arrive in the time that one more read costs: about 1 MiB over HTTP, a page on disk. */
  readonly seekCost: number
  /** Exactly the bytes [offset, offset + length); throws when the file ends before that. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Puts the whole file on disk, where later reads are cheap; does nothing for a file that is there already. */
  fetchWhole(): Promise<void>
  /** Frees the file handle, if there is one. */
  close(): Promise<void>
}

/** Values of `ByteSource.seekCost`: a page on disk; over HTTP 100 ms at 10 MB/s. */
export const seekCost = { disk: 4096, http: 2 ** 20 } as const
