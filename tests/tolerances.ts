/**
 * How far a number may be from its golden, stated once. Sources: fixtures/golden/README.md (observed float32 noise of the reference)
 * and the notes of each golden folder.
 */
export const tolerance = {
  /** Logits and log-probabilities of whole models, absolute: ten times "1e-6 noise" of the model's golden, at least 1e-4. */
  logits: (noise: number) => Math.max(1e-4, 10 * noise),
  /** Hook tensors, relative to the largest absolute value of the tensor. */
  hooks: 1e-5,
  /** The same for Qwen 3.5, whose delta-net amplifies rounding. */
  hooksQwen35: 5e-5,
  /** The same on a device, whose exponentials are a few units in the last place off: 7.1e-5 on WebGPU over lavapipe, 4.0e-5 on the CPU. */
  hooksQwen35OnDevice: 1e-4,
  /** Log-probabilities of texts planned together and alone, absolute. */
  planned: 1e-4,
  /**
   * The same for Qwen 3.5 on a device: 1.64e-4 on WebGPU over lavapipe. Its attention sums shares and values of other numbers of keys, masked ones
   * too, in another order: 1e-7 of the largest activation after layer 3, the first that attends. The delta-net of layer 5 makes 1.3e-5 of it.
   */
  plannedQwen35OnDevice: 3e-4,
  /** Steered language models: add and none, absolute. */
  steeredAdd: 5e-4,
  /** Steered language models: every other action, absolute. */
  steered: 2e-3,
  /** The same with semantics pr2641 and fork and coefficients of hundreds. */
  steeredReplacement: 1e-2,
  /** Whole steered evaluations: log-likelihoods of answers, absolute. */
  steeredEvaluation: 2e-3,
  /** SAE activations, reconstructions and edits: relative, plus `absolute` times the golden's largest value; `iterative` for SAEs that work in steps. */
  sae: { relative: 1e-4, absolute: 1e-5, iterative: 1e-3 },
  /** The same where the whole SAE is put into the stream (semantics pr2641 and fork). */
  saeReplacement: { relative: 0, absolute: 1e-4 },
  /** Log-likelihoods of the runs under golden/eval, absolute; of models that amplify rounding, `logits` of the model. */
  evaluation: 1e-4,
  /** Log-likelihoods of answers on a device and on the CPU, absolute. */
  device: 1e-4,
  /** Metrics, aggregations and standard errors on the same inputs, relative above 1, absolute below. */
  metrics: 1e-9,
} as const
