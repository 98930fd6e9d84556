/** `npm run build:client`: what `vae-gateway/client` is, in dist/client. */
import { buildClient } from './client-package.ts'

await buildClient()
