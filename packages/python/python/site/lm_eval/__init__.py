"""The modules of lm_eval that task files import."""
