/**
 * Patterns of names. There are three kinds, which differ where folders begin:
 *
 * - `fnmatchPattern` is Python's fnmatch, for names: tasks, and files of one folder. `*` matches any text.
 * - `globFiles` and `globNames` (glob.ts) are Python's glob, for files on disk: each part of a path is a pattern of its own, `**` is any
 *   number of folders, names that begin with a dot only match patterns that do.
 * - `pathPattern` is that of data_files in `datasets`, for a list of paths: `*` stays in a folder, `**` does not even beside other characters
 *   ("**.csv"), hidden names are as others. fsspec, which matches them for `datasets`, refuses such a `**` since 2023.12; its documentation
 *   still promises it.
 *
 * `*`, `?` and `[...]` are read once, here. minimatch and picomatch have braces, `!` and classes of POSIX, and other rules for dots.
 */
export function fnmatchPattern(pattern: string): RegExp {
  return new RegExp(`^${source(pattern, { star: '.*', stars: '.*', one: '.' })}$`, 'su')
}

/** A pattern of paths with "/" between their parts, as data_files has them; see fnmatchPattern. */
export function pathPattern(pattern: string): RegExp {
  const parts = pattern.split('/')
  const written = parts.map((part, index) => {
    const isLast = index === parts.length - 1
    if (part === '**' && !isLast) return '(?:.*/)?'
    return source(part, { star: '[^/]*', stars: '.*', one: '[^/]' }) + (isLast ? '' : '/')
  })
  return new RegExp(`^${written.join('')}$`, 'su')
}

/** Whether a text has `*`, `?` or `[` and so may mean several names. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text)
}

interface Spelling {
  readonly star: string
  /** Of two stars or more. */
  readonly stars: string
  /** Of a question mark. */
  readonly one: string
}

/** A pattern as a regular expression with the flags s and u. */
function source(pattern: string, { star, stars, one }: Spelling): string {
  // a ] right after the opening (or its !) stands for itself; without a closing one so does the [
  return pattern.replace(/(\*\*+)|(\*)|(\?)|\[(?:(!)|(?!!))(.[^\]]*)\]|([$()*+./?[\\\]^{|}])/gsu, (_, ...found) => {
    const [many, any, single, not, members, literal] = found as (string | undefined)[]
    if (many !== undefined) return stars
    if (any !== undefined) return star
    if (single !== undefined) return one
    return literal !== undefined ? `\\${literal}` : `[${not ? '^' : ''}${ranges(members!)}]`
  })
}

/** What stands in brackets: characters and ranges; ranges from a later character to an earlier one are empty. */
function ranges(members: string): string {
  return members.replace(/(.)-(.)|./gsu, (whole, from?: string, to?: string) => {
    if (from === undefined || to === undefined) return escaped(whole)
    return from.codePointAt(0)! > to.codePointAt(0)! ? '' : `${escaped(from)}-${escaped(to)}`
  })
}

function escaped(character: string): string {
  return /[\\\]^[-]/.test(character) ? `\\${character}` : character
}
