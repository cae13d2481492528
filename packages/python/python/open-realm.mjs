import vm from 'node:vm'

/**
 * A realm of JavaScript without Node, and without code made of texts: a function that runs a script there. Scripts cannot import:
 * nobody answers for them.
 */
export function openRealm() {
  const realm = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: true } })
  return (code, filename) => new vm.Script(code, { filename }).runInContext(realm)
}
