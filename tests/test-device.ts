/** The device that golden tests run on, a name that `--device` takes: SAEVAL_TEST_DEVICE, else the CPU. */
export const testDevice = process.env.SAEVAL_TEST_DEVICE || 'cpu'
