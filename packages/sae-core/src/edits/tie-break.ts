/**
 * A pre-activation that equals a JumpReLU threshold to within a language model's float32 rounding (1e-5, the tolerance of hook tensors)
 * counts as not above it. Without this the order of a sum would decide whether such a latent is active at all.
 */
export const tieBreak = 1 + 1e-5
