export { serveUi, type Ui, type UiOptions } from './serve-ui.js'
