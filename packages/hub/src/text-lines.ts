import { createReadStream } from 'node:fs'

/**
 * The lines of a UTF-8 file as Python ends them when it writes JSON lines: at a line feed alone, without it. A text may hold what Node's readline
 * takes for an end, U+2028 for one. After the last line feed comes one line more, empty in a whole file.
 */
export async function* textLines(path: string): AsyncGenerator<string> {
  const input = createReadStream(path, 'utf8')
  try {
    let parts: string[] = []
    for await (const chunk of input as AsyncIterable<string>) {
      const [first, ...others] = chunk.split('\n')
      parts.push(first!)
      for (const next of others) {
        yield parts.join('')
        parts = [next]
      }
    }
    yield parts.join('')
  } finally {
    // whoever has read enough leaves the file open otherwise
    input.destroy()
  }
}
