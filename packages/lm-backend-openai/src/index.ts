export { chatArguments, serverArguments } from './arguments.js'
export { localChatCompletions } from './local-chat-completions.js'
export { localCompletions } from './local-completions.js'
