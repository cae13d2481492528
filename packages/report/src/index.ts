export { renderPng } from './charts/render-chart.js'
export { type Answer, type ChangedSample, changedSamples } from './compare/changed-samples.js'
export { type Comparison, compareWithBaseline, type Unpaired } from './compare/compare.js'
export { pValueText } from './html/numbers.js'
export { renderGenerations } from './html/render-generations.js'
export { type Report, type ReportOptions, renderReport } from './html/render-report.js'
export { writeReport } from './html/write-report.js'
export { type Experiment, type ExperimentRun, parametersLabel, readExperiment } from './results/read-experiment.js'
export { readRun } from './results/read-run.js'
export { readSamples, type Sample } from './results/read-samples.js'
export type { RunResults, Score } from './results/run-results.js'
export {
  type CellResults,
  cellFileName,
  cellResultsFields,
  type Parameters,
  type SweepCell,
  type SweepFile,
  sweepFileName,
} from './results/sweep-file.js'
export { holm } from './statistics/holm.js'
export { mcnemar } from './statistics/mcnemar.js'
export { type PairedDifference, pairedDifference } from './statistics/paired-difference.js'
