import { effectiveConfig } from '../../../admin/effective-config.ts'
import type { AppContext } from '../../context.ts'

/** GET /v1/admin/config: what counts, with every default; secrets are masked. */
export const showConfig = (c: AppContext): Response => c.json(effectiveConfig(c.var.services.config))
