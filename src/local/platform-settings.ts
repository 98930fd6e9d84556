/** What a wrangler.toml must say to the platform, so that the gateway can be deployed with it. Pure. */
import type { ConfigProblem } from '../config/problem.ts'

type Table = Readonly<Record<string, unknown>>

/** Durable Objects by the binding under which the Worker looks for them. */
export const REQUIRED_OBJECTS: Readonly<Record<string, string>> = {
  POOL: 'Pool',
  KEY: 'Key',
  DIRECTORY: 'Directory',
}

/** Of the platform's behaviours, those that the gateway is tested with. */
export const OLDEST_COMPATIBILITY_DATE = '2026-10-01'

/** A client that leaves is noticed only with it. */
const REQUIRED_FLAG = 'enable_request_signal'

/** @param root the whole file; what is in [vars] is looked at elsewhere */
export function findPlatformProblems(root: Table): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const complain = (path: ConfigProblem['path'], message: string): void => {
    problems.push({ path, message })
  }
  for (const key of ['name', 'main']) {
    if (typeof root[key] !== 'string')
      complain([key], `missing; npx vae-gateway init writes a file that has it`)
  }
  checkCompatibility(root, complain)
  for (const [binding, className] of Object.entries(REQUIRED_OBJECTS)) {
    checkObject(root, binding, className, complain)
  }
  checkAssets(root, complain)
  checkLogs(root, complain)
  return problems
}

type Complain = (path: ConfigProblem['path'], message: string) => void

function checkCompatibility(root: Table, complain: Complain): void {
  const date = root.compatibility_date
  if (typeof date !== 'string' || date < OLDEST_COMPATIBILITY_DATE) {
    complain(['compatibility_date'], `expected "${OLDEST_COMPATIBILITY_DATE}" or later, in quotes`)
  }
  const flags = root.compatibility_flags
  if (!Array.isArray(flags) || !flags.includes(REQUIRED_FLAG)) {
    complain(
      ['compatibility_flags'],
      `expected "${REQUIRED_FLAG}" among them; clients that leave are not noticed else`,
    )
  }
}

function checkObject(root: Table, binding: string, className: string, complain: Complain): void {
  const path = ['durable_objects', 'bindings']
  const bindings = asList(asTable(root.durable_objects).bindings).map(asTable)
  const index = bindings.findIndex(({ name }) => name === binding)
  if (index < 0) complain(path, `no binding has the name "${binding}", as [[durable_objects.bindings]] would`)
  else if (bindings[index]?.class_name !== className) {
    complain([...path, index, 'class_name'], `expected "${className}"`)
  }
  const exported = asTable(asTable(root.exports)[className])
  const isExported = exported.type === 'durable-object' && exported.storage === 'sqlite'
  // The older way to say the same.
  const isMigrated = asList(root.migrations).some((step) =>
    asList(asTable(step).new_sqlite_classes).includes(className),
  )
  if (!isExported && !isMigrated) {
    complain(['exports', className], 'expected type = "durable-object" and storage = "sqlite"')
  }
}

/** Without assets there are no pages and no /openapi.json, which is fine; with them they must not stand in the way. */
function checkAssets(root: Table, complain: Complain): void {
  if (root.assets === undefined) return
  const assets = asTable(root.assets)
  if (assets.binding !== 'ASSETS') complain(['assets', 'binding'], 'expected "ASSETS"')
  if (typeof assets.directory !== 'string' || !/(^|\/)dist\/public\/?$/.test(assets.directory)) {
    complain(['assets', 'directory'], 'expected the dist/public that npm run build makes, as [build] can')
  }
  if (assets.run_worker_first !== true) {
    complain(['assets', 'run_worker_first'], 'expected true: POST / is a decode and no page')
  }
  if (assets.not_found_handling !== undefined && assets.not_found_handling !== 'none') {
    complain(['assets', 'not_found_handling'], 'expected "none": what is not found is a problem document')
  }
}

/** The platform's own log line holds the URL, which may hold a key. */
function checkLogs(root: Table, complain: Complain): void {
  const observability = asTable(root.observability)
  const logs = asTable(observability.logs)
  const isOn = observability.enabled === true || logs.enabled === true
  if (isOn && logs.invocation_logs !== false) {
    complain(
      ['observability', 'logs', 'invocation_logs'],
      'expected false: URLs, which may hold keys, are logged else',
    )
  }
}

const asTable = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
