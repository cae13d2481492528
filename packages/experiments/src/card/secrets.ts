import { createReadStream } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Environment, InputError } from '@saeval/hub'
import { hubSettings } from '@saeval/hub/internal/hub-settings'
import { isDict, type PyValue } from '@saeval/python'

/** What nobody writes into a text by chance, and what it is. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\bhf_[A-Za-z0-9]{30,}\b/, 'a token of the Hugging Face Hub'],
  [/\bsk-[A-Za-z0-9_-]{20,}/, 'an API key'],
  [/\bgh[pousr]_[A-Za-z0-9]{30,}\b/, 'a token of GitHub'],
  [/\bAKIA[0-9A-Z]{16}\b/, 'a key of AWS'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^/?#\s:"'@]+:(?!\*\*\*)[^/?#\s"'@]+@/i, 'an address with a password'],
]
const secretName = /(TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i
const shortestSecret = 12
/** What a secret may be divided by where a stream hands on its chunks. */
const overlap = 8192

/** Throws InputError where a file of a card holds a secret (of this user's environment, or what looks like one) or names the user's home folder. */
export async function refuseSecrets(
  folder: string,
  paths: readonly string[],
  env: Environment = process.env,
): Promise<void> {
  const token = await hubSettings(env).token()
  const known = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    secretName.test(name) && value !== undefined && value.length >= shortestSecret
      ? [[value, `the value of the environment's ${name}`]]
      : [],
  )
  if (token !== null && token.length >= shortestSecret) known.push([token, 'your token of the Hugging Face Hub'])
  const home = homeOf()
  if (home !== null) known.push([`${home}/`, 'the path of your home folder'])
  // every byte is a character, so that files that are no text are searched too
  const bytes = known.map(([value, what]) => [Buffer.from(value, 'utf8').toString('latin1'), what] as const)
  for (const path of paths) {
    let rest = ''
    for await (const chunk of createReadStream(join(folder, path), 'latin1')) {
      const text = rest + (chunk as string)
      const found =
        bytes.find(([value]) => text.includes(value))?.[1] ?? patterns.find(([pattern]) => pattern.test(text))?.[1]
      if (found !== undefined)
        throw new InputError(
          `${path} would hold ${found}, which whoever has the card could read; take it out and make the results again`,
        )
      rest = text.slice(-overlap)
    }
  }
}

/** The user's folder; null where it says nothing about who that is. */
function homeOf(): string | null {
  try {
    const home = homedir()
    return home.length > 5 ? home : null
  } catch {
    return null
  }
}

/** The same value with this machine's folders left out of its texts: paths below the working folder begin there, the home folder is "~". */
export function withoutFolders(value: PyValue, workingFolder: string): PyValue {
  const home = homeOf()
  const replaced = (text: string) => {
    const own = withoutFolder(text, workingFolder, '')
    return home === null ? own : withoutFolder(own, home, '~/')
  }
  const change = (part: PyValue): PyValue => {
    if (typeof part === 'string') return replaced(part)
    if (Array.isArray(part)) return part.map(change)
    if (isDict(part)) return new Map([...part].map(([key, item]) => [key, change(item)]))
    return part
  }
  return change(value)
}

function withoutFolder(text: string, folder: string, to: string): string {
  if (folder === '/' || !text.includes(folder)) return text
  const escaped = folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return text
    .replaceAll(new RegExp(`(?<![\\w./-])${escaped}/`, 'g'), to)
    .replaceAll(new RegExp(`(?<![\\w./-])${escaped}(?![\\w./-])`, 'g'), to === '' ? '.' : '~')
}
