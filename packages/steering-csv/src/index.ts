export { type Dialect, type HookAction, hookActions, type SaeSteeredRow, type SteeredRow } from './columns.js'
export { type ParseOptions, parseSteeringCsv, type SteeringCsv } from './parse-steering-csv.js'
export { formatProblems, type Problem, type ProblemKind } from './problem.js'
export { writeSteeringCsv } from './write-steering-csv.js'
