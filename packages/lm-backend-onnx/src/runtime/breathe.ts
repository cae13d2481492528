/** Lets the thread see what has come in meanwhile, when it has worked for so many milliseconds since it last did. */
export function breather(milliseconds: number): () => Promise<void> {
  const { port1, port2 } = new MessageChannel()
  // Node's types lack what it shares with browsers
  const port = port1 as unknown as { onmessage: (event: unknown) => void }
  let last = performance.now()
  return async () => {
    if (performance.now() - last < milliseconds) return
    await new Promise((resolve) => {
      port.onmessage = resolve
      port2.postMessage(null)
    })
    last = performance.now()
  }
}
