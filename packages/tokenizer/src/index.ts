export { createChatTemplate, type TemplateTokens } from './chat-template.js'
export { openTokenizer } from './open-tokenizer.js'
export { loadTokenizer, type Tokenizer, type TokenizerFiles } from './tokenizer.js'
