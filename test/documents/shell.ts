/** Shell blocks of the documentation as commands, and those that no test can run, each with the reason. */

/** Nothing is left out silently: a command that is not here is run, and a row that fits no command is an error. */
export const NOT_HERE: readonly (readonly [command: RegExp, reason: string])[] = [
  [
    /^npm (ci|test|start)\b|^npm ci && npm (start|test)$/,
    'is behind whoever runs this; test/gateway/start.test.ts starts',
  ],
  [
    /^npm run (?:--silent )?(?:check|bench|field|soak|sim|sim:internet|test:\w+|fuzz)\b/,
    'takes minutes, and has a run of its own',
  ],
  [/wrangler (login|secret|tail|rollback)|^npm run deploy/, 'needs an account'],
  [/^npx vae-gateway init/, 'asks questions; test/cli/init.test.ts answers them'],
  [/^npx vae-gateway pools watch/, 'ends when it is told to; test/cli/admin.test.ts tells it'],
]

/** The commands of a block, each on one line, without those that are nothing but a remark. */
export const commandsOf = (code: string): string[] =>
  code
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

export const whyNotHere = (command: string): string | undefined =>
  NOT_HERE.find(([pattern]) => pattern.test(command))?.[1]

/** What stands for the reader's own in the documentation. */
export interface Own {
  readonly url: string
  readonly key: string
  readonly keyId: string
  readonly adminToken: string
}

/** A text of the documentation with the reader's own filled in, as CONTRIBUTING.md says they are written. */
export const fillIn = (text: string, { url, key, keyId, adminToken }: Own): string =>
  text
    .replaceAll(/https:\/\/(HOST|vae-gateway\.YOU\.workers\.dev)|http:\/\/127\.0\.0\.1:8787/g, url)
    .replaceAll(/https:\/\/x:KEY@HOST/g, url.replace('//', `//x:${key}@`))
    .replaceAll('7c0ffee57a9e0001', keyId)
    .replaceAll('vg_…', key)
    .replaceAll(/(VAE_GATEWAY_ADMIN_TOKEN=)…/g, `$1${adminToken}`)
    .replaceAll(/\bKEY\b/g, key)
