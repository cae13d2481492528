export { renderPng } from './charts/render-chart.js'
export { besideControls } from './compare/beside-controls.js'
export { type ChangedAnswers, changedAnswers } from './compare/changed-answers.js'
export { type Answer, type ChangedSample, changedSamples } from './compare/changed-samples.js'
export { type Comparison, compareWithBaseline, type Unpaired } from './compare/compare.js'
export { type NullEffect, nullEffects } from './compare/null-effects.js'
export { type Findings, type FindingsTable, renderFindings } from './html/render-findings.js'
export { renderGenerations } from './html/render-generations.js'
export { type Report, type ReportOptions, renderReport } from './html/render-report.js'
export { writeReport } from './html/write-report.js'
export {
  type ExplainedAnswer,
  type ExplainedPart,
  type Explanation,
  readExplanations,
} from './results/explanation-file.js'
export { type Experiment, type ExperimentRun, readExperiment } from './results/read-experiment.js'
export { readRun } from './results/read-run.js'
export { readSamples, type Sample } from './results/read-samples.js'
export type { RunResults, Score } from './results/run-results.js'
export type { ControlKind, Parameters } from './results/sweep-file.js'
export { type AgainstControls, againstControls } from './statistics/against-controls.js'
export { detectableEffect } from './statistics/detectable-effect.js'
export { holm } from './statistics/holm.js'
export { mcnemar } from './statistics/mcnemar.js'
export { smallestBudget, smallestGuardP, type WithinBudget, withinBudget } from './statistics/non-inferiority.js'
export { type PairedDifference, pairedDifference } from './statistics/paired-difference.js'
export { smallestSignFlipP } from './statistics/sign-flip.js'
