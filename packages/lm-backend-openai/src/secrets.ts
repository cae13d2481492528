/** What must stand in no message: keys, values of headers, the password of an address. */
export interface Secrets {
  /** A text without them. */
  hide(text: string): string
}

/** Collects secrets; what is shorter than 4 characters is none. */
export function secretsOf(headers: Readonly<Record<string, string>>, address: URL): Secrets {
  const words = [address.password, decoded(address.password), address.username, decoded(address.username)]
  for (const value of Object.values(headers)) words.push(value, ...value.split(/\s+/))
  const secret = [...new Set(words)].filter((word) => word.length >= 4 && !/^(bearer|basic)$/i.test(word))
  secret.sort((a, b) => b.length - a.length)
  return { hide: (text) => secret.reduce((shown, word) => shown.replaceAll(word, '***'), text) }
}

/** An address without user, password and query. */
export function shownAddress(address: URL): string {
  return `${address.origin}${address.pathname}`
}

/** A part of an address as it was before it was written there; as it is where that cannot be told. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
