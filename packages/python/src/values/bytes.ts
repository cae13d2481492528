import { PyOther } from './other.js'
import type { PyValue } from './value.js'

const escapes: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 92: '\\\\' }

/** Python's bytes. */
export class PyBytes extends PyOther {
  readonly typeName = 'bytes'
  override readonly methods = ['hex', 'decode']

  constructor(readonly bytes: Uint8Array) {
    super()
  }

  get key(): string {
    return Buffer.from(this.bytes).toString('latin1')
  }

  override repr(): string {
    const quote = this.bytes.includes(39) && !this.bytes.includes(34) ? '"' : "'"
    const body = [...this.bytes].map((byte) => {
      if (byte === quote.charCodeAt(0)) return `\\${quote}`
      if (escapes[byte] !== undefined) return escapes[byte]
      return byte < 32 || byte > 126 ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte)
    })
    return `b${quote}${body.join('')}${quote}`
  }

  wire() {
    return ['bytes', Buffer.from(this.bytes).toString('base64')] as const
  }

  override length(): number {
    return this.bytes.length
  }

  override iterate(): Iterator<PyValue> {
    return this.bytes[Symbol.iterator]()
  }

  override truth(): boolean {
    return this.bytes.length > 0
  }

  override method(name: string, args: readonly PyValue[]): PyValue | undefined {
    if (name === 'hex' && args.length === 0) return Buffer.from(this.bytes).toString('hex')
    if (name !== 'decode' || !(args.length === 0 || /^utf-?8$/i.test(String(args[0])))) return undefined
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes)
  }
}
