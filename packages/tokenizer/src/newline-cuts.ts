import type { AddedToken } from './special-tokens.js'

/**
 * Whether token ids of a text are those of its parts, one after the other, for every cut between an ASCII letter or digit and a newline.
 * True only where the tokenizer's files prove it; whatever is not known here makes it false.
 *
 * The proof. Let L be the text before such a cut and R the text behind it: L ends in a letter or digit, R begins with a newline. Each step
 * of the library's `encode` treats L + R as L and then R, and hands on two parts that end and begin alike:
 *
 * - Added tokens are found from left to right. None holds a letter or digit before a newline, so none lies across the cut, and the
 *   search arrives at it in L + R too. What stands between two added tokens may span the cut. White space that a token with lstrip or rstrip
 *   takes from it ends at L's last character: a token in front of the cut would have to end in a letter or digit to reach behind it. A
 *   whole stretch that reads as an added token, after normalising perhaps, becomes that token: L's end and R's beginning never read so.
 * - The normalizer changes neither character at the cut and joins nothing across it.
 * - Pre-tokenizers either make no word with characters of both sides, or leave one word of L's last and R's first.
 * - BPE works word by word. In the one word across the cut it always merges the pair of lowest rank, the leftmost of these; where no rank
 *   belongs to a pair across the cut, what is merged on one side does not depend on the other.
 * - The template of special tokens adds them in front only; see piecewise().
 *
 * A text with several cuts follows from the last one and induction.
 */
export function canCutBeforeNewlines(
  file: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
): boolean {
  // options by which the library rewrites a whole text
  if (config.remove_space || config.do_lowercase_and_remove_accent) return false
  const { normalizer, added_tokens: added, pre_tokenizer: preTokenizer, model, post_processor: postProcessor } = file
  if (!keepsCut(normalizer as Step) || !addsInFront(postProcessor as Step)) return false
  if (!(added as AddedToken[]).every((token) => isClearOfCut(token, normalizer !== null))) return false
  const words = wordsAtCut(preTokenizer as Step, 'joined')
  return words !== null && mergesNothingAcross(model as Model, words)
}

type Step = { readonly type?: unknown; readonly [field: string]: unknown } | null

interface Model {
  readonly type?: unknown
  readonly vocab: Readonly<Record<string, number>>
  readonly merges: readonly (string | readonly string[])[]
  readonly [field: string]: unknown
}

/**
 * Unicode's normal forms: a newline composes with nothing, and an ASCII letter or digit only with marks behind it. SentencePiece's space: one
 * character for another.
 */
function keepsCut(normalizer: Step): boolean {
  if (normalizer === null) return true
  switch (normalizer.type) {
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return true
    case 'Replace':
      return isSpace(normalizer.pattern as Pattern) && normalizer.content === '▁'
    case 'Sequence':
      return ((normalizer.normalizers ?? []) as Step[]).every(keepsCut)
    default:
      return false
  }
}

/**
 * A token matched in the text as it is may be newlines only, which no normalizer makes of anything else, or hold none and end in no
 * letter or digit; one matched after normalising may be spaces (GPT-NeoX has such), which L's end and R's beginning are not.
 */
function isClearOfCut(token: AddedToken, hasNormalizer: boolean): boolean {
  if (token.single_word) return false
  if (hasNormalizer && (token.normalized ?? !token.special)) return /^ +$/.test(token.content)
  return /^(\n+|[^\n]*[^\nA-Za-z0-9])$/.test(token.content)
}

/** apart: no word has characters of both sides. joined: one may have, L's last and R's first in one; all others are those of L and R. */
type Words = 'apart' | 'joined'

/** What a pre-tokenizer makes of the words at the cut; null where that is not known. */
function wordsAtCut(step: Step, words: Words): Words | null {
  if (step === null) return words
  switch (step.type) {
    case 'Sequence':
      return ((step.pretokenizers ?? []) as Step[]).reduce<Words | null>(
        (soFar, inner) => soFar && wordsAtCut(inner, soFar),
        words,
      )
    case 'ByteLevel':
      if (step.add_prefix_space) return null
      // GPT-2's pattern, for which the argument is the one below
      if (step.use_regex !== false) return 'apart'
      // bytes are renamed, newlines too, so that nothing below would recognise the cut
      return words === 'apart' ? words : null
    case 'Digits':
      // runs of digits, or single ones, and runs of other characters: apart behind a digit only
      return words
    case 'Split': {
      const pattern = step.pattern as Pattern
      if (step.invert) return null
      if (isSpace(pattern)) return words
      return step.behavior === 'Isolated' && separatingPatterns.has(pattern?.Regex as string) ? 'apart' : null
    }
    default:
      return null
  }
}

/** Whether any part of a tokenizer.json has a regular expression that is not known to find its way through a text at once. */
export function hasOtherPatterns(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false
  const { model: _, added_tokens: __, ...others } = part as Readonly<Record<string, unknown>>
  const { Regex: pattern } = others
  if (typeof pattern === 'string' && !separatingPatterns.has(pattern)) return true
  return Object.values(others).some(hasOtherPatterns)
}

const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const spaces = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`

/**
 * Patterns of Split that match every character and never match both sides of a cut together. In each alternative, what can match a letter or
 * digit is followed by nothing that can match a newline, so no match that begins in L goes on into R, and at R's first character it
 * ends as it would at the end of the text. The only look-around, (?!\S), stands behind white space: in L it sees L's last
 * character at most. Nothing looks back, so matches that begin in R see R only.
 */
const separatingPatterns: ReadonlySet<string> = new Set([
  // Llama 3 (cl100k)
  String.raw`${contraction}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|${spaces}`,
  // Qwen 2 and 3
  String.raw`${contraction}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|${spaces}`,
  // Qwen 3.5
  String.raw`${contraction}|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|${spaces}`,
  // gpt-oss (o200k)
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+${contraction}?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*${contraction}?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${spaces}`,
])

function mergesNothingAcross(model: Model, words: Words): boolean {
  if (model.type !== 'BPE') return false
  // unknown tokens in a row become one, across words; where every byte has a token there are none
  if (model.fuse_unk && !(model.byte_fallback && byteTokens.every((token) => Object.hasOwn(model.vocab, token))))
    return false
  if (words === 'apart') return true
  // a part could be one token without merges where the whole word is not; a word's last character could carry a suffix
  if (model.ignore_merges || model.end_of_word_suffix || model.continuing_subword_suffix) return false
  return !model.merges.some((merge) =>
    typeof merge === 'string'
      ? /[A-Za-z0-9] \n/.test(merge)
      : merge[1]?.startsWith('\n') && /[A-Za-z0-9]$/.test(merge[0]!),
  )
}

const byteTokens = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)

/** Whether special tokens all come before the text's own. */
function addsInFront(postProcessor: Step): boolean {
  if (postProcessor === null) return true
  switch (postProcessor.type) {
    case 'ByteLevel':
      return true
    case 'Sequence':
      return ((postProcessor.processors ?? []) as Step[]).every(addsInFront)
    case 'TemplateProcessing': {
      const items = postProcessor.single as { SpecialToken?: unknown; Sequence?: { id?: unknown } }[]
      return items.at(-1)?.Sequence?.id === 'A' && items.slice(0, -1).every((item) => item.SpecialToken !== undefined)
    }
    default:
      return false
  }
}

type Pattern = { readonly String?: unknown; readonly Regex?: unknown } | undefined

/** Where a pattern has both forms, the library takes the regular expression. */
function isSpace(pattern: Pattern): boolean {
  return pattern?.Regex === undefined && pattern?.String === ' '
}
