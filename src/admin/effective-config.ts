/** The configuration as it counts, every default filled in and every secret masked. */
import type { Config } from '../config.ts'
import { builtIn } from '../models/registry.ts'

const SECRET = '***'

/** Field by field, so that what is added to the configuration is not shown before somebody has thought of it. */
export const effectiveConfig = ({ backends, plans, shards, dispatch, peppers, ...others }: Config) => ({
  backends: backends.map(
    ({
      id,
      kind,
      url,
      token,
      models,
      operations,
      slots,
      scaleToZero,
      coldStartWaitMs,
      abortable,
      shard,
    }) => ({
      id,
      kind,
      url: url ?? null,
      token: token === undefined ? null : SECRET,
      models,
      operations: operations ?? ['decode'],
      slots,
      scaleToZero,
      coldStartWaitMs,
      abortable,
      shard: shard ?? null,
    }),
  ),
  /** Those of the operator, and those that the operator narrowed. */
  models: others.models.all.filter((model) => !builtIn.all.includes(model)),
  plans: Object.fromEntries([...plans.values()].map(({ name, ...plan }) => [name, plan])),
  anonymous: others.anonymous?.name ?? null,
  knowsAddresses: others.knowsAddresses,
  shards: Object.fromEntries(shards),
  dispatch,
  keySecrets: Object.fromEntries(peppers.map(([id]) => [`pepper ${id}`, SECRET])),
  adminToken: SECRET,
})
