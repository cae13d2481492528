import type { HubOptions, Notice } from '@saeval/hub'
import type { PyDict } from '@saeval/python/templates'
import type { ThinkEnd } from '../text/thinking.js'
import type { Compute, Dtype } from '../weights/precision.js'

export interface LoadModelOptions {
  /** Hugging Face repository ("google/gemma-2-2b") or a local folder with config.json. */
  readonly model: string
  /**
   * Repository or folder of a LoRA adapter (PEFT) that is merged into the weights; one that lies beside the weights, or names the model, is
   * merged without being asked for, as transformers does.
   */
  readonly adapter?: string | undefined
  /** Repository or folder of another tokenizer with the same vocabulary; the model's own by default. */
  readonly tokenizer?: string | undefined
  /** Branch, tag or commit; "main" by default. */
  readonly revision?: string | undefined
  /**
   * "cpu", "cuda:0", "webgpu": a name of listDevices(). By default ("auto") the first of CUDA, WebGPU on a GPU with memory of its own or Apple's, and
   * the CPU that computes; where there was a choice, `notice` is told which and why. Several of CUDA's ("cuda:0,cuda:1") each hold the model and share
   * the requests.
   */
  readonly device?: string | undefined
  /**
   * Memory of the device that the model may take, weights included: a share up to 1, or bytes. What is free by default. Only for devices with memory of
   * their own.
   */
  readonly gpuMemory?: number | undefined
  /**
   * Precision to which weights are rounded, as config.json says for "auto"; "float32" by default. Sums are float32. "int8" and
   * "int4" hold the matrices of products (experts excluded) in 8 or 4 bits, in files that the cache keeps; int8 rounds activations of products on the CPU too.
   */
  readonly dtype?: Dtype | undefined
  /**
   * "float32" by default. On CUDA only: "tf32" computes products with 10 of float32's 23 bits, "bfloat16" products of layers with bfloat16 weights
   * and inputs. Faster there, with other numbers: results say so in `saeval.computed_in`.
   */
  readonly compute?: Compute | undefined
  /**
   * The ONNX file in the model's folder or repository that it is computed from ("onnx/model_q4.onnx"). By default the safetensors; where there are none,
   * the file in float32, and `notice` is told which where there are several.
   */
  readonly onnxFile?: string | undefined
  /** Longest input in tokens; the model's own limit by default. */
  readonly maxLength?: number | undefined
  /** Whether texts start with the BOS token; by default as the tokenizer does. */
  readonly addBosToken?: boolean | undefined
  /** Token that stands before an empty context; BOS, else EOS, by default. */
  readonly prefixTokenId?: number | undefined
  /** Names for the chat template beside the messages, tools and documents among them (lm_eval's chat_template_args). */
  readonly chatTemplateArgs?: PyDict | undefined
  /** Passed to the chat template as enable_thinking; true needs thinkEndToken and leaves only generation. */
  readonly enableThinking?: boolean | undefined
  /** Text or token id that ends thinking: generated texts begin after the last one. */
  readonly thinkEndToken?: ThinkEnd | undefined
  /**
   * How much one forward pass may hold: as many tokens as this many of the longest inputs; "auto" (default) measures what is fastest.
   * In generation, the number of texts written side by side.
   */
  readonly batchSize?: number | 'auto'
  /** With "auto": the batch size that is not exceeded. */
  readonly maxBatchSize?: number | undefined
  /** Threads of onnxruntime on the CPU; by default as many as the process may use. */
  readonly threads?: number | undefined
  readonly hub?: HubOptions
  /**
   * Leaves weights that are not in the cache where they are, and reads only their headers. Such a model (weightsToDownload above 0) tells what
   * work requests are; it answers none.
   */
  readonly withoutDownload?: boolean
  /**
   * Whether the CPU stands in for a named device that is not here. Such a model has the name, the results' records and the fingerprint of one on that device,
   * and is for planning.
   */
  readonly standIn?: boolean
  /** Told, in a line each, what the user should know: a file that is written into the cache, a cache that cannot be written. */
  readonly notice?: Notice
}
