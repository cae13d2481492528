/**
 * Kinds of arguments of a function of onnxruntime's C API: int, size_t, a string, strings, a pointer, pointers, the bytes of a view or at an address,
 * and what the function makes (a pointer to a pointer, which the caller gets back).
 */
export type ArgumentKind = 'int' | 'size' | 'string' | 'strings' | 'pointer' | 'pointers' | 'bytes' | 'made'

/** The version of the C API that these places belong to: onnxruntime 1.23's. Newer libraries have it too. */
export const apiVersion = 23

/** The oldest version that tests have used: an older one leaves operators of our graphs to the CPU, and nothing would show it but its speed. */
export const oldestTested = '1.29'

/** The number of functions of that version. */
export const apiLength = 390

/**
 * Functions that return a status, with their places in `OrtApi` (onnxruntime_c_api.h, where functions are only ever added at the end) and
 * their arguments.
 */
export const statusFunctions = {
  CreateEnv: [3, 'int', 'string', 'made'],
  CreateSessionFromArray: [8, 'pointer', 'bytes', 'size', 'pointer', 'made'],
  CreateSessionOptions: [10, 'made'],
  DisableMemPattern: [17, 'pointer'],
  SetSessionLogSeverityLevel: [22, 'pointer', 'int'],
  SetSessionGraphOptimizationLevel: [23, 'pointer', 'int'],
  SetIntraOpNumThreads: [24, 'pointer', 'int'],
  SessionGetInputCount: [30, 'pointer', 'bytes'],
  SessionGetOutputCount: [31, 'pointer', 'bytes'],
  SessionGetInputName: [36, 'pointer', 'size', 'pointer', 'made'],
  SessionGetOutputName: [37, 'pointer', 'size', 'pointer', 'made'],
  CreateTensorAsOrtValue: [48, 'pointer', 'bytes', 'size', 'int', 'made'],
  CreateTensorWithDataAsOrtValue: [49, 'pointer', 'bytes', 'size', 'bytes', 'size', 'int', 'made'],
  GetTensorMutableData: [51, 'pointer', 'made'],
  GetTensorElementType: [60, 'pointer', 'bytes'],
  GetDimensionsCount: [61, 'pointer', 'bytes'],
  GetDimensions: [62, 'pointer', 'bytes', 'size'],
  GetTensorTypeAndShape: [65, 'pointer', 'made'],
  CreateMemoryInfo: [68, 'string', 'int', 'int', 'int', 'made'],
  AllocatorFree: [76, 'pointer', 'pointer'],
  GetAllocatorWithDefaultOptions: [78, 'made'],
  GetAvailableProviders: [125, 'made', 'bytes'],
  ReleaseAvailableProviders: [126, 'pointer', 'int'],
  AddSessionConfigEntry: [130, 'pointer', 'string', 'string'],
  CreateAllocator: [131, 'pointer', 'pointer', 'made'],
  RunWithBinding: [133, 'pointer', 'pointer', 'pointer'],
  CreateIoBinding: [134, 'pointer', 'made'],
  BindInput: [136, 'pointer', 'string', 'pointer'],
  BindOutput: [137, 'pointer', 'string', 'pointer'],
  BindOutputToDevice: [138, 'pointer', 'string', 'pointer'],
  GetBoundOutputValues: [140, 'pointer', 'pointer', 'made', 'bytes'],
  CreateArenaCfgV2: [164, 'strings', 'bytes', 'size', 'made'],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, 'pointer', 'pointer'],
  CreateCUDAProviderOptions: [205, 'made'],
  UpdateCUDAProviderOptions: [206, 'pointer', 'strings', 'strings', 'size'],
  SessionOptionsAppendExecutionProvider: [216, 'pointer', 'string', 'strings', 'strings', 'size'],
  CreateAndRegisterAllocatorV2: [259, 'pointer', 'string', 'pointer', 'pointer', 'strings', 'strings', 'size'],
  CopyTensors: [386, 'pointer', 'pointers', 'pointers', 'pointer', 'size'],
} as const satisfies Record<string, readonly [number, ...ArgumentKind[]]>

/** Functions that take a pointer and return nothing, with their places. */
export const voidFunctions = {
  ReleaseEnv: 92,
  ReleaseStatus: 93,
  ReleaseMemoryInfo: 94,
  ReleaseSession: 95,
  ReleaseValue: 96,
  ReleaseTensorTypeAndShapeInfo: 99,
  ReleaseSessionOptions: 100,
  ReleaseAllocator: 132,
  ReleaseIoBinding: 135,
  ClearBoundInputs: 141,
  ClearBoundOutputs: 142,
  ReleaseArenaCfg: 157,
  ReleaseCUDAProviderOptions: 208,
} as const

/** GetErrorMessage(status): a string. */
export const errorMessagePlace = 2
