import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { family } from './command.ts'
import { createProgram } from './program.ts'

const commands = [...family(createProgram())]

/** `vae-gateway keys create` */
function pathOf(command: Command): string {
  const names: string[] = []
  for (let each: Command | null = command; each; each = each.parent) names.unshift(each.name())
  return names.join(' ')
}

/** What --help prints, on a terminal of 100 columns. */
function helpOf(command: Command): string {
  let text = ''
  command.configureHelp({ helpWidth: 100 })
  command.configureOutput({ writeOut: (part) => (text += part) })
  command.outputHelp()
  return text
}

describe.each(commands.map((command) => [pathOf(command), command] as const))('%s', (path, command) => {
  test('has an example in its help, and the example is one of it', () => {
    const [, examples = ''] = helpOf(command).split(/\nExamples?:\n/)
    expect(examples).toContain(path)
  })

  test('prints JSON, if it does something', () => {
    const isGroup = command.commands.length > 0 && command.options.length === 0
    expect(isGroup || command.options.some(({ long }) => long === '--json')).toBe(true)
  })
})

const INTRODUCTION = `# The command

\`npx vae-gateway\` in a clone, after \`npm ci\`. It needs Node 20 or newer and runs on the Node that the project brings.

Ends with 0 when all is good, 1 when what was asked for failed or mistakes were found, 2 when the command line is wrong.
Results go to standard output, remarks and failures to standard error; with \`--json\` each is one JSON value, a failure
\`{"error": "…", "code": "…", …}\`; a command line that is wrong is told in words. Colours are for terminals only; \`NO_COLOR\` turns them off there too.

| variable                   | stands for      | of                                          |
| -------------------------- | --------------- | ------------------------------------------- |
| \`VAE_GATEWAY_URL\`         | \`--url\`         | everything that speaks to a running gateway |
| \`VAE_GATEWAY_ADMIN_TOKEN\` | \`--admin-token\` | keys, pools, backends, config show          |
| \`VAE_GATEWAY_KEY\`         | \`--key\`         | decode                                      |

A token or a key in a variable does not stand in the list of processes, as one in an option does.

Written by \`src/cli/program.test.ts\` from what \`--help\` says; after a change there, \`npx vitest run src/cli/program.test.ts -u\`.
`

test('docs/cli.md is what --help says', async () => {
  const sections = commands
    .filter((command) => command.parent && command.options.length > 0)
    .map(
      (command) =>
        `## ${pathOf(command).replace('vae-gateway ', '')}\n\n\`\`\`\n${helpOf(command).trimEnd()}\n\`\`\`\n`,
    )
  const file = fileURLToPath(new URL('../../docs/cli.md', import.meta.url))
  await expect([INTRODUCTION, ...sections].join('\n')).toMatchFileSnapshot(file)
})
