export { createChatTemplate, type TemplateTokens } from './chat-template.js'
export { openTokenizer, tokenizerFilesOf } from './open-tokenizer.js'
export { rollingTokenWindows } from './rolling-windows.js'
export { loadTokenizer, type Tokenizer, type TokenizerFiles } from './tokenizer.js'
