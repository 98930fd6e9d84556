/** One thing wrong: where, and what was expected there. */
export interface ConfigProblem {
  /** `['vars', 'BACKENDS', 1, 'url']`, or the name of a secret. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** `vars.BACKENDS[1].url: an https URL`, a line each. */
export function describeProblems(problems: readonly ConfigProblem[]): string {
  const lines = problems.map(({ path, message }) => `  ${formatPath(path)}: ${message}`)
  return `The configuration is refused:\n${lines.join('\n')}`
}

export const formatPath = (path: readonly (string | number)[]): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index ? `.${step}` : step)).join('')
