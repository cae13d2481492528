// One MMLU subject without examples: node bench/mmlu-0-shot.mjs [--questions 100] [--model FOLDER] [--batch_size 8|auto] [--threads N]
import { benchScoring } from './scoring.mjs'
import { mmlu } from './shapes.mjs'

await benchScoring('MMLU, 0-shot', { questions: 100 }, ({ questions }) => mmlu({ shots: 0, questions }))
