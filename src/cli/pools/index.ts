import { realAmbient } from '../../lib/ambient.ts'
import { type AccessOptions, adminClient, unwrap, withAccess } from '../admin/access.ts'
import { newCommand } from '../command.ts'
import { type JsonOption, say } from '../terminal/say.ts'
import { terminalWidth } from '../terminal/size.ts'
import { describePools } from './frame.ts'
import { watchPools } from './watch.ts'

export const poolsCommand = withAccess(
  newCommand('pools', {
    summary: 'show the pools of a running gateway: what waits, and how each backend is',
    examples: ['vae-gateway pools --url https://vae.example.com', 'vae-gateway pools watch'],
  }),
)
  .action(async (options: AccessOptions & JsonOption) => {
    const pools = unwrap(await adminClient(options).pools())
    const text = describePools(pools, terminalWidth(), realAmbient.wallNow()).join('\n')
    say(options, { pools }, text)
  })
  .addCommand(watchPools)
