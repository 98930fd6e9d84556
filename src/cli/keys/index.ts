import { newGroup } from '../command.ts'
import { createKey } from './create.ts'
import { keyUsage, listKeys, revokeKey, rotateKey, showKey } from './manage.ts'

export const keysCommand = newGroup('keys', {
  summary: 'API keys',
  examples: ['vae-gateway keys create --name alice --expires 90d'],
})
for (const command of [createKey, listKeys, showKey, rotateKey, revokeKey, keyUsage]) {
  keysCommand.addCommand(command)
}
