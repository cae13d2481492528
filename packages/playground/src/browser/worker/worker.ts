import type { Request } from '../protocol.js'
import { answerer } from './answer.js'
import { takeRequests } from './take-requests.js'

// The worker's thread.

const take = takeRequests(answerer(), (reply) => self.postMessage(reply))

self.onmessage = ({ data }: MessageEvent<Request>) => take(data)
