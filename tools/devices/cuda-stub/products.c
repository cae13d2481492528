// libcublas.so.13, libcublasLt.so.13 and libcudnn.so.9 without a GPU: products are counted and not computed.
#include "stub.h"

int cublasCreate_v2(void **to) { return handle(to); }
int cublasLtCreate(void **to) { return handle(to); }
int cublasGetMathMode(void *library, int *mode) { return (void)library, *mode = 0; }
const char *cublasGetStatusString(int status) { return (void)status, "status of the CUDA stub"; }
const char *cublasGetStatusName(int status) { return (void)status, "status of the CUDA stub"; }

#define PRODUCT(name)                                                                                                     \
  int name(void) { return COUNT(products, 1), 0; }
PRODUCT(cublasGemmEx)
PRODUCT(cublasGemmBatchedEx)
PRODUCT(cublasGemmStridedBatchedEx)
PRODUCT(cublasSgemm_v2)
PRODUCT(cublasSgemmBatched)
PRODUCT(cublasSgemmStridedBatched)
PRODUCT(cublasLtMatmul)
#define DESCRIPTOR(name)                                                                                                  \
  int name(void **to) { return handle(to); }
DESCRIPTOR(cublasLtMatmulDescCreate)
DESCRIPTOR(cublasLtMatmulPreferenceCreate)
DESCRIPTOR(cublasLtMatrixLayoutCreate)
DESCRIPTOR(cublasLtMatrixTransformDescCreate)
/** One algorithm, with nothing in it. */
int cublasLtMatmulAlgoGetHeuristic(void *library, void *product, void *a, void *b, void *c, void *d, void *preference, int wanted, char *results, int *found) {
  (void)library, (void)product, (void)a, (void)b, (void)c, (void)d, (void)preference;
  memset(results, 0, wanted > 0 ? 96 : 0); // cublasLtMatmulHeuristicResult_t
  return *found = wanted > 0, 0;
}

size_t cudnnGetVersion(void) { return 91700; }
const char *cudnnGetErrorString(int status) { return (void)status, "status of the CUDA stub"; }
DESCRIPTOR(cudnnCreate)
DESCRIPTOR(cudnnCreateActivationDescriptor)
DESCRIPTOR(cudnnCreateConvolutionDescriptor)
DESCRIPTOR(cudnnCreateDropoutDescriptor)
DESCRIPTOR(cudnnCreateFilterDescriptor)
DESCRIPTOR(cudnnCreateLRNDescriptor)
DESCRIPTOR(cudnnCreatePoolingDescriptor)
DESCRIPTOR(cudnnCreateRNNDataDescriptor)
DESCRIPTOR(cudnnCreateRNNDescriptor)
DESCRIPTOR(cudnnCreateReduceTensorDescriptor)
DESCRIPTOR(cudnnCreateTensorDescriptor)
static int noSpace(size_t *bytes) { return *bytes = 0, 0; }
int cudnnGetReductionIndicesSize(void *library, void *reduction, void *a, void *c, size_t *bytes) { return (void)library, (void)reduction, (void)a, (void)c, noSpace(bytes); }
int cudnnGetReductionWorkspaceSize(void *library, void *reduction, void *a, void *c, size_t *bytes) { return (void)library, (void)reduction, (void)a, (void)c, noSpace(bytes); }
int cudnnReduceTensor(void) { return COUNT(launches, 1), 0; }
