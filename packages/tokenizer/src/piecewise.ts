/** Characters of pieces that are kept; beyond, all are let go. */
const capacity = 1_000_000

/** Longer pieces are not kept: those of documents, which hardly come twice. */
const longestKept = 20_000

/**
 * An encode function that goes through each distinct piece of the texts it is given once, so that few-shot examples, preambles and the
 * question of several answers cost a look-up. Texts are cut wherever an ASCII letter or digit is followed by a newline, so `encode` must be
 * that of a tokenizer for which canCutBeforeNewlines() holds.
 */
export function piecewise(
  encode: (text: string, addSpecialTokens: boolean) => number[],
): (text: string, addSpecialTokens: boolean) => number[] {
  const specialIds = encode('', true)
  const known = new Map<string, readonly number[]>()
  let held = 0
  const idsOf = (piece: string): readonly number[] => {
    const found = known.get(piece)
    if (found !== undefined) return found
    const ids = encode(piece, false)
    if (piece.length > longestKept) return ids
    if (held + piece.length > capacity) {
      known.clear()
      held = 0
    }
    held += piece.length
    known.set(ownCopy(piece), ids)
    return ids
  }
  return (text, addSpecialTokens) => {
    const ids = addSpecialTokens ? [...specialIds] : []
    for (const piece of pieces(text)) for (const id of idsOf(piece)) ids.push(id)
    return ids
  }
}

function pieces(text: string): string[] {
  const found: string[] = []
  let start = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    if (!isLetterOrDigit(text.charCodeAt(at - 1))) continue
    found.push(text.slice(start, at))
    start = at
  }
  found.push(text.slice(start))
  return found
}

function isLetterOrDigit(code: number): boolean {
  const lower = code | 0x20
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x7a)
}

/** A slice keeps the text it was cut from in memory; a copy does not. */
function ownCopy(piece: string): string {
  return JSON.parse(JSON.stringify(piece)) as string
}
