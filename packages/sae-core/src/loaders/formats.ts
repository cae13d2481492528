import { loadCircuitTracer } from './circuit-tracer.js'
import { loadConnorRobHookZ } from './connor-rob-hook-z.js'
import { loadDictionaryLearning } from './dictionary-learning.js'
import { loadGemmaScope, loadGemmaScopeTranscoder } from './gemma-scope.js'
import { loadGemmaScope2 } from './gemma-scope-2.js'
import { loadDeepseekR1, loadGoodfire } from './linear-layers.js'
import { loadLlamaScope, loadLlamaScopeR1Distill } from './llama-scope.js'
import type { Loader } from './loader.js'
import { loadMntssTranscoder } from './mntss.js'
import { loadMwhannaTranscoder } from './mwhanna.js'
import { loadQwenScope } from './qwen-scope.js'
import { loadFolder } from './sae-folder.js'
import { loadSaeLens } from './sae-lens.js'
import { loadSparsify } from './sparsify.js'
import { loadTemporal } from './temporal.js'

/** SAELens' loader name -> the function that reads the format. A new format is one file and one line here. */
export const loaders: Readonly<Record<string, Loader>> = {
  circuit_tracer: loadCircuitTracer,
  connor_rob_hook_z: loadConnorRobHookZ,
  deepseek_r1: loadDeepseekR1,
  dictionary_learning_1: loadDictionaryLearning,
  gemma_2: loadGemmaScope,
  gemma_2_transcoder: loadGemmaScopeTranscoder,
  gemma_3: loadGemmaScope2,
  goodfire: loadGoodfire,
  llama_scope: loadLlamaScope,
  llama_scope_r1_distill: loadLlamaScopeR1Distill,
  mntss_clt_layer_transcoder: loadMntssTranscoder,
  mwhanna_transcoder: loadMwhannaTranscoder,
  qwen_scope: loadQwenScope,
  // repositories and folders outside the registry: native or sparsify
  folder: loadFolder,
  sae_lens: loadSaeLens,
  sparsify: loadSparsify,
  temporal: loadTemporal,
}
