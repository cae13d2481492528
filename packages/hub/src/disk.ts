import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { open, readFile, realpath, stat } from 'node:fs/promises'

// What libraries ask of the machine they run on, in one place: in a browser disk.browser.ts stands for it (package.json, "#disk").

export { basename, dirname, isAbsolute, join, normalize, relative, resolve, sep } from 'node:path'

/** What stands at a path. */
export interface FileState {
  isFile(): boolean
  isDirectory(): boolean
  /** Bytes. */
  readonly size: number
}

/** A file that is open for reading. */
export interface OpenFile {
  /** Fills a part of `bytes` from `offset` of it on, with up to `length` bytes from `position` of the file on; tells how many. */
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>
  close(): Promise<void>
}

/** A SHA-256 in the making. */
export interface Hash {
  update(data: string | Uint8Array): void
  /** 64 hexadecimal digits; the last call. */
  hex(): string
}

/** Whether there is a file or a folder. */
export function exists(path: string): boolean {
  return existsSync(path)
}

/** What stands at a path; rejects with the system's error where nothing does. */
export function fileState(path: string): Promise<FileState> {
  return stat(path)
}

/** Opens a file for reading; rejects with the system's error. */
export function openFile(path: string): Promise<OpenFile> {
  return open(path, 'r')
}

/** The bytes of a file; rejects with the system's error. */
export function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path)
}

/** The UTF-8 text of a file; rejects with the system's error. */
export function readText(path: string): Promise<string> {
  return readFile(path, 'utf8')
}

/** The same at once; throws the system's error. */
export function readTextNow(path: string): string {
  return readFileSync(path, 'utf8')
}

/** The path without symbolic links; rejects with the system's error. */
export function realPath(path: string): Promise<string> {
  return realpath(path)
}

/** The folder that relative paths begin in. */
export function workingFolder(): string {
  return process.cwd()
}

/** Begins a SHA-256. */
export function sha256(): Hash {
  const hash = createHash('sha256')
  return { update: (data) => void hash.update(data), hex: () => hash.digest('hex') }
}
