import type { Provider } from './protocol.js'

/** Libraries of CUDA by the names that the provider asks for, and the pip package and the thing that bring them. */
const cudaParts: readonly { readonly library: RegExp; readonly what: string; readonly pip: string }[] = [
  { library: /^libcublas(Lt)?\.so/, what: 'cuBLAS', pip: 'nvidia-cublas' },
  { library: /^libcudart\.so/, what: "CUDA's runtime", pip: 'nvidia-cuda-runtime' },
  { library: /^libcurand\.so/, what: 'cuRAND', pip: 'nvidia-curand' },
  { library: /^libcufft\.so/, what: 'cuFFT', pip: 'nvidia-cufft' },
  { library: /^libcudnn\.so/, what: 'cuDNN', pip: 'nvidia-cudnn-cu13' },
]

/** What a provider says when it does not start, and what a user can do about it. */
const known: readonly {
  readonly said: RegExp
  readonly problem: (match: RegExpExecArray) => string
  /** Whether another GPU of the machine may start all the same. */
  readonly isOfOne?: true
}[] = [
  // CUDA
  {
    said: /(lib[\w.+-]+\.so[.\d]*): cannot open shared object file/,
    problem: ([, library]) => missingLibrary(library!),
  },
  {
    said: /no CUDA-capable device is detected/,
    problem: () =>
      "NVIDIA's driver sees no GPU: look at nvidia-smi and CUDA_VISIBLE_DEVICES; a container needs --gpus all",
  },
  {
    said: /driver version is insufficient|not supported in the installed CUDA driver|no CUDA driver|CUDA failure (35|36)\b/,
    problem: () => "NVIDIA's driver is missing or older than these CUDA libraries: CUDA 13 needs driver 580 or newer",
  },
  {
    said: /no kernel image is available|CUDA failure 209\b/,
    isOfOne: true,
    problem: () =>
      'this onnxruntime was not built for a GPU of this generation: name another one in SAEVAL_ONNXRUNTIME',
  },
  {
    said: /system not yet initialized|CUDA failure 802\b/i,
    problem: () =>
      "the machine's NVLink switches are not ready: start nvidia-fabricmanager of the driver's version, and look at nvidia-smi -q for Fabric",
  },
  {
    said: /system has unsupported display driver|forward compatibility was attempted|CUDA failure (803|804)\b/i,
    problem: () =>
      "NVIDIA's kernel driver and libcuda.so.1 are of different versions: restart after an update of the driver, and take CUDA's compat folder out of LD_LIBRARY_PATH",
  },
  {
    said: /devices? is\/are busy or unavailable|all CUDA-capable devices are busy|CUDA failure 46\b/i,
    isOfOne: true,
    problem: () =>
      'another program has it for itself: end that one, or let several in with nvidia-smi -c 0; with MIG name an instance in CUDA_VISIBLE_DEVICES',
  },
  {
    said: /CUDA failure 999\b/,
    isOfOne: true,
    problem: () =>
      "NVIDIA's driver failed: look for Xid in dmesg, and load nvidia_uvm anew (after suspending, say) or restart the machine",
  },
  {
    said: /CU(BLAS|DNN)_STATUS_NOT_INITIALIZED/,
    isOfOne: true,
    problem: () =>
      'cuBLAS or cuDNN cannot start on it: its memory is full (look at nvidia-smi), or these libraries are for another driver',
  },
  {
    said: /invalid device (ordinal|ID)|CUDA failure 101\b/i,
    isOfOne: true,
    problem: () => 'there is no GPU of this number',
  },
  {
    isOfOne: true,
    said: /out of memory|Failed to allocate memory|OUT_OF_DEVICE_MEMORY/i,
    problem: () => 'its memory is full: end what else uses it, or take another device',
  },
  // WebGPU: what Dawn warns of is nearer to the cause than what onnxruntime throws
  {
    said: /Found no drivers|INCOMPATIBLE_DRIVER/,
    problem: () =>
      "Vulkan finds no driver: install the GPU's, or mesa-vulkan-drivers; a container with an NVIDIA GPU needs NVIDIA_DRIVER_CAPABILITIES=all",
  },
  {
    said: /No supported adapters|Failed to get a WebGPU adapter/,
    problem: () => 'no GPU here that WebGPU can use, or a driver that is too old (Mesa 23 or newer)',
  },
]

const noVulkan =
  "Vulkan is missing (libvulkan.so.1): install Debian's libvulkan1, or vulkan-loader, and the GPU's driver"

function missingLibrary(library: string): string {
  if (library.startsWith('libvulkan')) return noVulkan
  if (/^libcuda\.so/.test(library)) return `${library} is missing, which NVIDIA's driver brings: install the driver`
  if (/^libonnxruntime_providers_/.test(library))
    return `${library} is missing beside onnxruntime's library: SAEVAL_ONNXRUNTIME names a folder with both`
  const part = cudaParts.find((part) => part.library.test(library))
  if (part === undefined) return `${library} is missing: install it, and name its folder in LD_LIBRARY_PATH`
  // CUDA 13's packages have no number in their names, those of 12 have it
  const old = /\.so\.1[12]$/.test(library) && !part.pip.includes('curand') && !part.pip.includes('cudnn')
  return `${library} (${part.what}) is missing: pip install ${part.pip}${old ? '-cu12' : ''}, and name the folder of the library in LD_LIBRARY_PATH`
}

/** Why a provider does not start. */
export interface DeviceProblem {
  /** One clause, with what to do. */
  readonly problem: string
  /** Whether another GPU of the machine may start all the same: what is missing is missing for all. */
  readonly isOfOne: boolean
}

/** Why a provider does not start, from everything that it has thrown and written. */
export function deviceProblem(provider: Provider['name'], said: string): DeviceProblem {
  for (const { said: pattern, problem, isOfOne = false } of known) {
    const match = pattern.exec(said)
    if (match !== null) return { problem: problem(match), isOfOne }
  }
  return { problem: lastLine(provider, said), isOfOne: true }
}

function lastLine(provider: Provider['name'], said: string): string {
  const last = said
    .replace(/\x1b\[[\d;]*m/g, '')
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line !== '')
  return last === undefined ? `its library ended without a word (${provider})` : withoutPlace(last)
}

/** onnxruntime's message without the place in its own source, and not longer than a line. */
function withoutPlace(message: string): string {
  const text = message.replace(/^\S+\.(?:cc|cpp|h):\d+ .*?(?=\[ONNXRuntimeError\]|[A-Z]\w+ \w+ \w+)/, '')
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`
}
