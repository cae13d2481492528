export type { EditStage, Intervention, LatentSlot, LatentUpdate, RuntimeNormalization } from './intervention.js'
