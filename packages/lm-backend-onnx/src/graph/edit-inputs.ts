/** The selected tokens of every edit with positions: float32 [B, T, S]; column 0 is 1 everywhere. Only where a stage selects. */
export const selectedInput = 'edit.selected'

/** Which tokens count where edits act, 1 or 0 (padding): float32 [B, 1, T]. Only where a graph counts; see countsTokens. */
export const countedInput = 'edit.counted'

/** At how many of them each part of the edits acts: float32 [B, K], an output; packEdits says which column is which part. */
export const actedOutput = 'acted'

/** Names of a stage's graph inputs. Shapes: R = 1 or the batch, M = slots of all readers, d = width of the hook point. */
export function stageInputs(hookPoint: string, stage: number) {
  const at = `edit.${hookPoint}.${stage}`
  return {
    /** [R, 1, d] */
    addend: `${at}.addend`,
    /** Additions with gates or positions, A of them: [R, A, d] */
    vectors: `${at}.vectors`,
    reader: (index: number) => ({
      /** [R, width, m], m = slots of this reader */
      encoder: `${at}.reader.${index}.encoder`,
      /** [R, 1, 1, m] of the type in which the form compares, instead of the encoder where the whole SAE is read */
      latents: `${at}.reader.${index}.latents`,
      /** [R, 1, m] */
      bias: `${at}.reader.${index}.bias`,
      /** [R, 1, m] */
      threshold: `${at}.reader.${index}.threshold`,
      /** [R, m, d] */
      decoder: `${at}.reader.${index}.decoder`,
    }),
    /** [R, 1, M] each: f' = gain * f' + offset where the gates are open */
    gain: (phase: number) => `${at}.${phase}.gain`,
    offset: (phase: number) => `${at}.${phase}.offset`,
    /** Gates of a phase's updates (N = M) or of the additions (N = A) */
    gates: (of: number | 'adds') => ({
      /** [R, M, N]: column n holds a one at the slot that gates n, or nothing */
      pick: (gate: number) => `${at}.${of}.gate.${gate}`,
      /** [R, 1, N] */
      limit: (gate: number) => `${at}.${of}.limit.${gate}`,
      /** [R, S, N]: column n holds a one at the selection of n */
      positions: `${at}.${of}.positions`,
    }),
    /** Where x is taken away: [R, S, 1], or [R, 1, 1] without positions */
    dropped: `${at}.dropped`,
    /** Where a saeReplacement replaces x: [R, S, 1], or [R, 1, 1] without positions */
    replaced: `${at}.replaced`,
  }
}

/** Names of the inputs that hold one SAE; the same for every stage that uses it. */
export function wholeInputs(key: string) {
  return {
    /** [width, d_sae] */
    encoder: `sae.${key}.encoder`,
    /** [d_sae] */
    bias: `sae.${key}.bias`,
    /** [d_sae] */
    threshold: `sae.${key}.threshold`,
    /** [d_sae, d] */
    decoder: `sae.${key}.decoder`,
    /** [d] */
    decoderBias: `sae.${key}.decoder_bias`,
  }
}
