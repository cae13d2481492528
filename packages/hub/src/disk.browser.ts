import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { resolve } from 'pathe'
import type { FileState, Hash, OpenFile } from './disk.js'

// disk.ts for a browser: the files are those that the page was given. pathe is Node's path with forward slashes; noble's SHA-256 answers at once, where
// the browser's own only promises.

export { basename, dirname, isAbsolute, join, normalize, relative, resolve, sep } from 'pathe'

const files = new Map<string, Uint8Array>()

/** Gives files to everything that reads files: their bytes by path, relative to "/". They stay until they are taken away. */
export function mountFiles(given: Readonly<Record<string, Uint8Array>>): void {
  for (const [path, bytes] of Object.entries(given)) files.set(absolute(path), bytes)
}

/** Takes a file away. */
export function unmountFile(path: string): void {
  files.delete(absolute(path))
}

/** The bytes of a file as they were given; throws an error like the system's where there is none. */
export function mountedBytes(path: string): Uint8Array {
  const bytes = files.get(absolute(path))
  if (bytes === undefined) throw missing(path)
  return bytes
}

/** Whether there is a file or a folder. */
export function exists(path: string): boolean {
  return files.has(absolute(path)) || isFolder(path)
}

/** What stands at a path; rejects with an error like the system's where nothing does. */
export async function fileState(path: string): Promise<FileState> {
  const bytes = files.get(absolute(path))
  if (bytes === undefined && !isFolder(path)) throw missing(path)
  return { isFile: () => bytes !== undefined, isDirectory: () => bytes === undefined, size: bytes?.length ?? 0 }
}

/** Opens a file for reading; rejects with an error like the system's. */
export async function openFile(path: string): Promise<OpenFile> {
  const whole = mountedBytes(path)
  return {
    read: async (bytes, offset, length, position) => {
      const part = whole.subarray(position, position + length)
      bytes.set(part, offset)
      return { bytesRead: part.length }
    },
    close: async () => {},
  }
}

/** A copy of the bytes of a file; rejects with an error like the system's. */
export async function readBytes(path: string): Promise<Uint8Array> {
  return mountedBytes(path).slice()
}

/** The UTF-8 text of a file; rejects with an error like the system's. */
export async function readText(path: string): Promise<string> {
  return readTextNow(path)
}

/** The same at once; throws an error like the system's. */
export function readTextNow(path: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(mountedBytes(path))
}

/** The path from "/" on: there are no links. */
export async function realPath(path: string): Promise<string> {
  if (!exists(path)) throw missing(path)
  return absolute(path)
}

/** The folder that relative paths begin in. */
export function workingFolder(): string {
  return '/'
}

/** Begins a SHA-256. */
export function sha256(): Hash {
  const hash = nobleSha256.create()
  return {
    update: (data) => void hash.update(typeof data === 'string' ? utf8ToBytes(data) : data),
    hex: () => bytesToHex(hash.digest()),
  }
}

function absolute(path: string): string {
  return resolve('/', path)
}

function isFolder(path: string): boolean {
  const folder = absolute(path)
  const beginning = folder.endsWith('/') ? folder : `${folder}/`
  for (const file of files.keys()) if (file.startsWith(beginning)) return true
  return false
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: 'ENOENT' })
}
