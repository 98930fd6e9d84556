/** `npm run build`: what is deployed beside the Worker. Wrangler runs it before it serves or deploys. */
import { buildAssets } from './assets.ts'

await buildAssets()
