import { type AccessOptions, adminClient, unwrap, withAccess } from '../admin/access.ts'
import { newCommand, newGroup } from '../command.ts'
import { type JsonOption, say } from '../terminal/say.ts'
import { checkConfig } from './check.ts'

const showConfig = withAccess(
  newCommand('show', {
    summary: 'show the configuration that a running gateway works with, secrets left out',
    examples: ['vae-gateway config show --url https://vae.example.com'],
  }),
).action(async (options: AccessOptions & JsonOption) => {
  const config = unwrap(await adminClient(options).config())
  say(options, config, JSON.stringify(config, undefined, 2))
})

export const configCommand = newGroup('config', {
  summary: 'settings of a gateway',
  examples: ['vae-gateway config check wrangler.toml --probe'],
})
  .addCommand(checkConfig)
  .addCommand(showConfig)
