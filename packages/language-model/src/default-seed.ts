/** Seed of few-shot draws and of sampled texts where none is given: lm_eval's DEFAULT_OTHER_SEED (lm_eval/defaults.py). */
export const defaultSeed = 1234
