export { checked, jsonObject, refuseUnknownNames } from './checked.js'
export { readModelJson, readModelText } from './read-model-json.js'
export { count, index, isObject, number, object, objectOf, oneOf, positive, recordOf, text, truth } from './schemas.js'
export { cut, isPrintable, shown } from './shown.js'
