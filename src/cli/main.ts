/** The `vae-gateway` command. */
import { Command } from 'commander'
import { keysCommand } from './keys.ts'
import { startCommand } from './start.ts'

const program = new Command('vae-gateway')
  .description('One public decode URL, with API keys, in front of a pool of GPU VAE decoders.')
  .addCommand(startCommand)
  .addCommand(keysCommand)

try {
  await program.parseAsync()
} catch (error) {
  // What a user can mend is said in one line; a trace would hide it.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
