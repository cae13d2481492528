export { checked, jsonObject, refuseUnknownNames, shown } from './checked.js'
export { count, index, isObject, number, object, objectOf, oneOf, positive, recordOf, text, truth } from './schemas.js'
