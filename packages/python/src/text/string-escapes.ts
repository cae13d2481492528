const escapes: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

const escapePattern = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))/gu

/** The text between the quotes of a literal of Python or Jinja, its escapes resolved; null where one is broken. */
export function literalText(body: string): string | null {
  if (!body.includes('\\')) return body
  let broken = false
  const text = body.replace(
    escapePattern,
    (whole, two, four, eight, octal: string | undefined, single: string | undefined) => {
      const hexadecimal = two ?? four ?? eight
      if (hexadecimal !== undefined) {
        const code = Number.parseInt(hexadecimal, 16)
        broken ||= code > 0x10ffff
        return broken ? '' : String.fromCodePoint(code)
      }
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
      // \N{...} names a character; no table of names is here
      broken ||= 'xuUN'.includes(single!)
      return escapes[single!] ?? whole
    },
  )
  return broken ? null : text
}
