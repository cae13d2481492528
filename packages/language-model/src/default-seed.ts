/** Seed of few-shot draws and of sampled texts where none is given, lm_eval's for few-shot examples. */
export const defaultSeed = 1234
