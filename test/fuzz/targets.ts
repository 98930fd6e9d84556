import { fileTargets } from './files.ts'
import { keyTargets } from './keys.ts'
import { requestTargets } from './requests.ts'
import { settingTargets } from './settings.ts'

export const targets = [...requestTargets, ...keyTargets, ...fileTargets, ...settingTargets]
