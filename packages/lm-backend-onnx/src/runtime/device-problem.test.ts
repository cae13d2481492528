import { expect, it } from 'vitest'
import { deviceProblem } from './device-problem.js'

const place =
  '/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1988 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() '
const failed = `${place}[ONNXRuntimeError] : 1 : FAIL : Failed to load library onnxruntime/libonnxruntime_providers_cuda.so with error: `
const missing = (library: string) => `${failed}${library}: cannot open shared object file: No such file or directory`
const cuda = 'CUDA failure %: ; GPU=0 ; hostname=vm ; file=/onnxruntime_src/cuda_execution_provider_info.cc ; line=69'

// as the libraries have said it
it.each([
  [
    missing('libcublas.so.13'),
    /^libcublas\.so\.13 \(cuBLAS\) is missing: pip install nvidia-cublas, and name .* in LD_LIBRARY_PATH$/,
  ],
  [missing('libcublasLt.so.12'), /^libcublasLt\.so\.12 .* pip install nvidia-cublas-cu12,/],
  [missing('libcudnn.so.9'), /^libcudnn\.so\.9 \(cuDNN\) is missing: pip install nvidia-cudnn-cu13,/],
  [missing('libcurand.so.10'), /pip install nvidia-curand,/],
  [missing('libcuda.so.1'), /^libcuda\.so\.1 is missing, which NVIDIA's driver brings/],
  [missing('libonnxruntime_providers_shared.so'), /SAEVAL_ONNXRUNTIME/],
  [missing('libnvinfer.so.10'), /^libnvinfer\.so\.10 is missing: install it, and name its folder in LD_LIBRARY_PATH$/],
  [cuda.replace('%:', '100: no CUDA-capable device is detected'), /sees no GPU: look at nvidia-smi/],
  [cuda.replace('%', '35'), /driver is missing or older.* 580 or newer/],
  [cuda.replace('%', '209'), /not built for a GPU of this generation/],
  [cuda.replace('%:', '101: invalid device ordinal'), /^there is no GPU of this number$/],
  [cuda.replace('%:', '802: system not yet initialized'), /start nvidia-fabricmanager/],
  [cuda.replace('%:', '803: system has unsupported display driver / cuda driver combination'), /of different versions/],
  [cuda.replace('%', '804'), /of different versions/],
  [cuda.replace('%:', '46: CUDA-capable device(s) is/are busy or unavailable'), /another program has it for itself/],
  [cuda.replace('%:', '999: unknown error'), /look for Xid in dmesg/],
  ['CUBLAS failure 1: CUBLAS_STATUS_NOT_INITIALIZED ; GPU=0', /its memory is full/],
  ['CUDNN failure 1001: CUDNN_STATUS_NOT_INITIALIZED', /its memory is full/],
  ['bfc_arena.cc:359 Failed to allocate memory for requested buffer of size 256', /memory is full/],
])('says what is in the way of CUDA, and what to do: %#', (said, problem) => {
  expect(deviceProblem('cuda', said).problem).toMatch(problem)
})

const adapter =
  'adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters'

it.each([
  [
    `libvulkan.so.1: cannot open shared object file: No such file or directory\n${adapter}`,
    /^Vulkan is missing \(libvulkan\.so\.1\): install/,
  ],
  [`Found no drivers\n${adapter}`, /^Vulkan finds no driver: install the GPU's/],
  [adapter, /^no GPU here that WebGPU can use/],
])('says what is in the way of WebGPU, and what to do: %#', (said, problem) => {
  expect(deviceProblem('webgpu', said).problem).toMatch(problem)
})

it('hands on what nobody knows, in one line', () => {
  expect(deviceProblem('cuda', `a warning\n${place}[ONNXRuntimeError] : 1 : FAIL : the moon is full\n`).problem).toBe(
    '[ONNXRuntimeError] : 1 : FAIL : the moon is full',
  )
  expect(deviceProblem('webgpu', `${'x'.repeat(500)}\n`).problem).toHaveLength(200)
  expect(deviceProblem('webgpu', ' \n').problem).toBe('its library ended without a word (webgpu)')
})
