import { answerTargets } from './answers.ts'
import { fileTargets } from './files.ts'
import { keyTargets } from './keys.ts'
import { metricTargets } from './metrics.ts'
import { requestTargets } from './requests.ts'
import { settingTargets } from './settings.ts'

export const targets = [
  ...requestTargets,
  ...answerTargets,
  ...keyTargets,
  ...fileTargets,
  ...settingTargets,
  ...metricTargets,
]
