/** The gateway that this page came from, through the client that anybody may use. */
import { type Client, createClient } from '../../../src/client/index.ts'
import { key } from './session.ts'

/** With the key as it is now. */
export const gateway = (): Client => createClient({ endpoint: '/', apiKey: key.value || undefined })
